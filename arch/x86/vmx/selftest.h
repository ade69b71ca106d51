/* SPDX-License-Identifier: MIT */
/* The VM-entry checker against the processor: what selftest.c, its cases and its exceptions share. */
#ifndef ARCH_X86_VMX_SELFTEST_H
#define ARCH_X86_VMX_SELFTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/vmx/vmcs.h"

/* Guests that may enter, and from which each case differs by some bits. */
enum selftest_base { BASE_LONG, BASE_PVH, BASE_PAE, BASE_V86, BASE_REAL, NR_BASES };

/* What the checker foretells and what the processor does. */
enum selftest_verdict { ENTERS, BAD_CONTROLS, BAD_HOST, BAD_GUEST, OTHER_FAILURE, NR_VERDICTS };

/* The bits of up to four fields, in all combinations. A field of encoding 0 with mask 0 ends the list. */
struct selftest_sweep {
    const char *name;
    unsigned bases; /* 1 << base */
    struct {
        enum vmcs_field field;
        uint64_t mask;
    } parts[4];
};
extern const struct selftest_sweep vmx_selftest_sweeps[]; /* ends with a NULL name */

/*
 * The reason why the processor at hand differs from the manual on purpose in this state, or NULL. rule: what the
 * checker says, or NULL.
 */
const char *vmx_selftest_exception(const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                                   enum selftest_verdict processor);

/* A state that the processor at hand should refuse, but dies of. */
bool vmx_selftest_fatal(const struct vmcs_snapshot *s);

#endif
