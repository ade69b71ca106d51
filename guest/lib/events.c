/* SPDX-License-Identifier: MIT */
/* Ports, their bits and their handlers; the scan is in upcall.c. */
#include "guest/lib/events.h"

#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/abi/vcpu.h"
#include "guest/lib/console.h"
#include "guest/lib/fifo.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"

struct evt_state evt;

/* --- Bits of a bitmap that the hypervisor changes too: one atomic instruction each --- */

static guest_word bit_of(evtchn_port_t port)
{
    return (guest_word)1 << (port % GUEST_WORD_BITS);
}

static bool test_bit(const guest_word *map, evtchn_port_t port)
{
    return __atomic_load_n(&map[port / GUEST_WORD_BITS], __ATOMIC_SEQ_CST) & bit_of(port);
}

static bool test_and_set_bit(guest_word *map, evtchn_port_t port)
{
    return __atomic_fetch_or(&map[port / GUEST_WORD_BITS], bit_of(port), __ATOMIC_SEQ_CST) & bit_of(port);
}

static bool test_and_clear_bit(guest_word *map, evtchn_port_t port)
{
    return __atomic_fetch_and(&map[port / GUEST_WORD_BITS], ~bit_of(port), __ATOMIC_SEQ_CST) & bit_of(port);
}

static bool test_and_mask(evtchn_port_t port)
{
    return evt.fifo ? fifo_mask(port) : test_and_set_bit(evt.mask, port);
}

void evt_mask(evtchn_port_t port)
{
    test_and_mask(port);
}

bool evt_is_masked(evtchn_port_t port)
{
    return evt.fifo ? fifo_is_masked(port) : test_bit(evt.mask, port);
}

bool evt_is_pending(evtchn_port_t port)
{
    return evt.fifo ? fifo_is_pending(port) : test_bit(evt.pending, port);
}

bool evt_clear(evtchn_port_t port)
{
    return evt.fifo ? fifo_clear(port) : test_and_clear_bit(evt.pending, port);
}

/* --- Tables --- */

static void *grown(const void *old, size_t old_size, size_t new_size)
{
    void *p = memory_alloc(new_size);

    if (old)
        memcpy(p, old, old_size);
    return p;
}

/* New ports are vcpu 0's. */
static void grow(evtchn_port_t capacity)
{
    evt.binding = grown(evt.binding, evt.capacity * sizeof(*evt.binding), capacity * sizeof(*evt.binding));
    for (unsigned v = 0; v < guest_env.nr_vcpus; v++) {
        evt.affinity[v] = grown(evt.affinity[v], evt.capacity / 8, capacity / 8);
        if (v == 0)
            memset((uint8_t *)evt.affinity[0] + evt.capacity / 8, 0xFF, (capacity - evt.capacity) / 8);
    }
    evt.capacity = capacity;
}

void evt_resize(evtchn_port_t limit)
{
    if (limit > evt.capacity)
        grow(limit);
    guest_vcpu()->affinity = evt.affinity[guest_vcpu()->id];
    evt.limit = limit;
}

void evt_init(void)
{
    evt.pending = (guest_word *)guest_env.shared->evtchn_pending;
    evt.mask = (guest_word *)guest_env.shared->evtchn_mask;
    memset(evt.mask, 0xFF, GUEST_PORTS_2LEVEL / 8);
    evt_resize(GUEST_PORTS_2LEVEL);
    CHECK_VALUE(env_set_upcall(), 0);
}

evtchn_port_t evt_limit(void)
{
    return evt.limit;
}

void evt_set_handler(evtchn_port_t port, evt_handler *fn, void *arg)
{
    evt.binding[port] = (struct evt_binding){fn, arg};
}

void evt_set_affinity(evtchn_port_t port, unsigned vcpu)
{
    for (unsigned v = 0; v < guest_env.nr_vcpus; v++) {
        if (v == vcpu)
            test_and_set_bit(evt.affinity[v], port);
        else
            test_and_clear_bit(evt.affinity[v], port);
    }
}

/* --- Operations --- */

int evt_alloc_unbound(domid_t remote)
{
    struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = remote};
    guest_result rc = hv_event_channel_op(EVTCHNOP_alloc_unbound, &op);

    return rc ? (int)rc : (int)op.port;
}

int evt_bind_interdomain(domid_t remote, evtchn_port_t remote_port)
{
    struct evtchn_bind_interdomain op = {.remote_dom = remote, .remote_port = remote_port};
    guest_result rc = hv_event_channel_op(EVTCHNOP_bind_interdomain, &op);

    return rc ? (int)rc : (int)op.local_port;
}

int evt_bind_virq(unsigned virq, unsigned vcpu)
{
    struct evtchn_bind_virq op = {.virq = virq, .vcpu = vcpu};
    guest_result rc = hv_event_channel_op(EVTCHNOP_bind_virq, &op);

    if (rc)
        return (int)rc;
    evt_set_affinity(op.port, vcpu);
    return (int)op.port;
}

int evt_bind_ipi(unsigned vcpu)
{
    struct evtchn_bind_ipi op = {.vcpu = vcpu};
    guest_result rc = hv_event_channel_op(EVTCHNOP_bind_ipi, &op);

    if (rc)
        return (int)rc;
    evt_set_affinity(op.port, vcpu);
    return (int)op.port;
}

/* The next owner of this port number must find it masked, without a handler, on vcpu 0. */
int evt_close(evtchn_port_t port)
{
    struct evtchn_close op = {.port = port};

    if (port < evt.limit) {
        evt_mask(port);
        evt_set_handler(port, NULL, NULL);
        evt_set_affinity(port, 0);
    }
    return (int)hv_event_channel_op(EVTCHNOP_close, &op);
}

int evt_send(evtchn_port_t port)
{
    struct evtchn_send op = {.port = port};

    return (int)hv_event_channel_op(EVTCHNOP_send, &op);
}

int evt_status(evtchn_port_t port, struct evtchn_status *s)
{
    *s = (struct evtchn_status){.dom = DOMID_SELF, .port = port};
    return (int)hv_event_channel_op(EVTCHNOP_status, s);
}

/* In bitmaps the hypervisor looks at the event only if it finds the mask bit set: never clear it here first. */
int evt_unmask(evtchn_port_t port)
{
    struct evtchn_unmask op = {.port = port};

    if (evt.fifo && !fifo_unmask(port))
        return 0;
    return (int)hv_event_channel_op(EVTCHNOP_unmask, &op);
}

/* While the port is masked nobody consumes its event, and the unmask operation raises it again on the new vcpu. */
int evt_move(evtchn_port_t port, unsigned vcpu)
{
    struct evtchn_bind_vcpu op = {.port = port, .vcpu = vcpu};
    bool masked = test_and_mask(port);
    int rc = (int)hv_event_channel_op(EVTCHNOP_bind_vcpu, &op);

    if (!rc)
        evt_set_affinity(port, vcpu);
    if (!masked)
        evt_unmask(port);
    return rc;
}

/* --- Other vcpus --- */

/* What a vcpu is to do, whether it has a context to start from, and its registered vcpu_info, or NULL. */
static struct start {
    void (*fn)(void *);
    void *arg;
    bool initialised;
    guest_vcpu_info *info;
} start[GUEST_MAX_VCPUS];

guest_vcpu_info *evt_vcpu_info(unsigned id)
{
    return start[id].info ? start[id].info : &guest_env.shared->vcpu_info[id];
}

/* The old vcpu_info counts until the operation has copied it, so the caller's events wait meanwhile. */
int evt_register_vcpu_info(unsigned id)
{
    guest_vcpu_info *info = memory_alloc(sizeof(*info));
    struct vcpu_register_vcpu_info op = {.mfn = env_frame(info), .offset = guest_address(info) % GUEST_PAGE_SIZE};
    bool on = env_upcalls_off();
    int rc = (int)hv_vcpu_op(VCPUOP_register_vcpu_info, id, &op);

    if (!rc)
        start[id].info = info;
    if (!rc && id == guest_vcpu()->id)
        guest_vcpu()->info = info;
    if (on)
        env_upcalls_on();
    return rc;
}

bool evt_vcpu_is_up(unsigned id)
{
    return hv_vcpu_op(VCPUOP_is_up, id, NULL) == 1;
}

/* The ABI may have changed while the vcpu was down. */
static void catch_up(struct guest_vcpu *v)
{
    v->affinity = evt.affinity[v->id];
    if (v->era != evt.era) {
        v->l2 = NULL;
        v->control = NULL;
    }
    if (evt.fifo && !v->control)
        CHECK_VALUE(evt_register_fifo_vcpu(), 0);
    if (evt_is_3level() && !v->l2)
        CHECK_VALUE(evt_register_3level_vcpu(), 0);
}

/* A vcpu that is brought up again goes on behind its VCPUOP_down. */
static void vcpu_main(void *arg)
{
    const struct start *s = arg;

    for (;;) {
        catch_up(guest_vcpu());
        s->fn(s->arg);
        env_upcalls_off();
        guest_flush();
        hv_vcpu_op(VCPUOP_down, guest_vcpu()->id, NULL);
    }
}

static int initialise(unsigned id, struct start *s)
{
    bool has_info = id < XEN_LEGACY_MAX_VCPUS || s->info;
    int rc = has_info ? 0 : evt_register_vcpu_info(id);

    if (!rc)
        rc = env_vcpu_initialise(id, vcpu_main, s);
    s->initialised = !rc;
    return rc;
}

int evt_vcpu_start(unsigned id, void (*fn)(void *), void *arg)
{
    struct start *s;
    int rc;

    if (id >= GUEST_MAX_VCPUS)
        return -XEN_ENOENT;
    s = &start[id];
    s->fn = fn;
    s->arg = arg;
    rc = s->initialised ? 0 : initialise(id, s);
    return rc ? rc : (int)hv_vcpu_op(VCPUOP_up, id, NULL);
}
