/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/reference/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options options;
struct report *report;

static void require_sound(void)
{
    const char *why = fake_check();
    if (why)
        world_fail("an invariant is broken: %s", why);
}

/* --- Domains. */

/* Of eight lines the domain may not have one, one is in use, and one does not exist. */
static void set_lines(unsigned domain)
{
    static const int errors[8] = {[5] = -XEN_EINVAL, [6] = -XEN_EPERM, [7] = -XEN_EBUSY};
    for (unsigned i = 0; i < REF_PIRQS; i++) {
        int error = ref.domain[domain].pirq_error[i] = errors[i % 8];
        fake.domain[domain].pirq[i].forbidden = error == -XEN_EPERM;
        fake.domain[domain].pirq[i].refuses = error == -XEN_EPERM ? 0 : error;
    }
}

static bool create(unsigned domain, const struct evt_config *config)
{
    if (!fake_create(config))
        return false;
    if (!fake.domain[domain].evt)
        world_fail("a domain was not created where the last one was");
    ref_create(&ref.domain[domain], config);
    set_lines(domain);
    guest_forget(domain);
    return true;
}

void world_begin(const struct evt_config config[REF_DOMAINS])
{
    fake_begin();
    ref_begin(FAKE_GUEST_BASE);
    seam_scribble(0, 0);
    for (unsigned i = 0; i < REF_DOMAINS; i++) {
        if (!create(i, &config[i]))
            world_fail("a domain was not created");
    }
    compare_note_pages();
}

void world_end(void)
{
    compare_everything();
    seam_scribble(0, 0);
    fake_end();
}

enum port_state world_port_state(unsigned domain, uint32_t port)
{
    const struct evt_port *p = evt_port_get(fake.domain[domain].evt, port);
    if (!p)
        return PORT_INVALID;
    if (port == 0)
        return PORT_RESERVED;
    return p->state & EVT_XEN_ATTACHED ? PORT_XEN : (enum port_state)p->state;
}

/* --- Hypercalls. */

static void put(uint64_t address, const void *data, size_t n)
{
    uint64_t at = address - FAKE_GUEST_BASE;
    if (at >= FAKE_GUEST_SIZE)
        return;
    n = n < FAKE_GUEST_SIZE - at ? n : FAKE_GUEST_SIZE - at;
    memcpy(fake.guest + at, data, n);
    memcpy(ref.arguments + at, data, n);
}

static uint64_t list_entry(uint32_t list, unsigned i)
{
    uint64_t frame = (list & 0xff) + i;
    if (i != (list >> 8 & 0xff))
        return frame;
    switch (list >> 16) {
    case LIST_TWIN:
        return list & 0xff;
    case LIST_NO_FRAME:
        return REF_FRAMES + i;
    case LIST_BEYOND_32_BITS:
        return frame | 1ULL << 32;
    default:
        return frame;
    }
}

/* Both lists for both word sizes: of n entries each. */
static void put_lists(const struct step *s)
{
    unsigned n = (s->flags & STEP_NARROW ? s->arg[0] >> 32 : s->arg[1]) == 1 ? 1 : 8;
    for (unsigned i = 0; i < 2 * n; i++) {
        uint64_t frame = list_entry(s->list, i);
        unsigned size = s->flags & STEP_NARROW ? 4 : 8;
        put(FAKE_GUEST_BASE + LISTS_AT + i / n * 1024 + i % n * size, &frame, size);
    }
}

static void put_arguments(const struct step *s)
{
    put_lists(s);
    put(s->address, s->arg, sizeof(s->arg));
}

static bool is_reset(const struct step *s)
{
    return s->cmd == EVTCHNOP_reset || s->cmd == EVTCHNOP_reset_cont;
}

static int64_t real_call(const struct step *s, uint32_t cmd)
{
    report->calls++;
    return evt_hypercall(fake.domain[s->domain].evt, cmd, s->address, s->flags & STEP_NARROW);
}

/* Until it is done: a reset goes on as its continuation, anything else that met a busy CPU is tried again. */
static int64_t real_call_to_the_end(const struct step *s)
{
    int64_t rc = real_call(s, s->cmd);
    while (rc == -XEN_ERESTART && !options.hostile) {
        if (!(s->flags & (STEP_BUSY | STEP_YIELD)))
            world_fail("an operation wants to be restarted, but nothing is in its way");
        if (!is_reset(s))
            compare_after_step(); /* nothing has changed */
        fake.quiesce_busy = false;
        rc = real_call(s, is_reset(s) ? EVTCHNOP_reset_cont : s->cmd);
    }
    return rc;
}

/* Depth of steps within a step: what other CPUs do while one waits. */
static unsigned nested;
struct step *(*world_next)(void);

/* All but waiting, and taking a domain away in whose middle somebody is. */
static void other_cpu(void)
{
    nested++;
    for (unsigned i = 0; i < 6; i++) {
        struct step *s = world_next();
        if (s && s->kind != STEP_NEW)
            world_step(s);
        fake.quiesce_busy = true;
    }
    nested--;
}

static void set_surroundings(const struct step *s, long nth)
{
    fake.fail_alloc = s->flags & STEP_EACH_ALLOC ? fake.allocs + nth : 0;
    fake.fail_map = s->flags & STEP_EACH_MAP ? fake.maps + nth : 0;
    fake.quiesce_busy = nested || s->flags & STEP_BUSY;
    fake.on_quiesce = s->flags & STEP_OTHER_CPU && !nested ? other_cpu : NULL;
    fake.yield = s->flags & STEP_YIELD;
    fake.no_copy_out = ref.no_copy_out = s->flags & STEP_NO_COPY_OUT ? s->address + step_out_at(s) : 0;
}

static int64_t one_call(const struct step *s, long nth)
{
    seam_nr_touched = ref.nr_touches = 0;
    put_arguments(s);
    set_surroundings(s, nth);
    int64_t rc = real_call_to_the_end(s);
    ref.oom = fake.fail_alloc && fake.allocs >= fake.fail_alloc;
    ref.no_map = fake.fail_map && fake.maps >= fake.fail_map;
    fake.fail_alloc = fake.fail_map = 0;
    if (options.hostile)
        return rc;
    int64_t model = ref_hypercall(&ref.domain[s->domain], s->cmd, s->address, s->flags & STEP_NARROW);
    if (rc != model)
        world_fail("the result is %lld, the model says %lld", (long long)rc, (long long)model);
    compare_after_step();
    return rc;
}

/* The domain that the first two bytes of the argument name, as far as there is one. */
static unsigned step_target(const struct step *s)
{
    uint16_t domid = (uint16_t)s->arg[0];
    return domid < REF_DOMAINS ? domid : s->domain;
}

/* With the n-th allocation (or mapping) failing, for every n, and at last without a failure. */
static int64_t call(const struct step *s)
{
    for (long nth = 1;; nth++) {
        int64_t rc = one_call(s, nth);
        report->result[step_row(s)][rc < 0 ? -rc : 0]++;
        if (!ref.oom && !ref.no_map)
            return rc;
        if (!nested)
            require_sound();
    }
}

static int64_t step_call(const struct step *s)
{
    int64_t rc = call(s);
    if (rc == 0 && is_reset(s))
        guest_forget(step_target(s));
    return rc;
}

/* --- The other kinds of steps. */

static int64_t step_virq(const struct step *s)
{
    evt_raise_virq(fake.domain[s->domain].evt, (unsigned)s->arg[0], (uint32_t)s->arg[1]);
    if (!options.hostile)
        ref_raise_virq(&ref.domain[s->domain], (unsigned)s->arg[0], (uint32_t)s->arg[1]);
    return 0;
}

static int64_t step_pirq(const struct step *s)
{
    evt_raise_pirq(fake.domain[s->domain].evt, (uint32_t)s->arg[0]);
    if (!options.hostile)
        ref_raise_pirq(&ref.domain[s->domain], (uint32_t)s->arg[0]);
    return 0;
}

static int64_t step_attach(const struct step *s)
{
    uint32_t port = 0, model = 0;
    int rc = evt_attach(fake.domain[s->domain].evt, (uint16_t)s->arg[0], (unsigned)s->arg[1], &port);
    if (options.hostile)
        return rc;
    int64_t expected = ref_attach(&ref.domain[s->domain], (uint16_t)s->arg[0], (unsigned)s->arg[1], &model);
    if (rc != expected || (rc == 0 && port != model))
        world_fail("attaching gives %d and port %u, the model says %d and %u", rc, port, (int)expected, model);
    return rc;
}

static int64_t step_notify(const struct step *s)
{
    evt_notify_attached(fake.domain[s->domain].evt, (uint32_t)s->arg[0]);
    if (!options.hostile)
        ref_notify_attached(&ref.domain[s->domain], (uint32_t)s->arg[0]);
    return 0;
}

static int64_t step_detach(const struct step *s)
{
    evt_detach(fake.domain[s->domain].evt, (uint32_t)s->arg[0]);
    if (!options.hostile)
        ref_detach(&ref.domain[s->domain], (uint32_t)s->arg[0]);
    return 0;
}

static int64_t step_poll(const struct step *s)
{
    int rc = evt_port_is_pending(fake.domain[s->domain].evt, (uint32_t)s->arg[0]);
    if (!options.hostile && rc != ref_port_is_pending(&ref.domain[s->domain], (uint32_t)s->arg[0]))
        world_fail("poll says %d, the model does not", rc);
    return rc < 0 ? rc : 0;
}

static int64_t step_latch(const struct step *s)
{
    evt_latch_word_size(fake.domain[s->domain].evt, (unsigned)s->arg[0]);
    ref_latch_word_size(&ref.domain[s->domain], (unsigned)s->arg[0]);
    return 0;
}

/* A slot in shared_info, one in the page of vcpu_infos, or none. */
static int64_t step_vcpu_info(const struct step *s)
{
    unsigned vcpu = (unsigned)s->arg[0];
    unsigned page = s->arg[1] == 1 ? REF_SHARED_INFO : REF_LATE_INFO;
    struct ref_place to = {.set = s->arg[1] != 0, .page = (uint16_t)page, .offset = (uint16_t)(64 * vcpu)};
    evt_set_vcpu_info(fake.domain[s->domain].evt, vcpu, to.set ? world_page(s->domain, page) + to.offset : NULL);
    if (!options.hostile)
        ref_set_vcpu_info(&ref.domain[s->domain], vcpu, to);
    return 0;
}

static int64_t step_guest(const struct step *s)
{
    guest_act(s->domain, s->arg);
    return 0;
}

static int64_t step_frame(const struct step *s)
{
    fake.domain[s->domain].readonly[s->arg[0]] = ref.domain[s->domain].readonly[s->arg[0]] = s->arg[1];
    return 0;
}

static int64_t step_pause(const struct step *s)
{
    fake.domain[s->domain].paused = ref.domain[s->domain].paused = s->arg[0];
    return 0;
}

/* Its peers are unbound by its death. The new one is tried with every allocation failing. */
static int64_t step_new(const struct step *s)
{
    struct evt_config config = script_config(s->domain, s->arg[0]);
    seam_scribble(0, 0);
    fake_destroy(&fake.domain[s->domain]);
    if (!options.hostile)
        ref_destroy(&ref.domain[s->domain]);
    for (long nth = 1;; nth++) {
        fake.fail_alloc = s->flags & STEP_EACH_ALLOC ? fake.allocs + nth : 0;
        bool created = create(s->domain, &config);
        fake.fail_alloc = 0;
        if (created)
            break;
    }
    compare_note_pages();
    return 0;
}

/* Open many ports; the invariants are looked at when they all are. */
static int64_t step_fill(const struct step *s)
{
    struct step one = {.kind = STEP_CALL, .domain = s->domain, .cmd = EVTCHNOP_bind_ipi, .address = FAKE_GUEST_BASE};
    one.flags = s->flags;
    for (uint64_t i = 0; i < s->arg[0] && call(&one) == 0; i++)
        ;
    return 0;
}

static int64_t (*const steps[NR_STEP_KINDS])(const struct step *s) = {
    [STEP_CALL] = step_call,     [STEP_VIRQ] = step_virq,     [STEP_PIRQ] = step_pirq,
    [STEP_ATTACH] = step_attach, [STEP_NOTIFY] = step_notify, [STEP_DETACH] = step_detach,
    [STEP_POLL] = step_poll,     [STEP_LATCH] = step_latch,   [STEP_VCPU_INFO] = step_vcpu_info,
    [STEP_GUEST] = step_guest,   [STEP_FRAME] = step_frame,   [STEP_PAUSE] = step_pause,
    [STEP_NEW] = step_new,       [STEP_FILL] = step_fill,
};

static void count(const struct step *s)
{
    unsigned domain;
    uint32_t port = step_port(s, &domain);
    if (port == UINT32_MAX)
        return;
    const struct evt_ops *ops = fake.domain[domain].evt->ops;
    enum ref_abi abi = ops->levels == 1 ? REF_FIFO : ops->levels == 2 ? REF_2LEVEL : REF_3LEVEL;
    report->by_state[step_row(s)][world_port_state(domain, port)][abi]++;
}

void world_step(struct step *s)
{
    count(s);
    seam_nr_touched = ref.nr_touches = 0;
    if (options.hostile)
        seam_scribble(8, s->noise);
    if (options.trace)
        step_tell(s);
    int64_t rc = steps[s->kind](s);
    seam_scribble(0, 0);
    if (s->kind != STEP_CALL && step_is_operation(step_row(s))) {
        report->calls++;
        report->result[step_row(s)][rc < 0 ? -rc : 0]++;
    }
    if (options.trace)
        step_tell_result(rc);
    if (!options.hostile && s->kind != STEP_CALL)
        compare_after_step();
    if (!nested)
        require_sound();
    report->steps++;
}
