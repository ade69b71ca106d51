/* SPDX-License-Identifier: MIT */
#include "tests/model/world.h"

#include <stdio.h>
#include <string.h>

#include "guest/abi/vcpu.h"
#include "tests/model/env_model.h"
#include "tests/model/machine.h"
#include "tests/model/state.h"
#include "tests/model/story.h"

struct world_watch world_watch[WORLD_PORTS] MODEL_STATE = {{.handled = 0}};

static unsigned actor_of[MODEL_THREADS];

/* --- Actors */

static const char *const names[] = {"vcpu 0", "vcpu 1", "peer", "peer 2", "timer"};

void world_cast(unsigned thread, enum world_actor actor)
{
    actor_of[thread] = actor;
}

const char *world_actor_name(unsigned thread)
{
    return names[actor_of[thread]];
}

enum world_actor world_self(void)
{
    uintptr_t at = (uintptr_t)__builtin_frame_address(0);
    return (enum world_actor)((at - (uintptr_t)machine_stack(0)) / MACHINE_STACK_SIZE);
}

static struct env_domain *own_domain(void)
{
    return &env.domain[world_self() <= ACTOR_VCPU1 ? 0 : 1];
}

static unsigned own_vcpu(void)
{
    return world_self() % 2;
}

/* --- The world */

static void create_domain(struct env_domain *d, uint16_t domid)
{
    struct evt_config config = {
        .domid = domid,
        .nr_vcpus = WORLD_VCPUS,
        .max_port = UINT32_MAX,
        .nr_pirqs = 64,
        .extended = EVTCHN_EXTENDED_3LEVEL | EVTCHN_EXTENDED_FIFO,
        .owner = d,
    };

    d->domid = domid;
    d->evt = evt_domain_create(&config);
    uint8_t *shared_info = env_alloc_page();
    evt_set_shared_info(d->evt, shared_info);
    for (unsigned i = 0; i < WORLD_VCPUS; i++) {
        evt_set_vcpu_info(d->evt, i, shared_info + 64U * i);
        d->vcpu[i].waits_for = WAITS_NOT;
    }
}

void world_create(void)
{
    state_pristine();
    create_domain(&env.domain[0], 1);
    create_domain(&env.domain[1], 2);
}

void *world_shared_info(void)
{
    return env.domain[0].evt->shared_info;
}

const char *world_check(void)
{
    for (unsigned i = 0; i < ENV_DOMAINS; i++) {
        const char *why = evt_check(env.domain[i].evt);
        if (why)
            return why;
    }
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        if (env.nr_held[t])
            return "a thread ended with a lock held";
    return env.token ? "a wait for the other CPUs never ended" : NULL;
}

/* --- Operations */

static const char *const operations[] = {
    [EVTCHNOP_bind_interdomain] = "bind_interdomain",
    [EVTCHNOP_bind_virq] = "bind_virq",
    [EVTCHNOP_bind_pirq] = "bind_pirq",
    [EVTCHNOP_close] = "close",
    [EVTCHNOP_send] = "send",
    [EVTCHNOP_alloc_unbound] = "alloc_unbound",
    [EVTCHNOP_bind_ipi] = "bind_ipi",
    [EVTCHNOP_bind_vcpu] = "bind_vcpu",
    [EVTCHNOP_unmask] = "unmask",
    [EVTCHNOP_reset] = "reset",
    [EVTCHNOP_init_control] = "init_control",
    [EVTCHNOP_expand_array] = "expand_array",
    [EVTCHNOP_set_priority] = "set_priority",
};

static const char *operation(uint32_t cmd)
{
    return cmd < sizeof(operations) / sizeof(*operations) ? operations[cmd] : "register_3level";
}

static void note_call(uint32_t cmd, const void *arg)
{
    uint32_t first;

    memcpy(&first, arg, sizeof(first));
    if (cmd == EVTCHNOP_register_3level)
        story_note("calls register_3level (%s)", first == REGISTER_BITMAPS ? "bitmaps" : "L2 selector");
    else if (cmd == EVTCHNOP_send || cmd == EVTCHNOP_unmask || cmd == EVTCHNOP_close || cmd == EVTCHNOP_bind_vcpu ||
             cmd == EVTCHNOP_set_priority)
        story_note("calls %s, port %u", operation(cmd), first);
    else
        story_note("calls %s", operation(cmd));
}

static int64_t call(struct env_domain *d, uint32_t cmd, void *arg)
{
    int64_t rc;
    uint64_t since;

    do {
        note_call(cmd, arg);
        since = env_presence();
        env_enter();
        rc = evt_hypercall(d->evt, cmd, (uintptr_t)arg, false);
        env_leave();
        story_note("returns from %s: %ld", operation(cmd), (long)rc);
        if (rc == -XEN_ERESTART)
            env_wait_for_others(since);
    } while (rc == -XEN_ERESTART);
    return rc;
}

int64_t world_op(uint32_t cmd, void *arg)
{
    return call(own_domain(), cmd, arg);
}

static int64_t vcpu_op(uint64_t cmd, unsigned vcpu, const struct vcpu_register_vcpu_info *op)
{
    if (cmd != VCPUOP_register_vcpu_info)
        return -XEN_ENOSYS;
    story_note("calls register_vcpu_info of vcpu %u", vcpu);
    env_enter();
    evt_set_vcpu_info(own_domain()->evt, vcpu, state_arena + op->mfn * STATE_PAGE + op->offset);
    env_leave();
    return 0;
}

int64_t world_hypercall(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t number)
{
    if (number == __HYPERVISOR_event_channel_op)
        return call(own_domain(), (uint32_t)a1, (void *)(uintptr_t)a2);
    if (number == __HYPERVISOR_vcpu_op)
        return vcpu_op(a1, (unsigned)a2, (const void *)(uintptr_t)a3);
    return -XEN_ENOSYS;
}

int world_poll(const uint32_t *port, unsigned n)
{
    story_note("polls %u port%s, the first %u", n, n == 1 ? "" : "s", port[0]);
    int rc = env_poll(own_domain(), own_vcpu(), port, n);
    story_note("returns from poll: %d", rc);
    return rc;
}

void world_block(void)
{
    story_note("blocks");
    env_block(own_domain(), own_vcpu());
    story_note("runs again");
}

void world_raise_virq(unsigned vcpu, uint32_t virq)
{
    env_enter();
    evt_raise_virq(env.domain[0].evt, vcpu, virq);
    env_leave();
}

void world_raise_pirq(uint32_t pirq)
{
    env_enter();
    env_fire(pirq);
    env_leave();
}

/* --- A look */

bool world_is_pending(uint32_t port)
{
    struct evt_domain *d = env.domain[0].evt;
    return evt_ops_of(d)->is_pending(d, port);
}

bool world_is_masked(uint32_t port)
{
    struct evt_domain *d = env.domain[0].evt;
    return evt_ops_of(d)->is_masked(d, port);
}

uint32_t world_status(uint32_t port)
{
    return evt_port_state(evt_port_of(env.domain[0].evt, port));
}
