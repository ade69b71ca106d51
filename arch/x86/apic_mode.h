/* SPDX-License-Identifier: MIT */
/*
 * Which mode should the local APICs be in, and how does one get there? Pure code (tests/host/test_apic_mode.c) about
 * IA32_APIC_BASE (SDM Vol. 3A, 10.4.4, 10.12.1 and 10.12.5).
 */
#ifndef ARCH_X86_APIC_MODE_H
#define ARCH_X86_APIC_MODE_H

#include <stdbool.h>
#include <stdint.h>

#define APIC_BASE_X2 (1ULL << 10)
#define APIC_BASE_ENABLE (1ULL << 11)
#define APIC_BASE_ADDRESS 0x000ffffffffff000ULL
#define APIC_XAPIC_ID_END 0xff /* ids from here on need an x2APIC */

/* The user's wish, option x2apic=. */
enum apic_wish { APIC_BEST, APIC_X2APIC, APIC_XAPIC };

struct apic_facts {
    bool has_x2apic;     /* CPUID */
    bool is_x2apic;      /* so firmware has left the boot CPU */
    bool must_be_x2apic; /* the processor can't go back (IA32_XAPIC_DISABLE_STATUS) */
    uint32_t highest_id; /* of the boot CPU and the enabled ones of the MADT */
};

/*
 * True: x2APIC, for all CPUs. It is, if it is there and the user does not object, or if it is on or needed;
 * *refused is then, or if there is none, a sentence that says why the wish can't be obeyed, else NULL.
 */
bool apic_choose_x2apic(const struct apic_facts *facts, enum apic_wish wish, const char **refused);

#define APIC_MAX_STEPS 3

/*
 * From the state that IA32_APIC_BASE shows to the one that is wanted, in steps that do not fault: from x2APIC to xAPIC
 * only through "disabled", and to x2APIC only from xAPIC. Fills steps[] with values for the MSR; returns how many. The
 * MSR must be read again then: a processor may stay disabled.
 */
unsigned apic_mode_steps(uint64_t base, bool x2apic, uint64_t steps[APIC_MAX_STEPS]);

#endif
