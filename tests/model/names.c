/* SPDX-License-Identifier: MIT */
/* Addresses in the words of the field. */
#include <stdio.h>
#include <string.h>

#include "tests/model/env_model.h"
#include "tests/model/machine.h"
#include "tests/model/scenario.h"
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

static bool name_shared(char *name, const struct evt_domain *d, unsigned domain, uintptr_t at)
{
    static const char *const formats[] = {
        /* whose, vcpu, index */
        [EVT_WORD_UPCALL] = "%1$svcpu %2$u's upcall flag",
        [EVT_WORD_SELECTOR] = "%1$svcpu %2$u's selector",
        [EVT_WORD_L1] = "%1$svcpu %2$u's L1 selector",
        [EVT_WORD_L2] = "%1$sword %3$u of vcpu %2$u's L2 selector",
        [EVT_WORD_PENDING] = "%1$spending word %3$u",
        [EVT_WORD_MASK] = "%1$smask word %3$u",
        [EVT_WORD_EVENT] = "%1$sevent word of port %3$u",
        [EVT_WORD_READY] = "%1$svcpu %2$u's ready word",
        [EVT_WORD_HEAD] = "%1$svcpu %2$u's head of queue %3$u",
    };
    struct evt_word word;

    if (in(at, d->shared_info, 2048) && at % 64 == 1)
        snprintf(name, STORY_NAME, "%svcpu %lu's upcall mask", whose(domain), (at - (uintptr_t)d->shared_info) / 64);
    else if (!evt_describe_word(d, (const void *)at, &word))
        return false;
    else
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(name, STORY_NAME, formats[word.kind], whose(domain), word.vcpu, word.index);
#pragma GCC diagnostic pop
    return true;
}

static bool is_event_word(const struct evt_domain *d, uintptr_t at)
{
    struct evt_word word;
    bool running = machine.running;

    machine.running = false;
    bool is = evt_describe_word(d, (const void *)at, &word) && word.kind == EVT_WORD_EVENT;
    machine.running = running;
    return is;
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
    else if (in(at, &env.pirq_lock, 4))
        snprintf(name, STORY_NAME, "the lock of the interrupt lines");
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

static bool name_poll(char *name, uintptr_t at)
{
    const char *word = kernel_poll_word((const void *)at);

    if (word)
        snprintf(name, STORY_NAME, "%s", word);
    return word;
}

static void find_name(char *name, uintptr_t at, unsigned size)
{
    snprintf(name, STORY_NAME, "%u bytes at page %lu + %lu", size, (at - (uintptr_t)state_arena) / STATE_PAGE,
             at % STATE_PAGE);
    if (name_env(name, at) || name_poll(name, at))
        return;
    for (unsigned i = 0; i < ENV_DOMAINS; i++) {
        const struct evt_domain *d = env.domain[i].evt;
        if (!d)
            return;
        if (name_field(name, d, i, at) || name_shared(name, d, i, at) || name_port(name, d, i, at) ||
            name_queue(name, d, i, at) || name_pointer(name, d, i, at))
            return;
    }
}

/* The core is asked; what it looks at for that is no step. */
void story_name(char *name, uintptr_t at, unsigned size)
{
    bool running = machine.running;

    machine.running = false;
    find_name(name, at, size);
    machine.running = running;
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
    snprintf(text, STORY_NAME, value < 10 ? "%lu" : "0x%lx", value);
    if (value > UINT32_MAX)
        for (unsigned i = 0; i < 5; i++)
            if (value == (uintptr_t)ops[i])
                snprintf(text, STORY_NAME, "%s", ops[i]->name);
    for (unsigned i = 0; i < ENV_DOMAINS; i++)
        if (size == 4 && is_event_word(env.domain[i].evt, at))
            name_word(text, (uint32_t)value);
}
