/* SPDX-License-Identifier: MIT */
/*
 * Random operations of two domains and a privileged one, with hostile hands in every word that they share with the
 * core. The core's own state must stay sound (evt_check), and at the end every page and reference must
 * have come back (fake_end). The input is a script: one byte chooses the step, the next ones are its arguments.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
// runs: 4000
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/env_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *script;
static size_t left;

static uint8_t next(void)
{
    if (!left)
        return 0;
    left--;
    return *script++;
}

/* Mostly a port that may exist, sometimes one of the edges. */
static uint32_t next_port(void)
{
    static const uint32_t edge[] = {0, 255, 256, 1023, 1024, 4095, 4096, 32767, 32768, 262143, 262144, UINT32_MAX};
    uint8_t b = next();
    return b < 0xf0 ? b % 48 : edge[b % 12];
}

static uint16_t next_dom(void)
{
    static const uint16_t dom[] = {0, 1, 2, DOMID_SELF, DOMID_SELF, 9, DOMID_IO, 1};
    return dom[next() % 8];
}

static struct fake_domain *next_caller(void)
{
    return &fake.domain[next() % 3];
}

/* Any operation with any argument; those that are written out below keep the walk from being refused all the time. */
static void step_anything(struct fake_domain *d)
{
    uint8_t arg[32];
    uint8_t cmd = next();
    for (unsigned i = 0; i < sizeof(arg); i++)
        arg[i] = next();
    if (cmd & 1)
        (void)fake_op(d, cmd >> 1, arg, sizeof(arg));
    else
        (void)fake_op32(d, cmd >> 1, arg, sizeof(arg));
}

static void step_wild_pointer(struct fake_domain *d)
{
    uint64_t arg = FAKE_GUEST_BASE + FAKE_GUEST_SIZE - next() % 40;
    if (evt_hypercall(d->evt, next() % 17, arg, next() & 1) == -XEN_ERESTART)
        return;
}

static void step_bind(struct fake_domain *d)
{
    switch (next() % 5) {
    case 0:
        (void)op_alloc_unbound(d, next_dom(), next_dom());
        break;
    case 1:
        (void)op_bind_interdomain(d, next_dom(), next_port());
        break;
    case 2:
        (void)op_bind_virq(d, next() % 25, next() % 6);
        break;
    case 3:
        (void)op_bind_pirq(d, next() % (FAKE_PIRQS + 1), next());
        break;
    default:
        (void)op_bind_ipi(d, next() % 6);
    }
}

static void step_use(struct fake_domain *d)
{
    struct evtchn_status status;
    struct evt_port_view view;
    switch (next() % 9) {
    case 0:
        (void)op_close(d, next_port());
        break;
    case 1:
        (void)op_bind_vcpu(d, next_port(), next() % 6);
        break;
    case 2:
        (void)op_unmask(d, next_port());
        break;
    case 3:
        (void)op_status(d, next_dom(), next_port(), &status);
        break;
    case 4:
        (void)!evt_port_is_pending(d->evt, next_port());
        break;
    case 5:
        (void)evt_view_port(d->evt, next_port(), &view);
        break;
    case 6:
        evt_raise_virq(d->evt, next() % 6, next() % 25);
        break;
    case 7:
        evt_raise_pirq(d->evt, next() % (FAKE_PIRQS + 1));
        break;
    default:
        (void)op_send(d, next_port());
    }
}

/* Many ports at once, to come beyond the edges of words, pages and ABIs. */
static void step_many(struct fake_domain *d)
{
    unsigned size = next();
    for (unsigned n = size == 255 ? 40000 : 4 * size; n && op_bind_ipi(d, 0) > 0; n--)
        ;
}

static void step_fifo(struct fake_domain *d)
{
    uint8_t b = next();
    switch (b % 4) {
    case 0:
        (void)op_init_control(d, next() % 6, next() % 42, 8U * next() + 2048 * (next() & 1) + (b >> 7));
        break;
    case 1:
        (void)op_expand_array(d, next() % 42);
        break;
    case 2:
        (void)op_set_priority(d, next_port(), next() % 18);
        break;
    default:
        for (unsigned n = next(); n && !op_expand_array(d, b % 40); n--)
            ;
    }
}

static void step_abi(struct fake_domain *d)
{
    uint8_t b = next();
    switch (b % 8) {
    case 0:
        (void)op_register64(d, next() % 30, b & 8);
        break;
    case 1:
        (void)op_register32(d, next() % 38, b & 8);
        break;
    case 2:
        (void)op_register_l2(d, next() % 6, next() % 42, 8U * next() + 2048 * (next() & 1) + (b >> 7));
        break;
    case 3:
        (void)op_register_l2_32(d, next() % 6, next() % 42, 16U * next() + (b >> 6));
        break;
    case 4:
    case 5:
        if (op_reset(d, next_dom()) == -XEN_ERESTART && next() & 1)
            (void)fake_op(d, EVTCHNOP_reset_cont, &(uint16_t){DOMID_SELF}, sizeof(uint16_t));
        break;
    case 6:
        evt_latch_word_size(d->evt, b & 8 ? 64 : 32);
        break;
    default:
        evt_set_vcpu_info(d->evt, next() % 4, b & 8 ? d->late_info + 64 * (next() % 64) : NULL);
    }
}

/* The guest writes whatever it likes wherever it may. */
static void step_scribble(struct fake_domain *d)
{
    uint8_t where = next();
    uint32_t at = next() * 16U, n = 1 + next() % 64U;
    uint8_t *page = where < 40 ? d->frames[where] : where & 1 ? d->late_info : d->shared_info;
    memset(page + at, next(), at + n > 4096 ? 4096 - at : n);
}

static void on_another_cpu(void);

static void step_world(struct fake_domain *d)
{
    uint8_t b = next();
    fake.yield = b & 1;
    fake.quiesce_busy = (b & 6) == 6;
    fake.fail_alloc = b & 8 ? fake.allocs + 1 + (b >> 6) : 0;
    fake.on_quiesce = b & 16 ? on_another_cpu : NULL;
    d->paused = b & 32;
}

static void step(void)
{
    static void (*const steps[])(struct fake_domain *) = {
        step_bind, step_bind, step_abi,      step_use,  step_use,  step_use,   step_use,      step_use,
        step_fifo, step_abi,  step_scribble, step_fifo, step_many, step_world, step_anything, step_wild_pointer,
    };
    struct fake_domain *d = next_caller();
    steps[next() % 16](d);
}

/* While one CPU waits in the middle of a switch or a reset. */
static void on_another_cpu(void)
{
    for (unsigned i = next() % 8; i && left; i--)
        step();
    fake.quiesce_busy = true;
}

static void make_domain(uint16_t domid)
{
    struct evt_config c = fake_config(domid);
    c.rfc_numbering = domid == 2;
    c.max_port = domid == 2 ? 5000 : UINT32_MAX;
    if (!fake_create(&c))
        abort();
}

static void require_sound(void)
{
    const char *why = fake_check();
    if (!why)
        return;
    fprintf(stderr, "%s\n", why);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    script = data;
    left = size;
    fake_begin();
    for (uint16_t domid = 0; domid < 3; domid++)
        make_domain(domid);
    for (unsigned i = 0; left && i < 400; i++) {
        step();
        if (i % 32 == 0)
            require_sound();
    }
    require_sound();
    fake.fail_alloc = 0;
    fake_end();
    return 0;
}
