/* SPDX-License-Identifier: MIT */
/*
 * evtchn/env.h for the model. What the core may rely on is made as weak as the contract allows: env_quiesce_wait waits
 * for the calls that are running, and for nothing else.
 */
#include "tests/model/env_model.h"

#include <string.h>

#include "tests/model/machine.h"
#include "tests/model/state.h"
#include "tests/model/world.h"

struct env_state env MODEL_STATE = {.nr_free = 0};

bool access_is_counter(const void *p);

bool access_is_counter(const void *p)
{
    for (unsigned i = 0; i < ENV_DOMAINS; i++)
        if (env.domain[i].evt && (p == &env.domain[i].evt->events || p == &env.domain[i].evt->dropped))
            return true;
    return false;
}

static void no_locks(const char *what)
{
    if (env.nr_held[machine.current])
        machine_fail("%s under a lock", what);
}

/* --- Memory */

int env_copy_in(void *dst, uint64_t guest_addr, size_t n)
{
    no_locks("copy in");
    memcpy(dst, (const void *)(uintptr_t)guest_addr, n);
    return 0;
}

int env_copy_out(uint64_t guest_addr, const void *src, size_t n)
{
    no_locks("copy out");
    memcpy((void *)(uintptr_t)guest_addr, src, n);
    return 0;
}

void *env_alloc_page(void)
{
    unsigned page = env.nr_free ? env.free_pages[--env.nr_free] : env.next_page++;

    if (page >= WORLD_CORE_PAGES)
        return NULL;
    void *p = state_arena + (size_t)page * STATE_PAGE;
    state_touch(p, STATE_PAGE);
    return memset(p, 0, STATE_PAGE);
}

void env_free_page(void *page)
{
    env.free_pages[env.nr_free++] = (uint16_t)(((uintptr_t)page - (uintptr_t)state_arena) / STATE_PAGE);
}

/* Frame number n of any domain is page n of the arena. */
void *env_map_frame(struct evt_domain *d, uint64_t frame)
{
    (void)d;
    no_locks("a frame is mapped");
    if (frame < WORLD_CORE_PAGES || frame >= STATE_PAGES)
        return NULL;
    env.refs[frame]++;
    return state_arena + frame * STATE_PAGE;
}

void env_unmap_frame(struct evt_domain *d, void *mapped)
{
    (void)d;
    no_locks("a frame is unmapped");
    uintptr_t frame = ((uintptr_t)mapped - (uintptr_t)state_arena) / STATE_PAGE;
    if (env.refs[frame] == 0)
        machine_fail("frame %lu is unmapped too often", (unsigned long)frame);
    env.refs[frame]--;
}

struct evt_domain *env_get_domain(uint16_t domid)
{
    no_locks("a domain is looked up");
    for (unsigned i = 0; i < ENV_DOMAINS; i++)
        if (env.domain[i].domid == domid)
            return env.domain[i].evt;
    return NULL;
}

void env_put_domain(struct evt_domain *d)
{
    (void)d;
}

bool env_is_paused_by_controller(struct evt_domain *target)
{
    (void)target;
    return false;
}

bool env_should_yield(void)
{
    return false;
}

/* --- Locks: never two threads, never twice, never out of order (a cycle would be seen as threads that wait for ever)
 */

void env_lock(uint32_t *lock)
{
    unsigned t = machine.current, n = env.nr_held[t];

    for (unsigned i = 0; i < n; i++)
        if (env.held[t][i] == lock)
            machine_fail("a thread takes a lock that it holds");
    if (n == 4)
        machine_fail("more than four locks are held");
    machine_lock(lock);
    env.held[t][env.nr_held[t]++] = lock;
}

void env_unlock(uint32_t *lock)
{
    unsigned t = machine.current, i = 0, n = env.nr_held[t];

    while (i < n && env.held[t][i] != lock)
        i++;
    if (i == n)
        machine_fail("a lock is freed that is not held");
    env.held[t][i] = env.held[t][n - 1];
    env.nr_held[t]--;
    machine_unlock(lock);
}

/* --- Physical interrupts: one lock of the host's own around all that is known of a line */

bool env_pirq_permitted(struct evt_domain *d, uint32_t pirq)
{
    (void)d;
    (void)pirq;
    no_locks("a permission is asked for");
    return true;
}

static void set_line(bool bound)
{
    machine_lock(&env.pirq_lock);
    env.pirq_bound = bound;
    machine_unlock(&env.pirq_lock);
}

int env_pirq_bind(struct evt_domain *d, uint32_t pirq, bool share)
{
    (void)d;
    (void)pirq;
    (void)share;
    set_line(true);
    return 0;
}

void env_pirq_notifies(struct evt_domain *d, uint32_t pirq, unsigned vcpu)
{
    (void)d;
    (void)pirq;
    (void)vcpu;
    set_line(true);
}

void env_pirq_unbind(struct evt_domain *d, uint32_t pirq)
{
    (void)d;
    (void)pirq;
    set_line(false);
}

void env_fire(uint32_t pirq)
{
    machine_lock(&env.pirq_lock);
    if (env.pirq_bound)
        evt_raise_pirq(env.domain[0].evt, pirq);
    machine_unlock(&env.pirq_lock);
}

/* --- Who is in the core */

uint64_t env_presence(void)
{
    uint64_t presence;
    memcpy(&presence, env.presence, sizeof(presence));
    return presence;
}

static uint8_t byte_of(uint64_t presence, unsigned thread)
{
    return (uint8_t)(presence >> (8 * thread));
}

/* Between two calls the processor returns to the guest and comes back, which no store outlives in a buffer. */
void env_enter(void)
{
    uint8_t *mine = &env.presence[machine.current];

    if (!machine.running)
        return;
    if (*mine)
        machine_fence();
    machine_write(mine, 1, *mine + 1U);
}

void env_leave(void)
{
    uint8_t *mine = &env.presence[machine.current];

    no_locks("a call ended");
    if (!machine.running)
        return;
    machine_store(mine, 1, *mine + 1U, false);
}

bool env_quiesce_begin(void)
{
    no_locks("waiting begins");
    return !machine_update(&env.token, 8, VERB_EXCHANGE, 1);
}

/* Has each of the calls that ran then (in step->expected) ended? */
static bool all_left(const struct step *step)
{
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        uint8_t then = byte_of(step->expected, t);
        if (then % 2 && byte_of(env_presence(), t) == then)
            return false;
    }
    return true;
}

void env_quiesce_wait(void)
{
    no_locks("waiting for the others");
    machine_fence();
    uint64_t own = 0xFFULL << (8 * machine.current);
    uint64_t then = machine_load(env.presence, 8) & ~own;
    machine_await(env.presence, 8, all_left, then);
}

void env_quiesce_end(void)
{
    machine_store(&env.token, 8, 0, false);
}

/* Has any thread left or come since, or is nobody there? expected has the thread's own byte cleared. */
static bool someone_left(const struct step *step)
{
    bool inside = false;

    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        uint8_t then = byte_of(step->expected, t), now = byte_of(env_presence(), t);
        if (!then)
            continue;
        if (then != now)
            return true;
        inside |= now % 2;
    }
    return !inside;
}

void env_wait_for_others(uint64_t since)
{
    machine_await(env.presence, 8, someone_left, since & ~(0xFFULL << (8 * machine.current)));
}

/* --- Sleep. As the contract says: what counts as polling is declared before the ports are looked at. */

static struct env_domain *domain_of(const struct evt_domain *d)
{
    return evt_owner(d);
}

static void end_wait(struct env_vcpu *v)
{
    (void)machine_update(&v->waits_for, 8, VERB_EXCHANGE, WAITS_NOT);
}

static void wake_pollers(struct env_domain *d, uint32_t port)
{
    uint64_t polls = machine_load(&d->polls, 8);

    for (unsigned i = 0; i < WORLD_VCPUS; i++) {
        if (!(polls >> i & 1))
            continue;
        uint64_t waits_for = machine_load(&d->vcpu[i].waits_for, 8);
        if (waits_for == port || waits_for == WAITS_ANY || (port == WAITS_ANY && waits_for < WAITS_BLOCK))
            end_wait(&d->vcpu[i]);
    }
}

void env_wake_pollers(struct evt_domain *d, uint32_t port)
{
    wake_pollers(domain_of(d), port);
}

void env_wake_all_pollers(struct evt_domain *d)
{
    wake_pollers(domain_of(d), WAITS_ANY);
}

void env_kick(struct evt_domain *d, unsigned vcpu)
{
    struct env_vcpu *v = &domain_of(d)->vcpu[vcpu];

    v->kicks++;
    if (machine_load(&v->waits_for, 8) != WAITS_NOT)
        end_wait(v);
}

static bool has_ended(const struct step *step)
{
    (void)step;
    return *(const uint64_t *)step->at == WAITS_NOT;
}

/* Events that the vcpu would take at once. */
static bool deliverable(const struct env_domain *d, unsigned vcpu)
{
    const uint8_t *info = evt_vcpu_of(d->evt, vcpu)->info;
    return machine_load(info, 1) && !machine_load(info + 1, 1);
}

static int any_pending(const struct env_domain *d, const uint32_t *port, unsigned n)
{
    int rc = 0;

    for (unsigned i = 0; i < n && !rc; i++) {
        env_enter();
        rc = evt_port_is_pending(d->evt, port[i]);
        env_leave();
    }
    return rc;
}

int env_poll(struct env_domain *d, unsigned vcpu, const uint32_t *port, unsigned n)
{
    struct env_vcpu *v = &d->vcpu[vcpu];
    uint64_t mine = 1ULL << vcpu, any = WAITS_ANY;

    (void)machine_update(&v->waits_for, 8, VERB_EXCHANGE, WAITS_ANY);
    (void)machine_update(&d->polls, 8, VERB_OR, mine);
    int rc = deliverable(d, vcpu) ? 1 : any_pending(d, port, n);
    if (rc) {
        end_wait(v);
    } else {
        if (n == 1)
            (void)machine_cas(&v->waits_for, 8, &any, port[0]);
        machine_await(&v->waits_for, 8, has_ended, 0);
    }
    (void)machine_update(&d->polls, 8, VERB_AND, ~mine);
    return rc < 0 ? rc : 0;
}

void env_block(struct env_domain *d, unsigned vcpu)
{
    struct env_vcpu *v = &d->vcpu[vcpu];

    (void)machine_update(&v->waits_for, 8, VERB_EXCHANGE, WAITS_BLOCK);
    if (deliverable(d, vcpu))
        end_wait(v);
    else
        machine_await(&v->waits_for, 8, has_ended, 0);
}
