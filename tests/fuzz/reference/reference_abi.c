/* SPDX-License-Identifier: MIT */
/* The reference model: the three ABIs, bit by bit. A bitmap is little-endian, so the width of its words never matters
 * here: bit n is bit n % 8 of byte n / 8. */
#include "tests/fuzz/reference/reference.h"

#include <string.h>

/* --- Guest memory. */

/* Lines of 64 bytes; the same one again and again is noted once. */
static void touch(const struct ref_domain *d, unsigned page, unsigned offset)
{
    const struct ref_touch *last = ref.nr_touches ? &ref.touch[ref.nr_touches - 1] : NULL;
    struct ref_touch t = {(uint8_t)(d - ref.domain), (uint16_t)page, (uint16_t)(offset & ~63U)};
    if (last && last->domain == t.domain && last->page == t.page && last->offset == t.offset)
        return;
    if (ref.nr_touches < REF_TOUCHES)
        ref.touch[ref.nr_touches++] = t;
}

static struct ref_place place(unsigned page, unsigned offset)
{
    return (struct ref_place){.set = true, .page = (uint16_t)page, .offset = (uint16_t)offset};
}

static uint8_t *byte_of(struct ref_domain *d, struct ref_place base, uint32_t bit)
{
    return &d->memory[base.page][base.offset + bit / 8];
}

static bool bit_test(struct ref_domain *d, struct ref_place base, uint32_t bit)
{
    return *byte_of(d, base, bit) >> (bit % 8) & 1;
}

/* The bit's value before. */
static bool bit_write(struct ref_domain *d, struct ref_place base, uint32_t bit, bool value)
{
    bool before = bit_test(d, base, bit);
    uint8_t *byte = byte_of(d, base, bit);
    *byte = (uint8_t)((*byte & ~(1 << (bit % 8))) | value << (bit % 8));
    touch(d, base.page, base.offset + bit / 8);
    return before;
}

static bool bit_set(struct ref_domain *d, struct ref_place base, uint32_t bit)
{
    return bit_write(d, base, bit, true);
}

static void fill_ones(struct ref_domain *d, struct ref_place base, unsigned bits)
{
    for (unsigned i = 0; i < bits; i++)
        bit_set(d, base, i);
}

static uint32_t read32(const struct ref_domain *d, struct ref_place at)
{
    uint32_t value;
    memcpy(&value, &d->memory[at.page][at.offset], 4);
    return value;
}

static void write32(struct ref_domain *d, struct ref_place at, uint32_t value)
{
    memcpy(&d->memory[at.page][at.offset], &value, 4);
    touch(d, at.page, at.offset);
}

/* --- Where the bits of a port are. */

uint32_t ref_limit(const struct ref_domain *d)
{
    if (d->abi == REF_FIFO)
        return 131072;
    return d->abi == REF_3LEVEL ? d->w * d->w * d->w : d->w * d->w;
}

/* A port beyond the limit of the ABI, and one on FIFO whose page was not added, has no bits. */
static bool has_bits(const struct ref_domain *d, uint32_t port)
{
    return d->abi == REF_FIFO ? port / 1024 < d->nr_array : port < ref_limit(d);
}

static struct ref_place word_of(const struct ref_domain *d, uint32_t port)
{
    return place(d->array[port / 1024], 4 * (port % 1024));
}

struct bit {
    struct ref_place base;
    uint32_t bit;
};

static struct bit pending_bit(const struct ref_domain *d, uint32_t port)
{
    if (d->abi == REF_FIFO)
        return (struct bit){word_of(d, port), EVTCHN_FIFO_PENDING};
    if (d->abi == REF_3LEVEL)
        return (struct bit){place(d->pending[port / 32768], 0), port % 32768};
    return (struct bit){place(REF_SHARED_INFO, 2048), port};
}

static struct bit mask_bit(const struct ref_domain *d, uint32_t port)
{
    if (d->abi == REF_FIFO)
        return (struct bit){word_of(d, port), EVTCHN_FIFO_MASKED};
    if (d->abi == REF_3LEVEL)
        return (struct bit){place(d->mask[port / 32768], 0), port % 32768};
    return (struct bit){place(REF_SHARED_INFO, 2048 + d->w * d->w / 8), port};
}

static struct ref_place selector_of(const struct ref_domain *d, unsigned vcpu)
{
    return place(d->vcpu[vcpu].info.page, d->vcpu[vcpu].info.offset + d->w / 8);
}

bool ref_is_pending(struct ref_domain *d, uint32_t port)
{
    return has_bits(d, port) && bit_test(d, pending_bit(d, port).base, pending_bit(d, port).bit);
}

bool ref_is_masked(struct ref_domain *d, uint32_t port)
{
    return has_bits(d, port) && bit_test(d, mask_bit(d, port).base, mask_bit(d, port).bit);
}

bool ref_is_linked(struct ref_domain *d, uint32_t port)
{
    return d->abi == REF_FIFO && has_bits(d, port) && bit_test(d, word_of(d, port), EVTCHN_FIFO_LINKED);
}

/* --- Delivery. */

static void mark_events_pending(struct ref_domain *d, unsigned vcpu)
{
    struct ref_vcpu *v = &d->vcpu[vcpu];
    if (v->info.set && !bit_set(d, v->info, 0)) {
        d->memory[v->info.page][v->info.offset] = 1;
        d->kicks[vcpu]++;
    }
}

void ref_raise_selectors(struct ref_domain *d, uint32_t port, unsigned vcpu)
{
    struct ref_vcpu *v = &d->vcpu[vcpu];
    uint32_t bit = port / d->w;
    if (!v->info.set)
        return;
    if (d->abi == REF_3LEVEL) {
        if (!v->l2.set || bit_set(d, v->l2, bit))
            return;
        bit /= d->w;
    }
    if (!bit_set(d, selector_of(d, vcpu), bit))
        mark_events_pending(d, vcpu);
}

static void link(struct ref_domain *d, uint32_t port)
{
    struct ref_port *p = &d->port[port];
    struct ref_vcpu *v = &d->vcpu[p->vcpu];
    struct ref_queue *q = &v->queue[p->priority];
    if (ref_is_masked(d, port) || ref_is_linked(d, port))
        return;
    if (!v->control.set) {
        d->dropped++;
        return;
    }
    write32(d, word_of(d, port), 1U << EVTCHN_FIFO_LINKED | read32(d, word_of(d, port)));
    p->queued = true;
    p->next = 0;
    if (q->first) {
        struct ref_place last = word_of(d, q->last);
        write32(d, last, (read32(d, last) & ~EVTCHN_FIFO_LINK_MASK) | port);
        d->port[q->last].next = port;
        q->last = port;
        return;
    }
    q->first = q->last = port;
    write32(d, place(v->control.page, v->control.offset + 8 + 4U * p->priority), port);
    if (!bit_set(d, v->control, p->priority))
        mark_events_pending(d, p->vcpu);
}

bool ref_guest_unlinks(struct ref_domain *d, unsigned vcpu, unsigned queue, uint32_t port)
{
    struct ref_queue *q = &d->vcpu[vcpu].queue[queue];
    if (q->first != port)
        return false;
    q->first = d->port[port].next;
    d->port[port].queued = false;
    return true;
}

static void wake_pollers(struct ref_domain *d, uint32_t port)
{
    d->wakes++;
    d->last_wake = port;
    d->events++;
}

void ref_raise(struct ref_domain *d, uint32_t port)
{
    struct ref_port *p = &d->port[port];
    if (!has_bits(d, port)) {
        p->remembered = d->abi == REF_FIFO;
        return;
    }
    if (d->abi == REF_FIFO && !d->vcpu[p->vcpu].control.set) {
        d->dropped++;
        return;
    }
    bool was = bit_set(d, pending_bit(d, port).base, pending_bit(d, port).bit);
    if (d->abi == REF_FIFO)
        link(d, port);
    else if (!was && !ref_is_masked(d, port))
        ref_raise_selectors(d, port, p->vcpu);
    if (!was)
        wake_pollers(d, port);
}

void ref_clear_pending(struct ref_domain *d, uint32_t port)
{
    d->port[port].remembered = false;
    if (has_bits(d, port))
        bit_write(d, pending_bit(d, port).base, pending_bit(d, port).bit, false);
}

void ref_unmask(struct ref_domain *d, uint32_t port)
{
    if (!has_bits(d, port))
        return;
    bool was = bit_write(d, mask_bit(d, port).base, mask_bit(d, port).bit, false);
    if (!ref_is_pending(d, port))
        return;
    if (d->abi == REF_FIFO)
        link(d, port);
    else if (was)
        ref_raise_selectors(d, port, d->port[port].vcpu);
}

/* Nothing is lost: every selector bit and an upcall. A parked vcpu stays parked; on FIFO it is the 2-level selector. */
static void select_all(struct ref_domain *d, unsigned vcpu)
{
    struct ref_vcpu *v = &d->vcpu[vcpu];
    if (!v->info.set || (d->abi == REF_3LEVEL && !v->l2.set))
        return;
    if (d->abi == REF_3LEVEL)
        fill_ones(d, v->l2, d->w * d->w);
    fill_ones(d, selector_of(d, vcpu), d->w);
    mark_events_pending(d, vcpu);
}

void ref_set_vcpu_info(struct ref_domain *d, unsigned vcpu, struct ref_place to)
{
    struct ref_place from = d->vcpu[vcpu].info;
    d->vcpu[vcpu].info = to;
    if (from.set && to.set) {
        memmove(&d->memory[to.page][to.offset], &d->memory[from.page][from.offset], 64);
        touch(d, to.page, to.offset);
    }
    select_all(d, vcpu);
}

/* --- Changing the ABI. */

/* The domain's own ordinary writable RAM. */
static bool is_ram(const struct ref_domain *d, uint64_t frame)
{
    return frame < REF_FRAMES && !d->readonly[frame] && !ref.no_map;
}

static void switch_to_3level(struct ref_domain *d, const uint64_t *frames, unsigned n)
{
    struct bit old_pending = pending_bit(d, 0), old_mask = mask_bit(d, 0);
    for (unsigned i = 0; i < n; i++) {
        d->pending[i] = (uint16_t)frames[i];
        d->mask[i] = (uint16_t)frames[n + i];
    }
    d->abi = REF_3LEVEL;
    for (unsigned i = 0; i < d->w * d->w; i++) {
        if (bit_write(d, old_pending.base, i, false))
            bit_set(d, place(d->pending[0], 0), i);
        if (!bit_test(d, old_mask.base, i))
            bit_write(d, place(d->mask[0], 0), i, false);
    }
    d->wake_alls++;
}

struct registration {
    uint32_t cmd, nr_or_vcpu;
    uint64_t first, second; /* lists, or frame and offset */
};

static int64_t register_bitmaps(struct ref_domain *d, const struct registration *r, unsigned size)
{
    unsigned n = d->w == 64 ? 8 : 1;
    uint64_t frames[16] = {0};
    if (d->abi != REF_2LEVEL)
        return -XEN_EBUSY;
    if (r->nr_or_vcpu != n)
        return -XEN_EINVAL;
    for (unsigned i = 0; i < 2 * n; i++) {
        uint64_t at = i < n ? r->first + i * size : r->second + (i - n) * size;
        if (ref_copy_in(&frames[i], at, size))
            return -XEN_EFAULT;
    }
    for (unsigned i = 0; i < 2 * n; i++) {
        if (!is_ram(d, frames[i]))
            return -XEN_EINVAL;
        for (unsigned j = 0; j < i; j++) {
            if (frames[j] == frames[i])
                return -XEN_EINVAL;
        }
    }
    if (ref.oom)
        return -XEN_ENOMEM;
    switch_to_3level(d, frames, n);
    return 0;
}

static int64_t register_l2(struct ref_domain *d, const struct registration *r)
{
    if (d->abi != REF_3LEVEL)
        return -XEN_EINVAL;
    if (r->nr_or_vcpu >= d->config.nr_vcpus)
        return -XEN_ENOENT;
    struct ref_vcpu *v = &d->vcpu[r->nr_or_vcpu];
    if (v->l2.set)
        return -XEN_EEXIST;
    if (r->second % (d->w / 8) || r->second > 4096 - d->w * d->w / 8)
        return -XEN_EINVAL;
    if (!is_ram(d, r->first))
        return -XEN_EINVAL;
    if (ref.oom)
        return -XEN_ENOMEM;
    v->l2 = place((unsigned)r->first, (unsigned)r->second);
    select_all(d, r->nr_or_vcpu);
    return 0;
}

int64_t ref_register_3level(struct ref_domain *d, void *arg, bool narrow)
{
    struct registration r;
    if (narrow) {
        uint32_t field[4];
        memcpy(field, arg, sizeof(field));
        r = (struct registration){field[0], field[1], field[2], field[3]};
    } else {
        uint64_t field[4];
        memcpy(field, arg, sizeof(field));
        r = (struct registration){(uint32_t)field[0], (uint32_t)field[1], field[2], field[3]};
    }
    if (!(d->config.extended & EVTCHN_EXTENDED_3LEVEL))
        return -XEN_EPERM;
    if (r.cmd == REGISTER_BITMAPS)
        return register_bitmaps(d, &r, narrow ? 4 : 8);
    return r.cmd == REGISTER_L2_SELECTOR ? register_l2(d, &r) : -XEN_EINVAL;
}

static void switch_to_fifo(struct ref_domain *d)
{
    for (uint32_t port = 1; port < d->valid; port++) {
        struct ref_port *p = &d->port[port];
        p->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
        p->remembered = p->status != EVTCHNSTAT_closed && ref_is_pending(d, port);
        p->queued = false;
    }
    d->abi = REF_FIFO;
    d->nr_array = 0;
    d->wake_alls++;
}

int64_t ref_init_control(struct ref_domain *d, void *arg, bool narrow)
{
    struct evtchn_init_control *a = arg;
    (void)narrow;
    if (!(d->config.extended & EVTCHN_EXTENDED_FIFO))
        return -XEN_ENOSYS;
    if (a->vcpu >= d->config.nr_vcpus)
        return -XEN_ENOENT;
    if (a->offset > 4096 - 72 || a->offset % 8)
        return -XEN_EINVAL;
    if (d->abi == REF_3LEVEL)
        return -XEN_EBUSY;
    if (ref.oom)
        return -XEN_ENOMEM;
    if (d->abi == REF_FIFO && d->vcpu[a->vcpu].control.set)
        return -XEN_EINVAL;
    if (!is_ram(d, a->control_gfn))
        return -XEN_EINVAL;
    if (d->abi == REF_2LEVEL)
        switch_to_fifo(d);
    d->vcpu[a->vcpu].control = place((unsigned)a->control_gfn, a->offset);
    a->link_bits = 17;
    return 0;
}

int64_t ref_expand_array(struct ref_domain *d, void *arg, bool narrow)
{
    uint64_t frame = ((struct evtchn_expand_array *)arg)->array_gfn;
    (void)narrow;
    if (!(d->config.extended & EVTCHN_EXTENDED_FIFO))
        return -XEN_ENOSYS;
    if (d->abi != REF_FIFO)
        return -XEN_EOPNOTSUPP;
    if (d->nr_array == 128)
        return -XEN_ENOSPC;
    if (!is_ram(d, frame))
        return -XEN_EINVAL;
    if (ref.oom)
        return -XEN_ENOMEM;
    uint32_t from = 1024 * d->nr_array;
    d->array[d->nr_array++] = (uint16_t)frame;
    for (uint32_t port = from; port < from + 1024 && port < d->valid; port++) {
        if (d->port[port].remembered) {
            d->port[port].remembered = false;
            ref_raise(d, port);
        }
    }
    return 0;
}

void ref_back_to_2level(struct ref_domain *d)
{
    d->wake_alls += d->abi != REF_2LEVEL;
    d->abi = REF_2LEVEL;
    d->w = d->latched;
    d->nr_array = 0;
    for (uint32_t port = 0; port < d->valid; port++)
        d->port[port].queued = false;
    for (unsigned i = 0; i < d->config.nr_vcpus; i++) {
        memset(d->vcpu[i].queue, 0, sizeof(d->vcpu[i].queue));
        d->vcpu[i].l2.set = d->vcpu[i].control.set = false;
    }
}
