/* SPDX-License-Identifier: MIT */
#include "guest/lib/env.h"
#include "guest/lib/memory.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

/* A page that changes between two mappings. */
static uint64_t mapping(const uint8_t *page, unsigned i)
{
    return pv_machine(page) | (i % 2 ? PTE_ALL : PTE_READ_ONLY);
}

/* A page table of our own whose first entry changes. */
void container_list(unsigned n)
{
    const uint8_t *page = memory_pages(1);
    uint64_t *table = memory_pages(1);
    struct mmu_update *list = memory_alloc(n * sizeof(*list));
    struct mmuext_op pin = {.cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = env_frame(table)};
    unsigned done = 0;

    CHECK_VALUE(pv_make_table(table), 0);
    CHECK_VALUE(hv_mmuext_op(&pin, 1, NULL, DOMID_SELF), 0);
    for (unsigned i = 0; i < n; i++)
        list[i] = (struct mmu_update){.ptr = pv_machine(table), .val = mapping(page, i)};
    CHECK_VALUE(hv_mmu_update(list, n, &done, DOMID_SELF), 0);
    CHECK_VALUE(done, n);
}

void container_multicall(unsigned n)
{
    const uint8_t *page = memory_pages(1);
    guest_multicall_entry *list = memory_alloc(n * sizeof(*list));

    for (unsigned i = 0; i < n; i++) {
        list[i].op = __HYPERVISOR_update_va_mapping;
        list[i].args[0] = guest_address(page);
        list[i].args[1] = mapping(page, i);
        list[i].args[2] = UVMF_INVLPG;
    }
    CHECK_VALUE(hv_multicall(list, n), 0);
    for (unsigned i = 0; i < n; i++)
        if (list[i].result)
            verdict(VERDICT_FAILURE, "entry %u: %lld", i, (long long)list[i].result);
}
