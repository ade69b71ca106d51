/* SPDX-License-Identifier: MIT */
/*
 * SYSCALL as the last instruction below the addresses that can't be: the one behind it is not canonical, and a
 * hypervisor that returns there by SYSRET faults in ring 0 with the guest's stack (CVE-2012-0217): PV-TRAP-17.
 */
#include "guest/lib/env.h"
#include "guest/traps/pv64/traps.h"

#define LAST_PAGE 0x7ffffffff000ULL
#define LAST_SYSCALL (LAST_PAGE + 4094)
#define LAST_SLOT 255U /* of the L4 table */

static uint8_t code[GUEST_PAGE_SIZE] __attribute__((aligned(GUEST_PAGE_SIZE)));
static uint64_t tables[3][PV_ENTRIES] __attribute__((aligned(GUEST_PAGE_SIZE)));

static void map_last_page(void)
{
    code[4094] = 0x0f;
    code[4095] = 0x05;
    tables[0][511] = pv_machine(tables[1]) | PTE_ALL;
    tables[1][511] = pv_machine(tables[2]) | PTE_ALL;
    tables[2][511] = pv_machine(code) | PTE_READ_ONLY;
    for (unsigned i = 0; i < 3; i++)
        CHECK_VALUE(pv_make_table(tables[i]), 0);
    CHECK_VALUE(pv_set_entry((const uint64_t *)pv_start_info->pt_base, LAST_SLOT, pv_machine(tables[0]) | PTE_ALL), 0);
}

void edge_run(void)
{
    struct iret_context c = kernel((const void *)LAST_SYSCALL);

    map_last_page();
    c.rax = NR_HYPERCALLS - 1;
    shoot("a hypercall at the edge", c, 0,
          (struct want){.vector = GP, .has_error = true, .length = 2, .clobbers = true});
    CHECK_VALUE((int64_t)shot.rax, -XEN_ENOSYS); /* it has been carried out */
    shoot("a system call at the edge", user((const void *)LAST_SYSCALL), 0,
          (struct want){.vector = SHOT_CALLBACK + CALLBACKTYPE_syscall, .length = 2, .clobbers = true});
    CHECK_VALUE(pv_set_entry((const uint64_t *)pv_start_info->pt_base, LAST_SLOT, 0), 0);
}
