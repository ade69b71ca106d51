/* SPDX-License-Identifier: MIT */
#include "arch/x86/apic_mode.h"

#include <stddef.h>

#define MODE (APIC_BASE_ENABLE | APIC_BASE_X2)

/* The way back leads through "disabled", which some processors leave at a reset only (10.4.3). */
static const char *why_not_xapic(const struct apic_facts *f)
{
    if (f->is_x2apic || f->must_be_x2apic)
        return "x2apic=no is ignored: firmware has turned the x2APIC on";
    if (f->highest_id >= APIC_XAPIC_ID_END && f->has_x2apic)
        return "x2apic=no is ignored: there are APIC ids above 254";
    return NULL;
}

bool apic_choose_x2apic(const struct apic_facts *f, enum apic_wish wish, const char **refused)
{
    bool there = f->has_x2apic || f->is_x2apic || f->must_be_x2apic;
    *refused = NULL;
    if (wish == APIC_XAPIC) {
        *refused = why_not_xapic(f);
        return *refused;
    }
    if (wish == APIC_X2APIC && !there)
        *refused = "x2apic=yes is ignored: this processor has none";
    return there;
}

/* EXTD without EN is no state that a processor can be in: it counts as disabled. */
unsigned apic_mode_steps(uint64_t base, bool x2apic, uint64_t steps[APIC_MAX_STEPS])
{
    uint64_t rest = base & ~MODE, mode = base & MODE, wanted = x2apic ? MODE : APIC_BASE_ENABLE;
    unsigned n = 0;
    if (mode == wanted)
        return 0;
    if (mode == MODE)
        steps[n++] = rest;
    if (mode != APIC_BASE_ENABLE)
        steps[n++] = rest | APIC_BASE_ENABLE;
    if (x2apic)
        steps[n++] = rest | MODE;
    return n;
}
