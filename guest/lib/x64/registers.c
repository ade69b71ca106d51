/* SPDX-License-Identifier: MIT */
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/frame.h"

void trap_print_registers(const struct trap_frame *f)
{
    guest_printf("rip %016llx cs %04llx rflags %08llx rsp %016llx ss %04llx\n", (unsigned long long)f->ip,
                 (unsigned long long)f->cs, (unsigned long long)f->flags, (unsigned long long)f->sp,
                 (unsigned long long)f->ss);
    guest_printf("rax %016llx rbx %016llx rcx %016llx rdx %016llx\n", (unsigned long long)f->ax,
                 (unsigned long long)f->bx, (unsigned long long)f->cx, (unsigned long long)f->dx);
    guest_printf("rsi %016llx rdi %016llx rbp %016llx cr2 %016llx\n", (unsigned long long)f->si,
                 (unsigned long long)f->di, (unsigned long long)f->bp, (unsigned long long)env_fault_address());
    guest_printf("r8  %016llx r9  %016llx r10 %016llx r11 %016llx\n", (unsigned long long)f->r8,
                 (unsigned long long)f->r9, (unsigned long long)f->r10, (unsigned long long)f->r11);
    guest_printf("r12 %016llx r13 %016llx r14 %016llx r15 %016llx\n", (unsigned long long)f->r12,
                 (unsigned long long)f->r13, (unsigned long long)f->r14, (unsigned long long)f->r15);
}
