/* SPDX-License-Identifier: MIT */
/* What a record of a processor says about SVM: can it be used, and what is there of it. Pure functions. */
#ifndef ARCH_X86_SVM_JUDGE_H
#define ARCH_X86_SVM_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/need.h"
#include "arch/x86/virt.h"

struct cpu_record;

struct svm_caps {
    uint32_t nr_asids;
    bool nrips;
};

/* 0 and *caps, or -XEN_ENODEV and a reason in *report: there is no SVM, the firmware forbids it, something is missing.
 */
int svm_judge(const struct cpu_record *record, struct virt_report *report, struct svm_caps *caps);
/* The rows that svm_judge() goes by, from 0: false behind the last. */
bool svm_row(unsigned i, const struct cpu_record *record, struct capability_row *row);
/* The part of the start-up report: struct virt_ops. */
void svm_describe(const struct cpu_record *record, virt_fact_fn fact);

#endif
