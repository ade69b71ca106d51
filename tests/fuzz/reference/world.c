/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/reference/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(REF_PIRQS == FAKE_PIRQS && REF_FRAMES == FAKE_FRAMES && REF_ARGUMENTS == FAKE_GUEST_SIZE,
               "both have the same memory");

struct options options;
struct report *report;

void world_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs(options.trace ? "\n  difference: " : "difference: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
    va_end(args);
    abort();
}

/* --- Memory. */

static uint8_t *pages[REF_DOMAINS * REF_PAGES];

/* From the address of a page to its number in pages: open addressing. */
#define SLOTS 2048U
static struct {
    const uint8_t *page;
    unsigned number;
} slots[SLOTS];

static unsigned slot_of(const uint8_t *page)
{
    unsigned slot = (unsigned)((uint64_t)(uintptr_t)page * 0x9e3779b97f4a7c15ULL >> 53);
    while (slots[slot].page && slots[slot].page != page)
        slot = (slot + 1) % SLOTS;
    return slot;
}

static void note_pages(void)
{
    memset(slots, 0, sizeof(slots));
    for (unsigned i = 0; i < REF_DOMAINS * REF_PAGES; i++) {
        const struct fake_domain *f = &fake.domain[i / REF_PAGES];
        unsigned page = i % REF_PAGES;
        pages[i] = page < REF_FRAMES ? f->frames[page] : page == REF_SHARED_INFO ? f->shared_info : f->late_info;
        unsigned slot = slot_of(pages[i]);
        slots[slot].page = pages[i];
        slots[slot].number = i;
    }
    seam_set_pages(pages, REF_DOMAINS * REF_PAGES);
}

const uint8_t *world_memory(unsigned domain, unsigned page)
{
    return pages[domain * REF_PAGES + page];
}

void world_poke(unsigned domain, unsigned page, unsigned offset, const void *data, unsigned n)
{
    memcpy(pages[domain * REF_PAGES + page] + offset, data, n);
    if (!options.hostile)
        memcpy(&ref.domain[domain].memory[page][offset], data, n);
}

static const char *page_name(unsigned page)
{
    static char name[24];
    snprintf(name, sizeof(name), "frame %u", page);
    return page == REF_SHARED_INFO ? "shared_info" : page == REF_LATE_INFO ? "the page of vcpu_infos" : name;
}

static void compare_memory(unsigned domain, unsigned page, unsigned offset, unsigned n)
{
    const uint8_t *real = world_memory(domain, page), *model = ref.domain[domain].memory[page];
    if (!memcmp(real + offset, model + offset, n))
        return;
    while (real[offset] == model[offset])
        offset++;
    uint32_t word[2];
    memcpy(&word[0], real + (offset & ~3U), 4);
    memcpy(&word[1], model + (offset & ~3U), 4);
    world_fail("domain %u: %s + %u is 0x%08x, the model says 0x%08x", domain, page_name(page), offset & ~3U, word[0],
               word[1]);
}

static void compare_touched(void)
{
    for (unsigned i = 0; i < seam_nr_touched; i++) {
        uintptr_t at = (uintptr_t)seam_touched[i];
        unsigned slot = slot_of((const uint8_t *)seam_touched[i] - at % 4096);
        if (!slots[slot].page)
            world_fail("the core touches memory that no guest shares");
        compare_memory(slots[slot].number / REF_PAGES, slots[slot].number % REF_PAGES, at % 4096 & ~63U, 64);
    }
    for (unsigned i = 0; i < ref.nr_touches; i++)
        compare_memory(ref.touch[i].domain, ref.touch[i].page, ref.touch[i].offset, 64);
}

static void compare_all_memory(void)
{
    for (unsigned i = 0; i < REF_DOMAINS * REF_PAGES; i++)
        compare_memory(i / REF_PAGES, i % REF_PAGES, 0, 4096);
}

/* --- What the host saw, and what a debugger sees. */

static void compare_number(unsigned domain, const char *what, uint64_t real, uint64_t model)
{
    if (real != model)
        world_fail("domain %u: %s: %llu, the model says %llu", domain, what, (unsigned long long)real,
                   (unsigned long long)model);
}

static void compare_signals(unsigned domain)
{
    const struct fake_domain *f = &fake.domain[domain];
    const struct ref_domain *r = &ref.domain[domain];
    for (unsigned i = 0; i < r->config.nr_vcpus; i++)
        compare_number(domain, "kicks of a vcpu", f->kicks[i], r->kicks[i]);
    compare_number(domain, "wakes of pollers", f->wakes, r->wakes);
    compare_number(domain, "the port of the last wake", f->last_wake, r->last_wake);
    compare_number(domain, "wakes of all pollers", f->wake_alls, r->wake_alls);
    compare_number(domain, "events for the hypervisor", f->consumed, r->consumed);
    compare_number(domain, "the port of the last of these", f->consumed_port, r->last_consumed);
    compare_number(domain, "the vcpu of the last of these", f->consumed_vcpu, r->last_consumed_vcpu);
    compare_number(domain, "events", evt_events(f->evt), r->events);
    compare_number(domain, "dropped events", evt_dropped(f->evt), r->dropped);
}

static void compare_port(unsigned domain, uint32_t port, const struct evt_port_view *v)
{
    struct ref_domain *r = &ref.domain[domain];
    const struct ref_port *p = &r->port[port];
    compare_number(domain, "status of a port", v->status, p->status);
    compare_number(domain, "notify vcpu of a port", v->vcpu, p->vcpu);
    compare_number(domain, "port is pending", v->pending, ref_is_pending(r, port));
    compare_number(domain, "port is masked", v->masked, ref_is_masked(r, port));
    if (p->status == EVTCHNSTAT_unbound || p->status == EVTCHNSTAT_interdomain)
        compare_number(domain, "peer of a port", v->peer_domid, p->peer_domid);
    if (p->status == EVTCHNSTAT_interdomain)
        compare_number(domain, "peer of a port", v->peer_port, p->peer_port);
    if (p->status == EVTCHNSTAT_virq)
        compare_number(domain, "virq of a port", v->virq, p->virq);
    if (p->status == EVTCHNSTAT_pirq)
        compare_number(domain, "pirq of a port", v->pirq, p->pirq);
}

/* Which lines the host has given to the domain, how, and where they fire. */
static void compare_lines(unsigned domain)
{
    for (uint32_t i = 0; i < REF_PIRQS; i++) {
        const struct fake_pirq *line = &fake.domain[domain].pirq[i];
        const struct ref_port *p = ref_bound_pirq(&ref.domain[domain], i);
        compare_number(domain, "a line is bound", line->bound, p != NULL);
        compare_number(domain, "a line may fire", line->live, p != NULL);
        if (!p)
            continue;
        compare_number(domain, "a line is shared", line->share, p->share);
        compare_number(domain, "vcpu of a line", line->vcpu, p->vcpu);
    }
}

static void compare_ports(unsigned domain)
{
    const struct ref_domain *r = &ref.domain[domain];
    struct evt_domain *d = fake.domain[domain].evt;
    struct evt_port_view v;
    uint32_t port = 1;
    for (; port < r->valid; port++) {
        if (r->port[port].status == EVTCHNSTAT_closed)
            continue;
        bool any = evt_view_port(d, port, &v);
        compare_number(domain, "the next open port", any ? v.port : 0, port);
        compare_port(domain, port, &v);
    }
    compare_number(domain, "open ports", evt_open_ports(d), ref_open_ports(r));
    compare_number(domain, "word size", evt_word_size(d), r->abi == REF_FIFO ? r->latched : r->w);
    static const char *const names[] = {"2-level", "3-level", "FIFO"};
    if (strcmp(names[r->abi], evt_abi_name(d)) != 0)
        world_fail("domain %u: ABI is %s, the model says %s", domain, evt_abi_name(d), names[r->abi]);
}

void world_compare(void)
{
    if (options.hostile)
        return;
    compare_all_memory();
    for (unsigned i = 0; i < REF_DOMAINS; i++) {
        compare_ports(i);
        compare_lines(i);
    }
}

static void compare_after_step(void)
{
    if (memcmp(fake.guest, ref.arguments, FAKE_GUEST_SIZE) != 0)
        world_fail("the arguments differ after the operation");
    if (options.strict || seam_nr_touched == SEAM_TOUCHES || ref.nr_touches == REF_TOUCHES)
        compare_all_memory();
    else
        compare_touched();
    for (unsigned i = 0; i < REF_DOMAINS; i++)
        compare_signals(i);
    if (options.strict)
        world_compare();
}

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
    note_pages();
}

void world_end(void)
{
    world_compare();
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
    evt_set_vcpu_info(fake.domain[s->domain].evt, vcpu,
                      to.set ? pages[s->domain * REF_PAGES + page] + to.offset : NULL);
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
    note_pages();
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
    if (s->kind > STEP_FILL) {
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
