/* SPDX-License-Identifier: MIT */
#include "guest/abi/errno.h"
#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

/* Those of pv domains. */
const uint64_t container_unknown[] = {0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 14, 16, 19, 22, 25, 28, 30, 31, 37};
const unsigned container_unknown_count = LENGTH(container_unknown);

__asm__(".text\n"
        "user_vmmcall: mov $17, %eax; vmmcall; ud2\n"
        "user_vmcall: mov $17, %eax; vmcall; ud2\n");
extern const uint8_t user_vmmcall[], user_vmcall[];

static void call_user(void *code)
{
    env_user_call(code);
}

void container_user(void)
{
    const uint8_t *code = cpu_cpuid(0, 0).ebx == 0x756E6547 ? user_vmcall : user_vmmcall;

    CHECK_VALUE(trap_try(call_user, (void *)(guest_word)code), TRAP_UD);
    CHECK_VALUE((guest_result)guest_vcpu()->trap_result, -XEN_EPERM);
}

/* The guest's page tables map what follows, but it gives the RAM back. */
uint8_t *container_edge(void)
{
    uint8_t *page = memory_pages(2);
    guest_word hole = (guest_word)env_frame(page + GUEST_PAGE_SIZE);
    guest_memory_reservation r = {.extent_start = guest_address(&hole), .nr_extents = 1, .domid = DOMID_SELF};

    CHECK_VALUE(hv_memory_op(XENMEM_decrease_reservation, &r), 1);
    return page;
}
