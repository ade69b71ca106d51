/* SPDX-License-Identifier: MIT */
#include "guest/conformance/pv64/ask.h"

#include <stdarg.h>

#include "common/format.h"
#include "common/string.h"
#include "guest/lib/error.h"
#include "guest/lib/verdict.h"

uint64_t pool[POOL][PV_ENTRIES] __attribute__((aligned(GUEST_PAGE_SIZE)));

/* --- Hypercalls --- */

guest_result pv_update(uint64_t at, uint64_t value)
{
    struct mmu_update op = {.ptr = at, .val = value};

    return hypercall5(__HYPERVISOR_mmu_update, guest_address(&op), 1, 0, DOMID_SELF, 0);
}

guest_result pv_update_entry(unsigned page, unsigned index, uint64_t value)
{
    return pv_update(pool_mfn(page) << 12 | index * 8ULL, value);
}

guest_result pv_ext_for(unsigned cmd, uint64_t arg1, uint64_t arg2, domid_t domain)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = arg1, .arg2.src_mfn = arg2};

    return hypercall5(__HYPERVISOR_mmuext_op, guest_address(&op), 1, 0, domain, 0);
}

guest_result pv_ext(unsigned cmd, uint64_t arg1, uint64_t arg2)
{
    return pv_ext_for(cmd, arg1, arg2, DOMID_SELF);
}

guest_result pv_map(const void *at, uint64_t entry, uint64_t flags)
{
    return hypercall3(__HYPERVISOR_update_va_mapping, guest_address(at), entry, flags);
}

/* --- Pages --- */

uint64_t pool_mfn(unsigned page)
{
    return env_frame(pool[page]);
}

guest_result pool_remap(const void *at, uint64_t flags)
{
    return pv_map(at, env_frame(at) << 12 | flags, UVMF_INVLPG);
}

static void must(const char *what, guest_result rc)
{
    char error[24];

    if (rc)
        verdict(VERDICT_ERROR, "%s: %s", what, error_text(rc, error, sizeof(error)));
}

void pool_read_only(unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last; i++)
        must("read-only", pool_remap(pool[i], READ_ONLY));
}

/* What is left of the cell before: pins, tables, mappings. */
static void clean(void)
{
    for (unsigned i = 0; i < POOL; i++)
        pv_ext(MMUEXT_UNPIN_TABLE, pool_mfn(i), 0);
    for (unsigned i = 0; i < POOL; i++)
        must("writable again", pool_remap(pool[i], WRITABLE));
    memset(pool, 0, sizeof(pool));
}

void pool_tree(void)
{
    for (unsigned level = 1; level <= 4; level++)
        pool[level][0] = pool_entry(level - 1, TABLE);
    pool_read_only(1, 4);
}

/* --- The tables that the guest runs on --- */

uint64_t pv_root_mfn(void)
{
    return env_frame((const void *)pv_start_info->pt_base);
}

uint64_t pv_virtual_mfn(const void *at)
{
    return (pv_table_at(at, 1)[pv_index_at(at, 1)] & FRAME_MASK) >> 12;
}

/* --- Cells --- */

bool pv_cell(const char *fmt, ...)
{
    char name[96];
    va_list args;

    va_start(args, fmt);
    format_v(name, sizeof(name), fmt, args);
    va_end(args);
    if (!cell_begin_plain("pv/%s", name))
        return false;
    clean();
    return true;
}

void pv_result(guest_result rc, const char *fmt, ...)
{
    char what[96], error[24];
    va_list args;

    va_start(args, fmt);
    format_v(what, sizeof(what), fmt, args);
    va_end(args);
    cell_say(" %s -> %s", what, error_text(rc, error, sizeof(error)));
}

void pv_say_entry(uint64_t entry)
{
    uint64_t mfn = (entry & FRAME_MASK) >> 12;

    cell_say(" [%llx]", (unsigned long long)(entry & ~(FRAME_MASK | (entry & PRESENT ? GLOBAL : 0))));
    for (unsigned i = 0; i < POOL; i++)
        if (mfn == pool_mfn(i))
            cell_say("@%u", i);
    if (mfn == pv_root_mfn())
        cell_say("@root");
    else if (!mfn)
        cell_say("@none");
}
