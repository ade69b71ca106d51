/* SPDX-License-Identifier: MIT */
/*
 * The vcpus that answer and send, all in their upcalls. Between upcalls they look for orders of vcpu 0. The order goes
 * through memory: a vcpu without an L2 selector is parked and gets no IPI (event-channels.md, section 4).
 */
#include "guest/lib/clock.h"
#include "guest/lib/env.h"
#include "guest/lib/fifo.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"
#include "guest/switch-under-fire/fire.h"

static struct {
    enum order order;
    unsigned number;          /* of the last order */
    unsigned done[MAX_VCPUS]; /* [vcpu]: number of the last one carried out */
} orders;

static bool unmasking;

unsigned workers_sends(void)
{
    return guest_env.nr_vcpus > 2 ? 2 : guest_env.nr_vcpus - 1;
}

unsigned workers_answers(unsigned chain)
{
    if (guest_env.nr_vcpus == 1)
        return 0;
    return guest_env.nr_vcpus > 3 && chain % 2 ? 3 : 1;
}

/* Upcalls are off. */
static void carry_out(enum order order)
{
    if (order == ORDER_REGISTER)
        CHECK_VALUE(evt.fifo ? evt_register_fifo_vcpu() : evt_register_3level_vcpu(), 0);
    else if (order == ORDER_LEAVE)
        evt_leave_3level_vcpu();
}

/* Upcalls are off, and off afterwards; whether there was an order. */
static bool look_for_order(void)
{
    unsigned *done = &orders.done[guest_vcpu()->id];
    unsigned number = __atomic_load_n(&orders.number, __ATOMIC_SEQ_CST);
    enum order order = orders.order;

    if (number == *done)
        return false;
    carry_out(order);
    __atomic_store_n(done, number, __ATOMIC_SEQ_CST);
    if (order == ORDER_LEAVE)
        while (!look_for_order())
            hv_sched_op(SCHEDOP_yield, NULL);
    return true;
}

static void work(void *arg)
{
    unsigned turn = 0;

    (void)arg;
    for (;;) {
        look_for_order();
        env_upcalls_on();
        if (unmasking && guest_vcpu()->id == workers_sends())
            chains_unmask(turn++);
        clock_sleep_until(clock_now() + CLOCK_MS);
        env_upcalls_off();
    }
}

void workers_start(bool with_unmask)
{
    unmasking = with_unmask;
    for (unsigned vcpu = 1; vcpu < guest_env.nr_vcpus; vcpu++)
        CHECK_VALUE(evt_vcpu_start(vcpu, work, NULL), 0);
}

static void await(unsigned vcpu)
{
    uint64_t end = clock_now() + PATIENCE_S * CLOCK_S;

    while (__atomic_load_n(&orders.done[vcpu], __ATOMIC_SEQ_CST) != orders.number) {
        if (clock_now() > end) {
            verdict(VERDICT_FAILURE, "vcpu %u does not carry out order %u", vcpu, orders.order);
            guest_exit();
        }
        hv_sched_op(SCHEDOP_yield, NULL);
    }
}

void workers_order(enum order order)
{
    orders.order = order;
    __atomic_fetch_add(&orders.number, 1, __ATOMIC_SEQ_CST);
    for (unsigned vcpu = 1; vcpu < guest_env.nr_vcpus; vcpu++)
        await(vcpu);
}
