/* SPDX-License-Identifier: MIT */
/* An interrupt line and its users: when it fires, when it is masked, who may share it. */
// links: kernel/irq_line.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "evtchn/evtchn.h"
#include "kernel/irq_line.h"

/* Domains are only names here; each counts its interrupts. */
struct evt_domain {
    unsigned interrupts;
    uint32_t pirq;
};

static struct evt_domain a, b, others[IRQ_LINE_USERS];
static struct irq_line line;

void evt_raise_pirq(struct evt_domain *d, uint32_t pirq)
{
    d->interrupts++;
    d->pirq = pirq;
}

static int new_edge(void **state)
{
    (void)state;
    memset(&line, 0, sizeof(line));
    line.irq = 17;
    a = b = (struct evt_domain){0};
    return 0;
}

static int new_level(void **state)
{
    new_edge(state);
    line.level = true;
    return 0;
}

static void join(struct evt_domain *d, bool share)
{
    assert_int_equal(irq_line_bind(&line, d, share), 0);
    irq_line_enable(&line, d);
}

/* PIRQ-07 */
static void edges_fire_each_time(void **state)
{
    (void)state;
    irq_line_drive(&line, true); /* nobody hears */
    join(&a, false);
    assert_int_equal(a.interrupts, 0);
    irq_line_drive(&line, true);
    irq_line_drive(&line, true);
    irq_line_drive(&line, false);
    assert_int_equal(a.interrupts, 2);
    assert_int_equal(a.pirq, 17);
    assert_true(irq_line_end(&line, &a)); /* not needed, does no harm */
    assert_int_equal(a.interrupts, 2);
    assert_int_equal(line.delivered, 2);
}

/* PIRQ-06: A level that stays asserted must neither storm before it is ended nor be forgotten afterwards. */
static void a_level_is_masked_until_its_end(void **state)
{
    (void)state;
    join(&a, false);
    irq_line_drive(&line, true);
    irq_line_drive(&line, false);
    irq_line_drive(&line, true);
    assert_int_equal(a.interrupts, 1);
    assert_true(irq_line_end(&line, &a));
    assert_int_equal(a.interrupts, 2); /* still asserted */
    irq_line_drive(&line, false);
    assert_true(irq_line_end(&line, &a));
    assert_true(irq_line_end(&line, &a));
    assert_int_equal(a.interrupts, 2);
    irq_line_drive(&line, true);
    assert_int_equal(a.interrupts, 3);
}

/* PIRQ-06, PIRQ-09: An end that was not owed must not unmask the line for the others. */
static void a_shared_level_waits_for_all(void **state)
{
    (void)state;
    join(&a, true);
    join(&b, true);
    irq_line_drive(&line, true);
    assert_int_equal(a.interrupts + b.interrupts, 2);
    assert_true(irq_line_end(&line, &a));
    assert_true(irq_line_end(&line, &a));
    assert_int_equal(a.interrupts, 1);
    assert_true(irq_line_end(&line, &b));
    assert_int_equal(a.interrupts, 2);
    assert_int_equal(b.interrupts, 2);
}

/* Who leaves owes nothing any more: the others must not wait for ever. */
static void leaving_ends_the_interrupt(void **state)
{
    (void)state;
    join(&a, true);
    join(&b, true);
    irq_line_drive(&line, true);
    assert_true(irq_line_end(&line, &a));
    irq_line_unbind(&line, &b);
    assert_int_equal(a.interrupts, 2);
    assert_int_equal(b.interrupts, 1);
    assert_false(irq_line_end(&line, &b));
    irq_line_unbind(&line, &b);
    irq_line_unbind(&line, &a);
    assert_int_equal(irq_line_nr_users(&line), 0);
    assert_int_equal(line.unended, 0);
    assert_int_equal(a.interrupts, 2);
}

/* PIRQ-08: A level that was asserted when nobody listened is heard by the first who does, once its port is open. */
static void an_asserted_level_waits_for_its_first_user(void **state)
{
    (void)state;
    irq_line_drive(&line, true);
    assert_int_equal(line.unended, 0);
    assert_int_equal(irq_line_bind(&line, &a, false), 0);
    irq_line_drive(&line, true);
    assert_int_equal(a.interrupts, 0); /* not enabled yet */
    irq_line_enable(&line, &a);
    assert_int_equal(a.interrupts, 1);
    irq_line_enable(&line, &a); /* its port moves to another vcpu */
    assert_int_equal(a.interrupts, 1);
    irq_line_enable(&line, &b); /* no user */
    assert_int_equal(b.interrupts, 0);
}

/* PIRQ-08 */
static void who_joins_late_waits_for_the_end(void **state)
{
    (void)state;
    join(&a, true);
    irq_line_drive(&line, true);
    join(&b, true);
    assert_int_equal(b.interrupts, 0);
    assert_true(irq_line_end(&line, &b));
    assert_int_equal(a.interrupts, 1);
    assert_true(irq_line_end(&line, &a));
    assert_int_equal(a.interrupts, 2);
    assert_int_equal(b.interrupts, 1);
}

/* Whoever is told that the line is shared counts on the other's hearing it: not in the middle of the other's bind_pirq.
 */
static void who_does_not_hear_yet_does_not_count(void **state)
{
    (void)state;
    join(&a, true);
    assert_int_equal(irq_line_bind(&line, &b, true), 0);
    assert_int_equal(irq_line_nr_users(&line), 1);
    irq_line_enable(&line, &b);
    assert_int_equal(irq_line_nr_users(&line), 2);
}

/* PIRQ-05 */
static void sharing_needs_the_consent_of_all(void **state)
{
    (void)state;
    join(&a, false);
    assert_int_equal(irq_line_bind(&line, &b, false), -XEN_EBUSY);
    assert_int_equal(irq_line_bind(&line, &b, true), -XEN_EBUSY);
    irq_line_unbind(&line, &a);
    join(&b, true);
    assert_int_equal(irq_line_bind(&line, &a, false), -XEN_EBUSY);
    join(&a, true);
    assert_int_equal(irq_line_nr_users(&line), 2);
}

static void users_are_limited(void **state)
{
    (void)state;
    for (unsigned i = 0; i < IRQ_LINE_USERS; i++)
        join(&others[i], true);
    assert_int_equal(irq_line_bind(&line, &a, true), -XEN_EBUSY);
    irq_line_drive(&line, true);
    for (unsigned i = 0; i < IRQ_LINE_USERS; i++) {
        assert_int_equal(others[i].interrupts, 1);
        assert_true(irq_line_end(&line, &others[i]));
    }
    assert_int_equal(others[0].interrupts, 2);
    irq_line_unbind(&line, &others[3]);
    join(&a, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(edges_fire_each_time, new_edge),
        cmocka_unit_test_setup(a_level_is_masked_until_its_end, new_level),
        cmocka_unit_test_setup(a_shared_level_waits_for_all, new_level),
        cmocka_unit_test_setup(leaving_ends_the_interrupt, new_level),
        cmocka_unit_test_setup(an_asserted_level_waits_for_its_first_user, new_level),
        cmocka_unit_test_setup(who_joins_late_waits_for_the_end, new_level),
        cmocka_unit_test_setup(who_does_not_hear_yet_does_not_count, new_level),
        cmocka_unit_test_setup(sharing_needs_the_consent_of_all, new_edge),
        cmocka_unit_test_setup(users_are_limited, new_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
