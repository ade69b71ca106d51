/* SPDX-License-Identifier: MIT */
/*
 * What an entry of each level may hold, and what it reads as: written by mmu_update, and found by validation.
 * PV-MMU-01, PV-MMU-02, PV-MMU-03, PV-MMU-04, PV-MMU-05, PV-MMU-06.
 */
#include "guest/conformance/pv64/ask.h"

static const struct variant {
    const char *name;
    uint64_t set, clear; /* beside and of TABLE */
} variants[] = {
    {"plain", 0, 0},
    {"-write", 0, WRITE},
    {"-user", 0, USER},
    {"+pwt", PWT, 0},
    {"+pcd", PCD, 0},
    {"+pwt+pcd", PWT | PCD, 0},
    {"-accessed", 0, ACCESSED},
    {"-accessed-dirty", 0, ACCESSED | DIRTY},
    {"+bit7", LARGE, 0},
    {"+global", GLOBAL, 0},
    {"+bit9", 1ULL << 9, 0},
    {"+bit10", 1ULL << 10, 0},
    {"+bit11", 1ULL << 11, 0},
    {"+bit52", 1ULL << 52, 0},
    {"+bit53", 1ULL << 53, 0},
    {"+bit54", 1ULL << 54, 0},
    {"+bit55", 1ULL << 55, 0},
    {"+bit56", 1ULL << 56, 0},
    {"+bit57", 1ULL << 57, 0},
    {"+bit58", 1ULL << 58, 0},
    {"+bit59", 1ULL << 59, 0},
    {"+bit60", 1ULL << 60, 0},
    {"+bit61", 1ULL << 61, 0},
    {"+bit62", 1ULL << 62, 0},
    {"+nx", NX, 0},
    {"-present", 0, PRESENT},
    {"-present+all", ~FRAME_MASK, PRESENT},
    {"-all", 0, TABLE},
};

static uint64_t value_of(const struct variant *v, unsigned level)
{
    return (pool_entry(level - 1, TABLE) | v->set) & ~v->clear;
}

static void written(const struct variant *v, unsigned level)
{
    if (!pv_cell("entry/written/l%u/%s", level, v->name))
        return;
    for (unsigned i = 1; i < level; i++)
        pool[i][0] = pool_entry(i - 1, TABLE);
    pool_read_only(1, level);
    pv_result(pv_ext(MMUEXT_PIN_L1_TABLE + level - 1, pool_mfn(level), 0), "pin");
    pv_result(pv_update_entry(level, 0, value_of(v, level)), "update");
    pv_say_entry(pool_read(level, 0));
    cell_end();
}

static void found(const struct variant *v, unsigned level)
{
    if (!pv_cell("entry/found/l%u/%s", level, v->name))
        return;
    for (unsigned i = 1; i <= level; i++)
        pool[i][0] = i == level ? value_of(v, level) : pool_entry(i - 1, TABLE);
    pool_read_only(1, level);
    pv_result(pv_ext(MMUEXT_PIN_L1_TABLE + level - 1, pool_mfn(level), 0), "pin");
    pv_say_entry(pool_read(level, 0));
    pv_result(pv_ext(MMUEXT_UNPIN_TABLE, pool_mfn(level), 0), "unpin");
    pv_say_entry(pool_read(level, 0));
    cell_end();
}

static void ask_global(void)
{
    if (!pv_cell("entry/global"))
        return;
    for (uint64_t kernel = 0; kernel <= 1; kernel++) {
        pv_result(pool_remap(pool[1], WRITABLE | GLOBAL | kernel << 52), "map");
        cell_say(" %s", pv_table_at(pool[1], 1)[pv_index_at(pool[1], 1)] & GLOBAL ? "global" : "not global");
    }
    cell_end();
}

void pv_ask_entries(void)
{
    ask_global();
    for (unsigned level = 1; level <= 4; level++)
        for (unsigned i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
            written(&variants[i], level);
            found(&variants[i], level);
        }
}
