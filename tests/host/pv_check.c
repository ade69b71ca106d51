/* SPDX-License-Identifier: MIT */
/* The invariants of the fake machine, by the hypervisor's own audit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86/pv/audit.h"
#include "tests/host/pv_fake.h"

static struct pv_tally tally[FAKE_FRAMES];

static bool look(uint64_t mfn, struct pv_audited *frame)
{
    const struct fake_frame *f = &fake.frame[mfn];

    *frame = (struct pv_audited){f->word, f->refs, f->owner, f->allocated};
    if (f->refs > 0 && f->owner == FAKE_NOBODY)
        fake_fail("frame %lu is referenced, and nobody's", (unsigned long)mfn);
    return fake_exists(mfn) && f->owner != FAKE_NOBODY;
}

static struct pv_audit audit = {.tally = tally, .end = FAKE_FRAMES, .look = look, .complain = fake_fail};

void fake_check_slots(const uint16_t *slots, unsigned n)
{
    audit.slots = slots;
    audit.nr_slots = n;
}

/* The audit goes through the seam as well: nobody else gets a turn in between. */
void fake_check(bool exact)
{
    void (*point)(void) = fake.point;

    fake.point = NULL;
    audit.exact = exact;
    audit.foreign = fake.may_name;
    pv_audit_begin(&audit);
    for (unsigned i = 0; i <= FAKE_VCPUS; i++) {
        const struct pv_vcpu *v = &fake.cpu[i].v;
        if (v->kernel_root)
            pv_audit_needs(&audit, v->kernel_root, PV_L4);
        if (v->user_root)
            pv_audit_needs(&audit, v->user_root, PV_L4);
    }
    for (uint64_t mfn = 1; mfn < FAKE_FRAMES; mfn++)
        for (unsigned i = 0; i < fake.frame[mfn].held; i++)
            pv_audit_needs(&audit, mfn, PV_DESCRIPTORS);
    pv_audit_compare(&audit);
    fake_check_cpus(0);
    fake.point = point;
}
