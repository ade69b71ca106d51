/* SPDX-License-Identifier: MIT */
/*
 * Every operation with its arguments in bad places.
 *
 *      pointer/bind_ipi/read-only/2l       the port cannot be written back; what is done is done
 *      pointer/status/cut12/fifo           12 bytes of the arguments, and then nothing
 *
 * What the operation writes is shown as arg[word]; the rest of its effects as always.
 */
#include "common/format.h"
#include "common/string.h"
#include "guest/conformance/conformance.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/window.h"

#define WORDS_MAX 6U
/* Below 4 GiB, and above the memory of the domain; to a pv guest, whose frames are the machine's, the real Xen as PV
 * initial domain maps that one. */
#define NO_MEMORY_FRAME (conformance_pv ? 0xFFFFFFFFFFU : 0xC8000U)

struct operation {
    const char *name;
    unsigned cmd, words;
    uint32_t args[WORDS_MAX];
};

static uint8_t pages[2 * GUEST_PAGE_SIZE] __attribute__((aligned(GUEST_PAGE_SIZE)));
static uint32_t array_page[FIFO_WORDS_PER_PAGE] __attribute__((aligned(GUEST_PAGE_SIZE)));

#define SELF_AND_SELF ((uint32_t)DOMID_SELF << 16 | DOMID_SELF)
#define OUT CELL_POISON
#define CONTROL_FRAME 0xFFFFFFF0U /* stand for the frames of pages of ours */
#define ARRAY_FRAME 0xFFFFFFF1U

static const struct operation operations[] = {
    {"bind_interdomain", EVTCHNOP_bind_interdomain, 3, {DOMID_SELF, ZOO_UNBOUND, OUT}},
    {"bind_virq", EVTCHNOP_bind_virq, 3, {VIRQ_DEBUG, 0, OUT}},
    {"bind_pirq", EVTCHNOP_bind_pirq, 3, {ZOO_PIRQ_NUMBER, BIND_PIRQ__WILL_SHARE, OUT}},
    {"close", EVTCHNOP_close, 1, {ZOO_IPI}},
    {"send", EVTCHNOP_send, 1, {ZOO_IPI}},
    {"status", EVTCHNOP_status, 6, {DOMID_SELF, ZOO_VIRQ, OUT, OUT, OUT, OUT}},
    {"alloc_unbound", EVTCHNOP_alloc_unbound, 2, {SELF_AND_SELF, OUT}},
    {"bind_ipi", EVTCHNOP_bind_ipi, 2, {1, OUT}},
    {"bind_vcpu", EVTCHNOP_bind_vcpu, 2, {ZOO_VIRQ, 1}},
    {"unmask", EVTCHNOP_unmask, 1, {ZOO_IPI}},
    {"reset", EVTCHNOP_reset, 1, {DOMID_SELF}},
    {"init_control", EVTCHNOP_init_control, 6, {CONTROL_FRAME, 0, 128, 1, OUT, OUT}},
    {"expand_array", EVTCHNOP_expand_array, 2, {ARRAY_FRAME, 0}},
    {"set_priority", EVTCHNOP_set_priority, 2, {ZOO_IPI, 3}},
    {"reset_cont", EVTCHNOP_reset_cont, 1, {DOMID_SELF}},
};

/* --- Places: where the hypervisor is told the arguments are; pages[] holds them at `offset` --- */

struct place {
    const char *name;
    uint8_t *(*map)(unsigned offset);
    unsigned offset;
};

static uint8_t *unmapped(unsigned offset)
{
    (void)offset;
    return (uint8_t *)GUEST_UNMAPPED;
}

static uint8_t *non_canonical(unsigned offset)
{
    (void)offset;
    return (uint8_t *)GUEST_NON_CANONICAL;
}

/* The first byte is the last of the address space but one. */
static uint8_t *wraps(unsigned offset)
{
    (void)offset;
    return (uint8_t *)~(guest_word)1;
}

static uint8_t *no_memory(unsigned offset)
{
    return window_map_frame(0, NO_MEMORY_FRAME, true) + offset;
}

static uint8_t *read_only(unsigned offset)
{
    return window_map(0, pages, false) + offset;
}

static uint8_t *writable(unsigned offset)
{
    return window_map(0, pages, true) + offset;
}

static uint8_t *in_place(unsigned offset)
{
    return pages + offset;
}

static const struct place places[] = {
    {"unmapped", unmapped, 0},
    {"non-canonical", non_canonical, 0},
    {"wraps", wraps, 0},
    {"no-memory", no_memory, 0},
    {"read-only", read_only, 0},
    {"odd", in_place, 1},
    {"two-pages", in_place, GUEST_PAGE_SIZE - 2},
};

/* --- Cells --- */

static uint32_t argument(uint32_t word)
{
    switch (word) {
    case CONTROL_FRAME:
        return (uint32_t)env_frame(fifo_control(0));
    case ARRAY_FRAME:
        return (uint32_t)env_frame(array_page);
    default:
        return word;
    }
}

static void write_arguments(const struct operation *op, uint8_t *at)
{
    for (unsigned i = 0; i < op->words; i++) {
        uint32_t word = argument(op->args[i]);

        memcpy(at + 4 * i, &word, sizeof(word));
    }
}

/* On FIFO vcpu 1 has no control block yet. */
static void prepare(enum abi abi)
{
    domain_clean(abi, 1);
    zoo_open();
    must_close(ZOO_PIRQ);
    port_set(ZOO_IPI, PORT_PENDING);
    memset(pages, CELL_POISON & 0xFF, sizeof(pages));
    for (unsigned i = 0; i < FIFO_WORDS_PER_PAGE; i++)
        array_page[i] = 1U << EVTCHN_FIFO_MASKED; /* the real Xen may raise a port that was open once (switch.c) */
}

static void call(const struct operation *op, unsigned offset, uint8_t *at)
{
    write_arguments(op, pages + offset);
    look_watch("arg", pages + offset, 4, op->words);
    cell_start();
    cell_result("it", hv_event_channel_op(op->cmd, at));
    cell_end();
}

static void ask_place(enum abi abi, const struct operation *op, const struct place *p)
{
    if (!cell_begin(abi, "pointer/%s/%s", op->name, p->name))
        return;
    prepare(abi);
    call(op, p->offset, p->map(p->offset));
}

/* The arguments begin `readable` bytes before the end of memory. */
static void ask_cut(enum abi abi, const struct operation *op, unsigned readable)
{
    unsigned offset = GUEST_PAGE_SIZE - readable;

    if (!cell_begin(abi, "pointer/%s/cut%u", op->name, readable))
        return;
    prepare(abi);
    call(op, offset, writable(offset));
}

void conformance_pointers(void)
{
    for (enum abi abi = 0; abi < NR_ABIS; abi++)
        for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
            for (unsigned p = 0; p < sizeof(places) / sizeof(places[0]); p++)
                ask_place(abi, &operations[i], &places[p]);
            for (unsigned readable = 2; readable <= 4 * operations[i].words; readable += 2)
                ask_cut(abi, &operations[i], readable);
        }
}
