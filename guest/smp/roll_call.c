/* SPDX-License-Identifier: MIT */
/* Up and down: as many vcpus as the domain has, also beyond the 32 whose vcpu_info has a place in shared_info. */
#include "guest/abi/vcpu.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"
#include "guest/smp/smp.h"

static evtchn_port_t port[GUEST_MAX_VCPUS];
static unsigned called[GUEST_MAX_VCPUS]; /* IPIs that this vcpu got */
static unsigned wanted;                  /* so many lets a vcpu go */
static unsigned present, down;

static void on_call(evtchn_port_t p, void *arg)
{
    (void)p;
    CHECK_VALUE(guest_vcpu()->id, (unsigned *)arg - called);
    __atomic_fetch_add((unsigned *)arg, 1, __ATOMIC_SEQ_CST);
}

/* Upcalls are off, and on while this sleeps. */
static void answer_call(void *arg)
{
    const volatile unsigned *mine = &called[guest_vcpu()->id];

    (void)arg;
    __atomic_fetch_add(&present, 1, __ATOMIC_SEQ_CST);
    while (*mine != wanted)
        env_wait();
}

static void count_down(void)
{
    down = 0;
    for (unsigned id = 1; id < guest_env.nr_vcpus; id++)
        down += !evt_vcpu_is_up(id);
}

static void await_down(void)
{
    uint64_t end = clock_now() + 60 * CLOCK_S;

    for (count_down(); down < guest_env.nr_vcpus - 1 && clock_now() < end; count_down())
        clock_sleep_until(clock_now() + CLOCK_MS);
    CHECK_VALUE(down, guest_env.nr_vcpus - 1);
}

static void call_once(void)
{
    unsigned others = guest_env.nr_vcpus - 1;

    present = 0;
    wanted++;
    await_down(); /* what ran before has said that it is done, and may be on its way down */
    for (unsigned id = 1; id <= others; id++)
        CHECK_VALUE(evt_vcpu_start(id, answer_call, NULL), 0);
    smp_await(&present, others, "vcpus that came up");
    for (unsigned id = 1; id <= others; id++)
        CHECK(evt_vcpu_is_up(id));
    for (unsigned id = 1; id <= others; id++)
        CHECK_VALUE(evt_send(port[id]), 0);
    await_down();
    for (unsigned id = 1; id <= others; id++)
        CHECK_VALUE(called[id], wanted);
}

void smp_roll_call(unsigned times)
{
    for (unsigned id = 1; id < guest_env.nr_vcpus; id++)
        port[id] = smp_ipi(id, on_call, &called[id]);
    for (unsigned i = 0; i < times; i++)
        call_once();
    for (unsigned id = 1; id < guest_env.nr_vcpus; id++)
        evt_close(port[id]);
    guest_printf("smp: roll call: %u vcpus came up, got one IPI each, and went down, %u times\n",
                 guest_env.nr_vcpus - 1, times);
}

static unsigned at_the_door;

/* The hypervisor ends a domain whose last vcpu goes down. If two that go down at the same time took each other for the
 * one that stays, the domain would hang with all its vcpus down. */
static void go_down(void *arg)
{
    (void)arg;
    __atomic_fetch_add(&at_the_door, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&at_the_door, __ATOMIC_SEQ_CST) != guest_env.nr_vcpus)
        hv_sched_op(SCHEDOP_yield, NULL);
}

void smp_down_together(void)
{
    for (unsigned id = 1; id < guest_env.nr_vcpus; id++)
        CHECK_VALUE(evt_vcpu_start(id, go_down, NULL), 0);
    guest_report();
    go_down(NULL);
    hv_vcpu_op(VCPUOP_down, 0, NULL);
    env_halt();
}
