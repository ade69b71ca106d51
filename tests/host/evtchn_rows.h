/* SPDX-License-Identifier: MIT */
/*
 * The rows of the specification's table of operations, for test_evtchn_table.c: an operation in a world where it
 * succeeds, and its checks in their order, each as a way to fail it.
 */
#ifndef TESTS_HOST_EVTCHN_ROWS_H
#define TESTS_HOST_EVTCHN_ROWS_H

#include "tests/host/test_evtchn.h"

/* Three domains: the caller, another, and a privileged one that sometimes is the caller. */
struct attempt {
    struct fake_domain *self, *other, *dom0, *caller;
    uint32_t cmd;
    uint64_t address;
    bool narrow;
    union {
        uint8_t bytes[32];
        uint32_t u32[8];
        uint16_t u16[16];
        uint64_t u64[4];
        struct evtchn_bind_interdomain bind_interdomain;
        struct evtchn_bind_virq bind_virq;
        struct evtchn_bind_pirq bind_pirq;
        struct evtchn_status status;
        struct evtchn_alloc_unbound alloc_unbound;
        struct evtchn_bind_vcpu bind_vcpu;
        struct evtchn_init_control init_control;
        struct evtchn_set_priority set_priority;
        struct evtchn_register_3level64 register64;
        struct evtchn_register_3level32 register32;
    } arg;
};

struct check {
    const char *name;
    int error;
    void (*break_it)(struct attempt *a);
};

struct row {
    const char *name;
    uint32_t cmd;
    bool narrow;
    void (*prepare)(struct attempt *a); /* and now the operation would succeed */
    struct check checks[9];
};

/* Operations on ports and domains, and those of the extended ABIs. */
extern const struct row evtchn_rows[], evtchn_abi_rows[];
extern const unsigned evtchn_nr_rows, evtchn_nr_abi_rows;

/* Breaks that both files use. */
void row_no_vcpu_second(struct attempt *a);
void row_port_invalid(struct attempt *a);
void row_port_closed(struct attempt *a);
void row_port_reserved(struct attempt *a);
void row_port_attached(struct attempt *a);
/* An interdomain port of the caller with its peer in the other domain; its number is the argument. */
void row_open_pair(struct attempt *a);

#endif
