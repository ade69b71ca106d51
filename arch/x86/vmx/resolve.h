/* SPDX-License-Identifier: MIT */
/*
 * What the capability MSRs decide: may VMX be turned on, which controls do we use, what is missing. Pure functions of
 * their values, so that the processors that nobody here has can be tested.
 */
#ifndef ARCH_X86_VMX_RESOLVE_H
#define ARCH_X86_VMX_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/need.h"
#include "arch/x86/virt.h"
#include "arch/x86/vmx/vmcs.h"

struct cpu_record;

/* Controls as resolved against the capability MSRs. */
struct vmx_controls {
    uint32_t pin, cpu, cpu2, exit, entry;
};

/* IA32_FEATURE_CONTROL (SDM Vol. 3C, section 23.7): what the firmware has decided on this processor. */
enum vmx_feature { VMX_FEATURE_UNDECIDED, VMX_FEATURE_ON, VMX_FEATURE_OFF, VMX_FEATURE_ONLY_IN_SMX };

enum vmx_feature vmx_feature_state(uint64_t feature_control);
/* The state in words, for the report. */
const char *vmx_feature_text(enum vmx_feature state);
/* The sentence for a state in which VMXON would fault whatever we do; NULL for the other two. */
const char *vmx_feature_refusal(enum vmx_feature state);
/* To be written if the state is VMX_FEATURE_UNDECIDED: VMX on outside SMX, the rest as it is, and locked. */
uint64_t vmx_feature_decided(uint64_t feature_control);

/* Why a processor's VMX can't be used: what it lacks, or what it does not let us switch off. */
struct vmx_obstacle {
    const char *name; /* NULL: there is none */
    bool forced;
};

/*
 * The controls that we run guests with (sections 24.6 to 24.8, appendix A.2 to A.5): *controls, if there is no
 * obstacle. VPID stays off where INVVPID could not go with it.
 */
struct vmx_obstacle vmx_resolve(const struct vmx_capability *capability, struct vmx_controls *controls);

/* The rows of the table that vmx_resolve() goes by, from 0: false behind the last. */
bool vmx_row(unsigned i, const struct vmx_capability *capability, struct capability_row *row);

/* The capabilities that a processor has stated: *capability is all zero where it states none. */
void vmx_capability_of(const struct cpu_record *record, struct vmx_capability *capability);

/*
 * The whole judgement of one processor: 0, with *capability and *controls set, or -XEN_ENODEV and a reason in *report
 * (why not: there is no VMX, the firmware forbids it, or a capability is missing).
 */
int vmx_judge(const struct cpu_record *record, struct virt_report *report, struct vmx_capability *capability,
              struct vmx_controls *controls);

/* The part of the start-up report: struct virt_ops. */
void vmx_describe(const struct cpu_record *record, virt_fact_fn fact);

#endif
