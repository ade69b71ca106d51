/* SPDX-License-Identifier: MIT */
/*
 * The checker itself (evtchn/check.c): each rule is broken by hand, in a domain that has something of everything, and
 * must be the one that says so.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include "tests/host/test_evtchn.h"

/* With the field at this value the checker says so; then it is put back. */
#define BREAKS_NOW(field, value, words)     \
    do {                                    \
        __typeof__(field) kept_ = (field);  \
        (field) = (value);                  \
        const char *why_ = evtchn_why(d);   \
        (field) = kept_;                    \
        assert_string_equal(why_, (words)); \
    } while (0)

/* The same in a domain where nothing else is wrong. */
#define BREAKS(field, value, words)      \
    do {                                 \
        BREAKS_NOW(field, value, words); \
        SOUND();                         \
    } while (0)

static const char *evtchn_why(struct fake_domain *d)
{
    const char *why = evt_check(d->evt);
    return why ? why : "all is well";
}

enum { FREE = 6, IPI = 1, VIRQ, GLOBAL_VIRQ, UNBOUND, PAIR, UNKNOWN = 100, PIRQ = 7 };

/* One port of each kind, and port 6 free again. */
static struct fake_domain *make_domain(void)
{
    struct fake_domain *d = fake_domain(1), *other = fake_domain(2);
    assert_int_equal(op_bind_ipi(d, 0), IPI);
    assert_int_equal(op_bind_virq(d, VIRQ_TIMER, 1), VIRQ);
    assert_int_equal(op_bind_virq(d, VIRQ_CONSOLE, 0), GLOBAL_VIRQ);
    assert_int_equal(op_alloc_unbound(d, DOMID_SELF, 2), UNBOUND);
    assert_int_equal(op_alloc_unbound(other, DOMID_SELF, 1), 1);
    assert_int_equal(op_bind_interdomain(d, 2, 1), PAIR);
    assert_int_equal(op_bind_ipi(d, 0), FREE);
    assert_int_equal(op_bind_pirq(d, 3, 0), PIRQ);
    assert_int_equal(op_close(d, FREE), 0);
    assert_string_equal(evtchn_why(d), "all is well");
    return d;
}

static struct evt_port *port(struct fake_domain *d, uint32_t number)
{
    return evt_port_of(d->evt, number);
}

static void rules_of_ports(void **state)
{
    (void)state;
    struct fake_domain *d = make_domain();
    struct evt_domain *e = d->evt;
    BREAKS(port(d, IPI)->lock, 1, "a port is locked");
    BREAKS(port(d, FREE)->lock, 1, "a port is locked");
    BREAKS(port(d, IPI)->state, EVTCHNSTAT_ipi + 1, "a port is in no known state");
    BREAKS(e->max_port, PAIR - 1, "a port is open above its domain's limit");
    BREAKS(e->taken.leaf[0][0], 1, "the free map and a port's state differ");
    BREAKS(e->taken.leaf[0][0], e->taken.leaf[0][0] | 1 << FREE, "the free map and a port's state differ");
    BREAKS(port(d, IPI)->vcpu, 4, "a port notifies a vcpu that does not exist");
    BREAKS(port(d, IPI)->fifo, EVT_FIFO_REMEMBERED, "an event is remembered for nobody");
    BREAKS(port(d, UNBOUND)->for_dom, 65536, "an unbound port is for no domid");
    BREAKS(port(d, PAIR)->link, PAIR, "an interdomain port leads nowhere");
    BREAKS(port(d, PAIR)->link, evt_link(fake.domain[1].evt, 64), "an interdomain port leads nowhere");
    BREAKS(port(d, PAIR)->link, evt_link(e, PAIR), "an interdomain port's peer does not lead back");
    BREAKS(port(d, PAIR)->link, evt_link(e, IPI), "an interdomain port's peer does not lead back");
    BREAKS(evt_port_of(fake.domain[1].evt, 1)->link, evt_link(e, IPI), "an interdomain port's peer does not lead back");
    BREAKS(port(d, VIRQ)->virq, NR_VIRQS, "a virq port has no such virq");
    BREAKS(port(d, VIRQ)->vcpu, 2, "a virq port is not in the virq table");
    BREAKS(port(d, VIRQ)->virq, VIRQ_DEBUG, "a virq port is not in the virq table");
}

/* With the counts made to fit: a free port that is Xen-attached, and port 0 in somebody's use. */
static void states_of_ports(void **state)
{
    (void)state;
    struct fake_domain *d = make_domain();
    d->evt->open_ports++;
    port(d, 0)->state = EVTCHNSTAT_ipi;
    assert_string_equal(evtchn_why(d), "port 0 is open");
    port(d, 0)->state = EVTCHNSTAT_closed;
    d->evt->xen_ports++;
    port(d, FREE)->state = EVT_XEN_ATTACHED;
    assert_string_equal(evtchn_why(d), "a port is in no known state");
    port(d, FREE)->state = EVTCHNSTAT_closed;
    d->evt->open_ports--;
    d->evt->xen_ports--;
    SOUND();
}

static void rules_of_vcpus(void **state)
{
    (void)state;
    struct fake_domain *d = make_domain();
    struct evt_domain *e = d->evt;
    struct evt_vcpu *v = evt_vcpu_of(e, 1);
    BREAKS(v->info, d->shared_info + 2, "a vcpu_info is not where one may be");
    BREAKS(v->info, d->shared_info + 4096 - 60, "a vcpu_info is not where one may be");
    BREAKS(v->placed, false, "a vcpu_info is not where one may be");
    BREAKS(v->l2, d->frames[0], "an L2 selector does not fit the ABI");
    BREAKS(v->control, d->frames[0], "a control block does not fit the ABI");
    BREAKS(v->virq_port[VIRQ_DEBUG], e->nr_known, "the virq table names a port that is not its own");
    BREAKS(v->virq_port[VIRQ_DEBUG], IPI, "the virq table names a port that is not its own");
    BREAKS(v->virq_port[VIRQ_DEBUG], VIRQ, "the virq table names a port that is not its own");
    BREAKS(v->virq_port[VIRQ_CONSOLE], GLOBAL_VIRQ, "the virq table names a port that is not its own");
}

static void rules_of_domains(void **state)
{
    (void)state;
    struct fake_domain *d = make_domain();
    struct evt_domain *e = d->evt;
    BREAKS(e->lock, 1, "the domain is locked");
    BREAKS(e->busy, EVT_SWITCHING, "a switch or reset never ended");
    BREAKS(e->busy, EVT_RESETTING, "a switch or reset never ended");
    BREAKS(e->moving_from, e->ops, "a switch or reset never ended");
    BREAKS(e->latched_bits, 32, "2-level does not have the word size that was latched");
    BREAKS(e->pending[0], d->frames[0], "the bitmaps do not fit the ABI");
    BREAKS(e->mask[7], d->frames[0], "the bitmaps do not fit the ABI");
    BREAKS(e->nr_words, 1, "the event array does not fit the ABI");
    BREAKS(e->queues[0], (void *)d->frames[0], "the queues do not fit the ABI");
    BREAKS(e->nr_valid, 63, "the number of valid ports is wrong");
    BREAKS(e->nr_known, 63, "the number of valid ports is wrong");
    BREAKS(e->nr_backed, 0, "the number of valid ports is wrong");
    BREAKS(e->open_ports, 8, "the count of open ports is wrong");
    BREAKS(e->xen_ports, 1, "the count of open ports is wrong");
    BREAKS(e->taken.middle[0], 1, "the levels of the free map differ");
    BREAKS(e->taken.root, 1, "the levels of the free map differ");
    BREAKS(e->pages, e->pages + 1, "the count of pages is wrong");
}

static void rules_of_pirqs(void **state)
{
    (void)state;
    struct fake_domain *d = make_domain();
    struct evt_domain *e = d->evt;
    BREAKS(e->pirq_port[4], e->nr_known, "the table of pirqs names a port that is not its own");
    BREAKS(e->pirq_port[4], IPI, "the table of pirqs names a port that is not its own");
    BREAKS(e->pirq_port[4], PIRQ, "the table of pirqs names a port that is not its own");
    BREAKS(port(d, PIRQ)->pirq, 4, "the table of pirqs names a port that is not its own");
    BREAKS(e->pirq_port[3], 0, "a pirq port is not in the table of pirqs");
    e->pirq_port[3] = 0;
    BREAKS_NOW(port(d, PIRQ)->pirq, e->nr_pirqs, "a pirq port has no such pirq");
    e->pirq_port[3] = PIRQ;
    uint32_t *table = e->pirq_port;
    e->pirq_port = NULL;
    e->pages--;
    assert_string_equal(evtchn_why(d), "a pirq port has no such pirq");
    e->pirq_port = table;
    e->pages++;
    SOUND();
}

static void rules_of_unknown_ports(void **state)
{
    (void)state;
    struct fake_domain *d = make_domain();
    BREAKS(port(d, UNKNOWN)->state, EVTCHNSTAT_ipi, "a port is in use that nobody knows");
    BREAKS(port(d, UNKNOWN)->lock, 1, "a port is in use that nobody knows");
    BREAKS(d->evt->taken.leaf[0][UNKNOWN / 64], 1ULL << UNKNOWN % 64, "a port is in use that nobody knows");
}

static void rules_of_3level(void **state)
{
    (void)state;
    struct fake_domain *d = make_domain();
    assert_int_equal(op_register64(d, 0, true), 0);
    assert_int_equal(op_register_l2(d, 0, 20, 0), 0);
    assert_string_equal(evtchn_why(d), "all is well");
    struct evt_vcpu *v = evt_vcpu_of(d->evt, 0);
    BREAKS(v->l2, d->frames[20] + 4, "an L2 selector does not fit the ABI");
    BREAKS(v->l2, d->frames[20] + 4096 - 504, "an L2 selector does not fit the ABI");
    BREAKS(v->control, d->frames[20], "a control block does not fit the ABI");
    BREAKS(d->evt->pending[7], NULL, "the bitmaps do not fit the ABI");
    BREAKS(d->evt->mask[0], NULL, "the bitmaps do not fit the ABI");
}

static void rules_of_fifo(void **state)
{
    (void)state;
    struct fake_domain *d = make_domain();
    assert_int_equal(op_init_control(d, 0, 0, 0), 0);
    assert_int_equal(op_expand_array(d, 1), 0);
    assert_int_equal(op_send(d, IPI), 0);
    assert_string_equal(evtchn_why(d), "all is well");
    struct evt_domain *e = d->evt;
    struct evt_vcpu *v = evt_vcpu_of(e, 0);
    struct evt_queue *q = evt_queue_of(e, EVTCHN_FIFO_PRIORITY_DEFAULT);
    assert_int_equal(q->tail, IPI);
    BREAKS(e->queues[0], NULL, "the queues do not fit the ABI");
    BREAKS(e->words[0], NULL, "the event array does not fit the ABI");
    BREAKS(e->nr_words, EVT_ARRAY_PAGES + 1, "the event array does not fit the ABI");
    BREAKS(v->control, d->frames[0] + 4, "a control block does not fit the ABI");
    BREAKS(v->control, d->frames[0] + 4096 - 64, "a control block does not fit the ABI");
    BREAKS(v->control, NULL, "a queue is in use without a control block");
    BREAKS(v->l2, d->frames[0], "an L2 selector does not fit the ABI");
    BREAKS(port(d, IPI)->fifo, EVT_FIFO_QUEUE, "a port was linked on a queue that does not exist");
    BREAKS(port(d, IPI)->fifo, EVT_FIFO_REMEMBERED, "an event is remembered for nobody");
    BREAKS(port(d, IPI)->fifo, 1 << EVT_FIFO_QUEUE_SHIFT, "the tail of a queue has moved");
    BREAKS(q->lock, 1, "a queue is locked");
    BREAKS(q->tail, 64, "the tail of a queue does not exist");
    BREAKS(q->tail, FREE, "the tail of a queue has moved");
}

/* An event without a word is remembered, but only for a port that is open. */
static void rules_of_remembering(void **state)
{
    (void)state;
    struct fake_domain *d = make_domain();
    assert_int_equal(op_init_control(d, 0, 0, 0), 0);
    assert_int_equal(op_send(d, IPI), 0);
    assert_string_equal(evtchn_why(d), "all is well");
    BREAKS(port(d, FREE)->fifo, EVT_FIFO_REMEMBERED, "an event is remembered for nobody");
    BREAKS(evt_queue_of(d->evt, 0)->tail, IPI, "the tail of a queue does not exist");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(rules_of_ports),   IN_WORLD(states_of_ports),        IN_WORLD(rules_of_vcpus),
        IN_WORLD(rules_of_domains), IN_WORLD(rules_of_pirqs),         IN_WORLD(rules_of_3level),
        IN_WORLD(rules_of_fifo),    IN_WORLD(rules_of_unknown_ports), IN_WORLD(rules_of_remembering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
