/* SPDX-License-Identifier: MIT */
/* The domain in a known state before each cell. */
#include "common/string.h"
#include "guest/conformance/conformance.h"
#include "guest/conformance/look.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"

#define FIFO_PENDING (1U << EVTCHN_FIFO_PENDING)
#define FIFO_MASKED (1U << EVTCHN_FIFO_MASKED)

uint32_t fifo_words[FIFO_WORDS_PER_PAGE] __attribute__((aligned(GUEST_PAGE_SIZE)));

static uint8_t control_page[GUEST_PAGE_SIZE] __attribute__((aligned(GUEST_PAGE_SIZE)));
static enum abi current_abi;

enum abi domain_abi(void)
{
    return current_abi;
}

evtchn_port_t domain_limit(void)
{
    return current_abi == ABI_FIFO ? EVTCHN_FIFO_NR_CHANNELS : GUEST_PORTS_2LEVEL;
}

struct evtchn_fifo_control_block *fifo_control(unsigned vcpu)
{
    return (struct evtchn_fifo_control_block *)&control_page[vcpu * 128];
}

/* --- Operations that must succeed --- */

void must_op(unsigned cmd, void *arg)
{
    guest_result rc = hv_event_channel_op(cmd, arg);

    if (!rc)
        return;
    verdict(VERDICT_ERROR, "a preparation failed: event_channel_op %u returned %d", cmd, (int)rc);
    guest_exit();
}

evtchn_port_t must_alloc_unbound(domid_t remote)
{
    struct evtchn_alloc_unbound op = {.dom = DOMID_SELF, .remote_dom = remote};

    must_op(EVTCHNOP_alloc_unbound, &op);
    return op.port;
}

evtchn_port_t must_bind_interdomain(domid_t remote, evtchn_port_t port)
{
    struct evtchn_bind_interdomain op = {.remote_dom = remote, .remote_port = port};

    must_op(EVTCHNOP_bind_interdomain, &op);
    return op.local_port;
}

evtchn_port_t must_bind_virq(unsigned virq, unsigned vcpu)
{
    struct evtchn_bind_virq op = {.virq = virq, .vcpu = vcpu};

    must_op(EVTCHNOP_bind_virq, &op);
    return op.port;
}

evtchn_port_t must_bind_ipi(unsigned vcpu)
{
    struct evtchn_bind_ipi op = {.vcpu = vcpu};

    must_op(EVTCHNOP_bind_ipi, &op);
    return op.port;
}

void must_close(evtchn_port_t port)
{
    struct evtchn_close op = {.port = port};

    must_op(EVTCHNOP_close, &op);
}

/* --- Clean --- */

static void mask_words(void)
{
    for (unsigned i = 0; i < FIFO_WORDS_PER_PAGE; i++)
        fifo_words[i] = FIFO_MASKED;
}

/* The words that the guest shares, as a guest prepares them. */
static void clean_words(void)
{
    mask_words();
    memset(control_page, 0, sizeof(control_page));
    memset(guest_env.shared->evtchn_pending, 0, sizeof(guest_env.shared->evtchn_pending));
    memset(guest_env.shared->evtchn_mask, 0xFF, sizeof(guest_env.shared->evtchn_mask));
    for (unsigned i = 0; i < VCPUS; i++) {
        guest_env.shared->vcpu_info[i].evtchn_upcall_pending = 0;
        if (i != guest_vcpu()->id) /* ours is how a pv guest keeps its upcalls off */
            guest_env.shared->vcpu_info[i].evtchn_upcall_mask = 0;
        guest_env.shared->vcpu_info[i].evtchn_pending_sel = 0;
    }
}

static void enter_fifo(unsigned vcpus)
{
    struct evtchn_expand_array expand = {.array_gfn = env_frame(fifo_words)};

    for (unsigned i = 0; i < vcpus; i++) {
        struct evtchn_init_control op = {
            .control_gfn = env_frame(control_page),
            .offset = (uint32_t)((uint8_t *)fifo_control(i) - control_page),
            .vcpu = i,
        };

        must_op(EVTCHNOP_init_control, &op);
    }
    must_op(EVTCHNOP_expand_array, &expand);
    mask_words(); /* the real Xen raises again what it remembered in an earlier life of the port (switch.c) */
}

void domain_clean(enum abi abi, unsigned vcpus)
{
    struct evtchn_reset reset = {.dom = DOMID_SELF};

    must_op(EVTCHNOP_reset, &reset);
    current_abi = abi;
    cell_name_page("words", fifo_words);
    cell_name_page("control", control_page);
    cell_name_page("shared_info", guest_env.shared);
    clean_words();
    if (abi == ABI_FIFO)
        enter_fifo(vcpus);
    look_reset();
}

/* --- The guest's bits --- */

static void set_bit(void *map, evtchn_port_t port)
{
    __atomic_fetch_or((uint32_t *)map + port / 32, 1U << port % 32, __ATOMIC_SEQ_CST);
}

static void clear_bit(void *map, evtchn_port_t port)
{
    __atomic_fetch_and((uint32_t *)map + port / 32, ~(1U << port % 32), __ATOMIC_SEQ_CST);
}

static uint32_t word_bits(unsigned bits)
{
    return (bits & PORT_PENDING ? FIFO_PENDING : 0) | (bits & PORT_MASKED ? FIFO_MASKED : 0);
}

void port_set(evtchn_port_t port, unsigned bits)
{
    if (current_abi == ABI_FIFO) {
        __atomic_fetch_or(&fifo_words[port], word_bits(bits), __ATOMIC_SEQ_CST);
        return;
    }
    if (bits & PORT_PENDING)
        set_bit(guest_env.shared->evtchn_pending, port);
    if (bits & PORT_MASKED)
        set_bit(guest_env.shared->evtchn_mask, port);
}

void port_clear(evtchn_port_t port, unsigned bits)
{
    if (current_abi == ABI_FIFO) {
        __atomic_fetch_and(&fifo_words[port], ~word_bits(bits), __ATOMIC_SEQ_CST);
        return;
    }
    if (bits & PORT_PENDING)
        clear_bit(guest_env.shared->evtchn_pending, port);
    if (bits & PORT_MASKED)
        clear_bit(guest_env.shared->evtchn_mask, port);
}

bool port_is_pending(evtchn_port_t port)
{
    const uint32_t *map = (const uint32_t *)(const void *)guest_env.shared->evtchn_pending;

    if (current_abi == ABI_FIFO)
        return __atomic_load_n(&fifo_words[port], __ATOMIC_SEQ_CST) & FIFO_PENDING;
    return __atomic_load_n(&map[port / 32], __ATOMIC_SEQ_CST) >> port % 32 & 1;
}

/* --- A port of each kind --- */

static void open_pirq(void)
{
    struct evtchn_bind_pirq op = {.pirq = ZOO_PIRQ_NUMBER, .flags = BIND_PIRQ__WILL_SHARE};

    must_op(EVTCHNOP_bind_pirq, &op);
}

/* bind_interdomain raises its new port once; that is none of the cell's business. */
void zoo_open(void)
{
    must_alloc_unbound(DOMID_SELF);
    must_bind_interdomain(DOMID_SELF, must_alloc_unbound(DOMID_SELF));
    must_bind_virq(VIRQ_ARGO, 0);
    must_bind_virq(VIRQ_DEBUG, 1);
    must_bind_ipi(0);
    must_bind_ipi(1);
    open_pirq();
    must_alloc_unbound(ZOO_DOMAIN);
    must_alloc_unbound(DOMID_SELF);
    if (must_alloc_unbound(DOMID_SELF) != ZOO_LAST)
        verdict(VERDICT_ERROR, "the ports of the zoo are not where they should be");
    must_close(ZOO_FREE);
    port_clear(ZOO_REMOTE, PORT_PENDING);
}

/* --- No port left --- */

#define BATCH 128U

void domain_fill(void)
{
    static guest_multicall_entry entry[BATCH];
    static struct evtchn_alloc_unbound op[BATCH];

    for (unsigned i = 0; i < BATCH; i++) {
        op[i] = (struct evtchn_alloc_unbound){.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
        entry[i] = (guest_multicall_entry){
            .op = __HYPERVISOR_event_channel_op,
            .args = {EVTCHNOP_alloc_unbound, guest_address(&op[i])},
        };
    }
    do {
        hv_multicall(entry, BATCH);
    } while (!entry[BATCH - 1].result);
}
