/* SPDX-License-Identifier: MIT */
/*
 * Steps made up at random: mostly such as succeed, for which the state of the core is looked at, and now and then
 * anything at all. A step that needs a preparation (a page of the guest) puts itself behind it.
 */
#include "tests/fuzz/reference/script.h"

#include <string.h>

/* Steps that follow the one that was asked for. */
static struct step queue[32];
static unsigned queued;

void script_append(struct step s)
{
    if (queued < sizeof(queue) / sizeof(queue[0]))
        queue[queued++] = s;
}

void script_seed(uint64_t seed)
{
    chance_seed(seed);
    queued = 0;
}

void script_bytes(const uint8_t *data, size_t size)
{
    chance_bytes(data, size);
    queued = 0;
}

bool script_is_over(void)
{
    return chance_is_over() && !queued;
}

/* --- Domains. */

/* traits: 64 random bits, so that a script can name a domain in one number. */
struct evt_config script_config(unsigned domain, uint64_t traits)
{
    static const uint16_t vcpus[] = {1, 2, 2, 4, 4, 4, 6, 38};
    static const uint32_t max_port[] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, 300, 1500, 5000};
    static const uint64_t extended[] = {3, 3, 3, 3, 3, EVTCHN_EXTENDED_FIFO, EVTCHN_EXTENDED_3LEVEL, 0};
    return (struct evt_config){
        .domid = (uint16_t)domain,
        .nr_vcpus = vcpus[traits & 7],
        .max_port = traits & 7 << 6 ? max_port[traits >> 3 & 7] : (uint32_t)(traits >> 9 & 63),
        .nr_pirqs = traits >> 23 & 3 ? 24 : REF_PIRQS,
        .extended = extended[traits >> 16 & 7],
        .rfc_numbering = (traits >> 20 & 7) == 0,
        .privileged = domain == 0,
    };
}

void script_configs(struct evt_config config[REF_DOMAINS])
{
    for (unsigned i = 0; i < REF_DOMAINS; i++)
        config[i] = script_config(i, random32());
}

/* --- Other steps. */

static void virq(struct step *s)
{
    s->kind = STEP_VIRQ;
    s->arg[1] = below(26);
    s->arg[0] = s->arg[1] < NR_VIRQS && evt_virq_is_global((uint32_t)s->arg[1]) ? 0 : below(core(s->domain)->nr_vcpus);
}

static void pirq(struct step *s)
{
    s->kind = STEP_PIRQ;
    s->arg[0] = below(chance(95) ? 24 : 2000);
}

/* The hypervisor's own ends. */
static void attach(struct step *s)
{
    s->kind = STEP_ATTACH;
    s->arg[0] = chance(95) ? below(REF_DOMAINS) : 9;
    s->arg[1] = vcpu_of(s->domain);
}

static void notify(struct step *s)
{
    s->kind = STEP_NOTIFY;
    s->arg[0] = port_for(s->domain, BIT(PORT_XEN));
}

static void detach(struct step *s)
{
    s->kind = STEP_DETACH;
    s->arg[0] = port_for(s->domain, BIT(PORT_XEN));
}

static void poll(struct step *s)
{
    s->kind = STEP_POLL;
    s->arg[0] = port_for(s->domain, IN_USE);
}

static void latch(struct step *s)
{
    s->kind = STEP_LATCH;
    s->arg[0] = chance(60) ? 64 : 32;
}

static void vcpu_info(struct step *s)
{
    s->kind = STEP_VCPU_INFO;
    s->arg[0] = below(core(s->domain)->nr_vcpus);
    s->arg[1] = chance(10) ? 0 : s->arg[0] < 32 && chance(40) ? 1 : 2;
}

static void scan(struct step *s)
{
    *s = guest_step(s->domain, GUEST_SCAN, below(core(s->domain)->nr_vcpus), 1 + below(chance(50) ? 3 : 40));
}

static void mask(struct step *s)
{
    *s = guest_step(s->domain, GUEST_MASK, port_for(s->domain, IN_USE), 0);
    s->arg[2] = chance(60);
}

/* Where a guest may write anything and knows what it gets: bitmaps and selectors. Not words of FIFO. */
static void scribble(struct step *s)
{
    const struct evt_domain *d = core(s->domain);
    unsigned page = REF_SHARED_INFO, offset = 2048 + 8 * below(128);
    if (chance(30))
        offset = 64 * below(d->nr_vcpus < 32 ? d->nr_vcpus : 32) + 8;
    if (!is_fifo(s->domain) && chance(40)) {
        page = below(128);
        offset = chance(50) ? 8 * below(4) : 8 * below(512);
    }
    if (options.hostile) {
        page = below(REF_PAGES);
        offset = 8 * below(512);
    }
    *s = guest_step(s->domain, GUEST_WRITE, page, offset);
    s->arg[3] = chance(30) ? 0 : (uint64_t)random32() << 32 | random32();
}

static void frame(struct step *s)
{
    s->kind = STEP_FRAME;
    s->arg[0] = below(REF_FRAMES);
    s->arg[1] = chance(20);
}

static void pause(struct step *s)
{
    s->kind = STEP_PAUSE;
    s->arg[0] = chance(50);
}

static void new (struct step *s)
{
    s->kind = STEP_NEW;
    s->flags = chance(30) ? STEP_EACH_ALLOC : 0;
    s->arg[0] = random32();
}

static void fill(struct step *s)
{
    s->kind = STEP_FILL;
    s->flags = chance(50) ? STEP_EACH_ALLOC : 0;
    s->arg[0] = chance(97) || chance_is_from_bytes() ? 1 + below(100) : 1 + below(6000);
}

void script_step(struct step *s)
{
    static const struct {
        unsigned weight;
        void (*make)(struct step *s);
    } kinds[] = {
        {720, script_call}, {90, scan},  {40, mask}, {40, virq}, {30, pirq},     {12, attach},
        {12, notify},       {7, detach}, {50, poll}, {4, latch}, {8, vcpu_info}, {30, scribble},
        {4, frame},         {4, pause},  {1, new},   {1, fill},
    };
    if (queued) {
        *s = queue[0];
        memmove(queue, queue + 1, --queued * sizeof(queue[0]));
        return;
    }
    memset(s, 0, sizeof(*s));
    s->domain = (uint8_t)below(REF_DOMAINS);
    uint32_t r = below(1053);
    unsigned i = 0;
    while (r >= kinds[i].weight)
        r -= kinds[i++].weight;
    kinds[i].make(s);
    s->noise = random32();
}
