/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_PV_SCENARIO_H
#define TESTS_MODEL_PV_SCENARIO_H

#include "tests/model/machine.h"
#include "tests/model/pv/world.h"

struct pv_scenario {
    const char *name;
    void (*first)(void); /* on its own */
    void (*thread[MODEL_THREADS])(void);
    void (*check)(void); /* beside the invariants, when all have ended */
    bool yields;         /* once more, and the first thread runs out of time at its first look at the clock */
    bool takes_long;     /* not in the quick run */
};

/* Ends with a row without a name. */
extern const struct pv_scenario pv_scenarios[];

#endif
