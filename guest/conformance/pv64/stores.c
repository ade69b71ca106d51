/* SPDX-License-Identifier: MIT */
/* Stores of the guest's kernel to its own page tables: which are played, by instruction, level, and what is stored. */
#include "common/string.h"
#include "guest/conformance/pv64/ask.h"
#include "guest/conformance/pv64/code.h"

#define TARGET 5U /* page of the pool: the table; entry 3 is stored to */
#define SLOT 3U

/* To (rax) or (rdx): rcx, or a part of it. */
static const struct store {
    const char *name, *bytes;
    bool part; /* of an entry: only one that is absent then depends on no frame */
} stores[] = {
    {"mov64", CODE_BYTES(B(0x48), B(0x89), B(0x08)), false},
    {"mov32", CODE_BYTES(B(0x89), B(0x08)), true},
    {"mov16", CODE_BYTES(B(0x66), B(0x89), B(0x08)), true},
    {"mov8", CODE_BYTES(B(0x88), B(0x08)), true},
    {"mov_imm", CODE_BYTES(B(0x48), B(0xC7), B(0x00), B(0x00), B(0x00), B(0x00), B(0x00)), false},
    {"movnti", CODE_BYTES(B(0x48), B(0x0F), B(0xC3), B(0x08)), false},
    {"xchg", CODE_BYTES(B(0x48), B(0x87), B(0x08)), false},
    {"xchg8", CODE_BYTES(B(0x86), B(0x08)), true},
    {"xadd", CODE_BYTES(B(0x48), B(0x0F), B(0xC1), B(0x08)), false},
    {"or", CODE_BYTES(B(0x48), B(0x09), B(0x08)), false},
    {"and", CODE_BYTES(B(0x48), B(0x21), B(0x08)), false},
    {"lock_or", CODE_BYTES(B(0xF0), B(0x48), B(0x09), B(0x08)), false},
    {"bts", CODE_BYTES(B(0x48), B(0x0F), B(0xBA), B(0x28), B(0x0B)), false},
    /* To (rdx), if rax is there: 0, or 1. */
    {"cmpxchg_same", CODE_BYTES(B(0x31), B(0xC0), B(0x48), B(0x0F), B(0xB1), B(0x0A)), false},
    {"cmpxchg_other", CODE_BYTES(B(0x31), B(0xC0), B(0xFF), B(0xC0), B(0x48), B(0x0F), B(0xB1), B(0x0A)), false},
};

static const struct value {
    const char *name;
    uint64_t flags;
    unsigned page; /* of the pool; POOL: an address without memory */
} values[] = {
    {"good", READ_ONLY, 0},
    {"absent", 0x1230, 0},
    {"nowhere", READ_ONLY, POOL},
};

static void ask_store(const struct store *s, unsigned level, const struct value *v)
{
    if (!pv_cell("store/%s/l%u/%s", s->name, level, v->name))
        return;
    for (unsigned i = 1; i < level; i++)
        pool[i][0] = pool_entry(i - 1, TABLE);
    pool_read_only(1, level - 1);
    pool_read_only(TARGET, TARGET);
    pv_result(pv_ext(MMUEXT_PIN_L1_TABLE + level - 1, pool_mfn(TARGET), 0), "pin");
    uint64_t frame = v->page == POOL ? 1ULL << 51 : v->flags & PRESENT ? pool_mfn(level - 1) << 12 : 0;
    code_run(s->bytes, &(struct code_registers){guest_address(&pool[TARGET][SLOT]), frame | v->flags,
                                                guest_address(&pool[TARGET][SLOT])});
    pv_say_entry(pool_read(TARGET, SLOT));
    cell_end();
}

void pv_ask_stores(void)
{
    for (unsigned i = 0; i < sizeof(stores) / sizeof(stores[0]); i++)
        for (unsigned level = 1; level <= 4; level++)
            for (unsigned j = 0; j < sizeof(values) / sizeof(values[0]); j++)
                if (level == 1 ? !stores[i].part || !(values[j].flags & PRESENT) : j == 0)
                    ask_store(&stores[i], level, &values[j]);
}
