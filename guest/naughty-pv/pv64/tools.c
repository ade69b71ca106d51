/* SPDX-License-Identifier: MIT */
#include "common/string.h"
#include "guest/lib/memory.h"
#include "guest/naughty-pv/pv64/naughty.h"

#define ONE_GIB (1UL << 30)

/* --- Frames */

uint64_t machine_frames(void)
{
    struct xen_machphys_mapping64 m = {.max_mfn = 0};
    guest_result n = hv_memory_op(XENMEM_maximum_ram_page, NULL);

    if (n > 0)
        return (uint64_t)n + 1;
    return hv_memory_op(XENMEM_machphys_mapping, &m) ? 0x40000 : m.max_mfn + 1;
}

/* The page that lay where shared_info is mapped now. */
static bool is_behind_shared_info(uint64_t mfn)
{
    const uint64_t *m2p = (const uint64_t *)MACH2PHYS_VIRT_START;

    return m2p[mfn] == guest_address(guest_env.shared) >> GUEST_PAGE_SHIFT;
}

bool is_mine(uint64_t mfn)
{
    static uint8_t *mine; /* a bit a frame */
    static uint64_t frames;
    const uint64_t *p2m = (const uint64_t *)pv_start_info->mfn_list;

    if (!mine) {
        frames = machine_frames();
        mine = memory_alloc(frames / 8 + 1);
        for (uint64_t i = 0; i < pv_start_info->nr_pages; i++)
            if (p2m[i] < frames)
                mine[p2m[i] / 8] |= (uint8_t)(1U << p2m[i] % 8);
    }
    return mfn < frames && ((mine[mfn / 8] >> mfn % 8 & 1) || mfn == pv_start_info->shared_info >> GUEST_PAGE_SHIFT ||
                            is_behind_shared_info(mfn));
}

bool is_initial(void)
{
    return guest_env.flags & SIF_INITDOMAIN;
}

/* --- Operations */

int mmuext(unsigned cmd, uint64_t arg1, uint64_t arg2)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = arg1, .arg2.src_mfn = arg2};

    return hv_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

int pin(unsigned level, const void *table)
{
    return mmuext(MMUEXT_PIN_L1_TABLE + level - 1, env_frame(table), 0);
}

int unpin(const void *table)
{
    return mmuext(MMUEXT_UNPIN_TABLE, env_frame(table), 0);
}

void make_read_only(const void *page)
{
    CHECK_VALUE(pv_set_mapping(page, pv_machine(page) | PTE_READ_ONLY), 0);
}

int make_writable(const void *page)
{
    return pv_set_mapping(page, pv_machine(page) | PTE_ALL);
}

uint8_t *spare_address(void)
{
    static uint8_t *spare;

    if (!spare)
        spare = memory_pages(1);
    return spare;
}

/* --- Ways to get an entry into a table */

struct place {
    uint64_t *table;
    unsigned index;
};

/* An entry of a live table that nobody needs. */
static struct place spare_place(unsigned level)
{
    static const volatile void *const unused[] = {
        [2] = (void *)(ONE_GIB - 1), [3] = (void *)(511 * ONE_GIB), [4] = (void *)0xFFFF900000000000};
    const volatile void *p = level == 1 ? spare_address() : unused[level];

    return (struct place){pv_table_at(p, level), pv_index_at(p, level)};
}

static bool by_update(unsigned level, uint64_t entry)
{
    struct place at = spare_place(level);

    return pv_set_entry(at.table, at.index, entry) == 0;
}

static bool by_preserving_update(unsigned level, uint64_t entry)
{
    struct place at = spare_place(level);
    struct mmu_update update = {pv_machine(&at.table[at.index]) | MMU_PT_UPDATE_PRESERVE_AD, entry};

    return hv_mmu_update(&update, 1, NULL, DOMID_SELF) == 0;
}

static bool by_mapping(unsigned level, uint64_t entry)
{
    return level == 1 && hv_update_va_mapping(guest_address(spare_address()), entry, UVMF_NONE) == 0;
}

static bool by_mapping_otherdomain(unsigned level, uint64_t entry)
{
    return level == 1 && hv_update_va_mapping_otherdomain(guest_address(spare_address()), entry, UVMF_INVLPG | UVMF_ALL,
                                                          DOMID_SELF) == 0;
}

struct store {
    volatile uint64_t *at;
    uint64_t value;
};

static void do_store(void *arg)
{
    const struct store *s = arg;

    *s->at = s->value;
}

static void do_exchange(void *arg)
{
    struct store *s = arg;

    s->value = __atomic_exchange_n(s->at, s->value, __ATOMIC_SEQ_CST);
}

/* The upper half first, as a guest might that believes nobody looks before the lower half has come. */
static void do_halves(void *arg)
{
    const struct store *s = arg;
    volatile uint32_t *half = (volatile uint32_t *)s->at;

    half[1] = (uint32_t)(s->value >> 32);
    half[0] = (uint32_t)s->value;
}

static bool by_instruction(void (*fn)(void *), unsigned level, uint64_t entry)
{
    struct place at = spare_place(level);
    struct store s = {&at.table[at.index], entry};

    return trap_try(fn, &s) == TRAP_NONE && (at.table[at.index] & PTE_PRESENT);
}

static bool by_store(unsigned level, uint64_t entry)
{
    return by_instruction(do_store, level, entry);
}

static bool by_exchange(unsigned level, uint64_t entry)
{
    return by_instruction(do_exchange, level, entry);
}

static bool by_halves(unsigned level, uint64_t entry)
{
    return by_instruction(do_halves, level, entry);
}

static bool by_pin(unsigned level, uint64_t entry)
{
    static uint64_t *table;

    if (!table)
        table = memory_pages(1);
    table[17] = entry;
    make_read_only(table);
    bool done = pin(level, table) == 0;
    if (done)
        CHECK_VALUE(unpin(table), 0);
    CHECK_VALUE(make_writable(table), 0);
    table[17] = 0;
    return done;
}

static bool (*const ways[])(unsigned level, uint64_t entry) = {
    by_update, by_preserving_update, by_mapping, by_mapping_otherdomain, by_store, by_exchange, by_halves, by_pin,
};

static void undo(unsigned level)
{
    struct place at = spare_place(level);

    if (at.table[at.index])
        CHECK_VALUE(pv_set_entry(at.table, at.index, 0), 0);
}

unsigned ways_in(unsigned level, uint64_t entry)
{
    unsigned n = 0;

    undo(level);
    for (unsigned i = 0; i < LENGTH(ways); i++)
        if (ways[i](level, entry)) {
            n |= 1U << i;
            undo(level);
        }
    undo(level);
    return n;
}

void refused(unsigned level, uint64_t entry, const char *what)
{
    unsigned n = ways_in(level, entry);

    if (n)
        verdict(VERDICT_FAILURE, "%s: 0x%llx in an L%u table, by ways 0x%x", what, (unsigned long long)entry, level, n);
}

/* --- Code */

struct code {
    uint8_t *page;
    uint64_t *a;
};

static void do_code(void *arg)
{
    const struct code *c = arg;
    uint64_t a = *c->a;
    uint8_t *page = c->page;

    __asm__ volatile("call *%1"
                     : "+a"(a), "+b"(page)
                     :
                     : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory",
                       "cc");
    *c->a = a;
}

int try(void (*fn)(void *), void *arg)
{
    int vector = trap_try(fn, arg);

    __asm__ volatile("push $2; popfq" ::: "memory", "cc");
    return vector;
}

int run_code(const void *code, unsigned length, uint64_t *a)
{
    static uint8_t *page;

    if (!page)
        page = memory_pages(1);
    memcpy(page, code, length);
    page[length] = 0xC3; /* ret */
    struct code c = {page, a};
    int vector = try(do_code, &c);
    if (vector != TRAP_NONE)
        *a = guest_vcpu()->trap_result;
    return vector;
}
