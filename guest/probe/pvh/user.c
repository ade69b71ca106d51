/* SPDX-License-Identifier: MIT */
#include "guest/probe/probe.h"

bool probe_spares(uint64_t number)
{
    (void)number;
    return false;
}

/* User mode runs these few bytes, which end in UD2; the accumulator at that point is the answer. */
__asm__(".text\n"
        "user_vmmcall: mov $17, %eax; vmmcall; ud2\n"
        "user_in: mov $0x80, %edx; in (%dx), %al; ud2\n"
        "user_cpuid: mov $0x40000000, %eax; cpuid; ud2\n"
        "user_hlt: hlt; ud2\n"
        "user_unknown: mov $63, %eax; vmmcall; ud2\n");
extern const uint8_t user_vmmcall[], user_in[], user_cpuid[], user_hlt[], user_unknown[];

void probe_user(void)
{
    ask_user("xen_version", user_vmmcall);
    ask_user("hypercall 63", user_unknown);
    ask_user("in", user_in);
    ask_user("cpuid", user_cpuid);
    ask_user("hlt", user_hlt);
}
