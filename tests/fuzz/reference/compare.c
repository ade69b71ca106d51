/* SPDX-License-Identifier: MIT */
/* Both memories, and what the host and a debugger see of both sides: equal, or the run ends. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/reference/world.h"

_Static_assert(REF_PIRQS == FAKE_PIRQS && REF_FRAMES == FAKE_FRAMES && REF_ARGUMENTS == FAKE_GUEST_SIZE,
               "both have the same memory");

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

void compare_note_pages(void)
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

uint8_t *world_page(unsigned domain, unsigned page)
{
    return pages[domain * REF_PAGES + page];
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

void compare_everything(void)
{
    if (options.hostile)
        return;
    compare_all_memory();
    for (unsigned i = 0; i < REF_DOMAINS; i++) {
        compare_ports(i);
        compare_lines(i);
    }
}

void compare_after_step(void)
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
        compare_everything();
}
