/* SPDX-License-Identifier: MIT */
/* Addresses in the words of the field. */
#include <stdio.h>
#include <string.h>

#include "tests/model/env_model.h"
#include "tests/model/state.h"
#include "tests/model/story.h"

/* A place: where it is, how long, and what it is called; in the name, %u is the index of the element. */
static bool in(uintptr_t at, const void *base, size_t size)
{
    return base && at - (uintptr_t)base < size;
}

static const char *whose(unsigned domain)
{
    return domain == 0 ? "" : "the peer's ";
}

/* --- What the guest shares */

static bool name_vcpu(char *name, const struct evt_domain *d, unsigned domain, uintptr_t at)
{
    static const char *const queue_words[] = {"ready", "reserved"};

    for (unsigned i = 0; i < d->nr_vcpus; i++) {
        const struct evt_vcpu *v = evt_vcpu_of(d, i);
        unsigned offset = (unsigned)(at - (uintptr_t)v->info);
        if (in(at, v->info, 16))
            snprintf(name, STORY_NAME, "%svcpu %u's %s", whose(domain), i,
                     offset == 0  ? "upcall flag"
                     : offset < 8 ? "upcall mask"
                                  : "selector (L1)");
        else if (in(at, v->l2, 512))
            snprintf(name, STORY_NAME, "%svcpu %u's L2 word %lu", whose(domain), i, (at - (uintptr_t)v->l2) / 8);
        else if (in(at, v->control, 8))
            snprintf(name, STORY_NAME, "%svcpu %u's %s word", whose(domain), i,
                     queue_words[(at - (uintptr_t)v->control) / 4]);
        else if (in(at, v->control, sizeof(struct evtchn_fifo_control_block)))
            snprintf(name, STORY_NAME, "%svcpu %u's head of queue %lu", whose(domain), i,
                     (at - (uintptr_t)v->control) / 4 - 2);
        else
            continue;
        return true;
    }
    return false;
}

static bool name_bitmap(char *name, const struct evt_domain *d, unsigned domain, uintptr_t at)
{
    const char *of = whose(domain);
    const uint8_t *old = d->shared_info + 2048;

    for (unsigned i = 0; i < EVT_3LEVEL_PAGES; i++) {
        if (in(at, d->pending[i], 4096))
            snprintf(name, STORY_NAME, "%sL3 pending word %lu", of, i * 512 + (at - (uintptr_t)d->pending[i]) / 8);
        else if (in(at, d->mask[i], 4096))
            snprintf(name, STORY_NAME, "%sL3 mask word %lu", of, i * 512 + (at - (uintptr_t)d->mask[i]) / 8);
        else
            continue;
        return true;
    }
    if (in(at, old, 512))
        snprintf(name, STORY_NAME, "%spending word %lu", of, (at - (uintptr_t)old) / 8);
    else if (in(at, old + 512, 512))
        snprintf(name, STORY_NAME, "%smask word %lu", of, (at - (uintptr_t)old) / 8 - 64);
    else if (in(at, d->shared_info, 2048))
        snprintf(name, STORY_NAME, "%sold vcpu_info of vcpu %lu, byte %lu", of, (at - (uintptr_t)d->shared_info) / 64,
                 (at - (uintptr_t)d->shared_info) % 64);
    else
        return false;
    return true;
}

static bool is_fifo_word(const struct evt_domain *d, uintptr_t at, uint32_t *port)
{
    for (uint32_t i = 0; i < EVT_ARRAY_PAGES; i++)
        if (in(at, d->words[i], 4096)) {
            *port = (uint32_t)(i * 1024 + (at - (uintptr_t)d->words[i]) / 4);
            return true;
        }
    return false;
}

/* --- The core's own */

#define FIELD(field)                                                                                \
    {                                                                                               \
        offsetof(struct evt_domain, field), sizeof(((struct evt_domain *)0)->field), "`" #field "`" \
    }

static const struct field {
    size_t at, size;
    const char *name;
} fields[] = {
    FIELD(ops),        FIELD(shared_info),  FIELD(pending), FIELD(mask),        FIELD(vcpus),    FIELD(tables),
    FIELD(nr_valid),   FIELD(nr_backed),    FIELD(queues),  FIELD(nr_words),    FIELD(words),    FIELD(lock),
    FIELD(dying),      FIELD(latched_bits), FIELD(busy),    FIELD(moving_from), FIELD(nr_known), FIELD(reset_next),
    FIELD(open_ports), FIELD(xen_ports),    FIELD(pages),   FIELD(taken),
};

static bool name_field(char *name, const struct evt_domain *d, unsigned domain, uintptr_t at)
{
    for (unsigned i = 0; in(at, d, sizeof(*d)) && i < sizeof(fields) / sizeof(*fields); i++) {
        if (at - (uintptr_t)d - fields[i].at >= fields[i].size)
            continue;
        snprintf(name, STORY_NAME, "%s%s of the domain", whose(domain), fields[i].name);
        return true;
    }
    return false;
}

static bool name_port(char *name, const struct evt_domain *d, unsigned domain, uintptr_t at)
{
    for (uint32_t port = 0; port < d->nr_backed; port += EVT_PORTS_PER_PAGE) {
        const struct evt_port *page = evt_port_of(d, port);
        if (!in(at, page, 4096))
            continue;
        size_t offset = (at - (uintptr_t)page) % 16;
        snprintf(name, STORY_NAME, "%sport %lu's %s", whose(domain), port + (at - (uintptr_t)page) / 16,
                 offset < 8     ? "peer"
                 : offset < 12  ? "lock"
                 : offset == 12 ? "state"
                 : offset == 13 ? "vcpu"
                                : "FIFO word of its own");
        return true;
    }
    return false;
}

static bool name_queue(char *name, const struct evt_domain *d, unsigned domain, uintptr_t at)
{
    if (!in(at, d->queues[0], 4096))
        return false;
    size_t offset = at - (uintptr_t)d->queues[0];
    snprintf(name, STORY_NAME, "%s%s of queue %lu of vcpu %lu", whose(domain), offset % 8 < 4 ? "lock" : "tail",
             offset / 8 % 16, offset / 128);
    return true;
}

static bool name_pointer(char *name, const struct evt_domain *d, unsigned domain, uintptr_t at)
{
    for (unsigned i = 0; i < d->nr_vcpus; i++) {
        const struct evt_vcpu *v = evt_vcpu_of(d, i);
        if (!in(at, v, sizeof(*v)))
            continue;
        size_t offset = at - (uintptr_t)v;
        snprintf(name, STORY_NAME, "%spointer to vcpu %u's %s", whose(domain), i,
                 offset < 8    ? "vcpu_info"
                 : offset < 16 ? "L2 selector"
                 : offset < 24 ? "control block"
                               : "virqs");
        return true;
    }
    return false;
}

static bool name_env(char *name, uintptr_t at)
{
    if (in(at, env.presence, 8))
        snprintf(name, STORY_NAME, "who is in the hypervisor");
    else if (in(at, &env.token, 8))
        snprintf(name, STORY_NAME, "the token of those who wait for all CPUs");
    else if (in(at, env.domain, sizeof(env.domain)))
        for (unsigned i = 0; i < ENV_DOMAINS; i++) {
            if (in(at, &env.domain[i].polls, 8))
                snprintf(name, STORY_NAME, "%sset of vcpus that poll", whose(i));
            for (unsigned v = 0; v < WORLD_VCPUS; v++)
                if (in(at, &env.domain[i].vcpu[v], sizeof(env.domain[i].vcpu[v])))
                    snprintf(name, STORY_NAME, "%swhat vcpu %u sleeps for", whose(i), v);
        }
    else
        return false;
    return true;
}

void story_name(char *name, uintptr_t at, unsigned size)
{
    uint32_t port;

    snprintf(name, STORY_NAME, "%u bytes at page %lu + %lu", size, (at - (uintptr_t)state_arena) / STATE_PAGE,
             at % STATE_PAGE);
    if (name_env(name, at))
        return;
    for (unsigned i = 0; i < ENV_DOMAINS; i++) {
        const struct evt_domain *d = env.domain[i].evt;
        if (is_fifo_word(d, at, &port)) {
            snprintf(name, STORY_NAME, "%sevent word of port %u", whose(i), port);
            return;
        }
        if (name_field(name, d, i, at) || name_vcpu(name, d, i, at) || name_bitmap(name, d, i, at) ||
            name_port(name, d, i, at) || name_queue(name, d, i, at) || name_pointer(name, d, i, at))
            return;
    }
}

/* --- Values */

static void name_word(char *text, uint32_t word)
{
    static const struct {
        unsigned bit;
        const char *name;
    } bits[] = {
        {EVTCHN_FIFO_PENDING, "PENDING "},
        {EVTCHN_FIFO_MASKED, "MASKED "},
        {EVTCHN_FIFO_LINKED, "LINKED "},
        {EVTCHN_FIFO_BUSY, "BUSY "},
    };

    text[0] = 0;
    for (unsigned i = 0; i < 4; i++)
        if (word >> bits[i].bit & 1)
            strcat(text, bits[i].name);
    snprintf(text + strlen(text), STORY_NAME - strlen(text), "LINK %u", word & EVTCHN_FIFO_LINK_MASK);
}

void story_value(char *text, uintptr_t at, unsigned size, uint64_t value)
{
    static const struct evt_ops *const ops[] = {&evt_2level_ops64, &evt_2level_ops32, &evt_3level_ops64,
                                                &evt_3level_ops32, &evt_fifo_ops};
    uint32_t port;

    snprintf(text, STORY_NAME, value < 10 ? "%lu" : "0x%lx", value);
    if (value > UINT32_MAX)
        for (unsigned i = 0; i < 5; i++)
            if (value == (uintptr_t)ops[i])
                snprintf(text, STORY_NAME, "%s", ops[i]->name);
    for (unsigned i = 0; i < ENV_DOMAINS; i++)
        if (size == 4 && is_fifo_word(env.domain[i].evt, at, &port))
            name_word(text, (uint32_t)value);
}
