/* SPDX-License-Identifier: MIT */
#include "guest/conformance/matrix.h"

#include "common/format.h"
#include "common/string.h"
#include "guest/lib/window.h"

/* --- The states of a port --- */

/* Beside PORT_PENDING. The other end is that of ZOO_LOCAL. */
#define UNMASKED 4U
#define OTHER_PENDING 8U
#define OTHER_UNMASKED 16U
#define RAISED 32U /* unmasked, and an event has come: on FIFO it stands in its queue */

struct state {
    const char *name;
    evtchn_port_t port;
    unsigned bits; /* PORT_PENDING, UNMASKED, OTHER_... */
};

#define AT_LIMIT (~0U - 1)   /* the ABI's */
#define NEVER_OPEN (~0U - 2) /* below the limit, and far above every port that has ever been open */
#define OPEN_ONCE 1000U      /* it was, with every other, and has been closed by a reset */

static const struct state states[] = {
    {"reserved", ZOO_RESERVED, 0},
    {"closed", ZOO_FREE, 0},
    {"unbound", ZOO_UNBOUND, 0},
    {"foreign", ZOO_FOREIGN, 0},
    {"interdomain", ZOO_LOCAL, 0},
    {"virq", ZOO_VIRQ, 0},
    {"vcpu_virq", ZOO_VCPU_VIRQ, 0},
    {"ipi", ZOO_IPI, 0},
    {"ipi1", ZOO_IPI1, 0},
    {"pirq", ZOO_PIRQ, 0},
    {"never", NEVER_OPEN, 0},
    {"once", OPEN_ONCE, 0},
    {"limit", AT_LIMIT, 0},
    {"huge", ~0U, 0},
    {"closed.pending", ZOO_FREE, PORT_PENDING},
    {"closed.unmasked", ZOO_FREE, UNMASKED},
    {"closed.ready", ZOO_FREE, PORT_PENDING | UNMASKED},
    {"unbound.pending", ZOO_UNBOUND, PORT_PENDING},
    {"unbound.unmasked", ZOO_UNBOUND, UNMASKED},
    {"unbound.ready", ZOO_UNBOUND, PORT_PENDING | UNMASKED},
    {"unbound.raised", ZOO_UNBOUND, RAISED},
    {"interdomain.pending", ZOO_LOCAL, PORT_PENDING},
    {"interdomain.unmasked", ZOO_LOCAL, UNMASKED},
    {"interdomain.ready", ZOO_LOCAL, PORT_PENDING | UNMASKED},
    {"interdomain.raised", ZOO_LOCAL, RAISED},
    {"interdomain.other_pending", ZOO_LOCAL, OTHER_PENDING},
    {"interdomain.other_unmasked", ZOO_LOCAL, OTHER_UNMASKED},
    {"interdomain.other_ready", ZOO_LOCAL, OTHER_PENDING | OTHER_UNMASKED},
    {"virq.pending", ZOO_VIRQ, PORT_PENDING},
    {"virq.unmasked", ZOO_VIRQ, UNMASKED},
    {"virq.ready", ZOO_VIRQ, PORT_PENDING | UNMASKED},
    {"virq.raised", ZOO_VIRQ, RAISED},
    {"vcpu_virq.pending", ZOO_VCPU_VIRQ, PORT_PENDING},
    {"vcpu_virq.unmasked", ZOO_VCPU_VIRQ, UNMASKED},
    {"vcpu_virq.ready", ZOO_VCPU_VIRQ, PORT_PENDING | UNMASKED},
    {"vcpu_virq.raised", ZOO_VCPU_VIRQ, RAISED},
    {"ipi.pending", ZOO_IPI, PORT_PENDING},
    {"ipi.unmasked", ZOO_IPI, UNMASKED},
    {"ipi.ready", ZOO_IPI, PORT_PENDING | UNMASKED},
    {"ipi.raised", ZOO_IPI, RAISED},
    {"ipi1.pending", ZOO_IPI1, PORT_PENDING},
    {"ipi1.unmasked", ZOO_IPI1, UNMASKED},
    {"ipi1.ready", ZOO_IPI1, PORT_PENDING | UNMASKED},
    {"ipi1.raised", ZOO_IPI1, RAISED},
    {"pirq.pending", ZOO_PIRQ, PORT_PENDING},
    {"pirq.unmasked", ZOO_PIRQ, UNMASKED},
    {"pirq.ready", ZOO_PIRQ, PORT_PENDING | UNMASKED},
    {"pirq.raised", ZOO_PIRQ, RAISED},
};

static const struct state no_port = {"-", ZOO_UNBOUND, 0};

/* On 2-level every port is open once domain_fill() was called, on FIFO only as many as 2-level has. */
static evtchn_port_t port_of(const struct state *s)
{
    if (s->port == AT_LIMIT)
        return domain_limit();
    if (s->port == NEVER_OPEN)
        return domain_limit() - 24;
    return s->port;
}

/* An event that the hypervisor has delivered, whatever kind of port it is. */
static void raise_port(evtchn_port_t port)
{
    struct evtchn_unmask op = {.port = port};

    port_set(port, PORT_PENDING);
    must_op(EVTCHNOP_unmask, &op);
}

static void enter_state(struct call *c, const struct state *s)
{
    c->port = port_of(s);
    if (s->bits & UNMASKED)
        port_clear(c->port, PORT_MASKED);
    if (s->bits & PORT_PENDING)
        port_set(c->port, PORT_PENDING);
    if (s->bits & RAISED)
        raise_port(c->port);
    if (s->bits & OTHER_UNMASKED)
        port_clear(ZOO_REMOTE, PORT_MASKED);
    if (s->bits & OTHER_PENDING)
        port_set(ZOO_REMOTE, PORT_PENDING);
}

/* --- The call --- */

void fail_fault(struct call *c)
{
    c->fault = true;
}

void fail_full(struct call *c)
{
    c->full = true;
}

/* The last bytes of the arguments are outside: those before can be read, and must not have been looked at alone. */
static uint8_t *end_outside(unsigned size)
{
    static uint8_t page[GUEST_PAGE_SIZE] __attribute__((aligned(GUEST_PAGE_SIZE)));
    unsigned outside = size > 4 ? 4 : size / 2;

    return window_map(0, page, true) + GUEST_PAGE_SIZE - (size - outside);
}

static void do_call(struct call *c)
{
    unsigned size = c->op->size;

    cell_start();
    if (!c->fault) {
        cell_op(c->op->cmd, c->args, size);
        return;
    }
    cell_op_at(c->op->cmd, end_outside(size), c->args, size > 4 ? size - 4 : size / 2);
}

/* --- Cells --- */

/* What the ports of the domain have been through before a cell. */
enum past {
    FRESH,     /* few of them have been open */
    FULL,      /* all of them are open */
    FULL_ONCE, /* all of them have been open */
    NR_PASTS,
    IMPOSSIBLE, /* a port that is not open, while all are */
};

/* What a walk through the table asks: the cells of one ABI and one past. */
struct pass {
    const struct operation *op;
    enum abi abi;
    enum past past;
    bool unprivileged; /* the cells that a privileged domain cannot ask, and no others */
};

/* "EFAULT+ENOENT", "ok", "ok.VARIANT" */
static const char *name_checks(const struct check *a, const struct check *b, const struct variant *v)
{
    static char name[48];

    if (b)
        format(name, sizeof(name), "%s+%s", a->name, b->name);
    else if (v)
        format(name, sizeof(name), "ok.%s", v->name);
    else
        format(name, sizeof(name), "%s", a ? a->name : "ok");
    return name;
}

/* On FIFO there are too many ports to open them all on the real Xen; the unprivileged domain may have few. */
static bool needs_unprivileged(const struct check *c, enum abi abi)
{
    return c && (c->unprivileged || (c->fail == fail_full && abi == ABI_FIFO));
}

static bool can_fail(const struct check *c, enum abi abi)
{
    return !c || (c->fail && (!c->abis || (c->abis >> abi & 1)));
}

static bool can_fail_together(const struct check *a, const struct check *b)
{
    if (!a || !b)
        return true;
    if (a->axis && a->axis == b->axis)
        return false;
    return !b->not_with || strcmp(a->name, b->not_with) != 0;
}

static enum past past_of(const struct state *s, const struct check *a, const struct check *b)
{
    bool full = (a && a->fail == fail_full) || (b && b->fail == fail_full);

    if (full)
        return s->port == NEVER_OPEN || s->port == OPEN_ONCE ? IMPOSSIBLE : FULL;
    return s->port == OPEN_ONCE ? FULL_ONCE : FRESH;
}

static bool is_possible(enum abi abi, enum past past, const struct check *a, const struct check *b)
{
    return past != IMPOSSIBLE && can_fail(a, abi) && can_fail(b, abi) && can_fail_together(a, b);
}

/* The domain is full and otherwise as zoo_open() has left it: to fill it again would take the real Xen a while. */
static bool full_zoo;

static void prepare_domain(const struct call *c)
{
    if (c->op->fifo_vcpus && c->abi == ABI_FIFO)
        domain_clean(c->abi, c->op->fifo_vcpus);
    zoo_open();
}

static void prepare_call(struct call *c, const struct state *s, const struct check *a, const struct check *b,
                         const struct variant *v)
{
    memset(c->args, CELL_POISON & 0xFF, sizeof(c->args));
    enter_state(c, s);
    c->op->prepare(c);
    if (v)
        v->apply(c, v->value);
    if (a)
        a->fail(c);
    if (b)
        b->fail(c);
}

/* One cell of the matrix, if it belongs to this pass. */
static void ask(struct pass pass, const struct state *s, const struct check *a, const struct check *b,
                const struct variant *v)
{
    const char *checks = name_checks(a, b, v);
    struct call c = {.op = pass.op, .abi = pass.abi};
    enum past past = past_of(s, a, b);
    bool as_it_is = past == FULL && full_zoo && !(a && a->opens);

    if ((needs_unprivileged(a, pass.abi) || needs_unprivileged(b, pass.abi)) != pass.unprivileged)
        return;
    if (!is_possible(pass.abi, past, a, b)) {
        if (pass.past == FRESH)
            cell_absent(pass.abi, "%s/%s/%s", pass.op->name, checks, s->name);
        return;
    }
    if (past != pass.past)
        return;
    if (!(as_it_is ? cell_begin_as_it_is : cell_begin)(pass.abi, "%s/%s/%s", pass.op->name, checks, s->name))
        return;
    if (!as_it_is)
        prepare_domain(&c);
    prepare_call(&c, s, a, b, v);
    if (c.full && !as_it_is)
        domain_fill();
    do_call(&c);
    full_zoo = !cell_end() && past == FULL && !(a && a->opens);
}

static void ask_state(struct pass pass, const struct state *s)
{
    ask(pass, s, NULL, NULL, NULL);
    for (const struct variant *v = pass.op->variants; v && v->name; v++)
        ask(pass, s, NULL, NULL, v);
    for (const struct check *a = pass.op->checks; a->name; a++) {
        ask(pass, s, a, NULL, NULL);
        for (const struct check *b = a + 1; b->name; b++)
            ask(pass, s, a, b, NULL);
    }
}

static void ask_operation(struct pass pass)
{
    if (!pass.op->names_port) {
        ask_state(pass, &no_port);
        return;
    }
    for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (pass.op->bits || !strchr(states[i].name, '.'))
            ask_state(pass, &states[i]);
}

static void ask_operations(struct pass pass)
{
    static const struct operation *const *const lists[] = {
        bind_operations,
        port_operations,
        domain_operations,
        fifo_operations,
    };

    for (unsigned i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (const struct operation *const *op = lists[i]; *op; op++) {
            pass.op = *op;
            ask_operation(pass);
        }
    }
}

/* A port that was open once answers differently for ever: so the cells that fill the domain come last. */
void conformance_matrix(void)
{
    for (enum abi abi = 0; abi < NR_ABIS; abi++) {
        for (enum past past = FRESH; past < NR_PASTS; past++) {
            if (past == FULL_ONCE) {
                domain_clean(ABI_2LEVEL, 0);
                domain_fill();
            }
            ask_operations((struct pass){.abi = abi, .past = past});
        }
    }
}

void matrix_unprivileged(enum abi abi, bool once)
{
    if (once) {
        ask_operations((struct pass){.abi = abi, .past = FULL_ONCE, .unprivileged = true});
        return;
    }
    ask_operations((struct pass){.abi = abi, .past = FRESH, .unprivileged = true});
    ask_operations((struct pass){.abi = abi, .past = FULL, .unprivileged = true});
}
