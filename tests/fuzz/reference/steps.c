/* SPDX-License-Identifier: MIT */
/* Names of steps, a line for each, and the tables that say what a run has hit. */
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/reference/world.h"

/* Fields of an argument: name, offset, bytes. */
struct field {
    const char *name;
    uint8_t offset, size;
};

static const struct operation {
    const char *name;
    struct field in[4];
    uint8_t out_at;  /* where the answer starts */
    uint8_t port_at; /* 1 + where the port that the operation is about is named; 0: nowhere */
    bool in_other;   /* that port is another domain's, named in the first two bytes */
} operations[NR_COMMANDS] = {
    {"bind_interdomain", {{"remote_dom", 0, 2}, {"remote_port", 4, 4}}, 8, 5, true},
    {"bind_virq", {{"virq", 0, 4}, {"vcpu", 4, 4}}, 8, 0, false},
    {"bind_pirq", {{"pirq", 0, 4}, {"flags", 4, 4}}, 8, 0, false},
    {"close", {{"port", 0, 4}}, 0, 1, false},
    {"send", {{"port", 0, 4}}, 0, 1, false},
    {"status", {{"dom", 0, 2}, {"port", 4, 4}}, 8, 5, true},
    {"alloc_unbound", {{"dom", 0, 2}, {"remote_dom", 2, 2}}, 4, 0, false},
    {"bind_ipi", {{"vcpu", 0, 4}}, 4, 0, false},
    {"bind_vcpu", {{"port", 0, 4}, {"vcpu", 4, 4}}, 0, 1, false},
    {"unmask", {{"port", 0, 4}}, 0, 1, false},
    {"reset", {{"dom", 0, 2}}, 0, 0, false},
    {"init_control", {{"gfn", 0, 8}, {"offset", 8, 4}, {"vcpu", 12, 4}}, 16, 0, false},
    {"expand_array", {{"gfn", 0, 8}}, 0, 0, false},
    {"set_priority", {{"port", 0, 4}, {"priority", 4, 4}}, 0, 1, false},
    {"reset_cont", {{"dom", 0, 2}}, 0, 0, false},
    {"query_extended_abis", {{NULL, 0, 0}}, 0, 0, false},
    {"register_3level", {{"arg0", 0, 8}, {"arg1", 8, 8}, {"arg2", 16, 8}, {"arg3", 24, 8}}, 0, 0, false},
    {"no such operation", {{NULL, 0, 0}}, 0, 0, false},
};

static const char *const kinds[NR_STEP_KINDS] = {
    [STEP_CALL] = "hypercall",
    [STEP_FILL] = "fill",
    [STEP_GUEST] = "guest",
    [STEP_VIRQ] = "raise_virq",
    [STEP_PIRQ] = "raise_pirq",
    [STEP_ATTACH] = "attach",
    [STEP_NOTIFY] = "notify attached",
    [STEP_DETACH] = "detach",
    [STEP_POLL] = "poll",
    [STEP_LATCH] = "latch word size",
    [STEP_VCPU_INFO] = "set_vcpu_info",
    [STEP_FRAME] = "frame",
    [STEP_PAUSE] = "pause",
    [STEP_NEW] = "new domain",
};

#define ROW_QUERY (EVTCHNOP_reset_cont + 1U)
#define ROW_REGISTER (EVTCHNOP_reset_cont + 2U)
#define ROW_NONE (EVTCHNOP_reset_cont + 3U)

/* What the number means to the caller. */
static unsigned command(const struct step *s)
{
    uint32_t cmd = s->cmd;
    if (fake.domain[s->domain].evt->rfc_numbering && cmd >= 11 && cmd <= 13)
        return cmd - 11 + ROW_QUERY;
    if (cmd <= EVTCHNOP_reset_cont)
        return cmd;
    return cmd == EVTCHNOP_query_extended_abis ? ROW_QUERY : cmd == EVTCHNOP_register_3level ? ROW_REGISTER : ROW_NONE;
}

unsigned step_row(const struct step *s)
{
    return s->kind == STEP_CALL ? NR_STEP_KINDS + command(s) : s->kind;
}

unsigned step_out_at(const struct step *s)
{
    return operations[command(s)].out_at;
}

uint32_t step_port(const struct step *s, unsigned *domain)
{
    const struct operation *op = &operations[command(s)];
    uint32_t port;
    uint16_t domid = (uint16_t)s->arg[0];
    *domain = s->domain;
    if (s->kind == STEP_POLL)
        return (uint32_t)s->arg[0];
    if (s->kind != STEP_CALL || !op->port_at)
        return UINT32_MAX;
    memcpy(&port, (const uint8_t *)s->arg + op->port_at - 1, 4);
    if (op->in_other && domid < REF_DOMAINS)
        *domain = domid;
    return port == UINT32_MAX ? port - 1 : port;
}

static const char *error_name(unsigned n)
{
    static char number[8];
    static const char *const names[128] = {
        [XEN_EPERM] = "EPERM",       [XEN_ENOENT] = "ENOENT",         [XEN_ESRCH] = "ESRCH",   [XEN_EAGAIN] = "EAGAIN",
        [XEN_ENOMEM] = "ENOMEM",     [XEN_EACCES] = "EACCES",         [XEN_EFAULT] = "EFAULT", [XEN_EBUSY] = "EBUSY",
        [XEN_EEXIST] = "EEXIST",     [XEN_EINVAL] = "EINVAL",         [XEN_ENOSPC] = "ENOSPC", [XEN_ENOSYS] = "ENOSYS",
        [XEN_ERESTART] = "ERESTART", [XEN_EOPNOTSUPP] = "EOPNOTSUPP",
    };
    snprintf(number, sizeof(number), "%u", n);
    return names[n] ? names[n] : number;
}

static void tell_arguments(const struct step *s)
{
    const struct operation *op = &operations[command(s)];
    fprintf(stderr, "%s(", op->name);
    for (unsigned i = 0; i < 4 && op->in[i].name; i++) {
        uint64_t v = 0;
        memcpy(&v, (const uint8_t *)s->arg + op->in[i].offset, op->in[i].size);
        fprintf(stderr, "%s%s=%llu", i ? ", " : "", op->in[i].name, (unsigned long long)v);
    }
    fprintf(stderr, ")%s%s%s%s%s%s", s->flags & STEP_NARROW ? ", 32-bit" : "",
            s->flags & STEP_EACH_ALLOC ? ", each allocation failing" : "",
            s->flags & STEP_EACH_MAP ? ", each mapping failing" : "",
            s->flags & STEP_NO_COPY_OUT ? ", argument read-only" : "", s->flags & STEP_BUSY ? ", CPUs busy" : "",
            s->flags & STEP_YIELD ? ", yielding" : "");
    if (s->address != FAKE_GUEST_BASE)
        fprintf(stderr, ", argument at 0x%llx", (unsigned long long)s->address);
}

void step_tell(const struct step *s)
{
    static const char *const acts[NR_GUEST_ACTS] = {"takes events", "masks", "writes", "prepares", "clears control"};
    fprintf(stderr, "  domain %u: ", s->domain);
    if (s->kind == STEP_CALL)
        tell_arguments(s);
    else
        fprintf(stderr, "%s %s%llu %llu %llu %llx", kinds[s->kind], s->kind == STEP_GUEST ? acts[s->arg[0]] : "",
                (unsigned long long)(s->kind == STEP_GUEST ? s->arg[1] : s->arg[0]),
                (unsigned long long)(s->kind == STEP_GUEST ? s->arg[2] : s->arg[1]), (unsigned long long)s->arg[2],
                (unsigned long long)s->arg[3]);
}

void step_tell_result(int64_t result)
{
    fprintf(stderr, " = %s%s\n", result < 0 ? "-" : "", result < 0 ? error_name((unsigned)-result) : "0");
}

/* --- Tables. */

static const char *row_name(unsigned row)
{
    return row < NR_STEP_KINDS ? kinds[row] : operations[row - NR_STEP_KINDS].name;
}

bool step_is_operation(unsigned row)
{
    return row >= NR_STEP_KINDS || (row > STEP_GUEST && row != STEP_FRAME && row != STEP_PAUSE);
}

static void print_results(const struct report *sum, uint64_t *good, uint64_t *all)
{
    printf("%-20s %10s %8s  errors\n", "operation", "calls", "success");
    *good = *all = 0;
    for (unsigned row = 0; row < NR_STEP_KINDS + NR_COMMANDS; row++) {
        uint64_t calls = 0;
        for (unsigned e = 0; e < 128; e++)
            calls += sum->result[row][e];
        if (!calls || !step_is_operation(row))
            continue;
        *good += sum->result[row][0];
        *all += calls;
        printf("%-20s %10llu %7.1f%% ", row_name(row), (unsigned long long)calls,
               100.0 * (double)sum->result[row][0] / (double)calls);
        for (unsigned e = 1; e < 128; e++) {
            if (sum->result[row][e])
                printf(" %s %llu", error_name(e), (unsigned long long)sum->result[row][e]);
        }
        printf("\n");
    }
    printf("%-20s %10llu %7.1f%%\n", "together", (unsigned long long)*all, 100.0 * (double)*good / (double)*all);
}

static const char *const states[NR_PORT_STATES] = {"free", "unbound",  "interdomain",  "pirq",   "virq",
                                                   "ipi",  "reserved", "Xen-attached", "invalid"};

static bool is_about_a_port(unsigned row)
{
    return row == STEP_POLL || (row >= NR_STEP_KINDS && operations[row - NR_STEP_KINDS].port_at);
}

/* A row of calls on 2-level, 3-level and FIFO; how many cells are empty. */
static unsigned print_states_of(const struct report *sum, unsigned row)
{
    unsigned empty = 0;
    printf("%-20s", row_name(row));
    for (unsigned i = 0; i < NR_PORT_STATES; i++) {
        const uint64_t *n = sum->by_state[row][i];
        char cell[64];
        snprintf(cell, sizeof(cell), "%llu/%llu/%llu", (unsigned long long)n[0], (unsigned long long)n[1],
                 (unsigned long long)n[2]);
        printf(" %20s", cell);
        empty += !n[0] || !n[1] || !n[2];
    }
    printf("\n");
    return empty;
}

static unsigned print_states(const struct report *sum)
{
    unsigned empty = 0;
    printf("\n%-20s", "2-level/3-level/FIFO");
    for (unsigned i = 0; i < NR_PORT_STATES; i++)
        printf(" %20s", states[i]);
    printf("\n");
    for (unsigned row = 0; row < NR_STEP_KINDS + NR_COMMANDS; row++)
        empty += is_about_a_port(row) ? print_states_of(sum, row) : 0;
    return empty;
}

bool steps_print(const struct report *sum)
{
    uint64_t good, all;
    print_results(sum, &good, &all);
    unsigned empty = print_states(sum);
    if (empty)
        printf("%u cells of operation and state of the port are empty\n", empty);
    if (2 * good < all)
        printf("less than half of the operations succeed\n");
    return !empty && 2 * good >= all;
}
