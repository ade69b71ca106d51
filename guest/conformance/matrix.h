/* SPDX-License-Identifier: MIT */
/*
 * The matrix: the table of operations in the specification (section 2), as data. From the description of an operation
 * come the cells
 *
 *      NAME/CHECKS/STATE/ABI       send/EFAULT/ipi/2l, bind_virq/ENOENT+EEXIST/-/fifo, unmask/ok/virq.pending/2l
 *
 * for each ABI, each state of the port that the operation names ("-" if it names none), and each choice of checks that
 * fail: none ("ok" or a variant of it), each one, and each with each later one. Which of two failing checks answers
 * shows their order.
 */
#ifndef GUEST_CONFORMANCE_MATRIX_H
#define GUEST_CONFORMANCE_MATRIX_H

#include "guest/conformance/conformance.h"

/* One call of an operation while it is prepared. */
struct call {
    const struct operation *op;
    enum abi abi;
    evtchn_port_t port; /* of the state; the operation's prepare() puts it into the arguments */
    bool fault;         /* the arguments end outside of memory */
    bool full;          /* no port is left */
    uint32_t args[8];   /* CELL_POISON where nothing was written */
};

/* The arguments in their own structure. */
#define ARGS(call, type) ((struct type *)(void *)(call)->args)

/* A check, in the order of the specification's table, and how to make it fail. */
struct check {
    const char *name;             /* the error, or the error and what is wrong: "EINVAL.virq" */
    void (*fail)(struct call *c); /* NULL: it cannot fail here (absent.txt says why) */
    uint8_t axis;                 /* two checks of one axis (not 0) cannot fail together */
    uint8_t abis;                 /* 1 << enum abi: where it can fail; 0 = everywhere */
    bool opens;                   /* fail() opens a port */
    bool unprivileged;            /* it cannot fail in a domain that is privileged */
    const char *not_with;         /* the name of an earlier check that cannot fail at the same time, or NULL */
};

/* Another call that passes the checks, or whose result is of interest. */
struct variant {
    const char *name; /* NULL ends the list */
    void (*apply)(struct call *c, unsigned value);
    unsigned value;
};

struct operation {
    const char *name;
    unsigned cmd;
    unsigned size;                   /* bytes of its arguments */
    void (*prepare)(struct call *c); /* arguments with which it succeeds */
    const struct check *checks;      /* ends with a name of NULL */
    const struct variant *variants;  /* or NULL */
    bool names_port;                 /* the cells have a state */
    bool bits;                       /* also states with a port that is unmasked, pending, or both */
    uint8_t fifo_vcpus;              /* vcpus that have a control block before; 0 = all */
};

/* For tables of checks: CHECKED("EINVAL.virq", fail_virq, .axis = AXIS_VIRQ). */
#define CHECKED(error, function, ...)                      \
    {                                                      \
        .name = (error), .fail = (function), ##__VA_ARGS__ \
    }
#define CHECKS_END   \
    {                \
        .name = NULL \
    }

/* Checks that many operations have. */
void fail_fault(struct call *c);
void fail_full(struct call *c);
#define CHECKED_EFAULT CHECKED("EFAULT", fail_fault)
#define CHECKED_ENOSPC CHECKED("ENOSPC", fail_full)

/* By files, op_bind.c and so on; NULL ends a list. */
extern const struct operation *const bind_operations[];
extern const struct operation *const port_operations[];
extern const struct operation *const domain_operations[];
extern const struct operation *const fifo_operations[];

#endif
