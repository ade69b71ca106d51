/* SPDX-License-Identifier: MIT */
/*
 * Delivery and unmasking: from every combination of the bits that decide, one send or one unmask.
 *
 *      deliver/send/ipi/PM-U-/2l       a letter: the bit is set; "-": it is clear
 *
 * P pending, M masked, S selector bit, U upcall_pending, X upcall_mask; on FIFO L, LINKED, instead of S, and a sixth,
 * R, the ready bit of the queue. Each is asked twice: the second finds what the first left.
 */
#include "guest/abi/version.h"
#include "guest/conformance/conformance.h"
#include "guest/lib/hypercall.h"

enum bit {
    BIT_PENDING = 1U << 0,
    BIT_MASKED = 1U << 1,
    BIT_SELECTED = 1U << 2, /* 2-level: selector; FIFO: LINKED */
    BIT_UPCALL = 1U << 3,
    BIT_UPCALL_MASK = 1U << 4,
    BIT_READY = 1U << 5, /* FIFO only */
};

static const unsigned combinations[NR_ABIS] = {[ABI_2LEVEL] = 1U << 5, [ABI_FIFO] = 1U << 6};
static const char *const letters[NR_ABIS] = {[ABI_2LEVEL] = "PMSUX", [ABI_FIFO] = "PMLUXR"};

struct kind {
    const char *name;
    unsigned sent_to, raised; /* ports of the zoo */
    unsigned vcpu;            /* that `raised` notifies */
};

static const struct kind kinds[] = {
    {"ipi", ZOO_IPI, ZOO_IPI, 0},
    {"ipi1", ZOO_IPI1, ZOO_IPI1, 1},
    {"interdomain", ZOO_LOCAL, ZOO_REMOTE, 0},
};

static const char *name_bits(enum abi abi, unsigned bits)
{
    static char name[8];
    unsigned i;

    for (i = 0; letters[abi][i]; i++)
        name[i] = bits >> i & 1 ? letters[abi][i] : '-';
    name[i] = 0;
    return name;
}

static void prepare_2level(const struct kind *k, unsigned bits)
{
    if (bits & BIT_SELECTED)
        guest_env.shared->vcpu_info[k->vcpu].evtchn_pending_sel = 1;
}

static void prepare_fifo(const struct kind *k, unsigned bits)
{
    if (bits & BIT_SELECTED)
        fifo_words[k->raised] |= 1U << EVTCHN_FIFO_LINKED;
    if (bits & BIT_READY)
        fifo_control(k->vcpu)->ready = 1U << EVTCHN_FIFO_PRIORITY_DEFAULT;
}

static void prepare(const struct kind *k, unsigned bits)
{
    static void (*const prepare_abi[NR_ABIS])(const struct kind *, unsigned) = {prepare_2level, prepare_fifo};
    guest_vcpu_info *info = &guest_env.shared->vcpu_info[k->vcpu];

    zoo_open();
    port_clear(k->raised, PORT_MASKED);
    port_set(k->raised, (bits & BIT_PENDING ? PORT_PENDING : 0) | (bits & BIT_MASKED ? PORT_MASKED : 0));
    prepare_abi[domain_abi()](k, bits);
    info->evtchn_upcall_pending = (bits & BIT_UPCALL) != 0;
    info->evtchn_upcall_mask = (bits & BIT_UPCALL_MASK) != 0;
    hv_xen_version(XENVER_version, NULL); /* a pv guest that is open takes its upcall now, and not at some interrupt */
}

static void ask_send(enum abi abi, const struct kind *k, unsigned bits)
{
    struct evtchn_send op = {.port = k->sent_to};

    if (!cell_begin(abi, "deliver/send/%s/%s", k->name, name_bits(abi, bits)))
        return;
    prepare(k, bits);
    cell_start();
    cell_op(EVTCHNOP_send, &op, sizeof(op));
    cell_op(EVTCHNOP_send, &op, sizeof(op));
    cell_end();
}

static void ask_unmask(enum abi abi, const struct kind *k, unsigned bits)
{
    struct evtchn_unmask op = {.port = k->raised};

    if (!cell_begin(abi, "deliver/unmask/%s/%s", k->name, name_bits(abi, bits)))
        return;
    prepare(k, bits);
    cell_start();
    cell_op(EVTCHNOP_unmask, &op, sizeof(op));
    cell_op(EVTCHNOP_unmask, &op, sizeof(op));
    cell_end();
}

void conformance_deliver(void)
{
    for (enum abi abi = 0; abi < NR_ABIS; abi++)
        for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
            for (unsigned bits = 0; bits < combinations[abi]; bits++) {
                ask_send(abi, &kinds[k], bits);
                ask_unmask(abi, &kinds[k], bits);
            }
}
