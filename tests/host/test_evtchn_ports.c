/* SPDX-License-Identifier: MIT */
/* The allocator: lowest free port, limits, exhaustion; memory: what is held, what fails, what comes back. */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

#define PORTS 262144U

static struct fake_domain *large(void)
{
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_register64(d, 0, true), 0);
    return d;
}

/* EVT-OBJ-03 */
static void always_the_lowest(void **state)
{
    (void)state;
    struct fake_domain *d = large();
    for (uint32_t port = 1; port < 70000; port++)
        assert_int_equal(op_bind_ipi(d, 0), port);
    /* Holes in any order are filled from below. */
    static const uint32_t holes[] = {69999, 1, 32768, 32767, 64, 63, 4096, 4095, 65, 40000};
    static const uint32_t sorted[] = {1, 63, 64, 65, 4095, 4096, 32767, 32768, 40000, 69999};
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(op_close(d, holes[i]), 0);
    SOUND();
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(op_bind_ipi(d, 0), sorted[i]);
    assert_int_equal(op_bind_ipi(d, 0), 70000);
    SOUND();
}

/* EVT-OBJ-03: Against an allocator too simple to be wrong. */
static void random_opens_and_closes(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    static bool taken[4096];
    uint32_t seed = 12345, open = 0;
    memset(taken, 0, sizeof(taken));
    taken[0] = true;
    for (unsigned i = 0; i < 30000; i++) {
        seed = seed * 1664525 + 1013904223;
        uint32_t port = (seed >> 8) % 4096;
        if (port && taken[port]) {
            assert_int_equal(op_close(d, port), 0);
            taken[port] = false;
            open--;
            continue;
        }
        uint32_t lowest = 0;
        while (taken[lowest])
            lowest++;
        assert_int_equal(op_bind_ipi(d, 0), lowest);
        taken[lowest] = true;
        open++;
    }
    assert_int_equal(evt_open_ports(d->evt), open);
    SOUND();
}

/* EVT-OBJ-08, EVT-OBJ-09 */
static void the_domain_has_its_own_limit(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.max_port = 300;
    struct fake_domain *d = fake_create(&c);
    for (uint32_t port = 1; port <= 300; port++)
        assert_int_equal(op_bind_ipi(d, 0), port);
    REFUSED(XEN_ENOSPC, op_bind_ipi(d, 0));
    assert_int_equal(op_register64(d, 0, true), 0); /* a larger ABI does not help */
    REFUSED(XEN_ENOSPC, op_bind_ipi(d, 0));
    c.domid = 2;
    c.max_port = 0;
    struct fake_domain *none = fake_create(&c);
    REFUSED(XEN_ENOSPC, op_bind_ipi(none, 0));
}

/* EVT-OBJ-04: Measured on the real Xen: status knows ports in steps of 64, whichever of them have been opened. */
static void valid_ports_grow_by_64(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    struct evtchn_status s;
    for (uint32_t port = 0; port <= 320; port++) {
        if (port)
            assert_int_equal(op_bind_ipi(d, 0), port);
        uint32_t first_invalid = (port / 64 + 1) * 64;
        assert_int_equal(op_status(d, DOMID_SELF, first_invalid - 1, &s), 0);
        assert_int_equal(s.status, port == first_invalid - 1 ? EVTCHNSTAT_ipi : EVTCHNSTAT_closed);
        REFUSED(XEN_EINVAL, op_status(d, DOMID_SELF, first_invalid, &s));
    }
    assert_int_equal(op_close(d, 300), 0);
    assert_int_equal(op_status(d, DOMID_SELF, 383, &s), 0);
    SOUND();
}

static void memory_is_counted_and_bounded(void **state)
{
    (void)state;
    struct fake_domain *d = large();
    assert_int_equal(evt_bytes(d->evt), fake.pages * 4096);
    assert_int_equal(fake.pages, 5); /* domain, vcpus, leaf, table, ports */
    for (uint32_t port = 1; port < PORTS; port++)
        assert_int_equal(op_bind_ipi(d, 0), port);
    assert_int_equal(evt_bytes(d->evt), fake.pages * 4096);
    assert_int_equal(fake.pages, 2 + 8 + 2 + PORTS / 256); /* 16 bytes a port and a quarter of a permille */
    assert_int_equal(evt_open_ports(d->evt), PORTS - 1);
    SOUND();
    fake_destroy(d);
    assert_int_equal(fake.pages, 0);
}

/* Opening and closing needs no new memory, however often. */
static void closed_ports_keep_their_memory(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    for (uint32_t port = 1; port < 1000; port++)
        assert_int_equal(op_bind_ipi(d, 0), port);
    long pages = fake.pages;
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    for (uint32_t port = 1; port < 1000; port++)
        assert_int_equal(op_bind_ipi(d, 0), port);
    assert_int_equal(fake.pages, pages);
}

static void creation_fails_cleanly_at_each_page(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_vcpus = 128;
    for (long nth = 1; nth <= 8; nth++) {
        fake.allocs = 0;
        fake.fail_alloc = nth;
        assert_null(fake_create(&c));
        assert_int_equal(fake.pages, 0);
    }
    fake.allocs = 0;
    fake.fail_alloc = 9;
    assert_non_null(fake_create(&c));
}

static void impossible_numbers_of_vcpus(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_vcpus = 0;
    assert_null(fake_create(&c));
    c.nr_vcpus = 129;
    assert_null(fake_create(&c));
}

/*
 * EVT-OP-05, EVT-OBJ-08
 * At each page that is needed on the way up, memory ends once, for each kind of allocating operation.
 */
static void operations_fail_cleanly_without_memory(void **state)
{
    (void)state;
    struct fake_domain *d = large(), *peer = fake_domain(2);
    assert_int_equal(op_alloc_unbound(peer, DOMID_SELF, 1), 1);
    unsigned failures = 0;
    for (uint32_t port = 1; port < 140000; port++) {
        if (port % 256 != 0) {
            assert_int_equal(op_bind_ipi(d, 0), port);
            continue;
        }
        for (long nth = 1;; nth++) {
            fake.allocs = 0;
            fake.fail_alloc = nth;
            int64_t rc = op_bind_interdomain(d, 2, 1);
            if (rc == port)
                break;
            failures++;
            assert_int_equal(rc, -XEN_ENOMEM);
            fake.allocs = 0;
            fake.fail_alloc = 1;
            assert_int_equal(op_bind_virq(d, VIRQ_TIMER, 1), -XEN_ENOMEM);
            fake.allocs = 0;
            assert_int_equal(op_alloc_unbound(d, DOMID_SELF, 2), -XEN_ENOMEM);
            assert_int_equal(evt_open_ports(d->evt), port - 1);
        }
        fake.fail_alloc = 0;
        assert_int_equal(op_close(d, port), 0); /* the peer is unbound again */
        assert_int_equal(op_bind_ipi(d, 0), port);
    }
    assert_true(failures >= 500);
    SOUND();
}

/* EVT-OBJ-11: A pair's two halves in one word. */
static void links_hold_any_address_and_port(void **state)
{
    (void)state;
    static const uint64_t at[] = {0x1000, 0x7ffffffff000, 0xffff800000000000, 0xffffffff80200000, 0xfffffffffffff000};
    for (unsigned i = 0; i < 5; i++) {
        struct evt_domain *d = (struct evt_domain *)(uintptr_t)at[i];
        for (uint32_t port = 1; port; port = port << 1 & (PORTS - 1)) {
            assert_ptr_equal(evt_link_domain(evt_link(d, port)), d);
            assert_int_equal(evt_link_port(evt_link(d, port)), port);
        }
    }
    assert_null(evt_link_domain(PORTS - 1)); /* what is no link leads nowhere */
}

/* On FIFO the port's word says that its past is not over, so the allocator passes over it. */
static void close_linked(struct fake_domain *d, uint32_t port)
{
    ((uint32_t *)(void *)d->frames[1 + port / 1024])[port % 1024] = 1U << EVTCHN_FIFO_LINKED;
    assert_int_equal(op_close(d, port), 0);
}

static struct fake_domain *on_fifo_with(uint32_t ports)
{
    struct fake_domain *d = fake_domain(1);
    assert_int_equal(op_init_control(d, 0, 0, 0), 0);
    for (uint32_t page = 0; page <= ports / 1024; page++)
        assert_int_equal(op_expand_array(d, 1 + page), 0);
    for (uint32_t port = 1; port <= ports; port++)
        assert_int_equal(op_bind_ipi(d, 0), port);
    return d;
}

/* From the last port of one branch of the tree to the first free one of another. */
static void passing_over_goes_on_to_the_next_branch(void **state)
{
    (void)state;
    struct fake_domain *d = on_fifo_with(8200);
    close_linked(d, 4100);
    close_linked(d, 8190);
    assert_int_equal(op_bind_ipi(d, 0), 8201);
    SOUND();
    fake_destroy(d);
    d = on_fifo_with(32767); /* all that one page of leaves can say */
    close_linked(d, 32767);
    assert_int_equal(op_bind_ipi(d, 0), 32768);
    SOUND();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(always_the_lowest),
        IN_WORLD(random_opens_and_closes),
        IN_WORLD(the_domain_has_its_own_limit),
        IN_WORLD(valid_ports_grow_by_64),
        IN_WORLD(memory_is_counted_and_bounded),
        IN_WORLD(closed_ports_keep_their_memory),
        IN_WORLD(creation_fails_cleanly_at_each_page),
        IN_WORLD(impossible_numbers_of_vcpus),
        IN_WORLD(operations_fail_cleanly_without_memory),
        IN_WORLD(passing_over_goes_on_to_the_next_branch),
        IN_WORLD(links_hold_any_address_and_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
