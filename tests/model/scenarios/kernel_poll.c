/* SPDX-License-Identifier: MIT */
/*
 * kernel/poll.c as it is: a vcpu polls with a time-out while events end polls. Of the scheduler and the timers behind
 * it there is what a vcpu sees of them: it runs while nothing blocks it, and its own CPU fires its timer.
 */
#include "kernel/poll.h"
#include "kernel/sched.h"
#include "kernel/timers.h"
#include "kernel/vcpu.h"
#include "tests/model/scenario.h"
#include "tests/model/state.h"

static struct domain domain MODEL_STATE = {.nr_vcpus = 1};
static struct vcpu vcpu MODEL_STATE = {.domain = &domain};

void sched_wake(struct vcpu *v, uint32_t reasons)
{
    (void)machine_update(&v->blocked_by, 4, VERB_AND, ~reasons);
}

void timer_set(struct timer *t, unsigned cpu, uint64_t deadline)
{
    (void)cpu;
    t->deadline = deadline;
    t->queued = true;
}

void timer_stop(struct timer *t, unsigned cpu)
{
    (void)cpu;
    t->queued = false;
}

const char *kernel_poll_word(const void *at)
{
    return at == &vcpu.blocked_by     ? "what blocks the vcpu"
           : at == &vcpu.poll_port    ? "the port that it polls for"
           : at == &domain.nr_pollers ? "the number of pollers"
           : at == &domain.polls[0]   ? "the set of pollers"
                                      : NULL;
}

static void set_up(void)
{
    domain.vcpu[0] = &vcpu;
    poll_init(&vcpu);
}

static bool runs(const struct step *step)
{
    return *(const uint32_t *)step->at == 0;
}

/* The CPU of the vcpu until it runs again: a timer that is set fires while it is blocked. */
static void wait_to_run(void)
{
    if (machine_load(&vcpu.blocked_by, 4) && vcpu.poll_timer.queued) {
        story_note("times out");
        vcpu.poll_timer.queued = false;
        vcpu.poll_timer.fire(&vcpu.poll_timer, vcpu.poll_timer.deadline);
    }
    machine_await(&vcpu.blocked_by, 4, runs, 0);
    poll_forget(&vcpu);
    story_note("runs again");
}

static void poll_with_timeout(void)
{
    story_note("polls");
    poll_begin(&vcpu);
    poll_until(&vcpu, 1);
    wait_to_run();
}

static void poll_twice(void)
{
    poll_with_timeout();
    poll_with_timeout();
}

static void poll_and_cancel(void)
{
    poll_begin(&vcpu);
    poll_cancel(&vcpu);
    poll_with_timeout();
}

static void poll_port2(void)
{
    poll_begin(&vcpu);
    poll_narrow(&vcpu, 2);
    poll_until(&vcpu, 1);
    wait_to_run();
    poll_with_timeout();
}

static void wake1(void)
{
    story_note("has made port 1 pending");
    poll_wake(&domain, 1);
}

static void wake_all(void)
{
    poll_wake(&domain, POLL_ANY);
}

/* Nobody waits, so senders need not look for pollers. */
static void check(void)
{
    EXPECT_VALUE(domain.nr_pollers, 0);
    EXPECT_VALUE(domain.polls[0], 0);
    EXPECT_VALUE(vcpu.poll_port, POLL_NONE);
    EXPECT_VALUE(vcpu.blocked_by, 0);
    EXPECT(!vcpu.poll_timer.queued);
}

const struct scenario scenarios_kernel_poll[] = {
    {
        .name = "kernel: poll, poll || wake || wake",
        .abis = ON_2LEVEL,
        .first = {{ACTOR_VCPU0, set_up}},
        .thread = {{ACTOR_VCPU0, poll_twice}, {ACTOR_PEER, wake1}, {ACTOR_PEER2, wake1}},
        .check = check,
    },
    {
        .name = "kernel: poll, cancel, poll || wake",
        .abis = ON_2LEVEL,
        .first = {{ACTOR_VCPU0, set_up}},
        .thread = {{ACTOR_VCPU0, poll_and_cancel}, {ACTOR_PEER, wake1}},
        .check = check,
    },
    {
        .name = "kernel: poll of one || wake || wake all",
        .abis = ON_2LEVEL,
        .first = {{ACTOR_VCPU0, set_up}},
        .thread = {{ACTOR_VCPU0, poll_port2}, {ACTOR_PEER, wake1}, {ACTOR_PEER2, wake_all}},
        .check = check,
    },
    {0},
};
