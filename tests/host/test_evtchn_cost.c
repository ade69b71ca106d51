/* SPDX-License-Identifier: MIT */
/* What event channels cost in memory, as a table, and which locks an event takes. Instructions: tests/bench/. */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include <stdio.h>

#include "tests/host/test_evtchn.h"

#define PAGE 4096L
#define MAX_BYTES_PER_PORT 24
#define MAX_VCPUS 128
#define FIRST_PORTS 256 /* they and the first vcpus come with the domain */
#define FIRST_VCPUS 32
#define VCPU_FRAME 32 /* a guest frame for all control blocks or L2 selectors */
#define ARRAY 1

/* --- Memory */

static void enter_2level32(struct fake_domain *d)
{
    evt_latch_word_size(d->evt, 32);
}

static void enter_2level64(struct fake_domain *d)
{
    evt_latch_word_size(d->evt, 64);
}

static void enter_3level32(struct fake_domain *d)
{
    evt_latch_word_size(d->evt, 32);
    assert_int_equal(op_register32(d, 0, false), 0);
    for (uint32_t vcpu = 0; vcpu < d->evt->nr_vcpus; vcpu++)
        assert_int_equal(op_register_l2_32(d, vcpu, VCPU_FRAME, 0), 0);
}

static void enter_3level64(struct fake_domain *d)
{
    assert_int_equal(op_register64(d, 0, false), 0);
    for (uint32_t vcpu = 0; vcpu < d->evt->nr_vcpus; vcpu++)
        assert_int_equal(op_register_l2(d, vcpu, VCPU_FRAME, 0), 0);
}

static void enter_fifo(struct fake_domain *d)
{
    for (uint32_t vcpu = 0; vcpu < d->evt->nr_vcpus; vcpu++)
        assert_int_equal(op_init_control(d, vcpu, VCPU_FRAME, 0), 0);
    for (unsigned i = 0; i < EVT_ARRAY_PAGES; i++)
        assert_int_equal(op_expand_array(d, ARRAY), 0);
}

/* Bytes of the guest's own memory are given by the ABI: bits or event words of its ports, and areas of a vcpu. */
static const struct abi {
    const char *name;
    uint32_t ports;
    void (*enter)(struct fake_domain *d);
    double guest_port;
    unsigned guest_vcpu; /* without its vcpu_info */
} abis[] = {
    {"2-level, 32 bits", 1024, enter_2level32, 0.25, 0},
    {"2-level, 64 bits", 4096, enter_2level64, 0.25, 0},
    {"3-level, 32 bits", 32768, enter_3level32, 0.25, 32 * 4},
    {"3-level, 64 bits", 262144, enter_3level64, 0.25, 64 * 8},
    {"FIFO", 131072, enter_fifo, 4, sizeof(struct evtchn_fifo_control_block)},
};

static struct fake_domain *domain_with(const struct abi *abi, uint16_t domid, uint16_t nr_vcpus)
{
    struct evt_config c = fake_config(domid);
    c.nr_vcpus = nr_vcpus;
    struct fake_domain *d = fake_create(&c);
    assert_non_null(d);
    abi->enter(d);
    return d;
}

/* What the hypervisor holds for a domain with its first ports and vcpus, and for each of the others. */
static void measure(const struct abi *abi, long *domain, double *vcpu, double *port)
{
    struct fake_domain *d = domain_with(abi, 1, 1);
    *domain = fake.pages * PAGE;
    for (uint32_t i = 1; i < abi->ports; i++)
        assert_int_equal(op_bind_ipi(d, 0), i);
    *port = (double)(fake.pages * PAGE - *domain) / (abi->ports - FIRST_PORTS);
    assert_int_equal(evt_bytes(d->evt), fake.pages * PAGE);
    fake_destroy(d);
    d = domain_with(abi, 1, MAX_VCPUS);
    *vcpu = (double)(fake.pages * PAGE - *domain) / (MAX_VCPUS - FIRST_VCPUS);
    fake_destroy(d);
}

static void the_memory_table(void **state)
{
    (void)state;
    printf("# %-18s %9s   %-33s %s\n", "bytes", "", "of the hypervisor", "of the guest");
    printf("# %-18s %9s   %6s %7s %9s       %6s %8s\n", "", "ports", "a port", "a vcpu", "a domain", "a port",
           "a vcpu");
    for (unsigned i = 0; i < sizeof(abis) / sizeof(*abis); i++) {
        const struct abi *abi = &abis[i];
        long domain = 0;
        double vcpu = 0, port = 0;
        measure(abi, &domain, &vcpu, &port);
        printf("# %-18s %9u   %6.2f %7.2f %9ld       %6.2f %8u\n", abi->name, abi->ports, port, vcpu, domain,
               abi->guest_port, abi->guest_vcpu);
        assert_true(port >= sizeof(struct evt_port) && port <= MAX_BYTES_PER_PORT);
        assert_true(vcpu <= 256);
        assert_true(domain <= 6 * PAGE);
    }
    printf("# a domain: with its first %d ports and %d vcpus, %zu of it in struct evt_domain\n", FIRST_PORTS,
           FIRST_VCPUS, sizeof(struct evt_domain));
}

/* Memory comes a page at a time, with the first port that needs it; not when the ABI promises more ports. */
static void pages_come_as_ports_do(void **state)
{
    (void)state;
    struct fake_domain *d = domain_with(&abis[3], 1, 1);
    for (uint32_t port = 1; port < 2000; port++) {
        long before = fake.pages;
        assert_int_equal(op_bind_ipi(d, 0), port);
        assert_int_equal(fake.pages - before, port % EVT_PORTS_PER_PAGE == 0);
    }
}

/* --- Locks */

struct locks {
    unsigned long domain, port, queue;
};

static void assert_locks(struct locks before, unsigned long ports, bool may_queue)
{
    assert_int_equal(fake.locks[FAKE_LOCK_DOMAIN], before.domain);
    assert_int_equal(fake.locks[FAKE_LOCK_PORT] - before.port, ports);
    if (!may_queue)
        assert_int_equal(fake.locks[FAKE_LOCK_QUEUE], before.queue);
}

static struct locks locks_now(void)
{
    return (struct locks){fake.locks[FAKE_LOCK_DOMAIN], fake.locks[FAKE_LOCK_PORT], fake.locks[FAKE_LOCK_QUEUE]};
}

/*
 * Two vcpus that send on different ports never wait for each other: an event takes its own port's lock and, where it is
 * linked on FIFO, that of one queue. A domain's lock taken here would make a send as slow as the busiest neighbour.
 */
static void send_takes_no_lock_of_the_domain(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(abis) / sizeof(*abis); i++) {
        struct fake_domain *d = domain_with(&abis[i], 1, 4), *peer = domain_with(&abis[i], 2, 4);
        bool fifo = abis[i].enter == enter_fifo;
        int64_t far = op_alloc_unbound(peer, DOMID_SELF, 1);
        int64_t pair = op_bind_interdomain(d, 2, (uint32_t)far), ipi = op_bind_ipi(d, 2);
        int64_t unbound = op_alloc_unbound(d, DOMID_SELF, 2), virq = op_bind_virq(d, VIRQ_TIMER, 3);
        const int64_t ports[] = {pair, ipi, unbound, virq};
        for (unsigned k = 0; k < 4; k++) {
            struct locks before = locks_now();
            assert_int_equal(op_send(d, (uint32_t)ports[k]), ports[k] == virq ? -XEN_EINVAL : 0);
            assert_locks(before, 1, fifo && k < 2);
        }
        struct locks before = locks_now();
        evt_raise_virq(d->evt, 3, VIRQ_TIMER);
        assert_locks(before, 1, fifo);
        before = locks_now();
        assert_int_equal(op_unmask(d, (uint32_t)ipi), 0);
        assert_int_equal(evt_port_is_pending(d->evt, (uint32_t)ipi), 1);
        assert_locks(before, 0, fifo);
        fake_destroy(d);
        fake_destroy(peer);
    }
}

static struct locks last;

/* So many locks since the last time. An operation that forgets one, where only its owner may write, is found here. */
static void took(unsigned long domain, unsigned long port)
{
    assert_int_equal(fake.locks[FAKE_LOCK_DOMAIN] - last.domain, domain);
    assert_int_equal(fake.locks[FAKE_LOCK_PORT] - last.port, port);
    last = locks_now();
}

static void locks_of_each_operation(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    struct evtchn_status s;
    last = locks_now();
    evt_latch_word_size(d->evt, 64);
    took(1, 0);
    evt_set_vcpu_info(d->evt, 1, d->late_info);
    took(1, 0);
    assert_int_equal(op_alloc_unbound(d, DOMID_SELF, DOMID_SELF), 1);
    took(1, 1);
    assert_int_equal(op_bind_interdomain(d, DOMID_SELF, 1), 2);
    took(1, 2);
    assert_int_equal(op_bind_virq(d, VIRQ_TIMER, 0), 3);
    took(1, 1);
    assert_int_equal(op_bind_ipi(d, 0), 4);
    took(1, 1);
    assert_int_equal(op_status(d, DOMID_SELF, 1, &s), 0);
    took(0, 1);
    assert_int_equal(op_bind_vcpu(d, 1, 1), 0);
    took(1, 1);
    assert_int_equal(op_close(d, 1), 0); /* and its peer */
    took(1, 2);
    assert_int_equal(op_close(d, 4), 0);
    took(1, 1);
    assert_int_equal(op_bind_pirq(d, 9, 0), 1);
    took(1, 1);
    evt_raise_pirq(d->evt, 9);
    took(0, 1);
    uint32_t port = 0;
    assert_int_equal(evt_attach(d->evt, 2, 0, &port), 0);
    took(1, 1);
    evt_notify_attached(d->evt, port);
    took(0, 1);
    evt_detach(d->evt, port);
    took(1, 1);
    evt_domain_set_dying(d->evt);
    took(1, 0);
}

/* A switch takes its domain's lock at the beginning, for the new functions, for what is moved, and at the end. */
static void locks_of_a_switch(void **state)
{
    (void)state;
    struct fake_domain *d = fake_domain(1);
    last = locks_now();
    assert_int_equal(op_register64(d, 0, true), 0);
    took(4, 0);
    assert_int_equal(op_register_l2(d, 0, VCPU_FRAME, 0), 0);
    took(1, 0);
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    took(7, 0); /* four words of ports */
    assert_int_equal(op_init_control(d, 0, VCPU_FRAME, 0), 0);
    took(5, 0); /* and for the queues */
    assert_int_equal(op_init_control(d, 1, VCPU_FRAME, 0), 0);
    took(1, 0);
    assert_int_equal(op_expand_array(d, ARRAY), 0);
    took(1, 0);
    int64_t port = op_bind_ipi(d, 0);
    took(1, 1);
    assert_int_equal(op_set_priority(d, (uint32_t)port, 3), 0);
    took(0, 1);
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    took(8, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(the_memory_table),        IN_WORLD(pages_come_as_ports_do), IN_WORLD(send_takes_no_lock_of_the_domain),
        IN_WORLD(locks_of_each_operation), IN_WORLD(locks_of_a_switch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
