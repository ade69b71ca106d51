/* SPDX-License-Identifier: MIT */
/* mmu_update: frames that an entry may name, uses that exclude each other, commands, and lists. */
#include "guest/conformance/pv64/ask.h"

#include "guest/abi/memory.h"

/* --- Frames: PV-MMU-10, PV-MMU-11, PV-MMU-12, PV-MMU-14, PV-MMU-21 --- */

static uint64_t frame_shared_info(void)
{
    return pv_start_info->shared_info >> 12;
}

static uint64_t frame_hypervisor(void)
{
    return (pv_table_at(NULL, 4)[256] & FRAME_MASK) >> 12;
}

/* Where no memory is, and no device. */
static uint64_t frame_nowhere(void)
{
    return 1ULL << 39;
}

/* Device memory that no guest gets: the local APIC. */
static uint64_t frame_apic(void)
{
    return 0xfee00;
}

static const struct frame {
    const char *name;
    uint64_t (*mfn)(void);
} frames[] = {
    {"shared_info", frame_shared_info},
    {"hypervisor", frame_hypervisor},
    {"nowhere", frame_nowhere},
    {"apic", frame_apic},
};

/* Page 5 is a live table of this level, and nothing is in it. */
static bool make_live(unsigned level)
{
    pool_read_only(5, 5);
    guest_result rc = pv_ext(MMUEXT_PIN_L1_TABLE + level - 1, pool_mfn(5), 0);
    if (rc)
        pv_result(rc, "pin");
    return !rc;
}

static void ask_frame(const struct frame *f, unsigned level, bool writable)
{
    if (!pv_cell("frame/%s/l%u%s", f->name, level, writable ? "" : "/read"))
        return;
    make_live(level);
    pv_result(pv_update_entry(5, 1, f->mfn() << 12 | (writable ? WRITABLE : READ_ONLY)), "update");
    pv_say_entry(pool_read(5, 1) & ~FRAME_MASK);
    pv_result(pv_update_entry(5, 1, 0), "clear");
    cell_end();
}

static void ask_frames(void)
{
    for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
        for (unsigned level = 1; level <= 4; level++) {
            ask_frame(&frames[i], level, true);
            ask_frame(&frames[i], level, false);
        }
}

static void ask_frame_ops(const struct frame *f)
{
    if (!pv_cell("frame/%s/update_there", f->name))
        return;
    pv_result(pv_update(f->mfn() << 12 | 0xff8, 0), "update");
    if (f->mfn != frame_shared_info)
        pv_result(pv_update(f->mfn() << 12 | MMU_MACHPHYS_UPDATE, 1), "machphys");
    for (unsigned cmd = MMUEXT_PIN_L1_TABLE; cmd <= MMUEXT_NEW_BASEPTR; cmd++)
        pv_result(pv_ext(cmd, f->mfn(), 0), "ext%u", cmd);
    pv_result(pv_ext(MMUEXT_NEW_USER_BASEPTR, f->mfn(), 0), "user");
    if (f->mfn != frame_shared_info)
        pv_result(pv_ext(MMUEXT_CLEAR_PAGE, f->mfn(), 0), "clear");
    pv_result(pv_ext(MMUEXT_COPY_PAGE, pool_mfn(7), f->mfn()), "copy-from");
    if (f->mfn != frame_shared_info)
        pv_result(pv_ext(MMUEXT_COPY_PAGE, f->mfn(), pool_mfn(7)), "copy-to");
    cell_end();
}

/* --- Uses: PV-MMU-11, PV-MMU-12, PV-MMU-13 --- */

static guest_result use_writable(unsigned page)
{
    return pool_remap(pool[page], WRITABLE);
}

static guest_result use_gdt(unsigned page)
{
    uint64_t mfn = pool_mfn(page);
    guest_result rc = pool_remap(pool[page], READ_ONLY);

    return rc ? rc : hypercall2(__HYPERVISOR_set_gdt, guest_address(&mfn), 512);
}

static guest_result use_table(unsigned page, unsigned level)
{
    guest_result rc = pool_remap(pool[page], READ_ONLY);

    return rc ? rc : pv_ext(MMUEXT_PIN_L1_TABLE + level - 1, pool_mfn(page), 0);
}

/* Page 6 is used as one thing, and is to be another. */
#define USES 6U
static guest_result use(unsigned page, unsigned how)
{
    if (how == 0)
        return use_writable(page);
    return how <= 4 ? use_table(page, how) : use_gdt(page);
}

static const char *const use_name[USES] = {"writable", "l1", "l2", "l3", "l4", "gdt"};

static void ask_second_use(unsigned is, unsigned wants)
{
    if (!pv_cell("use/%s/%s", use_name[is], use_name[wants]))
        return;
    pv_result(use(6, is), "%s", use_name[is]);
    if (wants == 0) {
        pv_result(pool_remap(pool[6], WRITABLE), "va_mapping");
        make_live(1);
        pv_result(pv_update_entry(5, 0, pool_entry(6, WRITABLE)), "update");
    } else if (wants <= 4) {
        if (wants < 4) {
            make_live(wants + 1);
            pv_result(pv_update_entry(5, 0, pool_entry(6, TABLE)), "update");
            pv_say_entry(pool_read(5, 0));
            pv_result(pv_update_entry(5, 0, 0), "clear");
        }
        pv_result(pv_ext(MMUEXT_PIN_L1_TABLE + wants - 1, pool_mfn(6), 0), "pin");
        if (wants == 4)
            pv_result(pv_ext(MMUEXT_NEW_USER_BASEPTR, pool_mfn(6), 0), "user");
    } else {
        uint64_t mfn = pool_mfn(6);
        pv_result(hypercall2(__HYPERVISOR_set_gdt, guest_address(&mfn), 512), "set_gdt");
    }
    pv_result(pv_ext(MMUEXT_CLEAR_PAGE, pool_mfn(6), 0), "clear_page");
    pv_result(pv_ext(MMUEXT_COPY_PAGE, pool_mfn(6), pool_mfn(7)), "copy_page");
    pv_result(pv_update_entry(6, 511, 0), "update-there");
    pv_result(pv_ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), "no-user");
    pv_result(hypercall2(__HYPERVISOR_set_gdt, 0, 0), "no-gdt");
    pv_result(pv_update_entry(5, 0, 0), "unlink");
    cell_end();
}

static void ask_uses(void)
{
    for (unsigned is = 0; is < USES; is++)
        for (unsigned wants = 0; wants < USES; wants++)
            ask_second_use(is, wants);
}

/* --- Slots of the L4 table: PV-MMU-17 --- */

static void ask_slot(unsigned slot)
{
    if (!pv_cell("slot/%u", slot))
        return;
    pool_read_only(3, 4);
    pv_result(pv_ext(MMUEXT_PIN_L4_TABLE, pool_mfn(4), 0), "pin");
    uint64_t was = pool_read(4, slot);
    pv_result(pv_update_entry(4, slot, pool_entry(3, TABLE)), "update");
    cell_say(" %s", pool_read(4, slot) == was ? "same" : "changed");
    pv_result(pv_update_entry(4, slot, 0), "clear");
    pv_result(pv_update_entry(4, slot, was), "as-it-was");
    cell_end();
}

/* What the guest has put there before it becomes an L4 table. */
static void ask_slots_found(unsigned slot)
{
    if (!pv_cell("slot/%u/found", slot))
        return;
    pool[4][slot] = pool_entry(0, TABLE);
    pool_read_only(4, 4);
    pv_result(pv_ext(MMUEXT_PIN_L4_TABLE, pool_mfn(4), 0), "pin");
    cell_say(" %s", pool_read(4, slot) == pool_entry(0, TABLE) ? "same" : "replaced");
    cell_end();
}

/* --- Commands: PV-MMU-16, PV-MMU-20 --- */

static void ask_plain(void)
{
    if (pv_cell("update/plain")) {
        pv_result(pv_update_entry(6, 3, 0x1234567890abcdefULL), "update");
        cell_say(" %llx", (unsigned long long)pool_read(6, 3));
        cell_end();
    }
    if (pv_cell("update/plain_read_only")) {
        pool_read_only(6, 6);
        pv_result(pv_update_entry(6, 3, 0x1234567890abcdefULL), "update");
        cell_say(" %llx", (unsigned long long)pool_read(6, 3));
        cell_end();
    }
    if (pv_cell("update/gdt")) {
        pv_result(use_gdt(6), "gdt");
        pv_result(pv_update_entry(6, 3, 0), "update");
        pv_result(hypercall2(__HYPERVISOR_set_gdt, 0, 0), "no-gdt");
        cell_end();
    }
}

static void ask_commands(void)
{
    for (unsigned bits = 0; bits < 8; bits++) {
        if (!pv_cell("update/command/%u", bits))
            continue;
        make_live(1);
        pv_result(pv_update_entry(5, 0, pool_entry(0, WRITABLE)), "set");
        pv_result(pv_update(pool_mfn(5) << 12 | bits, bits == 1 ? 77 : pool_entry(1, READ_ONLY & ~ACCESSED)), "update");
        pv_say_entry(pool_read(5, 0));
        cell_end();
    }
    if (pv_cell("update/machphys")) {
        const uint64_t *m2p = (const uint64_t *)MACH2PHYS_VIRT_START;
        uint64_t was = m2p[pool_mfn(7)];
        pv_result(pv_update(pool_mfn(7) << 12 | MMU_MACHPHYS_UPDATE, 0x123456), "machphys");
        cell_say(" %llx", (unsigned long long)m2p[pool_mfn(7)]);
        pv_result(pv_update(pool_mfn(7) << 12 | MMU_MACHPHYS_UPDATE, ~0ULL), "machphys");
        cell_say(" %llx", (unsigned long long)m2p[pool_mfn(7)]);
        pv_result(pv_update(pool_mfn(7) << 12 | MMU_MACHPHYS_UPDATE | 0x10, was), "machphys");
        cell_say(" %s", m2p[pool_mfn(7)] == was ? "as it was" : "other");
        cell_end();
    }
}

/* --- Tables that lead to themselves: PV-MMU-15 --- */

static void ask_linear(unsigned level, bool itself)
{
    if (!pv_cell("linear/%s/l%u", itself ? "itself" : "other", level))
        return;
    pool_read_only(4, 5);
    pv_result(pv_ext(MMUEXT_PIN_L1_TABLE + level - 1, pool_mfn(4), 0), "pin");
    pv_result(pv_ext(MMUEXT_PIN_L1_TABLE + level - 1, pool_mfn(5), 0), "pin");
    pv_result(pv_update_entry(4, 5, pool_entry(itself ? 4 : 5, READ_ONLY)), "read-only");
    pv_say_entry(pool_read(4, 5));
    pv_result(pv_update_entry(4, 5, pool_entry(itself ? 4 : 5, TABLE)), "writable");
    pv_say_entry(pool_read(4, 5));
    pv_result(pv_update_entry(4, 5, 0), "clear");
    cell_end();
}

static void ask_found_linear(unsigned level, bool writable)
{
    if (!pv_cell("linear/found/l%u%s", level, writable ? "/writable" : ""))
        return;
    pool[4][5] = pool_entry(4, writable ? TABLE : READ_ONLY);
    pool_read_only(4, 4);
    pv_result(pv_ext(MMUEXT_PIN_L1_TABLE + level - 1, pool_mfn(4), 0), "pin");
    cell_end();
}

/* A page table that its own tree maps writable. */
static void ask_below(unsigned level)
{
    if (!pv_cell("linear/below/l%u", level))
        return;
    for (unsigned i = 2; i <= 4; i++)
        pool[i][0] = pool_entry(i - 1, TABLE);
    pool[1][9] = pool_entry(level, WRITABLE);
    pool_read_only(1, 4);
    pv_result(pv_ext(MMUEXT_PIN_L4_TABLE, pool_mfn(4), 0), "pin");
    cell_end();
}

/* --- Lists: PV-MMU-30, PV-MMU-31, PV-MMU-32 --- */

#define BAD_ADDRESS 0xffff880000001000ULL
#define RESERVED_ADDRESS 0xffff800000000000ULL
#define HYPERVISOR_ADDRESS 0xffff830000000000ULL
#define NOT_CANONICAL 0x0000900000000000ULL
#define LIST 4U

/* Of four entries the one with the number `bad` is wrong; done: where the number done is to go, 0: to us. */
static void ask_list(const char *name, unsigned bad, unsigned count, uint64_t done)
{
    static struct mmu_update list[LIST];
    static uint32_t number;

    if (!pv_cell("list/%s", name))
        return;
    make_live(1);
    for (unsigned i = 0; i < LIST; i++)
        list[i] = (struct mmu_update){pool_mfn(5) << 12 | i * 8,
                                      (i == bad ? frame_nowhere() : pool_mfn(i)) << 12 | READ_ONLY};
    number = 0xeeeeeeee;
    pv_result(hypercall5(__HYPERVISOR_mmu_update, guest_address(list), count, done ? done : guest_address(&number),
                         DOMID_SELF, 0),
              "update");
    cell_say(" done %x", number);
    for (unsigned i = 0; i < LIST; i++)
        pv_say_entry(pool_read(5, i));
    cell_end();
}

static const struct call {
    const char *name;
    uint64_t list, count, done, domain;
} calls[] = {
    {"bad_list", BAD_ADDRESS, 1, 0, DOMID_SELF},
    {"bad_list_none", BAD_ADDRESS, 0, 0, DOMID_SELF},
    {"reserved_list", RESERVED_ADDRESS, 1, 0, DOMID_SELF},
    {"reserved_none", RESERVED_ADDRESS, 0, 0, DOMID_SELF},
    {"hypervisor_none", HYPERVISOR_ADDRESS, 0, 0, DOMID_SELF},
    {"not_canonical_list", NOT_CANONICAL, 1, 0, DOMID_SELF},
    {"not_canonical_none", NOT_CANONICAL, 0, 0, DOMID_SELF},
    {"huge", BAD_ADDRESS, 0x7fffffff, 0, DOMID_SELF},
    {"bit31", BAD_ADDRESS, 0x80000000, 0, DOMID_SELF},
    {"bit31_1", BAD_ADDRESS, 0x80000001, 0, DOMID_SELF},
    {"wide", BAD_ADDRESS, 1ULL << 32, 0, DOMID_SELF},
    {"domain_none", 0, 0, 0, 55},
    {"domain_io_none", 0, 0, 0, DOMID_IO},
    {"bad_done_none", 0, 0, BAD_ADDRESS, DOMID_SELF},
};

static void ask_call(const char *group, unsigned hypercall, const struct call *c)
{
    if (!pv_cell("list/%s/%s", group, c->name))
        return;
    pv_result(hypercall5(hypercall, c->list, c->count, c->done, c->domain, 0), "call");
    cell_end();
}

static void ask_lists(void)
{
    ask_list("all", LIST, LIST, 0);
    ask_list("second", 1, LIST, 0);
    ask_list("first", 0, LIST, 0);
    ask_list("none", LIST, 0, 0);
    ask_list("bad_done", LIST, LIST, BAD_ADDRESS);
    ask_list("bad_done_second", 1, LIST, BAD_ADDRESS);
    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        ask_call("update", __HYPERVISOR_mmu_update, &calls[i]);
        ask_call("ext", __HYPERVISOR_mmuext_op, &calls[i]);
    }
}

/* --- Whose frames: PV-MMU-40, PV-MMU-41, PV-MMU-42, PV-MMU-43 --- */

static guest_result update_for(uint64_t domain, uint64_t ptr, uint64_t value)
{
    struct mmu_update op = {ptr, value};

    return hypercall5(__HYPERVISOR_mmu_update, guest_address(&op), 1, 0, domain, 0);
}

static guest_result ext_for(uint64_t domain, unsigned cmd)
{
    bool root = cmd == MMUEXT_NEW_BASEPTR || cmd == MMUEXT_NEW_USER_BASEPTR;
    bool contents = cmd == MMUEXT_CLEAR_PAGE || cmd == MMUEXT_COPY_PAGE;
    struct mmuext_op op = {
        .cmd = cmd,
        .arg1.mfn = root       ? pv_root_mfn()
                    : contents ? pool_mfn(7)
                               : pool_mfn(6),
        .arg2.src_mfn = contents ? pool_mfn(8) : 0,
    };

    return hypercall5(__HYPERVISOR_mmuext_op, guest_address(&op), 1, 0, domain, 0);
}

/* The argument "domain": FD in the low half, PFD in the high one. */
static void ask_domain(const char *name, uint64_t domain, uint64_t mfn)
{
    if (!pv_cell("domain/%s", name))
        return;
    make_live(1);
    for (unsigned i = 0; i < 2; i++) {
        pv_result(update_for(domain, pool_mfn(5) << 12, mfn << 12 | (i ? READ_ONLY : WRITABLE)), "update");
        pv_say_entry(pool_read(5, 0) & ~FRAME_MASK);
    }
    pv_result(update_for(domain, pool_mfn(5) << 12, 0), "clear");
    pv_result(update_for(domain, pool_mfn(7) << 12 | MMU_MACHPHYS_UPDATE, 5), "machphys");
    pool_read_only(6, 6);
    for (unsigned cmd = MMUEXT_PIN_L1_TABLE; cmd <= MMUEXT_UNMARK_SUPER; cmd++)
        pv_result(ext_for(domain, cmd), "ext%u", cmd);
    pv_result(pv_ext(MMUEXT_NEW_USER_BASEPTR, 0, 0), "no-user");
    pv_result(hypercall5(__HYPERVISOR_update_va_mapping_otherdomain, guest_address(pool[8]), mfn << 12 | READ_ONLY,
                         UVMF_INVLPG, domain, 0),
              "va");
    cell_end();
}

#define PFD(domid) ((domid) + 1ULL) << 16 | DOMID_SELF

static void ask_domains(void)
{
    ask_domain("self", DOMID_SELF, pool_mfn(0));
    ask_domain("number", 0, pool_mfn(0));
    ask_domain("unknown", 55, pool_mfn(0));
    ask_domain("first_reserved", DOMID_FIRST_RESERVED, pool_mfn(0));
    ask_domain("io", DOMID_IO, pool_mfn(0));
    ask_domain("xen", DOMID_XEN, pool_mfn(0));
    ask_domain("xen_hypervisor", DOMID_XEN, frame_hypervisor());
    ask_domain("cow", 0x7FF3, pool_mfn(0));
    ask_domain("invalid", DOMID_INVALID, pool_mfn(0));
    ask_domain("idle", DOMID_IDLE, pool_mfn(0));
    ask_domain("wide", 1ULL << 32 | DOMID_SELF, pool_mfn(0));
    ask_domain("table_self", PFD(0), pool_mfn(0));
    ask_domain("table_unknown", PFD(55), pool_mfn(0));
    ask_domain("table_io", PFD(DOMID_IO), pool_mfn(0));
    ask_domain("table_xen", PFD(DOMID_XEN), pool_mfn(0));
    ask_domain("table_self2", PFD(DOMID_SELF), pool_mfn(0));
}

void pv_ask_update(void)
{
    static const unsigned slots[] = {0, 1, 255, 256, 257, 258, 259, 260, 261, 262, 263, 264, 270, 271, 272, 511};

    ask_frames();
    for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
        ask_frame_ops(&frames[i]);
    ask_uses();
    for (unsigned i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        ask_slot(slots[i]);
        ask_slots_found(slots[i]);
    }
    ask_plain();
    ask_commands();
    for (unsigned level = 1; level <= 4; level++) {
        ask_linear(level, true);
        ask_linear(level, false);
        ask_found_linear(level, false);
        ask_found_linear(level, true);
        ask_below(level);
    }
    ask_lists();
    ask_domains();
}
