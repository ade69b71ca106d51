/* SPDX-License-Identifier: MIT */
/* Without a handler, an exception is the end of the domain; so each begins with taking the handlers away. */
#include "guest/lib/env.h"
#include "guest/lib/memory.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

static void forget_handlers(void)
{
    CHECK_VALUE(hv_set_trap_table(NULL), 0);
}

void abuse_triple_fault(void)
{
    forget_handlers();
    __asm__ volatile("ud2");
}

void abuse_wild_jump(void)
{
    forget_handlers();
    __asm__ volatile("jmp *%0" ::"r"(NO_MEMORY));
}

/* A root that maps nothing, neither this code nor its stack. */
void abuse_lost_page_tables(void)
{
    uint64_t *empty = memory_pages(1);
    struct mmuext_op load = {.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = env_frame(empty)};

    CHECK_VALUE(pv_make_table(empty), 0);
    CHECK_VALUE(hv_mmuext_op(&load, 1, NULL, DOMID_SELF), 0);
}

/* Every page of the image's first 64 KiB, where this code is. A page that is mapped stays, so they are unmapped too,
 * all in one multicall. */
void abuse_own_memory(void)
{
    extern uint8_t image_start[];
    static uint64_t frame[16];
    static guest_multicall_entry list[16];
    guest_memory_reservation r = {.extent_start = guest_address(frame), .nr_extents = 16, .domid = DOMID_SELF};

    for (unsigned i = 0; i < 16; i++) {
        frame[i] = env_frame(image_start + i * GUEST_PAGE_SIZE);
        list[i].op = __HYPERVISOR_update_va_mapping;
        list[i].args[0] = guest_address(image_start + i * GUEST_PAGE_SIZE);
        list[i].args[2] = UVMF_INVLPG;
    }
    CHECK_VALUE(hv_memory_op(XENMEM_decrease_reservation, &r), 16);
    forget_handlers();
    hv_multicall(list, 16);
}

void abuse_endless_loop(void)
{
    env_upcalls_off();
    for (;;)
        cpu_relax();
}
