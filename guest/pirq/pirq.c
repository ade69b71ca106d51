/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines (irqs=) as events: edge- and level-triggered, their end, their affinity, and the refusals of
 * bind_pirq. With role=share two domains share a level-triggered line (share.c).
 *
 * The domain alone needs irqs="[4,16,18,40]": the console's line, one of each kind, and one that does not exist.
 */
#include "guest/pirq/pirq.h"

#include "guest/abi/errno.h"
#include "guest/abi/irq_generator.h"
#include "guest/abi/physdev.h"
#include "guest/abi/vcpu.h"
#include "guest/lib/args.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/limit.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"

#define CONSOLE 4
#define EDGE 16
#define LEVEL 18
#define FORBIDDEN 17
#define NO_LINE 40
#define NO_PIRQ 100000
#define PATIENCE (2 * CLOCK_S)

static volatile unsigned interrupts, on_vcpu;

static void count(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    on_vcpu = guest_vcpu()->id;
    interrupts++;
}

/* A port for the line, which counts. Upcalls are on. */
static evtchn_port_t listen(uint32_t irq, uint32_t flags)
{
    int port = pirq_bind(irq, flags);

    if (!CHECK(port > 0))
        guest_exit();
    evt_set_handler((evtchn_port_t)port, count, NULL);
    interrupts = 0;
    CHECK_VALUE(evt_unmask((evtchn_port_t)port), 0);
    return (evtchn_port_t)port;
}

static bool interrupted(unsigned times)
{
    uint64_t deadline = clock_now() + PATIENCE;

    while (interrupts < times && clock_now() < deadline)
        __builtin_ia32_pause();
    return interrupts == times;
}

/* PIRQ-01, PIRQ-02, PIRQ-05, PIRQ-09, PIRQ-10, PIRQ-11 */
static void check_refusals(void)
{
    CHECK_VALUE(pirq_bind(NO_PIRQ, 0), -XEN_EINVAL);
    CHECK_VALUE(pirq_bind(0xFFFFFFFF, 0xFFFFFFFF), -XEN_EINVAL);
    CHECK_VALUE(pirq_bind(NO_LINE, BIND_PIRQ__WILL_SHARE), -XEN_EINVAL);
    CHECK_VALUE(pirq_bind(CONSOLE, BIND_PIRQ__WILL_SHARE), -XEN_EBUSY);
    int port = pirq_bind(EDGE, 0xFFFFFFFE); /* unknown bits are ignored */
    CHECK(port > 0);
    CHECK_VALUE(pirq_bind(EDGE, 0), -XEN_EEXIST);
    CHECK_VALUE(evt_send((evtchn_port_t)port), -XEN_EINVAL);
    CHECK_VALUE(evt_close((evtchn_port_t)port), 0);
    check_forbidden(FORBIDDEN);

    CHECK_VALUE(pirq_eoi(NO_PIRQ), -XEN_EINVAL);
    CHECK_VALUE(pirq_eoi(EDGE), -XEN_EINVAL); /* not bound */
    CHECK_VALUE(pirq_status(NO_PIRQ), -XEN_EINVAL);
    CHECK_VALUE(pirq_status(EDGE), 0);
    CHECK_VALUE(pirq_status(LEVEL), XENIRQSTAT_needs_eoi);
    CHECK_VALUE(line_state(FORBIDDEN), 0xFF);
    CHECK_VALUE(line_delivered(FORBIDDEN), 0xFFFFFFFF);
    CHECK_VALUE(hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_eoi, GUEST_UNMAPPED), -XEN_EFAULT);
    CHECK_VALUE(hypercall2(__HYPERVISOR_physdev_op, 99, 0), -XEN_ENOSYS);
}

/* On a busy machine the vcpu may come too late to stop it: then once more. */
static void check_stopped_timer(void)
{
    uint64_t start;
    unsigned n;

    do {
        start = clock_now();
        line_after(EDGE, 20000);
        line_after(EDGE, 0);
        n = interrupts;
    } while (clock_now() > start + 20 * CLOCK_MS);
    clock_spin_until(start + 25 * CLOCK_MS);
    CHECK_VALUE(interrupts, n);
}

/* PIRQ-03, PIRQ-07 */
static void check_edge(void)
{
    evtchn_port_t port = listen(EDGE, 0);
    struct evtchn_status s;

    CHECK_VALUE(evt_status(port, &s), 0);
    CHECK_VALUE(s.status, EVTCHNSTAT_pirq);
    CHECK_VALUE(s.u.pirq, EDGE);
    line_drive(EDGE, true);
    CHECK(interrupted(1));
    line_drive(EDGE, true); /* no end of interrupt is needed */
    CHECK(interrupted(2));
    line_after(EDGE, 2000);
    CHECK(interrupted(3));
    check_stopped_timer();
    evt_mask(port);
    interrupts = 0;
    uint32_t before = line_delivered(EDGE);
    line_drive(EDGE, true);
    line_drive(EDGE, true); /* two make one event */
    CHECK(evt_is_pending(port));
    CHECK_VALUE(evt_unmask(port), 0);
    CHECK(interrupted(1));
    CHECK_VALUE(line_delivered(EDGE) - before, 2);
    CHECK_VALUE(evt_close(port), 0);
    line_drive(EDGE, true); /* to nobody */
    CHECK_VALUE(line_delivered(EDGE) - before, 2);
}

/* PIRQ-06, PIRQ-08, PIRQ-09 */
static void check_level(void)
{
    line_drive(LEVEL, true); /* and it stays so until somebody listens */
    CHECK_VALUE(line_state(LEVEL), IRQGEN_ASSERTED);
    evtchn_port_t port = listen(LEVEL, 0);
    CHECK_VALUE(line_state(LEVEL), IRQGEN_ASSERTED | IRQGEN_UNENDED);
    interrupts = 0;
    line_drive(LEVEL, true);
    clock_spin_until(clock_now() + CLOCK_MS);
    CHECK(interrupted(0)); /* masked */
    CHECK_VALUE(pirq_eoi(LEVEL), 0);
    CHECK(interrupted(1)); /* still asserted */
    line_drive(LEVEL, false);
    CHECK_VALUE(line_state(LEVEL), IRQGEN_UNENDED);
    CHECK_VALUE(pirq_eoi(LEVEL), 0);
    CHECK_VALUE(pirq_eoi(LEVEL), 0);
    CHECK_VALUE(line_state(LEVEL), 0);
    clock_spin_until(clock_now() + CLOCK_MS);
    CHECK(interrupted(1));
    line_after(LEVEL, 1000);
    CHECK(interrupted(2));
    CHECK_VALUE(evt_close(port), 0); /* ends the interrupt */
    CHECK_VALUE(line_state(LEVEL), IRQGEN_ASSERTED);
    line_drive(LEVEL, false);
}

static void be_interruptible(void *arg)
{
    env_upcalls_on();
    while (!*(volatile bool *)arg)
        hv_sched_op(SCHEDOP_yield, NULL);
}

/* PIRQ-12 */
static void check_affinity(void)
{
    static volatile bool done;
    evtchn_port_t port = listen(EDGE, 0);
    struct evtchn_status s;

    CHECK_VALUE(evt_vcpu_start(1, be_interruptible, (void *)&done), 0);
    CHECK_VALUE(evt_move(port, 1), 0);
    line_drive(EDGE, true);
    CHECK(interrupted(1));
    CHECK_VALUE(on_vcpu, 1);
    line_after(EDGE, 1000); /* the generator's timer has moved with it */
    CHECK(interrupted(2));
    CHECK_VALUE(on_vcpu, 1);
    CHECK_VALUE(evt_status(port, &s), 0);
    CHECK_VALUE(s.vcpu, 1);
    CHECK_VALUE(evt_move(port, 0), 0);
    line_drive(EDGE, true);
    CHECK(interrupted(3));
    CHECK_VALUE(on_vcpu, 0);
    done = true;
    while (evt_vcpu_is_up(1))
        hv_sched_op(SCHEDOP_yield, NULL);
    CHECK_VALUE(evt_close(port), 0);
}

/* PIRQ-06: a reset closes the ports, which gives the lines back. */
static void check_reset(void)
{
    listen(EDGE, 0);
    evtchn_port_t port = listen(LEVEL, 0);
    line_drive(LEVEL, true);
    CHECK(interrupted(1));
    CHECK_VALUE(evt_reset(), 0);
    CHECK_VALUE(line_state(LEVEL), IRQGEN_ASSERTED);
    CHECK_VALUE(pirq_eoi(LEVEL), -XEN_EINVAL);
    CHECK_VALUE(pirq_bind(EDGE, 0), 1);
    CHECK_VALUE(listen(LEVEL, 0), port);
    CHECK_VALUE(line_state(LEVEL), IRQGEN_ASSERTED | IRQGEN_UNENDED);
    line_drive(LEVEL, false);
}

void guest_main(void)
{
    if (args_is("role", "share")) {
        share_line();
        return;
    }
    if (pirq_status(EDGE) == -XEN_ENOSYS) {
        verdict(VERDICT_SKIP, "the domain has no interrupt line: irqs= gives some");
        return;
    }
    env_upcalls_on();
    check_refusals();
    check_edge();
    check_level();
    check_affinity();
    check_reset();
    guest_printf("pirq: edge, level, affinity, reset: %u interrupts of line %u, %u of line %u\n", line_delivered(EDGE),
                 EDGE, line_delivered(LEVEL), LEVEL);
}
