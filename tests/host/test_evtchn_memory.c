/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out, frames that cannot be mapped: whatever needs pages is tried with the first allocation failing,
 * then the second, and so on until it succeeds; the same for mappings. Every failure leaves all as it was.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

static struct fake_domain *domain;

static int64_t bind_the_next_port(void)
{
    int64_t rc = op_bind_ipi(domain, 0);
    return rc > 0 ? 0 : rc;
}

static int64_t alloc_the_next_port(void)
{
    int64_t rc = op_alloc_unbound(domain, DOMID_SELF, 2);
    return rc > 0 ? 0 : rc;
}

static int64_t bind_a_virq(void)
{
    int64_t rc = op_bind_virq(domain, VIRQ_CONSOLE, 0);
    return rc > 0 ? 0 : rc;
}

static int64_t bind_a_pirq(void)
{
    int64_t rc = op_bind_pirq(domain, 3, 0);
    return rc > 0 ? 0 : rc;
}

static int64_t bind_a_pair(void)
{
    int64_t rc = op_bind_interdomain(domain, 2, 1);
    return rc > 0 ? 0 : rc;
}

static int64_t first_init_control(void)
{
    return op_init_control(domain, 0, 140, 0);
}

static int64_t later_init_control(void)
{
    return op_init_control(domain, 1, 140, 80);
}

static int64_t expand_array(void)
{
    return op_expand_array(domain, 141);
}

static int64_t register_bitmaps(void)
{
    return op_register64(domain, 100, false);
}

static int64_t register_bitmaps_32(void)
{
    return op_register32(domain, 100, false);
}

static int64_t register_l2(void)
{
    return op_register_l2(domain, 1, 142, 0);
}

/* The number of failures it takes. */
static unsigned with_each(long *fail_at, const long *counter, int error, int64_t (*run)(void))
{
    for (unsigned n = 1;; n++) {
        *fail_at = *counter + n;
        uint64_t before = fake_snapshot();
        int64_t rc = run();
        bool failed = *counter >= *fail_at;
        *fail_at = 0;
        SOUND();
        if (!failed) {
            assert_int_equal(rc, 0);
            return n - 1;
        }
        assert_int_equal(rc, -error);
        assert_true(before == fake_snapshot());
    }
}

static unsigned with_each_allocation(int64_t (*run)(void))
{
    return with_each(&fake.fail_alloc, &fake.allocs, XEN_ENOMEM, run);
}

static unsigned with_each_mapping(int64_t (*run)(void))
{
    return with_each(&fake.fail_map, &fake.maps, XEN_EINVAL, run);
}

static void fill_up_to(uint32_t port)
{
    while (op_bind_ipi(domain, 0) < (int64_t)port)
        ;
}

static void make_offer(void)
{
    struct fake_domain *other = fake_domain(2);
    assert_int_equal(op_alloc_unbound(other, DOMID_SELF, 1), 1);
}

/* A page of ports every 256, a leaf of the map of free ports every 32,768, a table of pages every 131,072. */
static void ports(void **state)
{
    (void)state;
    domain = fake_domain(1);
    make_offer();
    assert_int_equal(op_register64(domain, 100, true), 0);
    fill_up_to(255);
    assert_int_equal(with_each_allocation(bind_the_next_port), 1);
    assert_int_equal(with_each_allocation(bind_the_next_port), 0);
    fill_up_to(511);
    assert_int_equal(with_each_allocation(alloc_the_next_port), 1);
    fill_up_to(767);
    assert_int_equal(with_each_allocation(bind_a_virq), 1);
    fill_up_to(1023);
    assert_int_equal(with_each_allocation(bind_a_pair), 1);
    fill_up_to(1279);
    assert_int_equal(with_each_allocation(bind_a_pirq), 2); /* and the table of pirqs */
    fill_up_to(32767);
    assert_int_equal(with_each_allocation(bind_the_next_port), 2);
    fill_up_to(131071);
    fake.fail_alloc = fake.allocs + 3;
    REFUSED(XEN_ENOMEM, bind_the_next_port());
    assert_int_equal(with_each_allocation(bind_the_next_port), 1); /* two of three have stayed */
}

static void fifo(void **state)
{
    (void)state;
    struct evt_config c = fake_config(1);
    c.nr_vcpus = EVT_MAX_VCPUS;
    domain = fake_create(&c);
    assert_int_equal(with_each_allocation(first_init_control), EVT_QUEUE_PAGES);
    assert_int_equal(with_each_mapping(later_init_control), 1);
    assert_int_equal(with_each_mapping(expand_array), 1);
    assert_int_equal(with_each_allocation(expand_array), 0);
}

static void first_frame_of_fifo(void **state)
{
    (void)state;
    domain = fake_domain(1);
    assert_int_equal(with_each_mapping(first_init_control), 1);
}

static void bitmaps(void **state)
{
    (void)state;
    domain = fake_domain(1);
    assert_int_equal(with_each_mapping(register_bitmaps), 16);
    assert_int_equal(with_each_mapping(register_l2), 1);
    assert_int_equal(op_reset(domain, DOMID_SELF), 0);
    evt_latch_word_size(domain->evt, 32);
    assert_int_equal(with_each_mapping(register_bitmaps_32), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(ports),
        IN_WORLD(fifo),
        IN_WORLD(first_frame_of_fifo),
        IN_WORLD(bitmaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
