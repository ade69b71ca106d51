/* SPDX-License-Identifier: MIT */
/* Memory that is given back while something still leads to it, twice, or while it is a page table; and long work. */
#include "guest/abi/errno.h"
#include "guest/lib/clock.h"
#include "guest/lib/events.h"
#include "guest/lib/memory.h"
#include "guest/naughty-pv/pv64/naughty.h"

static guest_result decrease(const uint64_t *frames, unsigned n)
{
    struct xen_memory_reservation64 op = {.extent_start = guest_address(frames), .nr_extents = n, .domid = DOMID_SELF};

    return hv_memory_op(XENMEM_decrease_reservation, &op);
}

/* A page of the heap that the guest will do without. */
static uint64_t *victim(uint64_t *frame)
{
    uint64_t *page = memory_pages(1);

    *frame = env_frame(page);
    return page;
}

static void lost(uint64_t frame)
{
    if (!is_initial()) {
        refused(1, frame << GUEST_PAGE_SHIFT | PTE_READ_ONLY, "a frame that was given back");
        refused(1, frame << GUEST_PAGE_SHIFT | PTE_ALL, "a frame that was given back");
        CHECK_VALUE(make_writable(spare_address()), 0);
    }
    for (unsigned level = 1; level <= 4; level++)
        CHECK(mmuext(MMUEXT_PIN_L1_TABLE + level - 1, frame, 0) < 0);
    CHECK(decrease(&frame, 1) <= 0);
}

static void while_mapped(void)
{
    uint64_t frame;
    volatile uint64_t *page = victim(&frame);

    page[0] = 1;
    guest_result rc = decrease(&frame, 1);
    decrease(&frame, 1); /* the reference that counts is gone already */
    page[0] = 2;         /* it is still here: our mapping holds it */
    CHECK_VALUE(pv_set_mapping((void *)page, 0), 0);
    if (rc == 1)
        lost(frame);
    else
        make_writable((void *)page);
}

static void twice_in_a_list(void)
{
    uint64_t frame[4];
    uint64_t *page = victim(&frame[0]);

    CHECK_VALUE(pv_set_mapping(page, 0), 0);
    frame[1] = frame[2] = frame[3] = frame[0];
    CHECK(decrease(frame, 4) <= 1);
    lost(frame[0]);
}

static void while_a_table(unsigned level)
{
    uint64_t frame;
    uint64_t *table = victim(&frame);

    make_read_only(table);
    CHECK_VALUE(pin(level, table), 0);
    guest_result rc = decrease(&frame, 1);
    mmuext(MMUEXT_UNPIN_TABLE, frame, 0);
    CHECK_VALUE(pv_set_mapping(table, 0), 0);
    if (rc == 1)
        lost(frame);
}

/* Live tables of our own, and its root: pins and entries hold them. */
static void live_tables(void)
{
    uint64_t frame;
    uint64_t *l1 = victim(&frame);
    volatile uint64_t *address = (volatile uint64_t *)((1UL << 30) - 4096);
    uint64_t *l2 = pv_table_at((const void *)address, 2);
    unsigned at = pv_index_at((const void *)address, 2);

    l1[pv_index_at((const void *)address, 1)] = pv_machine(spare_address()) | PTE_ALL;
    make_read_only(l1);
    CHECK_VALUE(pv_set_entry(l2, at, pv_machine(l1) | PTE_ALL), 0);
    guest_result rc = decrease(&frame, 1);
    address[0] = 5;
    CHECK(*(volatile uint64_t *)spare_address() == 5);
    CHECK_VALUE(pv_set_entry(l2, at, 0), 0);
    CHECK_VALUE(pv_set_mapping(l1, 0), 0);
    if (rc == 1)
        lost(frame);
}

/* --- Exchange */

static guest_result exchange(const uint64_t *in, unsigned nr_in, unsigned order_in, uint64_t *out, unsigned nr_out,
                             unsigned order_out)
{
    struct xen_memory_exchange64 op = {
        .in = {guest_address(in), nr_in, order_in, 0, DOMID_SELF, {0}},
        .out = {guest_address(out), nr_out, order_out, 0, DOMID_SELF, {0}},
    };
    return hv_memory_op(XENMEM_exchange, &op);
}

static void exchanges(void)
{
    uint64_t in[8], out[8] = {0};
    uint64_t *page = victim(&in[0]);
    uint64_t root = env_frame((const void *)pv_start_info->pt_base);

    CHECK_VALUE(pv_set_mapping(page, 0), 0);
    in[1] = in[0];
    out[0] = guest_address(page) >> GUEST_PAGE_SHIFT;
    out[1] = out[0];
    CHECK(exchange(in, 2, 0, out, 2, 0) != 0);
    CHECK(exchange(in, 2, 0, out, 1, 0) < 0);   /* not as many */
    CHECK(exchange(in, 1, 9, out, 512, 0) < 0); /* 511 of which are not ours, or not free */
    CHECK(exchange(in, 1, 63, out, 1, 63) < 0);
    CHECK(exchange(in, ~0U, 0, out, ~0U, 0) < 0);
    CHECK(exchange(&root, 1, 0, out, 1, 0) < 0); /* a table in use */
    CHECK(exchange((uint64_t *)HYPERVISOR_VIRT_START, 1, 0, out, 1, 0) != 0);
    CHECK(exchange(in, 1, 0, (uint64_t *)HYPERVISOR_VIRT_START, 1, 0) != 0);
    CHECK(exchange(in, 1, 0, (uint64_t *)NON_CANONICAL, 1, 0) != 0);
}

static void absurd(void)
{
    uint64_t frame = ~0ULL;

    CHECK(decrease(&frame, 1) <= 0);
    frame = 1ULL << 40;
    CHECK(decrease(&frame, 1) <= 0);
    for (uint64_t mfn = 0; mfn < 4096; mfn += 7)
        if (!is_mine(mfn))
            CHECK(decrease(&mfn, 1) <= 0);
    struct xen_memory_reservation64 op = {guest_address(&frame), 1, 63, 0, DOMID_SELF, {0}};
    CHECK(hv_memory_op(XENMEM_decrease_reservation, &op) <= 0);
    CHECK(hv_memory_op(XENMEM_populate_physmap, &op) <= 0);
    CHECK(hv_memory_op(XENMEM_increase_reservation, &op) <= 0);
}

void attack_reservation(void)
{
    while_mapped();
    twice_in_a_list();
    for (unsigned level = 1; level <= 4; level++)
        while_a_table(level);
    live_tables();
    exchanges();
    absurd();
}

/* --- Long work: the vcpu's own timer comes due in the middle, and is not kept waiting until the end */

#define ENTRIES 65536U
#define SOON CLOCK_MS

static volatile uint64_t handled_at;

static void note_time(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    handled_at = clock_now();
}

static void interrupted(const char *what, void (*work)(void *), void *arg)
{
    uint64_t start = clock_now(), end;

    handled_at = 0;
    CHECK_VALUE(hv_set_timer_op(start + SOON), 0);
    work(arg);
    end = clock_now();
    if (end - start > 10 * SOON && (handled_at == 0 || end - handled_at < (end - start) / 2))
        verdict(VERDICT_FAILURE, "%s took %llu us and let no event in", what,
                (unsigned long long)((end - start) / CLOCK_US));
}

static void long_list(void *arg)
{
    CHECK_VALUE(hv_mmuext_op(arg, ENTRIES, NULL, DOMID_SELF), 0);
}

static void long_updates(void *arg)
{
    CHECK_VALUE(hv_mmu_update(arg, ENTRIES, NULL, DOMID_SELF), 0);
}

static void repeat(evtchn_port_t port, const char *what, void (*work)(void *), void *arg)
{
    CHECK_VALUE(evt_unmask(port), 0);
    interrupted(what, work, arg);
}

void attack_long(void)
{
    struct mmuext_op *ops = memory_alloc(ENTRIES * sizeof(*ops));
    struct mmu_update *updates = (struct mmu_update *)ops;
    uint64_t *l1 = pv_table_at(spare_address(), 1);
    evtchn_port_t port = (evtchn_port_t)evt_bind_virq(VIRQ_TIMER, 0);

    evt_set_handler(port, note_time, NULL);
    env_upcalls_on();
    for (unsigned i = 0; i < ENTRIES; i++)
        ops[i] = (struct mmuext_op){.cmd = MMUEXT_TLB_FLUSH_ALL};
    repeat(port, "65536 flushes", long_list, ops);
    for (unsigned i = 0; i < ENTRIES; i++)
        ops[i] = (struct mmuext_op){.cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = env_frame(spare_address())};
    repeat(port, "65536 clear_page", long_list, ops);
    for (unsigned i = 0; i < ENTRIES; i++)
        updates[i] = (struct mmu_update){pv_machine(&l1[pv_index_at(spare_address(), 1)]),
                                         pv_machine(spare_address()) | (i & 1 ? PTE_READ_ONLY : PTE_ALL)};
    repeat(port, "65536 updates", long_updates, updates);
    env_upcalls_off();
    CHECK_VALUE(evt_close(port), 0);
    CHECK_VALUE(make_writable(spare_address()), 0);
}
