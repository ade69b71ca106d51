/* SPDX-License-Identifier: MIT */
/* Hypercalls made up at random: each operation has a function that fills in an argument. */
#include "tests/fuzz/reference/script.h"

#include <string.h>

/* --- Arguments. */

const struct evt_domain *core(unsigned domain)
{
    return fake.domain[domain].evt;
}

bool is_fifo(unsigned domain)
{
    return core(domain)->ops->levels == 1;
}

/* As port_for, but nothing else if it is there to be found. */
static uint32_t port_in(unsigned domain, unsigned states)
{
    static const uint32_t edge[] = {0, 63, 64, 255, 256, 1023, 1024, 4095, 4096, 32768, 131072, 262144, UINT32_MAX};
    uint32_t known = core(domain)->nr_known, open = core(domain)->open_ports, port = 0;
    if (chance(8))
        return edge[below(13)];
    for (unsigned i = 0; i < 16; i++) {
        port = below(i & 1 && open + 2 < known ? open + 2 : known);
        if (states & BIT(world_port_state(domain, port)))
            return port;
    }
    return port;
}

uint32_t port_for(unsigned domain, unsigned states)
{
    return chance(85) ? port_in(domain, states) : port_in(domain, BIT(below(NR_PORT_STATES)));
}

uint32_t vcpu_of(unsigned domain)
{
    return chance(4) ? below(200) : below(core(domain)->nr_vcpus);
}

static uint16_t domid_for(unsigned domain)
{
    static const uint16_t odd[] = {9, DOMID_IO, DOMID_SELF + 9, 0x7fef};
    if (chance(4))
        return odd[below(4)];
    return chance(75) ? (chance(50) ? DOMID_SELF : (uint16_t)domain) : (uint16_t)below(REF_DOMAINS);
}

static uint16_t target_for(unsigned domain)
{
    return chance(85) ? DOMID_SELF : domid_for(domain);
}

/* An unbound port somewhere that the domain may bind. */
static void find_offer(unsigned domain, uint16_t *domid, uint32_t *port)
{
    for (unsigned i = 0; i < 12; i++) {
        unsigned other = below(REF_DOMAINS);
        *domid = (uint16_t)other;
        *port = port_in(other, BIT(EVTCHNSTAT_unbound) | (chance(20) ? BIT(PORT_XEN) : 0));
        const struct evt_port *p = evt_port_get(core(other), *port);
        if (p && (p->state & ~EVT_XEN_ATTACHED) == EVTCHNSTAT_unbound && p->for_dom == domain)
            return;
    }
}

/* --- Operations: each fills in the argument. */

static void put(struct step *s, unsigned offset, const void *data, unsigned n)
{
    memcpy((uint8_t *)s->arg + offset, data, n);
}

static void put32(struct step *s, unsigned offset, uint32_t v)
{
    put(s, offset, &v, 4);
}

static void put16(struct step *s, unsigned offset, uint16_t v)
{
    put(s, offset, &v, 2);
}

static void bind_interdomain(struct step *s)
{
    uint16_t domid = domid_for(s->domain);
    uint32_t port = 0;
    if (chance(85))
        find_offer(s->domain, &domid, &port);
    else
        port = port_for(below(REF_DOMAINS), ~0U);
    put16(s, 0, domid);
    put32(s, 4, port);
}

static void bind_virq(struct step *s)
{
    uint32_t virq = chance(4) ? 20 + below(8) : below(NR_VIRQS);
    put32(s, 0, virq);
    put32(s, 4, chance(80) && evt_virq_is_global(virq % NR_VIRQS) ? 0 : vcpu_of(s->domain));
}

static void bind_pirq(struct step *s)
{
    put32(s, 0, below(chance(95) ? 24 : 100));
    put32(s, 4, below(4));
}

static void close_port(struct step *s)
{
    put32(s, 0, port_for(s->domain, IN_USE));
}

static void send(struct step *s)
{
    put32(s, 0, port_for(s->domain, BIT(EVTCHNSTAT_interdomain) | BIT(EVTCHNSTAT_ipi)));
}

static void status(struct step *s)
{
    uint16_t domid = target_for(s->domain);
    put16(s, 0, domid);
    put32(s, 4, port_for(domid < REF_DOMAINS ? domid : s->domain, ~0U));
}

static void alloc_unbound(struct step *s)
{
    put16(s, 0, target_for(s->domain));
    put16(s, 2, chance(90) ? (uint16_t)below(REF_DOMAINS) : domid_for(s->domain));
}

static void bind_ipi(struct step *s)
{
    put32(s, 0, vcpu_of(s->domain));
}

static void bind_vcpu(struct step *s)
{
    put32(s, 0,
          port_for(s->domain, BIT(EVTCHNSTAT_unbound) | BIT(EVTCHNSTAT_interdomain) | BIT(EVTCHNSTAT_pirq) |
                                  BIT(EVTCHNSTAT_virq)));
    put32(s, 4, vcpu_of(s->domain));
}

static void unmask(struct step *s)
{
    put32(s, 0, port_for(s->domain, IN_USE));
}

static void reset(struct step *s)
{
    put16(s, 0, target_for(s->domain));
    s->flags |= chance(30) ? STEP_YIELD : 0;
}

static void set_priority(struct step *s)
{
    put32(s, 0, port_for(s->domain, IN_USE));
    put32(s, 4, below(17));
}

/* The same place for a vcpu every time, so that well-behaved guests do not put two things into one. */
static uint32_t control_frame(uint32_t vcpu)
{
    return 128 + vcpu % 64 / 50;
}

struct step guest_step(unsigned domain, uint64_t act, uint64_t a, uint64_t b)
{
    return (struct step){.kind = STEP_GUEST, .domain = (uint8_t)domain, .arg = {act, a, b}};
}

static bool is_mapped(unsigned domain, uint32_t frame)
{
    return frame < FAKE_FRAMES && fake.domain[domain].refs[frame];
}

/* s has been filled in: it is done after `first`. */
static void after(struct step *s, struct step first)
{
    script_append(*s);
    *s = first;
}

static void init_control(struct step *s)
{
    uint32_t vcpu = vcpu_of(s->domain), frame = control_frame(vcpu), offset = vcpu % 50 * 80;
    bool odd = chance(10);
    uint64_t gfn = odd && chance(50) ? REF_FRAMES + below(5) : frame;
    put(s, 0, &gfn, 8);
    put32(s, 8, odd ? offset + below(4096) : offset);
    put32(s, 12, vcpu);
    bool used = vcpu < core(s->domain)->nr_vcpus && evt_vcpu_of(core(s->domain), vcpu)->control;
    if (!odd && !used && !options.hostile)
        after(s, guest_step(s->domain, GUEST_CONTROL, frame, offset));
    else if (!options.hostile && !used && gfn < REF_FRAMES)
        put32(s, 8, offset | 4096); /* a second block in the middle of others would be the guest's fault */
}

static void expand_array(struct step *s)
{
    uint64_t frame = below(128);
    for (unsigned i = 0; i < 128 && is_mapped(s->domain, (uint32_t)frame); i++)
        frame = (frame + 1) % 128;
    if (is_mapped(s->domain, (uint32_t)frame) || chance(10))
        frame = REF_FRAMES + below(5);
    put(s, 0, &frame, 8);
    if (frame < REF_FRAMES && !options.hostile)
        after(s, guest_step(s->domain, GUEST_PREPARE, frame, chance(50) ? 0 : 1U << EVTCHN_FIFO_MASKED));
}

/* A register_3level argument in the layout of the caller. */
static void put_registration(struct step *s, uint32_t cmd, uint32_t number, uint64_t first, uint64_t second)
{
    if (s->flags & STEP_NARROW) {
        put32(s, 0, cmd);
        put32(s, 4, number);
        put32(s, 8, (uint32_t)first);
        put32(s, 12, (uint32_t)second);
        return;
    }
    s->arg[0] = cmd;
    s->arg[1] = number;
    s->arg[2] = first;
    s->arg[3] = second;
}

static void register_bitmaps(struct step *s)
{
    unsigned n = core(s->domain)->ops->word_bits == 32 ? 1 : 8;
    uint32_t first = below(100);
    uint64_t lists = FAKE_GUEST_BASE + LISTS_AT;
    put_registration(s, REGISTER_BITMAPS, chance(95) ? n : below(10), chance(98) ? lists : FAKE_GUEST_BASE + 8190,
                     chance(98) ? lists + 1024 : lists * below(3));
    s->list = LIST(first, 1 + below(15), chance(90) ? LIST_PLAIN : below(4));
    if (is_fifo(s->domain) || core(s->domain)->ops->levels == 3)
        return;
    struct step self = *s;
    *s = guest_step(s->domain, GUEST_PREPARE, first, 0);
    for (unsigned i = 1; i < 2 * n; i++)
        script_append(guest_step(s->domain, GUEST_PREPARE, first + i, i >= n && chance(90) ? UINT32_MAX : 0));
    script_append(self);
}

static void register_l2(struct step *s)
{
    uint32_t vcpu = vcpu_of(s->domain);
    uint64_t frame = 132 + vcpu % 64 / 8, offset = vcpu % 8 * 512;
    if (chance(10))
        frame = below(REF_FRAMES + 4);
    if (chance(10))
        offset = chance(50) ? 8 * below(512) : below(5000);
    put_registration(s, REGISTER_L2_SELECTOR, vcpu, frame, offset);
}

static void register_3level(struct step *s)
{
    s->cmd = core(s->domain)->rfc_numbering && chance(50) ? EVTCHNOP_rfc_register_3level : EVTCHNOP_register_3level;
    if (chance(2))
        put_registration(s, below(5), 0, 0, 0);
    else if (core(s->domain)->ops->levels == 3 && chance(90))
        register_l2(s);
    else
        register_bitmaps(s);
}

static void anything(struct step *s)
{
    s->cmd = chance(50) ? below(16) : chance(50) ? EVTCHNOP_query_extended_abis + below(2) : random32();
    for (unsigned i = 0; i < 4; i++)
        s->arg[i] = random32() >> below(32);
    /* Pages that were not prepared lead a guest's own queues astray. */
    if (s->cmd == EVTCHNOP_init_control || s->cmd == EVTCHNOP_expand_array)
        s->arg[0] = REF_FRAMES;
}

static void nothing(struct step *s)
{
    (void)s;
}

static const struct {
    uint32_t cmd, weight;
    void (*fill)(struct step *s);
} operations[] = {
    {EVTCHNOP_bind_interdomain, 90, bind_interdomain},
    {EVTCHNOP_bind_virq, 35, bind_virq},
    {EVTCHNOP_bind_pirq, 35, bind_pirq},
    {EVTCHNOP_close, 120, close_port},
    {EVTCHNOP_send, 260, send},
    {EVTCHNOP_status, 40, status},
    {EVTCHNOP_alloc_unbound, 90, alloc_unbound},
    {EVTCHNOP_bind_ipi, 60, bind_ipi},
    {EVTCHNOP_bind_vcpu, 60, bind_vcpu},
    {EVTCHNOP_unmask, 140, unmask},
    {EVTCHNOP_reset, 5, reset},
    {EVTCHNOP_reset_cont, 3, reset},
    {EVTCHNOP_init_control, 16, init_control},
    {EVTCHNOP_expand_array, 16, expand_array},
    {EVTCHNOP_set_priority, 30, set_priority},
    {EVTCHNOP_query_extended_abis, 10, nothing},
    {EVTCHNOP_register_3level, 16, register_3level},
    {UINT32_MAX, 12, anything},
};

#define NR_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static unsigned choose(void)
{
    unsigned total = 0, i = 0;
    for (unsigned j = 0; j < NR_OPERATIONS; j++)
        total += operations[j].weight;
    uint32_t r = below(total);
    while (r >= operations[i].weight)
        r -= operations[i++].weight;
    return i;
}

static uint64_t address_of_argument(void)
{
    if (chance(98))
        return FAKE_GUEST_BASE + 8 * below(8);
    return chance(70) ? FAKE_GUEST_BASE + FAKE_GUEST_SIZE - below(40) : (uint64_t)random32() << below(33);
}

static unsigned odd_surroundings(void)
{
    unsigned r = below(64);
    return r < 2   ? STEP_EACH_ALLOC
           : r < 4 ? STEP_EACH_MAP
           : r < 5 ? STEP_NO_COPY_OUT
           : r < 7 ? STEP_BUSY
           : r < 9 ? STEP_YIELD
                   : 0;
}

void script_call(struct step *s)
{
    unsigned i = choose();
    s->kind = STEP_CALL;
    s->cmd = operations[i].cmd;
    s->flags = (uint8_t)(odd_surroundings() | (chance(30) ? STEP_NARROW : 0));
    if (options.hostile && chance(50))
        s->flags |= STEP_OTHER_CPU;
    s->address = address_of_argument();
    operations[i].fill(s);
}
