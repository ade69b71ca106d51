/* SPDX-License-Identifier: MIT */
/* Segment descriptors: found in a page that becomes a GDT, and written into one by update_descriptor. */
#include "guest/conformance/pv64/ask.h"

#define TARGET 5U
#define SLOT 3U
#define RING(n) ((uint64_t)(n) << 45)
#define LONG_MODE (1ULL << 53)
#define BIG (1ULL << 54)

static const struct descriptor {
    const char *name;
    uint64_t value;
} descriptors[] = {
    {"none", 0},
    {"absent", 0x00cf73000000ffff},
    {"data", 0x00cff3000000ffff},
    {"data/ring0", 0x00cf93000000ffff},
    {"data/ring1", 0x00cfb3000000ffff},
    {"data/ring2", 0x00cfd3000000ffff},
    {"data/not_accessed", 0x00cff2000000ffff},
    {"data/down", 0x00cff7000000ffff},
    {"code32", 0x00cffb000000ffff},
    {"code64", 0x00affb000000ffff},
    {"code64/ring0", 0x00af9b000000ffff},
    {"code64/conforming", 0x00afff000000ffff},
    {"code64/big", 0x00affb000000ffff | BIG},
    {"data/long", 0x00cff3000000ffff | LONG_MODE},
    {"call_gate", 0x0000ec000008abcd},
    {"interrupt_gate", 0x0000ee000008abcd},
    {"tss", 0x0000890000000067},
    {"ldt", 0x000082000000ffff},
    {"type0", 0x0000f00000000000 & ~(1ULL << 44)},
};

static void say(uint64_t before, uint64_t after)
{
    if (before == after)
        cell_say(" same");
    else
        cell_say(" %llx", (unsigned long long)after);
}

static guest_result load(void)
{
    uint64_t mfn = pool_mfn(TARGET);

    return hv_set_gdt(&mfn, 512);
}

static void found(const struct descriptor *d)
{
    if (!pv_cell("descriptor/found/%s", d->name))
        return;
    pool[TARGET][SLOT] = d->value;
    pool_read_only(TARGET, TARGET);
    pv_result(load(), "set_gdt");
    say(d->value, pool_read(TARGET, SLOT));
    hv_set_gdt(NULL, 0);
    cell_end();
}

static void written(const struct descriptor *d)
{
    if (!pv_cell("descriptor/written/%s", d->name))
        return;
    pool_read_only(TARGET, TARGET);
    pv_result(load(), "set_gdt");
    pv_result(hv_update_descriptor((pool_mfn(TARGET) << 12) + SLOT * 8, d->value), "update");
    say(d->value, pool_read(TARGET, SLOT));
    hv_set_gdt(NULL, 0);
    cell_end();
}

void pv_ask_descriptors(void)
{
    for (unsigned i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++) {
        found(&descriptors[i]);
        written(&descriptors[i]);
    }
}
