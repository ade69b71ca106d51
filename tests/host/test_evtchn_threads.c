/* SPDX-License-Identifier: MIT */
/*
 * Real threads with real locks: binding, closing, sending and virqs of two domains against each other. What it would
 * find: a deadlock of port locks (the test hangs), a pair that is torn by two closes at once, an event that is
 * delivered into a port's next life, a free map that lost a port.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include <pthread.h>
#include <stdlib.h>

#include "tests/host/test_evtchn.h"

#define THREADS 4
#define ROUNDS 20000U

struct actor {
    pthread_t thread;
    unsigned number;
    uint32_t seed;
};

static uint32_t draw(struct actor *a, uint32_t n)
{
    a->seed = a->seed * 1664525 + 1013904223;
    return (a->seed >> 10) % n;
}

/* As fake_op, with guest memory of the thread's own. On FIFO nobody consumes: closed ports stay linked until the
 * allocator gives up passing over them. */
static void call(struct actor *a, struct fake_domain *d, uint32_t cmd, const void *arg, size_t n)
{
    uint32_t offset = a->number * 64;
    uint64_t at = fake_put(offset, arg, n);
    int64_t rc = evt_hypercall(d->evt, cmd, at, false);
    if (rc != 0 && rc != -XEN_EINVAL && rc != -XEN_EEXIST && rc != -XEN_ENOSPC)
        abort();
}

/* Few ports, so that everybody meets everybody. */
static void act(struct actor *a)
{
    struct fake_domain *d = &fake.domain[draw(a, 2)];
    uint16_t other = (uint16_t)(1 + draw(a, 2));
    uint32_t port = 1 + draw(a, 6);

    switch (draw(a, 7)) {
    case 0:
        call(a, d, EVTCHNOP_alloc_unbound, &(struct evtchn_alloc_unbound){DOMID_SELF, other, 0}, 8);
        break;
    case 1:
        call(a, d, EVTCHNOP_bind_interdomain, &(struct evtchn_bind_interdomain){other, 0, port, 0}, 12);
        break;
    case 2:
        call(a, d, EVTCHNOP_bind_virq, &(struct evtchn_bind_virq){VIRQ_TIMER, draw(a, 4), 0}, 12);
        break;
    case 3:
        evt_raise_virq(d->evt, draw(a, 4), VIRQ_TIMER);
        break;
    case 4:
        call(a, d, EVTCHNOP_bind_vcpu, &(struct evtchn_bind_vcpu){port, draw(a, 4)}, 8);
        break;
    case 5:
        call(a, d, EVTCHNOP_send, &port, 4);
        break;
    default:
        call(a, d, EVTCHNOP_close, &port, 4);
        if (evt_open_ports(d->evt) > 6) /* make room */
            call(a, d, EVTCHNOP_close, &(uint32_t){evt_open_ports(d->evt)}, 4);
    }
}

static void *run(void *arg)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        act(arg);
    return NULL;
}

static void run_all(void)
{
    struct actor actors[THREADS];
    fake.threaded = true;
    for (unsigned i = 0; i < THREADS; i++) {
        actors[i] = (struct actor){.number = i, .seed = 77 * i + 1};
        assert_int_equal(pthread_create(&actors[i].thread, NULL, run, &actors[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(actors[i].thread, NULL);
    fake.threaded = false;
    SOUND();
}

/* EVT-OBJ-12 */
static void pairs_survive_each_other(void **state)
{
    (void)state;
    struct fake_domain *d[2] = {fake_domain(1), fake_domain(2)};
    run_all();
    /* No closed port is pending: nothing was delivered into a life to come. */
    for (unsigned i = 0; i < 2; i++) {
        for (uint32_t port = 0; port < d[i]->evt->nr_valid; port++) {
            if (evt_port_of(d[i]->evt, port)->state == EVTCHNSTAT_closed)
                assert_false(guest_pending64(d[i])[port / 64] >> port % 64 & 1);
        }
    }
    assert_true(evt_events(d[0]->evt) > 0);
}

#define CONTROL 2
#define ARRAY 3
#define LINKED (1U << EVTCHN_FIFO_LINKED)
#define LINK(word) ((word)&EVTCHN_FIFO_LINK_MASK)

/* The ports that stand in a queue, each once; 0 if the queue is empty, or does not end. */
static unsigned length(struct fake_domain *d, unsigned vcpu, unsigned q)
{
    const struct evtchn_fifo_control_block *c = (void *)(d->frames[CONTROL] + 128 * vcpu);
    const uint32_t *words = (void *)d->frames[ARRAY];
    uint32_t port = c->ready >> q & 1 ? c->head[q] : 0;
    unsigned n = 0;

    for (; port && n < 1000; port = LINK(words[port]), n++)
        assert_true(words[port] & LINKED);
    return n;
}

/*
 * EVT-FIFO-15
 * On FIFO, with vcpus that change all the time: in the end each linked port stands in exactly one queue.
 */
static void queues_survive_each_other(void **state)
{
    (void)state;
    struct fake_domain *d[2] = {fake_domain(1), fake_domain(2)};
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(op_init_control(d[i / 4], i % 4, CONTROL, 128 * (i % 4)), 0);
    assert_int_equal(op_expand_array(d[0], ARRAY), 0);
    assert_int_equal(op_expand_array(d[1], ARRAY), 0);
    run_all();
    for (unsigned i = 0; i < 2; i++) {
        unsigned linked = 0, queued = 0;
        for (uint32_t port = 0; port < 1024; port++)
            linked += (((uint32_t *)(void *)d[i]->frames[ARRAY])[port] & LINKED) != 0;
        for (unsigned q = 0; q < 64; q++)
            queued += length(d[i], q / 16, q % 16);
        assert_int_equal(linked, queued);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(pairs_survive_each_other),
        IN_WORLD(queues_survive_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
