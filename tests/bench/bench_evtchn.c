/* SPDX-License-Identifier: MIT */
/*
 * What each operation of the event-channel core costs with few and with many ports in use. Runs under callgrind
 * (tests/bench/bench.py): it collects only inside the operation, and each dump is named
 *
 *     ABI | ports in use | operation | calls
 *
 * Ports 1 to n are in use. Port 1 is unbound for the domain itself, so that any other can be bound to it; the rest are
 * IPI ports, until an operation needs one to be something else.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/callgrind.h>

#include "tests/host/env_fake.h"

#define SAMPLES 8U /* ports that each operation is measured on, spread over all */
#define HOME 1U    /* the unbound port */

/* Guest frames: bitmaps of 3-level, or the event array of FIFO (its pages share them); then the vcpus' own. */
#define FIRST 0U
#define NR_SHARED 32U
#define VCPU_FRAME 32U
#define MASKED (1U << EVTCHN_FIFO_MASKED)

static struct fake_domain *dom;

/* Nothing that goes wrong here is worth a number. */
static int64_t must(int64_t rc)
{
    if (rc >= 0)
        return rc;
    fprintf(stderr, "bench_evtchn: an operation fails with %d\n", (int)rc);
    exit(1);
}

static void must_be(int64_t rc, int64_t expected)
{
    if (must(rc) == expected)
        return;
    fprintf(stderr, "bench_evtchn: %d instead of %d\n", (int)rc, (int)expected);
    exit(1);
}

/* --- The ABIs */

static void enter_2level32(void)
{
    evt_latch_word_size(dom->evt, 32);
}

static void enter_2level64(void)
{
    evt_latch_word_size(dom->evt, 64);
}

static void enter_3level32(void)
{
    evt_latch_word_size(dom->evt, 32);
    must(op_register32(dom, FIRST, false));
    for (uint32_t vcpu = 0; vcpu < 2; vcpu++)
        must(op_register_l2_32(dom, vcpu, VCPU_FRAME + vcpu, 0));
}

static void enter_3level64(void)
{
    must(op_register64(dom, FIRST, false));
    for (uint32_t vcpu = 0; vcpu < 2; vcpu++)
        must(op_register_l2(dom, vcpu, VCPU_FRAME + vcpu, 0));
}

static void enter_fifo(void)
{
    for (uint32_t vcpu = 0; vcpu < 2; vcpu++)
        must(op_init_control(dom, vcpu, VCPU_FRAME + vcpu, 0));
    for (uint32_t page = 0; page < EVT_ARRAY_PAGES; page++)
        must(op_expand_array(dom, FIRST + page % NR_SHARED));
}

static void mask_2level32(void)
{
    memset(guest_mask32(dom), 0xff, 128);
}

static void mask_2level64(void)
{
    memset(guest_mask64(dom), 0xff, 512);
}

static void mask_3level32(void)
{
    memset(dom->frames[FIRST + 1], 0xff, 4096);
}

static void mask_3level64(void)
{
    for (uint32_t i = 8; i < 16; i++)
        memset(dom->frames[FIRST + i], 0xff, 4096);
}

static void mask_fifo(void)
{
    for (uint32_t i = 0; i < NR_SHARED * 1024; i++)
        ((uint32_t *)(void *)dom->frames[FIRST + i / 1024])[i % 1024] = MASKED;
}

static const struct abi {
    const char *name;
    uint32_t ports; /* all that there are, without port 0 */
    void (*enter)(void);
    void (*mask)(void); /* every port */
} abis[] = {
    {"2-level, 32 bits", 1023, enter_2level32, mask_2level32},
    {"2-level, 64 bits", 4095, enter_2level64, mask_2level64},
    {"3-level, 32 bits", 32767, enter_3level32, mask_3level32},
    {"3-level, 64 bits", 262143, enter_3level64, mask_3level64},
    {"FIFO", 131071, enter_fifo, mask_fifo},
};

static const struct abi *abi;

/* The guest has handled everything and masks nothing. */
static void calm(void)
{
    for (uint32_t i = 0; i < FAKE_FRAMES; i++)
        memset(dom->frames[i], 0, 4096);
    memset(dom->shared_info, 0, 4096);
}

/* --- The operations. Each begins and ends with an IPI port. */

static void close_first(uint32_t port)
{
    must(op_close(dom, port));
}

static void make_ipi(uint32_t port)
{
    must_be(op_bind_ipi(dom, 0), port);
}

static void make_ipi_again(uint32_t port)
{
    must(op_close(dom, port));
    calm(); /* on FIFO a port that is still linked is not handed out */
    make_ipi(port);
}

static void make_virq(uint32_t port)
{
    close_first(port);
    must_be(op_bind_virq(dom, VIRQ_TIMER, 0), port);
}

static void make_pair(uint32_t port)
{
    close_first(port);
    must_be(op_bind_interdomain(dom, DOMID_SELF, HOME), port);
    calm();
}

static void make_pending(uint32_t port)
{
    make_pair(port);
    must(op_send(dom, HOME));
}

static void make_masked(uint32_t port)
{
    make_pair(port);
    abi->mask();
}

static void make_masked_and_pending(uint32_t port)
{
    make_masked(port);
    must(op_send(dom, HOME));
}

static int64_t alloc_unbound(uint32_t port)
{
    (void)port;
    return op_alloc_unbound(dom, DOMID_SELF, DOMID_SELF);
}

static int64_t bind_interdomain(uint32_t port)
{
    (void)port;
    return op_bind_interdomain(dom, DOMID_SELF, HOME);
}

static int64_t bind_virq(uint32_t port)
{
    (void)port;
    return op_bind_virq(dom, VIRQ_TIMER, 0);
}

static int64_t bind_ipi(uint32_t port)
{
    (void)port;
    return op_bind_ipi(dom, 0);
}

static int64_t do_close(uint32_t port)
{
    return op_close(dom, port);
}

/* Each end of a pair once: which of the two is cheaper to close depends on their addresses. */
static int64_t close_both_ends(uint32_t port)
{
    must(op_close(dom, port));
    must_be(op_bind_interdomain(dom, DOMID_SELF, HOME), port);
    return op_close(dom, HOME);
}

static void make_home_again(uint32_t port)
{
    must_be(op_alloc_unbound(dom, DOMID_SELF, DOMID_SELF), HOME);
    make_ipi_again(port);
}

static int64_t send_peer(uint32_t port)
{
    (void)port;
    return op_send(dom, HOME);
}

static int64_t do_send(uint32_t port)
{
    return op_send(dom, port);
}

static int64_t status(uint32_t port)
{
    struct evtchn_status s;
    return op_status(dom, DOMID_SELF, port, &s);
}

static int64_t bind_vcpu(uint32_t port)
{
    return op_bind_vcpu(dom, port, 1);
}

static int64_t unmask(uint32_t port)
{
    return op_unmask(dom, port);
}

static int64_t set_priority(uint32_t port)
{
    return op_set_priority(dom, port, 3);
}

static int64_t raise_virq(uint32_t port)
{
    (void)port;
    evt_raise_virq(dom->evt, 0, VIRQ_TIMER);
    return 0;
}

static int64_t poll(uint32_t port)
{
    return evt_port_is_pending(dom->evt, port);
}

static const struct operation {
    const char *name;
    void (*before)(uint32_t port); /* not counted */
    int64_t (*run)(uint32_t port);
    void (*after)(uint32_t port);
    bool fifo_only;
} operations[] = {
    {"alloc_unbound", close_first, alloc_unbound, make_ipi_again, false},
    {"bind_interdomain", close_first, bind_interdomain, make_ipi_again, false},
    {"bind_virq", close_first, bind_virq, make_ipi_again, false},
    {"bind_ipi", close_first, bind_ipi, NULL, false},
    {"close", NULL, do_close, make_ipi, false},
    {"close, bind, close peer", make_pair, close_both_ends, make_home_again, false},
    {"send", make_pair, send_peer, make_ipi_again, false},
    {"send, pending already", make_pending, send_peer, make_ipi_again, false},
    {"send, masked", make_masked, send_peer, make_ipi_again, false},
    {"send, ipi", NULL, do_send, make_ipi_again, false},
    {"status", NULL, status, NULL, false},
    {"bind_vcpu", make_pair, bind_vcpu, make_ipi_again, false},
    {"unmask, pending", make_masked_and_pending, unmask, make_ipi_again, false},
    {"set_priority", NULL, set_priority, make_ipi_again, true},
    {"raise a virq", make_virq, raise_virq, make_ipi_again, false},
    {"poll's question", NULL, poll, NULL, false},
};

/* --- Measuring */

static void dump(uint32_t in_use, const char *operation, uint32_t calls)
{
    char label[128];

    (void)snprintf(label, sizeof(label), "%s | %u | %s | %u", abi->name, in_use, operation, calls);
    CALLGRIND_DUMP_STATS_AT(label);
}

/* Spread from 2 to n, and at different places of their words. */
static uint32_t sample(uint32_t n, uint32_t i)
{
    return 2 + (uint32_t)((uint64_t)(n - 2) * i / (SAMPLES - 1));
}

static void measure(const struct operation *op, uint32_t n)
{
    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint32_t port = sample(n, i);
        if (op->before)
            op->before(port);
        CALLGRIND_TOGGLE_COLLECT;
        int64_t rc = op->run(port);
        CALLGRIND_TOGGLE_COLLECT;
        must(rc);
        if (op->after)
            op->after(port);
    }
    dump(n, op->name, SAMPLES);
}

static void world_begin(void)
{
    fake_begin();
    fake.threaded = true; /* its watch over locks is not what is measured */
    dom = fake_domain(1);
    abi->enter();
    must_be(op_alloc_unbound(dom, DOMID_SELF, DOMID_SELF), HOME);
}

static void measure_operations(uint32_t n)
{
    world_begin();
    for (uint32_t port = HOME + 1; port <= n; port++)
        must_be(op_bind_ipi(dom, 0), port);
    calm();
    CALLGRIND_START_INSTRUMENTATION;
    for (unsigned i = 0; i < sizeof(operations) / sizeof(*operations); i++)
        if (!operations[i].fifo_only || abi->enter == enter_fifo)
            measure(&operations[i], n);
    CALLGRIND_STOP_INSTRUMENTATION;
    fake_end();
}

/* Ports that were never open before, a page of them. */
static void measure_new_ports(uint32_t first)
{
    world_begin();
    for (uint32_t port = HOME + 1; port < first; port++)
        must_be(op_bind_ipi(dom, 0), port);
    CALLGRIND_START_INSTRUMENTATION;
    for (uint32_t port = first; port < first + EVT_PORTS_PER_PAGE && port <= abi->ports; port++) {
        CALLGRIND_TOGGLE_COLLECT;
        int64_t rc = op_bind_ipi(dom, 0);
        CALLGRIND_TOGGLE_COLLECT;
        must_be(rc, port);
    }
    uint32_t beyond = first + EVT_PORTS_PER_PAGE - 1 > abi->ports ? first + EVT_PORTS_PER_PAGE - 1 - abi->ports : 0;
    dump(first, "bind_ipi, a new port", EVT_PORTS_PER_PAGE - beyond);
    CALLGRIND_STOP_INSTRUMENTATION;
    fake_end();
}

int main(void)
{
    static const uint32_t in_use[] = {16, 1024, 65536, 262144};

    for (abi = abis; abi < abis + sizeof(abis) / sizeof(*abis); abi++) {
        for (unsigned i = 0; i < 4; i++)
            if (in_use[i] <= abi->ports)
                measure_operations(in_use[i]);
        measure_operations(abi->ports);
        if (abi->ports > 131000) {
            measure_new_ports(100);
            measure_new_ports(131000);
        }
    }
    return 0;
}
