/* SPDX-License-Identifier: MIT */
/* What guest/lib needs from an environment. */
#include "tests/model/guest_side.h"

#include "guest/abi/errno.h"
#include "guest/lib/args.h"
#include "guest/lib/console.h"
#include "guest/lib/verdict.h"
#include "tests/model/machine.h"
#include "tests/model/state.h"
#include "tests/model/story.h"
#include "tests/model/world.h"

struct guest_env guest_env MODEL_STATE = {.name = "model"};

/* --- guest/lib/env.h */

uint64_t env_frame(const void *p)
{
    return ((uintptr_t)p - (uintptr_t)state_arena) / STATE_PAGE;
}

int env_set_upcall(void)
{
    return 0;
}

/* A scenario says itself when a vcpu takes its events. */
bool env_upcalls_off(void)
{
    return false;
}

void env_upcalls_on(void)
{
}

int env_vcpu_initialise(unsigned id, void (*fn)(void *), void *arg)
{
    (void)id;
    (void)fn;
    (void)arg;
    return -XEN_ENOSYS;
}

/* --- Its reports */

bool verdict_check_value(long long value, long long expected, const char *expression, const char *file, int line)
{
    if (value != expected)
        machine_fail("%s:%d: %s is %lld, not %lld", file, line, expression, value, expected);
    return true;
}

bool verdict_check(bool ok, const char *expression, const char *file, int line)
{
    if (!ok)
        machine_fail("%s:%d: %s does not hold", file, line, expression);
    return true;
}

void verdict(enum verdict v, const char *fmt, ...)
{
    (void)v;
    machine_fail("the guest gave up: %s", fmt);
}

void guest_exit(void)
{
    machine_fail("the guest has ended");
    for (;;)
        ;
}

void guest_flush(void)
{
}

bool args_is(const char *key, const char *value)
{
    (void)key;
    (void)value;
    return false;
}

/* --- Vcpus */

void guest_boot(void)
{
    struct guest_vcpu *v = guest_vcpu();

    v->id = world_self();
    guest_env.nr_vcpus = WORLD_VCPUS;
    guest_env.shared = world_shared_info();
    v->info = &guest_env.shared->vcpu_info[v->id];
    if (v->id == 0) {
        guest_env.heap_start = (uintptr_t)state_arena + WORLD_CORE_PAGES * STATE_PAGE;
        guest_env.heap_end = (uintptr_t)state_arena + sizeof(state_arena);
        evt_init();
    }
    v->affinity = evt.affinity[v->id];
}

void guest_grow(evtchn_port_t limit)
{
    evt_resize(limit);
    evt_resize(GUEST_PORTS_2LEVEL);
}

void guest_drain(void)
{
    while (guest_vcpu()->info->evtchn_upcall_pending)
        evt_upcall();
}

void guest_handler(evtchn_port_t port, void *arg)
{
    struct world_watch *w = arg;

    w->handled++;
    w->last_handled = explore.depth;
    story_note("handles an event of port %u", port);
}
