/* SPDX-License-Identifier: MIT */
#include "guest/abi/xen.h"
#include "guest/probe/probe.h"

/* With arguments 0 these take away the guest's exception handlers, stack and callbacks, or do not return. */
bool probe_spares(uint64_t number)
{
    return number == __HYPERVISOR_set_trap_table || number == __HYPERVISOR_stack_switch ||
           number == __HYPERVISOR_set_callbacks || number == __HYPERVISOR_callback_op || number == __HYPERVISOR_iret;
}

/* User mode runs these few bytes, which end in UD2. SYSCALL there is a call of the guest's kernel: "vector 258". */
__asm__(".text\n"
        "user_syscall: mov $17, %eax; syscall; ud2\n"
        "user_vmmcall: mov $17, %eax; vmmcall; ud2\n"
        "user_in: mov $0x80, %edx; in (%dx), %al; ud2\n"
        "user_cpuid: mov $0x40000000, %eax; cpuid; ud2\n"
        "user_forced: mov $0x40000000, %eax; ud2; .ascii \"xen\"; cpuid; ud2\n"
        "user_hlt: hlt; ud2\n");
extern const uint8_t user_syscall[], user_vmmcall[], user_in[], user_cpuid[], user_forced[], user_hlt[];

void probe_user(void)
{
    ask_user("syscall", user_syscall);
    ask_user("vmmcall", user_vmmcall);
    ask_user("in", user_in);
    ask_user("cpuid", user_cpuid);
    ask_user("forced cpuid", user_forced);
    ask_user("hlt", user_hlt);
}
