/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_PV_TLB_H
#define TESTS_MODEL_PV_TLB_H

#include "tests/model/pv/scenario.h"

/* Ends with a row without a name. Thread n is CPU n. */
extern const struct pv_scenario tlb_scenarios[];

/* For stories: false if nothing of this world is there. */
bool tlb_name(char *name, uintptr_t at);

#endif
