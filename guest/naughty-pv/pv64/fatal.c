/* SPDX-License-Identifier: MIT */
/* What ends the domain: no way is left to tell it of an exception. Nobody else may notice. */
#include "guest/lib/memory.h"
#include "guest/naughty-pv/pv64/naughty.h"

static void trap_on_stack(guest_word sp)
{
    __asm__ volatile("mov %0, %%rsp; ud2" ::"r"(sp) : "memory");
}

void fatal_stack_nowhere(void)
{
    trap_on_stack(GUEST_UNMAPPED);
}

void fatal_stack_hypervisor(void)
{
    trap_on_stack(HYPERVISOR_VIRT_START + 0x4000000000);
}

/* The frame of the exception would be written over a live page table. */
void fatal_stack_table(void)
{
    trap_on_stack(guest_address(pv_table_at(spare_address(), 1)) + 2048);
}

void fatal_stack_non_canonical(void)
{
    trap_on_stack(NON_CANONICAL + 16);
}

/* The stack for entries from user mode is nowhere. */
void fatal_kernel_stack(void)
{
    static const struct iret_context user = {.rip = NON_CANONICAL - 64, .cs = FLAT_RING3_CS64, .ss = FLAT_RING3_SS64};

    mmuext(MMUEXT_NEW_USER_BASEPTR, env_frame((const void *)pv_start_info->pt_base), 0);
    hv_stack_switch(FLAT_RING3_SS64, HYPERVISOR_VIRT_START + 64);
    __asm__ volatile("mov %0, %%rsp; mov $23, %%eax; syscall" ::"r"(&user) : "memory");
}

void fatal_no_handler(void)
{
    hv_set_trap_table(NULL); /* none at all */
    __asm__ volatile("ud2");
}

void fatal_handler_nowhere(void)
{
    struct trap_info table[3] = {
        {.vector = 6, .cs = FLAT_RING3_CS64, .address = GUEST_UNMAPPED},
        {.vector = 14, .cs = FLAT_RING3_CS64, .address = HYPERVISOR_VIRT_START + 0x1000},
    };

    hv_set_trap_table(table);
    __asm__ volatile("ud2");
}

/* A root with nothing in it but the hypervisor's slots. */
void fatal_empty_root(void)
{
    uint64_t *root = memory_pages(1);

    make_read_only(root);
    CHECK_VALUE(pin(4, root), 0);
    mmuext(MMUEXT_NEW_BASEPTR, env_frame(root), 0);
}

void fatal_iret_nowhere(void)
{
    __asm__ volatile("mov %0, %%rsp; mov $23, %%eax; syscall" ::"r"(GUEST_UNMAPPED) : "memory");
}

/* Take away the code of the exception handlers, and then the page that is being executed. */
void fatal_own_code(void)
{
    guest_word end = (guest_word)&fatal_own_code + GUEST_PAGE_SIZE;

    for (guest_word p = 0; p < end; p += GUEST_PAGE_SIZE)
        hv_update_va_mapping(p, 0, UVMF_INVLPG | UVMF_ALL);
}
