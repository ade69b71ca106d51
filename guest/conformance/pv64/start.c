/* SPDX-License-Identifier: MIT */
/* The start of day: what start_info says, where things lie, how they are mapped, and memory_op about it. */
#include "common/string.h"
#include "guest/abi/memory.h"
#include "guest/abi/version.h"
#include "guest/conformance/pv64/ask.h"
#include "guest/lib/clock.h"

#define PAGE_UP(n) (((n) + GUEST_PAGE_SIZE - 1) & ~(uint64_t)(GUEST_PAGE_SIZE - 1))
#define MIB (1ULL << 20)

static const struct start_info *info;
static const uint64_t *p2m, *m2p = (const uint64_t *)MACH2PHYS_VIRT_START;

static const char *yes(bool is)
{
    return is ? "yes" : "no";
}

static uint64_t entry_of(uint64_t va)
{
    const void *at = (const void *)va;

    for (unsigned level = 4; level > 1; level--)
        if (!(pv_table_at(at, level)[pv_index_at(at, level)] & PRESENT))
            return 0;
    return pv_table_at(at, 1)[pv_index_at(at, 1)];
}

static void ask_info(void)
{
    if (pv_cell("start/info")) {
        cell_say(" magic %.32s, flags %x, store %llx %x", info->magic, info->flags & 0xff,
                 (unsigned long long)info->store_mfn, info->store_evtchn);
        cell_say(", console %x %x", info->console.dom0.info_off ? 1 : 0, info->console.dom0.info_size);
        cell_say(", module %llx %llx", (unsigned long long)info->mod_start, (unsigned long long)info->mod_len);
        cell_say(", frames of a list elsewhere %llx", (unsigned long long)info->nr_p2m_frames);
        cell_end();
    }
    if (pv_cell("start/order")) {
        uint64_t p2m_end = info->mfn_list + info->nr_pages * 8, at = guest_address(info);
        uint64_t tables_end = info->pt_base + info->nr_pt_frames * GUEST_PAGE_SIZE;
        cell_say(" list behind the image %s, on a page %s", yes(info->mfn_list >= guest_address(pool)),
                 yes(info->mfn_list % GUEST_PAGE_SIZE == 0));
        cell_say(", info in the page behind the list %s", yes(at == PAGE_UP(p2m_end)));
        cell_say(", tables behind the list %s, on a page %s", yes(info->pt_base >= PAGE_UP(p2m_end)),
                 yes(info->pt_base % GUEST_PAGE_SIZE == 0));
        cell_say(", info before the tables %s", yes(at < info->pt_base));
        cell_say(", tables %s", info->nr_pt_frames >= 4 && info->nr_pt_frames < 12 ? "few" : "many");
        cell_say(", stack is mapped %s writable %s", yes(entry_of(tables_end) & PRESENT),
                 yes(entry_of(tables_end) & WRITE));
        cell_end();
    }
    if (pv_cell("start/shared_info")) {
        cell_say(" low bits %llx, flags of the mapping", (unsigned long long)(info->shared_info & 0xfff));
        pv_say_entry(entry_of(guest_address(guest_env.shared)) & ~FRAME_MASK);
        cell_end();
    }
}

/* Of the mapping that the hypervisor made: up to a multiple of 4 MiB with 512 KiB to spare. */
static void ask_mapping(void)
{
    uint64_t tables_end = info->pt_base + info->nr_pt_frames * GUEST_PAGE_SIZE;
    uint64_t used = tables_end + GUEST_PAGE_SIZE, end = (used + 512 * 1024 + 4 * MIB - 1) & ~(4 * MIB - 1);
    unsigned kinds[4] = {0}; /* not present, read-only, writable, user */

    if (!pv_cell("start/mapping"))
        return;
    for (uint64_t va = 0; va < end; va += GUEST_PAGE_SIZE) {
        uint64_t entry = entry_of(va);
        bool table = va >= info->pt_base && va < tables_end;
        if (va >= used || va >= guest_env.heap_start || (va >= guest_address(pool) && va < guest_address(pool + POOL)))
            continue;
        kinds[0] += !(entry & PRESENT);
        kinds[1] += table && (entry & WRITE);
        kinds[2] += !table && va > info->mfn_list && !(entry & WRITE);
        kinds[3] += (entry & FRAME_MASK) >> 12 != p2m[va >> 12] && va != guest_address(guest_env.shared);
    }
    cell_say(" holes %u, tables that can be written %u, others that cannot %u, other frames than the list's %u",
             kinds[0], kinds[1], kinds[2], kinds[3]);
    cell_say(", flags");
    pv_say_entry(entry_of(info->mfn_list) & ~(FRAME_MASK | DIRTY));
    cell_say(" table");
    pv_say_entry(entry_of(info->pt_base) & ~(FRAME_MASK | DIRTY));
    for (unsigned level = 2; level <= 4; level++) {
        cell_say(" l%u", level);
        pv_say_entry(pv_table_at(NULL, level)[0] & ~(FRAME_MASK | DIRTY | ACCESSED));
    }
    cell_end();
}

static void ask_lists(void)
{
    unsigned wrong = 0, beyond = 0;
    uint64_t top = (uint64_t)hv_memory_op(XENMEM_maximum_ram_page, NULL);

    if (!pv_cell("start/list"))
        return;
    for (uint64_t pfn = 0; pfn < info->nr_pages; pfn++) {
        beyond += p2m[pfn] > top;
        wrong += p2m[pfn] <= top && m2p[p2m[pfn]] != pfn;
    }
    cell_say(" machine frames above the highest %u, nearly all are named by the other list %s", beyond,
             yes(wrong <= 1));
    cell_end();
}

static void ask_memory(void)
{
    domid_t self = DOMID_SELF;

    if (pv_cell("memory/numbers")) {
        guest_result current = hv_memory_op(XENMEM_current_reservation, &self);
        guest_result maximum = hv_memory_op(XENMEM_maximum_reservation, &self);
        cell_say(" as many as at the start %s, not more than the maximum %s, highest frame %s",
                 yes(current >= (guest_result)info->nr_pages && current < (guest_result)info->nr_pages + 64),
                 yes(current <= maximum), yes(hv_memory_op(XENMEM_maximum_ram_page, NULL) > 0));
        cell_end();
    }
    if (pv_cell("memory/machphys")) {
        struct xen_machphys_mapping64 m = {0};
        pv_result(hv_memory_op(XENMEM_machphys_mapping, &m), "mapping");
        cell_say(" %llx %llx, up to the highest %s", (unsigned long long)m.v_start, (unsigned long long)m.v_end,
                 yes(m.max_mfn + 1 == (uint64_t)hv_memory_op(XENMEM_maximum_ram_page, NULL)));
        cell_end();
    }
    if (pv_cell("memory/machphys_list")) {
        static uint64_t frames[64];
        struct xen_machphys_mfn_list64 l = {.max_extents = 64, .extent_start = guest_address(frames)};
        uint64_t bytes = ((uint64_t)hv_memory_op(XENMEM_maximum_ram_page, NULL) + 1) * 8;
        pv_result(hv_memory_op(XENMEM_machphys_mfn_list, &l), "list");
        cell_say(" one each 2 MiB %s, first %s", yes(l.nr_extents == (bytes + 2 * MIB - 1) / (2 * MIB)),
                 yes(frames[0] != 0));
        cell_end();
    }
}

/* Every 10 ms, until the guest says otherwise. */
static void ask_timer(void)
{
    struct evtchn_bind_virq bind = {.virq = VIRQ_TIMER};

    if (!pv_cell("start/timer"))
        return;
    domain_clean(ABI_2LEVEL, VCPUS);
    must_op(EVTCHNOP_bind_virq, &bind);
    uint64_t end = clock_now() + 50 * CLOCK_MS;
    while (clock_now() < end && !port_is_pending(bind.port))
        hv_sched_op(SCHEDOP_yield, NULL);
    cell_say(" periodic %s", yes(port_is_pending(bind.port)));
    pv_result(hv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), "stop");
    cell_end();
}

/* --- Pages given back and taken --- */

static guest_result reserve(unsigned cmd, uint64_t *list, uint64_t count, unsigned order)
{
    struct xen_memory_reservation64 r = {
        .extent_start = guest_address(list), .nr_extents = count, .extent_order = order, .domid = DOMID_SELF};

    return hv_memory_op(cmd, &r);
}

static void say_m2p(uint64_t mfn, uint64_t pfn)
{
    cell_say(" %s", m2p[mfn] == pfn ? "named" : m2p[mfn] == ~0ULL ? "nameless" : "other");
}

static void ask_reservation(void)
{
    uint64_t pfn = guest_address(pool[20]) >> 12, mfn = pool_mfn(20), list[2];

    if (pv_cell("memory/decrease_mapped")) {
        list[0] = mfn;
        pool[20][0] = 77;
        pv_result(reserve(XENMEM_decrease_reservation, list, 1, 0), "decrease");
        cell_say(" %u", (unsigned)pool[20][0]);
        say_m2p(mfn, pfn);
        pv_result(reserve(XENMEM_decrease_reservation, list, 1, 0), "again");
        pv_result(pv_map(pool[19], mfn << 12 | READ_ONLY, UVMF_INVLPG), "map");
        pv_result(pv_map(pool[20], 0, UVMF_INVLPG), "unmap");
        pv_result(pv_map(pool[19], 0, UVMF_INVLPG), "unmap");
        pv_result(pv_map(pool[19], mfn << 12 | READ_ONLY, UVMF_INVLPG), "map");
        list[0] = pfn;
        pv_result(reserve(XENMEM_populate_physmap, list, 1, 0), "populate");
        ((uint64_t *)info->mfn_list)[pfn] = list[0];
        cell_end();
    }
    if (!pv_cell("memory/decrease_increase"))
        return;
    mfn = pool_mfn(20);
    domid_t self = DOMID_SELF;
    guest_result before = hv_memory_op(XENMEM_current_reservation, &self);
    pv_result(pv_map(pool[20], 0, UVMF_INVLPG), "unmap");
    list[0] = mfn;
    pv_result(reserve(XENMEM_decrease_reservation, list, 1, 0), "decrease");
    cell_say(" %lld", (long long)(hv_memory_op(XENMEM_current_reservation, &self) - before));
    pv_result(reserve(XENMEM_decrease_reservation, list, 1, 0), "again");
    pv_result(pv_map(pool[20], mfn << 12 | READ_ONLY, UVMF_INVLPG), "map");
    list[0] = pfn;
    pv_result(reserve(XENMEM_populate_physmap, list, 1, 0), "populate");
    cell_say(" %lld", (long long)(hv_memory_op(XENMEM_current_reservation, &self) - before));
    say_m2p(list[0], pfn);
    guest_result rc = pv_map(pool[20], list[0] << 12 | WRITABLE, UVMF_INVLPG);
    pv_result(rc, "map");
    cell_say(" zero %s", yes(!rc && !pool_read(20, 0) && !pool_read(20, 511)));
    ((uint64_t *)info->mfn_list)[pfn] = list[0];
    pv_result(pv_map(pool[20], 0, UVMF_INVLPG), "unmap");
    pv_result(reserve(XENMEM_decrease_reservation, list, 1, 0), "decrease");
    list[0] = 0x1234;
    pv_result(reserve(XENMEM_increase_reservation, list, 1, 0), "increase");
    pv_result(pv_map(pool[20], list[0] << 12 | WRITABLE, UVMF_INVLPG), "map");
    ((uint64_t *)info->mfn_list)[pfn] = list[0];
    pv_update(list[0] << 12 | MMU_MACHPHYS_UPDATE, pfn);
    cell_end();
}

static void ask_exchange(void)
{
    uint64_t pfn = guest_address(pool[20]) >> 12, in = pool_mfn(20), out = pfn;
    struct xen_memory_exchange64 x = {
        .in = {.extent_start = guest_address(&in), .nr_extents = 1, .domid = DOMID_SELF},
        .out = {.extent_start = guest_address(&out), .nr_extents = 1, .domid = DOMID_SELF},
    };

    if (!pv_cell("memory/exchange"))
        return;
    pv_result(hv_memory_op(XENMEM_exchange, &x), "mapped");
    cell_say(" done %u frame %s", (unsigned)x.nr_exchanged, out == pfn ? "none" : "new");
    ((uint64_t *)info->mfn_list)[pfn] = out == pfn ? in : out;
    pv_result(pv_map(pool[20], 0, UVMF_INVLPG), "unmap");
    x.nr_exchanged = 0;
    in = pool_mfn(20);
    out = pfn;
    pv_result(hv_memory_op(XENMEM_exchange, &x), "exchange");
    cell_say(" done %u frame %s", (unsigned)x.nr_exchanged, out == pfn ? "none" : "new");
    if (out != pfn)
        ((uint64_t *)info->mfn_list)[pfn] = out;
    pv_result(pv_map(pool[20], pool_mfn(20) << 12 | WRITABLE, UVMF_INVLPG), "map");
    say_m2p(pool_mfn(20), pfn);
    x.nr_exchanged = 0;
    x.in.nr_extents = 2;
    pv_result(hv_memory_op(XENMEM_exchange, &x), "sizes");
    x.in.nr_extents = 1;
    x.nr_exchanged = 2;
    pv_result(hv_memory_op(XENMEM_exchange, &x), "already");
    cell_end();
}

void pv_ask_start(void)
{
    info = pv_start_info;
    p2m = (const uint64_t *)info->mfn_list;
    ask_info();
    ask_timer();
    ask_mapping();
    ask_lists();
    ask_memory();
    ask_reservation();
    ask_exchange();
}
