/* SPDX-License-Identifier: MIT */
/* mmuext_op: pins, roots, flushes, LDT, contents of pages; update_va_mapping. */
#include "common/string.h"
#include "guest/conformance/pv64/ask.h"

/* --- Pins: PV-MMU-50 --- */

static void ask_pin(unsigned level, unsigned second)
{
    if (!pv_cell("pin/l%u/again%u", level, second))
        return;
    pool_read_only(4, 4);
    pv_result(pv_ext(MMUEXT_PIN_L1_TABLE + level - 1, pool_mfn(4), 0), "pin%u", level);
    pv_result(pv_ext(MMUEXT_PIN_L1_TABLE + second - 1, pool_mfn(4), 0), "pin%u", second);
    pv_result(pv_ext(MMUEXT_UNPIN_TABLE, pool_mfn(4), 0), "unpin");
    pv_result(pv_ext(MMUEXT_UNPIN_TABLE, pool_mfn(4), 0), "unpin");
    pv_result(pv_ext(MMUEXT_PIN_L1_TABLE + second - 1, pool_mfn(4), 0), "pin%u", second);
    cell_end();
}

/* A pin of a table that is already part of a tree that is in use. */
static void ask_pin_inside(unsigned level)
{
    if (!pv_cell("pin/inside/l%u", level))
        return;
    pool_tree();
    pv_result(pv_ext(MMUEXT_PIN_L4_TABLE, pool_mfn(4), 0), "pin4");
    pv_result(pv_ext(MMUEXT_UNPIN_TABLE, pool_mfn(level), 0), "unpin%u", level);
    pv_result(pv_ext(MMUEXT_PIN_L1_TABLE + level - 1, pool_mfn(level), 0), "pin%u", level);
    pv_result(pv_ext(MMUEXT_UNPIN_TABLE, pool_mfn(4), 0), "unpin4");
    pv_result(pool_remap(pool[level], WRITABLE), "writable%u", level);
    pv_result(pool_remap(pool[4], WRITABLE), "writable4");
    pv_result(pv_ext(MMUEXT_UNPIN_TABLE, pool_mfn(level), 0), "unpin%u", level);
    pv_result(pool_remap(pool[level], WRITABLE), "writable%u", level);
    cell_end();
}

static void ask_unpin(void)
{
    if (pv_cell("unpin/plain")) {
        pv_result(pv_ext(MMUEXT_UNPIN_TABLE, pool_mfn(4), 0), "unpin");
        cell_end();
    }
    if (pv_cell("unpin/root")) {
        pv_result(pv_ext(MMUEXT_UNPIN_TABLE, pv_root_mfn(), 0), "unpin");
        pv_result(pv_ext(MMUEXT_PIN_L4_TABLE, pv_root_mfn(), 0), "pin");
        pv_result(pv_ext(MMUEXT_PIN_L4_TABLE, pv_root_mfn(), 0), "pin");
        cell_end();
    }
}

/* --- Roots: PV-MMU-51 --- */

/* Page 6 as a root that maps what the guest's own does. */
static void second_root(unsigned page)
{
    memcpy(pool[page], (const void *)pv_start_info->pt_base, GUEST_PAGE_SIZE);
    memset(&pool[page][256], 0, 16 * 8);
    pool_read_only(page, page);
}

static void root_unpinned(void)
{
    second_root(6);
    pv_result(pv_ext(MMUEXT_NEW_BASEPTR, pool_mfn(6), 0), "root");
    pv_result(pool_remap(pool[6], WRITABLE), "writable");
    pv_result(pv_ext(MMUEXT_NEW_BASEPTR, pool_mfn(6), 0), "again");
    pv_result(pv_ext(MMUEXT_NEW_BASEPTR, pv_root_mfn(), 0), "back");
    pv_result(pool_remap(pool[6], WRITABLE), "writable");
}

static void root_pinned(void)
{
    second_root(6);
    pv_result(pv_ext(MMUEXT_PIN_L4_TABLE, pool_mfn(6), 0), "pin");
    pv_result(pv_ext(MMUEXT_NEW_BASEPTR, pool_mfn(6), 0), "root");
    pv_result(pv_ext(MMUEXT_UNPIN_TABLE, pool_mfn(6), 0), "unpin");
    pv_result(pool_remap(pool[6], WRITABLE), "writable");
    pv_result(pv_ext(MMUEXT_NEW_BASEPTR, pv_root_mfn(), 0), "back");
    pv_result(pool_remap(pool[6], WRITABLE), "writable");
}

static void root_zero(void)
{
    pv_result(pv_ext(MMUEXT_NEW_BASEPTR, 0, 0), "root");
}

static void root_writable(void)
{
    pv_result(pv_ext(MMUEXT_NEW_BASEPTR, pool_mfn(6), 0), "root");
}

static void root_lower(void)
{
    pool_tree();
    pv_result(pv_ext(MMUEXT_PIN_L3_TABLE, pool_mfn(3), 0), "pin");
    pv_result(pv_ext(MMUEXT_NEW_BASEPTR, pool_mfn(3), 0), "root");
    pv_result(pv_ext(MMUEXT_NEW_USER_BASEPTR, pool_mfn(3), 0), "user");
}

static void root_user(void)
{
    second_root(6);
    pv_result(pv_ext(MMUEXT_NEW_USER_BASEPTR, pool_mfn(6), 0), "user");
    pv_result(pv_ext(MMUEXT_NEW_USER_BASEPTR, pool_mfn(6), 0), "again");
    pv_result(pool_remap(pool[6], WRITABLE), "writable");
    pv_result(pv_ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), "none");
    pv_result(pool_remap(pool[6], WRITABLE), "writable");
    pv_result(pv_ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), "none");
}

static void root_both(void)
{
    pv_result(pv_ext(MMUEXT_NEW_USER_BASEPTR, pv_root_mfn(), 0), "user");
    pv_result(pv_ext(MMUEXT_NEW_BASEPTR, pv_root_mfn(), 0), "root");
    pv_result(pv_ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), "none");
}

static void root_bad_entry(void)
{
    second_root(6);
    pool_remap(pool[6], WRITABLE);
    pool[6][300] = pool_entry(7, TABLE);
    pool_read_only(6, 6);
    pv_result(pv_ext(MMUEXT_NEW_BASEPTR, pool_mfn(6), 0), "root");
    pv_result(pv_ext(MMUEXT_NEW_USER_BASEPTR, pool_mfn(6), 0), "user");
}

static const struct root {
    const char *name;
    void (*ask)(void);
} roots[] = {
    {"root/unpinned", root_unpinned}, {"root/pinned", root_pinned},       {"root/zero", root_zero},
    {"root/writable", root_writable}, {"root/lower", root_lower},         {"root/user", root_user},
    {"root/both", root_both},         {"root/bad_entry", root_bad_entry},
};

static void ask_roots(void)
{
    for (unsigned i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        if (!pv_cell("%s", roots[i].name))
            continue;
        roots[i].ask();
        cell_end();
    }
}

/* --- Commands that have little to say: PV-MMU-52, PV-MMU-53, PV-MMU-56, PV-MMU-57 --- */

static void ask_commands(void)
{
    static const unsigned commands[] = {
        MMUEXT_TLB_FLUSH_LOCAL,
        MMUEXT_INVLPG_LOCAL,
        MMUEXT_TLB_FLUSH_ALL,
        MMUEXT_INVLPG_ALL,
        MMUEXT_FLUSH_CACHE,
        MMUEXT_FLUSH_CACHE_GLOBAL,
        MMUEXT_MARK_SUPER,
        MMUEXT_UNMARK_SUPER,
        14,
        21,
        22,
        100,
        0x7fffffff,
        0xffffffff,
    };
    static const struct {
        const char *name;
        uint64_t address;
    } addresses[] = {
        {"zero", 0},
        {"low", 0x100000},
        {"middle", 0x7fffdeadb000},
        {"reserved", 0xffff800000000000},
        {"hypervisor", 0xffff830000000000},
        {"not_canonical", 0x0000900000000000},
        {"high", 0xfffffffffffff000},
    };

    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        for (unsigned j = 0; j < sizeof(addresses) / sizeof(addresses[0]); j++) {
            if (j > 0 && commands[i] != MMUEXT_INVLPG_LOCAL && commands[i] != MMUEXT_INVLPG_ALL)
                continue;
            if (!pv_cell("command/%u/%s", commands[i], addresses[j].name))
                continue;
            pv_result(pv_ext(commands[i], addresses[j].address, 0), "ext");
            cell_end();
        }
}

/* Flushes for some vcpus. */
static void ask_multi(void)
{
    static uint64_t mask[16];
    static const struct {
        const char *name;
        uint64_t at, bits;
    } masks[] = {
        {"none", 0, 0},
        {"self", 0, 1},
        {"other", 0, 2},
        {"beyond", 0, ~3ULL},
        {"all", 0, ~0ULL},
        {"bad", 0xffff880000001000, 1},
        {"reserved", 0xffff800000000000, 1},
        {"not_canonical", 0x0000900000000000, 1},
    };

    for (unsigned cmd = MMUEXT_TLB_FLUSH_MULTI; cmd <= MMUEXT_INVLPG_MULTI; cmd++)
        for (unsigned i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
            if (!pv_cell("multi/%u/%s", cmd, masks[i].name))
                continue;
            mask[0] = masks[i].bits;
            pv_result(pv_ext(cmd, 0x100000, masks[i].at ? masks[i].at : guest_address(mask)), "ext");
            cell_end();
        }
}

/* --- The LDT: PV-MMU-54 --- */

static void ask_ldt(void)
{
    static const struct {
        const char *name;
        uint64_t base; /* 0: page 8 of the pool */
        uint64_t entries;
    } cases[] = {
        {"none", 0, 0},
        {"one", 0, 1},
        {"page", 0, 512},
        {"full", 0, 8192},
        {"too_many", 0, 8193},
        {"wide", 0, 1ULL << 32},
        {"unaligned", 8, 1},
        {"unaligned_none", 8, 0},
        {"reserved", 0xffff800000000000, 1},
        {"reserved_none", 0xffff800000000000, 0},
        {"hypervisor", 0xffff830000000000, 1},
        {"not_canonical", 0x0000900000000000, 1},
        {"not_canonical_none", 0x0000900000000000, 0},
        {"up_to_reserved", 0x00007ffffffff000, 512},
        {"into_hole", 0x00007ffffffff000, 513},
        {"not_mapped", 0xffff880000000000, 8192},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (!pv_cell("ldt/%s", cases[i].name))
            continue;
        uint64_t base = cases[i].base < 16 ? guest_address(pool[8]) + cases[i].base : cases[i].base;
        pv_result(pv_ext(MMUEXT_SET_LDT, base, cases[i].entries), "ldt");
        pv_result(pv_ext(MMUEXT_SET_LDT, 0, 0), "none");
        cell_end();
    }
}

/* --- Contents of pages: PV-MMU-55 --- */

static void ask_contents(void)
{
    if (pv_cell("contents/clear")) {
        memset(pool[7], 0x55, GUEST_PAGE_SIZE);
        pv_result(pv_ext(MMUEXT_CLEAR_PAGE, pool_mfn(7), 0), "clear");
        cell_say(" %llx %llx", (unsigned long long)pool[7][0], (unsigned long long)pool[7][511]);
        cell_end();
    }
    if (pv_cell("contents/copy")) {
        memset(pool[7], 0x55, GUEST_PAGE_SIZE);
        pv_result(pv_ext(MMUEXT_COPY_PAGE, pool_mfn(8), pool_mfn(7)), "copy");
        cell_say(" %llx %llx", (unsigned long long)pool[8][0], (unsigned long long)pool[8][511]);
        pv_result(pv_ext(MMUEXT_COPY_PAGE, pool_mfn(8), pool_mfn(8)), "onto-itself");
        cell_end();
    }
    if (pv_cell("contents/copy_table")) {
        pool_tree();
        pv_result(pv_ext(MMUEXT_PIN_L4_TABLE, pool_mfn(4), 0), "pin");
        pv_result(pv_ext(MMUEXT_COPY_PAGE, pool_mfn(8), pool_mfn(1)), "copy");
        cell_say(" %s", pool[8][0] == pool[1][0] ? "same" : "other");
        pv_result(pv_ext(MMUEXT_COPY_PAGE, pool_mfn(8), pool_mfn(4)), "copy");
        cell_say(" %s", pool[8][260] ? "with the hypervisor's" : "empty");
        cell_end();
    }
    if (pv_cell("contents/read_only")) {
        pool_read_only(7, 7);
        pv_result(pv_ext(MMUEXT_CLEAR_PAGE, pool_mfn(7), 0), "clear");
        pv_result(pv_ext(MMUEXT_COPY_PAGE, pool_mfn(7), pool_mfn(8)), "copy");
        cell_end();
    }
}

/* --- update_va_mapping: PV-MMU-60, PV-MMU-61, PV-MMU-62 --- */

static void ask_place(const char *name, uint64_t va, uint64_t flags)
{
    if (!pv_cell("va/%s", name))
        return;
    pv_result(pv_map((const void *)va, pool_entry(7, READ_ONLY), flags), "map");
    pv_result(pv_map((const void *)va, 0, flags), "clear");
    cell_end();
}

static void ask_flags(const char *name, uint64_t flags)
{
    if (!pv_cell("va/flags/%s", name))
        return;
    pv_result(pv_map(pool[9], pool_entry(7, READ_ONLY), flags), "map");
    pv_say_entry(pv_table_at(pool[9], 1)[pv_index_at(pool[9], 1)]);
    cell_end();
}

static void ask_places(void)
{
    ask_place("here", guest_address(pool[9]), UVMF_INVLPG);
    ask_place("here_offset", guest_address(pool[9]) + 0xabc, UVMF_INVLPG);
    ask_place("no_l1", 0x0000000037000000, UVMF_INVLPG);
    ask_place("no_l2", 0x0000000140000000, UVMF_INVLPG);
    ask_place("no_l3", 0x0000700000000000, UVMF_INVLPG);
    ask_place("high_none", 0xffffffff80000000, UVMF_INVLPG);
    ask_place("m2p", 0xffff800000000000, UVMF_INVLPG);
    ask_place("hypervisor", 0xffff830000000000, UVMF_INVLPG);
    ask_place("hypervisor_end", 0xffff87fffffff000, UVMF_INVLPG);
    ask_place("not_canonical", 0x0000900000000000, UVMF_INVLPG);
}

static void ask_all_flags(void)
{
    static uint64_t mask[16] = {1};

    for (unsigned i = 0; i < 16; i++) {
        char name[8] = {(char)('0' + i / 10), (char)('0' + i % 10), 0};
        ask_flags(name, i);
    }
    ask_flags("multi", guest_address(mask) | UVMF_INVLPG);
    ask_flags("multi_flush", guest_address(mask) | UVMF_TLB_FLUSH);
    ask_flags("multi_none", guest_address(mask) | UVMF_NONE);
    ask_flags("multi_3", guest_address(mask) | 3);
    ask_flags("bad", 0xffff880000001000 | UVMF_INVLPG);
    ask_flags("bad_flush", 0xffff880000001000 | UVMF_TLB_FLUSH);
    ask_flags("bad_none", 0xffff880000001000 | UVMF_NONE);
    ask_flags("reserved", 0xffff800000000000 | UVMF_INVLPG);
    ask_flags("not_canonical", 0x0000900000000000 | UVMF_INVLPG);
}

static void ask_va(void)
{
    ask_places();
    ask_all_flags();
    if (pv_cell("va/bad_entry")) {
        pv_result(pv_map(pool[9], 1ULL << 51 | READ_ONLY, UVMF_INVLPG), "map");
        pv_say_entry(pv_table_at(pool[9], 1)[pv_index_at(pool[9], 1)]);
        cell_end();
    }
    if (pv_cell("va/table_writable")) {
        pool_tree();
        pv_result(pv_ext(MMUEXT_PIN_L4_TABLE, pool_mfn(4), 0), "pin");
        pv_result(pv_map(pool[9], pool_entry(2, WRITABLE), UVMF_INVLPG), "map");
        pv_result(pv_map(pool[9], pool_entry(2, READ_ONLY), UVMF_INVLPG), "map");
        cell_end();
    }
    for (unsigned level = 1; level <= 4; level++) {
        if (!pv_cell("va/own_table_writable/l%u", level))
            continue;
        uint64_t mfn = level == 4
                           ? pv_root_mfn()
                           : (pv_table_at(pool[9], level + 1)[pv_index_at(pool[9], level + 1)] & FRAME_MASK) >> 12;
        pv_result(pv_map(pool[9], mfn << 12 | WRITABLE, UVMF_INVLPG), "map");
        pv_result(pv_map(pool[9], mfn << 12 | READ_ONLY, UVMF_INVLPG), "map");
        cell_end();
    }
}

void pv_ask_ext(void)
{
    for (unsigned level = 1; level <= 4; level++)
        for (unsigned second = 1; second <= 4; second++)
            ask_pin(level, second);
    for (unsigned level = 1; level <= 3; level++)
        ask_pin_inside(level);
    ask_unpin();
    ask_roots();
    ask_commands();
    ask_multi();
    ask_ldt();
    ask_contents();
    ask_va();
}
