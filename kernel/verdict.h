/* SPDX-License-Identifier: MIT */
/* What can run guests here, from what the back ends say one after the other. Pure code. */
#ifndef KERNEL_VERDICT_H
#define KERNEL_VERDICT_H

#include <stddef.h>

#include "arch/x86/virt.h"

struct verdict {
    const char *usable; /* name of the first back end that can be used, or NULL */
    char missing[400];  /* why none can: "VMX: the firmware ..." */
    size_t length;      /* of missing */
};

/* A back end's report; *v starts as zeros. One that the processor has nothing of is not worth a word. */
void verdict_add(struct verdict *v, const struct virt_report *report);
/* Why no back end can be used: a sentence without a full stop. */
const char *verdict_missing(const struct verdict *v);
/* "VMX yes", "SVM yes", or "no, because ...". */
void verdict_text(const struct verdict *v, char *text, size_t size);

#endif
