/* SPDX-License-Identifier: MIT */
/* One row of the table: a scenario on one ABI. */
#ifndef TESTS_MODEL_RUN_H
#define TESTS_MODEL_RUN_H

#include "tests/model/scenario.h"

struct run_options {
    bool tso;
    uint64_t limit; /* schedules of the complete search; then the bounded one follows */
    int bound;      /* preemptions of that */
    uint64_t bounded_limit;
};

struct run_result {
    uint64_t schedules, redundant;
    unsigned steps; /* of the longest schedule */
    bool complete;
    bool cut; /* not even the bounded search came to its end */
    bool failed;
    double seconds;
};

const char *run_abi_name(enum abi abi);
/* A bad schedule is printed as a story. */
struct run_result run_scenario(const struct scenario *scenario, enum abi abi, const struct run_options *options);

#endif
