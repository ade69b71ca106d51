/* SPDX-License-Identifier: MIT */
/*
 * Two domains and one level-triggered line. The line fires for both at once, and not again before both have ended the
 * interrupt. One drives the line (drives=yes); the other is slow to end it. Another line is nobody's to share: one of
 * them has it, and the other is refused.
 */
#include "guest/abi/errno.h"
#include "guest/abi/irq_generator.h"
#include "guest/abi/physdev.h"
#include "guest/lib/args.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/limit.h"
#include "guest/lib/verdict.h"
#include "guest/pirq/pirq.h"

#define EXCLUSIVE 17
#define SHARED 19
#define SECONDS 60

static unsigned rounds;
static volatile unsigned interrupts;

static void count(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    interrupts++;
}

static void wait_for(unsigned n)
{
    while (interrupts < n)
        env_wait();
    CHECK_VALUE(interrupts, n);
}

static void give_way(void)
{
    hv_sched_op(SCHEDOP_yield, NULL);
}

/* The driver keeps the exclusive line; the other one tries until it is refused. */
static void meet_over_exclusive(bool driver)
{
    int rc;

    while ((rc = pirq_bind(EXCLUSIVE, BIND_PIRQ__WILL_SHARE * !driver)) != (driver ? 1 : -XEN_EBUSY)) {
        if (rc > 0)
            evt_close((evtchn_port_t)rc);
        give_way();
    }
}

/* The driver: assert, end, and see that the other one still holds the line; sometimes it is asserted still, then both
 * hear again. */
static void drive(void)
{
    while (pirq_status(SHARED) != (XENIRQSTAT_needs_eoi | XENIRQSTAT_shared))
        give_way();
    for (unsigned n = 1; n <= rounds; n++) {
        if (n % 2)
            line_drive(SHARED, true);
        wait_for(n);
        if (n % 2 == 0)
            line_drive(SHARED, false);
        CHECK(line_state(SHARED) & IRQGEN_UNENDED);
        CHECK_VALUE(pirq_eoi(SHARED), 0);
        while (n % 2 == 0 && line_state(SHARED))
            give_way();
    }
}

static void follow(void)
{
    for (unsigned n = 1; n <= rounds; n++) {
        wait_for(n);
        clock_spin_until(clock_now() + 200 * CLOCK_US);
        CHECK_VALUE(interrupts, n); /* the driver's end alone does not make it fire */
        CHECK(line_state(SHARED) & IRQGEN_UNENDED);
        CHECK_VALUE(pirq_eoi(SHARED), 0);
    }
}

void share_line(void)
{
    bool driver = args_is("drives", "yes");

    rounds = (unsigned)args_number("rounds", 100) & ~1U;
    meet_over_exclusive(driver);
    int port = pirq_bind(SHARED, BIND_PIRQ__WILL_SHARE);
    if (!CHECK(port > 0))
        return;
    limit_seconds(SECONDS);
    env_upcalls_off();
    evt_set_handler((evtchn_port_t)port, count, NULL);
    CHECK_VALUE(evt_unmask((evtchn_port_t)port), 0);
    if (driver)
        drive();
    else
        follow();
    guest_printf("pirq: %u interrupts of the shared line %u\n", interrupts, SHARED);
}
