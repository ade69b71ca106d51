/* SPDX-License-Identifier: MIT */
#include "kernel/verdict.h"

#include "common/format.h"

void verdict_add(struct verdict *v, const struct virt_report *report)
{
    if (report->usable) {
        v->usable = v->usable ? v->usable : report->name;
        return;
    }
    if (report->absent || v->length >= sizeof v->missing)
        return;
    v->length += (size_t)format(v->missing + v->length, sizeof v->missing - v->length, "%s%s: %s",
                                v->length ? "; " : "", report->name, report->reason);
}

const char *verdict_missing(const struct verdict *v)
{
    return v->length ? v->missing : "the processor has neither VMX nor SVM";
}

void verdict_text(const struct verdict *v, char *text, size_t size)
{
    if (v->usable)
        format(text, size, "%s yes", v->usable);
    else
        format(text, size, "no, because %s", verdict_missing(v));
}
