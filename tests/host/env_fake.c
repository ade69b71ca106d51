/* SPDX-License-Identifier: MIT */
#include "tests/host/env_fake.h"

#include <assert.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_env fake;

static void *page_alloc(void)
{
    void *page = aligned_alloc(4096, 4096);
    assert(page);
    memset(page, 0, 4096);
    return page;
}

/* The contract does not hold: no test can go on from there. */
static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "env_fake: %s\n", what);
    abort();
}

/* Guest frames come and go with every world: kept, because a fuzzer makes many worlds. The core's pages are not. */
static void *kept[FAKE_DOMAINS * (FAKE_FRAMES + 2)];
static unsigned nr_kept;

static void *frame_alloc(void)
{
    return nr_kept ? memset(kept[--nr_kept], 0, 4096) : page_alloc();
}

static void frame_free(void *frame)
{
    require(nr_kept < sizeof(kept) / sizeof(kept[0]), "too many frames");
    kept[nr_kept++] = frame;
}

static struct fake_domain *of(const struct evt_domain *evt)
{
    return evt_owner(evt);
}

/* --- evtchn/env.h */

static bool guest_range(uint64_t addr, size_t n)
{
    return addr >= FAKE_GUEST_BASE && n <= FAKE_GUEST_SIZE && addr - FAKE_GUEST_BASE <= FAKE_GUEST_SIZE - n;
}

int env_copy_in(void *dst, uint64_t guest_addr, size_t n)
{
    require(fake.nr_held == 0, "copy in under a lock");
    if (!guest_range(guest_addr, n))
        return -XEN_EFAULT;
    memcpy(dst, fake.guest + (guest_addr - FAKE_GUEST_BASE), n);
    return 0;
}

int env_copy_out(uint64_t guest_addr, const void *src, size_t n)
{
    require(fake.nr_held == 0, "copy out under a lock");
    if (!guest_range(guest_addr, n) || fake.no_copy_out - guest_addr < n)
        return -XEN_EFAULT;
    memcpy(fake.guest + (guest_addr - FAKE_GUEST_BASE), src, n);
    return 0;
}

static void count(long *counter, long n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

void *env_alloc_page(void)
{
    if (__atomic_add_fetch(&fake.allocs, 1, __ATOMIC_RELAXED) == fake.fail_alloc)
        return NULL;
    count(&fake.pages, 1);
    return page_alloc();
}

void env_free_page(void *page)
{
    count(&fake.pages, -1);
    free(page);
}

void *env_map_frame(struct evt_domain *d, uint64_t frame)
{
    struct fake_domain *f = of(d);
    require(fake.nr_held == 0, "a frame is mapped under a lock");
    void (*other)(void) = fake.on_map;
    fake.on_map = NULL;
    if (other)
        other();
    if (++fake.maps == fake.fail_map || frame >= FAKE_FRAMES || f->readonly[frame])
        return NULL;
    f->refs[frame]++;
    return f->frames[frame];
}

void env_unmap_frame(struct evt_domain *d, void *mapped)
{
    struct fake_domain *f = of(d);
    require(fake.nr_held == 0, "a frame is unmapped under a lock");
    for (unsigned i = 0; i < FAKE_FRAMES; i++) {
        if (f->frames[i] == mapped) {
            require(f->refs[i]-- > 0, "a frame is unmapped too often");
            return;
        }
    }
    require(false, "something is unmapped that was never mapped");
}

void env_kick(struct evt_domain *d, unsigned vcpu)
{
    __atomic_fetch_add(&of(d)->kicks[vcpu], 1, __ATOMIC_RELAXED);
    if (fake.on_kick)
        fake.on_kick(of(d), vcpu);
}

void env_wake_pollers(struct evt_domain *d, uint32_t port)
{
    __atomic_fetch_add(&of(d)->wakes, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&of(d)->last_wake, port, __ATOMIC_RELAXED);
}

void env_wake_all_pollers(struct evt_domain *d)
{
    of(d)->wake_alls++;
}

struct evt_domain *env_get_domain(uint16_t domid)
{
    require(fake.nr_held == 0, "a domain is looked up under a lock");
    for (unsigned i = 0; i < FAKE_DOMAINS; i++) {
        struct fake_domain *f = &fake.domain[i];
        if (f->evt && f->domid == domid) {
            __atomic_fetch_add(&f->handles, 1, __ATOMIC_RELAXED);
            return f->evt;
        }
    }
    return NULL;
}

void env_put_domain(struct evt_domain *d)
{
    require(fake.nr_held == 0, "a reference is dropped under a lock");
    require(__atomic_fetch_sub(&of(d)->handles, 1, __ATOMIC_RELAXED) > 0, "a reference is dropped twice");
}

bool env_pirq_permitted(struct evt_domain *d, uint32_t pirq)
{
    require(fake.nr_held == 0, "permission for a pirq is asked for under a lock");
    return !of(d)->pirq[pirq].forbidden;
}

static struct fake_pirq *line_of(const struct evt_domain *d, uint32_t pirq)
{
    require(fake.threaded || (fake.nr_held == 1 && fake.held[0] == &d->lock), "a pirq is touched without its domain");
    return &of(d)->pirq[pirq];
}

int env_pirq_bind(struct evt_domain *d, uint32_t pirq, bool share)
{
    struct fake_pirq *line = line_of(d, pirq);
    require(!line->bound, "a pirq is bound twice");
    if (line->refuses)
        return line->refuses;
    line->bound = true;
    line->share = share;
    return 0;
}

void env_pirq_notifies(struct evt_domain *d, uint32_t pirq, unsigned vcpu)
{
    struct fake_pirq *line = line_of(d, pirq);
    require(line->bound, "a pirq moves that is not bound");
    line->live = true;
    line->vcpu = vcpu;
    line->moves++;
}

void env_pirq_unbind(struct evt_domain *d, uint32_t pirq)
{
    struct fake_pirq *line = line_of(d, pirq);
    require(line->bound, "a pirq is given back that was not bound");
    line->bound = line->live = false;
    line->closes++;
}

bool env_is_paused_by_controller(struct evt_domain *target)
{
    return of(target)->paused;
}

static bool is_domain_lock(const uint32_t *lock)
{
    for (unsigned i = 0; i < FAKE_DOMAINS; i++) {
        if (fake.domain[i].evt && lock == &fake.domain[i].evt->lock)
            return true;
    }
    return false;
}

static bool is_queue_lock(const uint32_t *lock)
{
    for (unsigned i = 0; i < FAKE_DOMAINS * EVT_QUEUE_PAGES; i++) {
        const struct evt_domain *d = fake.domain[i / EVT_QUEUE_PAGES].evt;
        const struct evt_queue *page = d ? d->queues[i % EVT_QUEUE_PAGES] : NULL;
        if (page && (uintptr_t)lock - (uintptr_t)page < EVT_PAGE_SIZE)
            return true;
    }
    return false;
}

/* Another CPU holds no locks of this one's. */
static void let_another_cpu_run(void)
{
    void (*other)(void) = fake.on_lock;
    unsigned held = fake.nr_held;
    const uint32_t *locks[8];
    if (!other || fake.locks_before--)
        return;
    memcpy(locks, fake.held, sizeof(locks));
    fake.on_lock = NULL;
    fake.nr_held = 0;
    fake.other_cpus++;
    other();
    fake.other_cpus--;
    require(fake.nr_held == 0, "another CPU keeps a lock");
    memcpy(fake.held, locks, sizeof(locks));
    fake.nr_held = held;
}

/* The order that evtchn/core.h states. */
void env_lock(uint32_t *lock)
{
    let_another_cpu_run();
    if (fake.threaded) {
        while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
            sched_yield();
        return;
    }
    require(*lock == 0, "a lock is taken twice");
    unsigned kind = is_domain_lock(lock) ? FAKE_LOCK_DOMAIN : is_queue_lock(lock) ? FAKE_LOCK_QUEUE : FAKE_LOCK_PORT;
    if (fake.nr_held) {
        const uint32_t *last = fake.held[fake.nr_held - 1];
        require(kind != FAKE_LOCK_DOMAIN, "a domain's lock is taken under another lock");
        require(!is_queue_lock(last), "a lock is taken under a queue's lock");
        require(is_domain_lock(last) || kind == FAKE_LOCK_QUEUE || last < lock,
                "port locks are taken in descending order");
    }
    require(fake.nr_held < 4, "too many locks");
    fake.locks[kind]++;
    *lock = 1;
    fake.held[fake.nr_held++] = lock;
}

void env_unlock(uint32_t *lock)
{
    require(__atomic_load_n(lock, __ATOMIC_RELAXED) == 1, "a lock is freed that is not held");
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
    if (fake.threaded)
        return;
    unsigned i = 0;
    while (fake.held[i] != lock)
        i++;
    for (fake.nr_held--; i < fake.nr_held; i++)
        fake.held[i] = fake.held[i + 1];
}

bool env_should_yield(void)
{
    fake.yields++;
    return fake.yield;
}

bool env_quiesce_begin(void)
{
    require(fake.nr_held == 0 && !fake.in_quiesce, "waiting begins under a lock or twice");
    if (fake.quiesce_busy)
        return false;
    fake.in_quiesce = true;
    return true;
}

/* Other CPUs may do anything meanwhile, but not wait themselves. */
void env_quiesce_wait(void)
{
    require(fake.nr_held == 0 && fake.in_quiesce, "waiting under a lock, or without a begin");
    fake.quiesces++;
    void (*other)(void) = fake.on_quiesce;
    fake.on_quiesce = NULL;
    if (!other)
        return;
    fake.in_quiesce = false;
    fake.quiesce_busy = true;
    fake.other_cpus++;
    other();
    fake.other_cpus--;
    fake.quiesce_busy = false;
    fake.in_quiesce = true;
}

void env_quiesce_end(void)
{
    require(fake.in_quiesce, "an end without a begin");
    fake.in_quiesce = false;
}

/* --- The world. */

void fake_begin(void)
{
    memset(&fake, 0, sizeof(fake));
    fake.guest = calloc(1, FAKE_GUEST_SIZE);
}

void fake_end(void)
{
    fake.on_quiesce = NULL; /* the other CPUs are gone */
    for (unsigned i = 0; i < FAKE_DOMAINS; i++) {
        if (fake.domain[i].evt)
            fake_destroy(&fake.domain[i]);
    }
    require(fake.pages == 0, "the core lost pages");
    free(fake.guest);
}

struct evt_config fake_config(uint16_t domid)
{
    return (struct evt_config){
        .domid = domid,
        .nr_vcpus = 4,
        .max_port = UINT32_MAX,
        .nr_pirqs = FAKE_PIRQS,
        .extended = EVTCHN_EXTENDED_3LEVEL | EVTCHN_EXTENDED_FIFO,
        .privileged = domid == 0,
    };
}

static void consume(void *owner, uint32_t port, unsigned vcpu)
{
    struct fake_domain *f = owner;
    __atomic_fetch_add(&f->consumed, 1, __ATOMIC_RELAXED);
    f->consumed_port = port;
    f->consumed_vcpu = vcpu;
}

struct fake_domain *fake_create(const struct evt_config *config)
{
    struct fake_domain *f = fake.domain;
    while (f->evt)
        f++;
    struct evt_config c = *config;
    c.owner = f;
    c.consume = consume;
    memset(f, 0, sizeof(*f));
    f->evt = evt_domain_create(&c);
    if (!f->evt)
        return NULL;
    f->domid = c.domid;
    f->shared_info = frame_alloc();
    f->late_info = frame_alloc();
    for (unsigned i = 0; i < FAKE_FRAMES; i++)
        f->frames[i] = frame_alloc();
    evt_set_shared_info(f->evt, f->shared_info);
    for (unsigned i = 0; i < c.nr_vcpus && i < XEN_LEGACY_MAX_VCPUS; i++)
        evt_set_vcpu_info(f->evt, i, f->shared_info + 64 * i);
    return f;
}

struct fake_domain *fake_domain(uint16_t domid)
{
    struct evt_config c = fake_config(domid);
    struct fake_domain *f = fake_create(&c);
    require(f != NULL, "no domain");
    return f;
}

void fake_destroy(struct fake_domain *d)
{
    int rc;
    evt_domain_set_dying(d->evt);
    fake.quiesce_busy = false;
    do
        rc = evt_domain_close_ports(d->evt);
    while (rc == -XEN_ERESTART);
    require(rc == 0, "ports cannot be closed");
    require(d->evt->open_ports == 0, "ports are left");
    evt_domain_destroy(d->evt);
    d->evt = NULL;
    require(d->handles == 0, "a reference to a domain was lost");
    for (unsigned i = 0; i < FAKE_PIRQS; i++)
        require(!d->pirq[i].bound, "a pirq was never given back");
    for (unsigned i = 0; i < FAKE_FRAMES; i++) {
        require(d->refs[i] == 0, "a frame is still mapped");
        frame_free(d->frames[i]);
    }
    frame_free(d->shared_info);
    frame_free(d->late_info);
}

/* After every operation of every test; a domain of more than 256 ports now and then, the more of them the rarer. */
static bool is_due(const struct evt_domain *d)
{
    static uint32_t put_off;

    if (d->nr_known > 256 && ++put_off < d->nr_known / 16)
        return false;
    if (d->nr_known > 256)
        put_off = 0;
    return true;
}

static void require_sound(void)
{
    for (unsigned i = 0; i < FAKE_DOMAINS && !fake.threaded && !fake.other_cpus; i++) {
        struct evt_domain *d = fake.domain[i].evt;
        if (d && is_due(d))
            require(!evt_check(d), evt_check(d));
    }
}

void fake_attach_xen(struct fake_domain *d, uint32_t port)
{
    d->evt->xen_ports++;
    evt_port_of(d->evt, port)->state |= EVT_XEN_ATTACHED;
}

static int64_t call(struct fake_domain *d, uint32_t cmd, void *arg, size_t n, bool narrow)
{
    memcpy(fake.guest, arg, n);
    int64_t rc = evt_hypercall(d->evt, cmd, FAKE_GUEST_BASE, narrow);
    memcpy(arg, fake.guest, n);
    require(fake.nr_held == 0, "an operation ended under a lock");
    require_sound();
    return rc;
}

int64_t fake_op(struct fake_domain *d, uint32_t cmd, void *arg, size_t n)
{
    return call(d, cmd, arg, n, false);
}

int64_t fake_op32(struct fake_domain *d, uint32_t cmd, void *arg, size_t n)
{
    return call(d, cmd, arg, n, true);
}

uint64_t fake_put(uint32_t offset, const void *data, size_t n)
{
    memcpy(fake.guest + offset, data, n);
    return FAKE_GUEST_BASE + offset;
}

static uint64_t mix(uint64_t hash, const void *data, size_t n)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
    return hash;
}

/* Whole pages, which are many. */
static uint64_t mix_page(uint64_t hash, const void *page)
{
    const uint64_t *words = page;
    for (unsigned i = 0; i < 512; i++)
        hash = (hash ^ words[i]) * 0x100000001b3ULL;
    return hash;
}

/* A port that was never used is like one that has no memory yet. */
static uint64_t mix_port(uint64_t hash, uint32_t port, const struct evt_port *p)
{
    static const struct evt_port never;
    if (memcmp(p, &never, sizeof(never)) == 0)
        return hash;
    return mix(mix(hash, &port, sizeof(port)), p, sizeof(*p));
}

static uint64_t mix_domain(uint64_t hash, const struct fake_domain *f)
{
    const struct evt_domain *d = f->evt;
    hash = mix_page(hash, f->shared_info);
    hash = mix_page(hash, f->late_info);
    for (unsigned i = 0; i < FAKE_FRAMES; i++)
        hash = mix_page(hash, f->frames[i]);
    hash = mix(hash, f->refs, sizeof(f->refs));
    hash = mix(hash, f->kicks, sizeof(f->kicks));
    hash = mix(hash, &f->wakes, sizeof(f->wakes));
    hash = mix(hash, &f->wake_alls, sizeof(f->wake_alls));
    for (uint32_t port = 0; port < d->nr_backed; port++)
        hash = mix_port(hash, port, evt_port_of(d, port));
    for (unsigned i = 0; i < d->nr_vcpus; i++)
        hash = mix(hash, evt_vcpu_of(d, i), sizeof(struct evt_vcpu));
    hash = mix(hash, f->pirq, sizeof(f->pirq));
    hash = mix(hash, &f->consumed, sizeof(f->consumed));
    hash = mix(hash, &d->ops, sizeof(d->ops));
    hash = mix(hash, &d->nr_words, sizeof(d->nr_words));
    hash = mix(hash, &d->dropped, sizeof(d->dropped));
    for (unsigned i = 0; i < EVT_QUEUE_PAGES; i++)
        hash = d->queues[i] ? mix(hash, d->queues[i], EVT_PAGE_SIZE) : hash;
    hash = mix(hash, &d->busy, sizeof(d->busy));
    hash = mix(hash, &d->open_ports, sizeof(d->open_ports));
    return hash;
}

uint64_t fake_snapshot(void)
{
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (unsigned i = 0; i < FAKE_DOMAINS; i++) {
        if (fake.domain[i].evt)
            hash = mix_domain(hash, &fake.domain[i]);
    }
    return hash;
}

const char *fake_check(void)
{
    for (unsigned i = 0; i < FAKE_DOMAINS; i++) {
        const char *why = fake.domain[i].evt ? evt_check(fake.domain[i].evt) : NULL;
        if (why)
            return why;
    }
    return NULL;
}

/* --- Short forms. */

int64_t op_alloc_unbound(struct fake_domain *d, uint16_t dom, uint16_t remote_dom)
{
    struct evtchn_alloc_unbound a = {.dom = dom, .remote_dom = remote_dom};
    int64_t rc = fake_op(d, EVTCHNOP_alloc_unbound, &a, sizeof(a));
    return rc ? rc : a.port;
}

int64_t op_bind_interdomain(struct fake_domain *d, uint16_t remote_dom, uint32_t remote_port)
{
    struct evtchn_bind_interdomain a = {.remote_dom = remote_dom, .remote_port = remote_port};
    int64_t rc = fake_op(d, EVTCHNOP_bind_interdomain, &a, sizeof(a));
    return rc ? rc : a.local_port;
}

int64_t op_bind_virq(struct fake_domain *d, uint32_t virq, uint32_t vcpu)
{
    struct evtchn_bind_virq a = {.virq = virq, .vcpu = vcpu};
    int64_t rc = fake_op(d, EVTCHNOP_bind_virq, &a, sizeof(a));
    return rc ? rc : a.port;
}

int64_t op_bind_ipi(struct fake_domain *d, uint32_t vcpu)
{
    struct evtchn_bind_ipi a = {.vcpu = vcpu};
    int64_t rc = fake_op(d, EVTCHNOP_bind_ipi, &a, sizeof(a));
    return rc ? rc : a.port;
}

int64_t op_bind_pirq(struct fake_domain *d, uint32_t pirq, uint32_t flags)
{
    struct evtchn_bind_pirq a = {.pirq = pirq, .flags = flags};
    int64_t rc = fake_op(d, EVTCHNOP_bind_pirq, &a, sizeof(a));
    return rc ? rc : a.port;
}

int64_t op_bind_vcpu(struct fake_domain *d, uint32_t port, uint32_t vcpu)
{
    struct evtchn_bind_vcpu a = {.port = port, .vcpu = vcpu};
    return fake_op(d, EVTCHNOP_bind_vcpu, &a, sizeof(a));
}

int64_t op_close(struct fake_domain *d, uint32_t port)
{
    return fake_op(d, EVTCHNOP_close, &port, sizeof(port));
}

int64_t op_send(struct fake_domain *d, uint32_t port)
{
    return fake_op(d, EVTCHNOP_send, &port, sizeof(port));
}

int64_t op_unmask(struct fake_domain *d, uint32_t port)
{
    return fake_op(d, EVTCHNOP_unmask, &port, sizeof(port));
}

int64_t op_reset(struct fake_domain *d, uint16_t dom)
{
    return fake_op(d, EVTCHNOP_reset, &dom, sizeof(dom));
}

int64_t op_status(struct fake_domain *d, uint16_t dom, uint32_t port, struct evtchn_status *out)
{
    memset(out, 0, sizeof(*out));
    out->dom = dom;
    out->port = port;
    return fake_op(d, EVTCHNOP_status, out, sizeof(*out));
}

int64_t op_register64(struct fake_domain *d, uint64_t first, bool ones)
{
    uint64_t frames[16];
    for (unsigned i = 0; i < 16; i++) {
        frames[i] = first + i;
        if (ones && first + 16 <= FAKE_FRAMES)
            memset(d->frames[first + i], i < 8 ? 0 : 0xff, 4096);
    }
    struct evtchn_register_3level64 a = {.cmd = REGISTER_BITMAPS, .u.bitmaps.nr_pages = 8};
    a.u.bitmaps.evtchn_pending = fake_put(1024, frames, 64);
    a.u.bitmaps.evtchn_mask = fake_put(2048, frames + 8, 64);
    return fake_op(d, EVTCHNOP_register_3level, &a, sizeof(a));
}

int64_t op_register32(struct fake_domain *d, uint32_t first, bool ones)
{
    if (ones) {
        memset(d->frames[first], 0, 4096);
        memset(d->frames[first + 1], 0xff, 4096);
    }
    uint32_t frames[2] = {first, first + 1};
    struct evtchn_register_3level32 a = {.cmd = REGISTER_BITMAPS, .u.bitmaps.nr_pages = 1};
    a.u.bitmaps.evtchn_pending = (uint32_t)fake_put(1024, frames, 4);
    a.u.bitmaps.evtchn_mask = (uint32_t)fake_put(2048, frames + 1, 4);
    return fake_op32(d, EVTCHNOP_register_3level, &a, sizeof(a));
}

int64_t op_init_control(struct fake_domain *d, uint32_t vcpu, uint64_t frame, uint32_t offset)
{
    struct evtchn_init_control a = {.control_gfn = frame, .offset = offset, .vcpu = vcpu};
    return fake_op(d, EVTCHNOP_init_control, &a, sizeof(a));
}

int64_t op_expand_array(struct fake_domain *d, uint64_t frame)
{
    return fake_op(d, EVTCHNOP_expand_array, &frame, sizeof(frame));
}

int64_t op_set_priority(struct fake_domain *d, uint32_t port, uint32_t priority)
{
    struct evtchn_set_priority a = {.port = port, .priority = priority};
    return fake_op(d, EVTCHNOP_set_priority, &a, sizeof(a));
}

int64_t op_register_l2(struct fake_domain *d, uint32_t vcpu, uint64_t frame, uint64_t offset)
{
    struct evtchn_register_3level64 a = {.cmd = REGISTER_L2_SELECTOR};
    a.u.l2_selector.vcpu = vcpu;
    a.u.l2_selector.frame = frame;
    a.u.l2_selector.offset = offset;
    return fake_op(d, EVTCHNOP_register_3level, &a, sizeof(a));
}

int64_t op_register_l2_32(struct fake_domain *d, uint32_t vcpu, uint32_t frame, uint32_t offset)
{
    struct evtchn_register_3level32 a = {.cmd = REGISTER_L2_SELECTOR};
    a.u.l2_selector.vcpu = vcpu;
    a.u.l2_selector.frame = frame;
    a.u.l2_selector.offset = offset;
    return fake_op32(d, EVTCHNOP_register_3level, &a, sizeof(a));
}

/* --- The guest's words. */

uint8_t *guest_vcpu_info(struct fake_domain *d, unsigned vcpu)
{
    return evt_vcpu_of(d->evt, vcpu)->info;
}

uint64_t *guest_pending64(struct fake_domain *d)
{
    return (uint64_t *)(void *)(d->shared_info + 2048);
}

uint64_t *guest_mask64(struct fake_domain *d)
{
    return (uint64_t *)(void *)(d->shared_info + 2560);
}

uint64_t *guest_sel64(struct fake_domain *d, unsigned vcpu)
{
    return (uint64_t *)(void *)(guest_vcpu_info(d, vcpu) + 8);
}

uint32_t *guest_pending32(struct fake_domain *d)
{
    return (uint32_t *)(void *)(d->shared_info + 2048);
}

uint32_t *guest_mask32(struct fake_domain *d)
{
    return (uint32_t *)(void *)(d->shared_info + 2176);
}

uint32_t *guest_sel32(struct fake_domain *d, unsigned vcpu)
{
    return (uint32_t *)(void *)(guest_vcpu_info(d, vcpu) + 4);
}

uint8_t *guest_upcall(struct fake_domain *d, unsigned vcpu)
{
    return guest_vcpu_info(d, vcpu);
}

void guest_ack(struct fake_domain *d, unsigned vcpu)
{
    memset(guest_vcpu_info(d, vcpu), 0, 16);
    d->kicks[vcpu] = 0;
}

bool guest_frame_bit(struct fake_domain *d, unsigned first, uint32_t bit)
{
    return d->frames[first + (bit >> 15)][(bit & 32767) / 8] >> (bit % 8) & 1;
}

void guest_set_frame_bit(struct fake_domain *d, unsigned first, uint32_t bit, bool value)
{
    uint8_t *byte = &d->frames[first + (bit >> 15)][(bit & 32767) / 8];
    *byte = (uint8_t)((*byte & ~(1 << (bit % 8))) | value << (bit % 8));
}
