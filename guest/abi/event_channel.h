/* SPDX-License-Identifier: MIT */
/*
 * event_channel_op (hypercall 32): the operations of Xen's event_channel.h, and the two of the 3-level ABI.
 * The structures of operations 0-14 are the same for 32- and 64-bit callers; those of the 3-level ABI are not.
 */
#ifndef GUEST_ABI_EVENT_CHANNEL_H
#define GUEST_ABI_EVENT_CHANNEL_H

#include <stdint.h>

#define EVTCHNOP_bind_interdomain 0
#define EVTCHNOP_bind_virq 1
#define EVTCHNOP_bind_pirq 2
#define EVTCHNOP_close 3
#define EVTCHNOP_send 4
#define EVTCHNOP_status 5
#define EVTCHNOP_alloc_unbound 6
#define EVTCHNOP_bind_ipi 7
#define EVTCHNOP_bind_vcpu 8
#define EVTCHNOP_unmask 9
#define EVTCHNOP_reset 10
#define EVTCHNOP_init_control 11
#define EVTCHNOP_expand_array 12
#define EVTCHNOP_set_priority 13
#define EVTCHNOP_reset_cont 14
/* 3-level, as Xenolith numbers them (evtchn_numbering="xen") ... */
#define EVTCHNOP_query_extended_abis 0x8B
#define EVTCHNOP_register_3level 0x8C
/* ... and as the RFC would have (evtchn_numbering="rfc"); a reconstruction. */
#define EVTCHNOP_rfc_query_extended_abis 11
#define EVTCHNOP_rfc_register_3level 12

typedef uint16_t domid_t;
typedef uint32_t evtchn_port_t;

struct evtchn_bind_interdomain {
    domid_t remote_dom;
    uint16_t pad;
    evtchn_port_t remote_port;
    evtchn_port_t local_port; /* out */
};

struct evtchn_bind_virq {
    uint32_t virq;
    uint32_t vcpu;
    evtchn_port_t port; /* out */
};

#define BIND_PIRQ__WILL_SHARE 1U
struct evtchn_bind_pirq {
    uint32_t pirq;
    uint32_t flags;
    evtchn_port_t port; /* out */
};

struct evtchn_close {
    evtchn_port_t port;
};

struct evtchn_send {
    evtchn_port_t port;
};

#define EVTCHNSTAT_closed 0
#define EVTCHNSTAT_unbound 1
#define EVTCHNSTAT_interdomain 2
#define EVTCHNSTAT_pirq 3
#define EVTCHNSTAT_virq 4
#define EVTCHNSTAT_ipi 5
struct evtchn_status {
    domid_t dom;
    uint16_t pad;
    evtchn_port_t port;
    uint32_t status; /* out, EVTCHNSTAT_* */
    uint32_t vcpu;   /* out, the notify vcpu */
    union {          /* out, by status */
        struct {
            domid_t dom;
        } unbound;
        struct {
            domid_t dom;
            uint16_t pad;
            evtchn_port_t port;
        } interdomain;
        uint32_t pirq;
        uint32_t virq;
    } u;
};

struct evtchn_alloc_unbound {
    domid_t dom;
    domid_t remote_dom;
    evtchn_port_t port; /* out */
};

struct evtchn_bind_ipi {
    uint32_t vcpu;
    evtchn_port_t port; /* out */
};

struct evtchn_bind_vcpu {
    evtchn_port_t port;
    uint32_t vcpu;
};

struct evtchn_unmask {
    evtchn_port_t port;
};

struct evtchn_reset {
    domid_t dom;
};

/* What the older form of the hypercall (event_channel_op_compat) takes. */
struct evtchn_op {
    uint32_t cmd; /* EVTCHNOP_bind_interdomain to EVTCHNOP_unmask */
    union {
        struct evtchn_bind_interdomain bind_interdomain;
        struct evtchn_bind_virq bind_virq;
        struct evtchn_bind_pirq bind_pirq;
        struct evtchn_close close;
        struct evtchn_send send;
        struct evtchn_status status;
        struct evtchn_alloc_unbound alloc_unbound;
        struct evtchn_bind_ipi bind_ipi;
        struct evtchn_bind_vcpu bind_vcpu;
        struct evtchn_unmask unmask;
    } u;
};

struct evtchn_init_control {
    uint64_t control_gfn;
    uint32_t offset;
    uint32_t vcpu;
    uint8_t link_bits; /* out */
    uint8_t pad[7];
};

struct evtchn_expand_array {
    uint64_t array_gfn;
};

struct evtchn_set_priority {
    evtchn_port_t port;
    uint32_t priority;
};

/* The FIFO ABI. Priorities: 0 is the highest. Event words: bits 31 to 28, zeros, and LINK in the low bits. */
#define EVTCHN_FIFO_PRIORITY_MAX 0
#define EVTCHN_FIFO_PRIORITY_DEFAULT 7
#define EVTCHN_FIFO_PRIORITY_MIN 15
#define EVTCHN_FIFO_MAX_QUEUES (EVTCHN_FIFO_PRIORITY_MIN + 1)
#define EVTCHN_FIFO_PENDING 31
#define EVTCHN_FIFO_MASKED 30
#define EVTCHN_FIFO_LINKED 29
#define EVTCHN_FIFO_BUSY 28
#define EVTCHN_FIFO_LINK_BITS 17
#define EVTCHN_FIFO_LINK_MASK ((1U << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_NR_CHANNELS (1U << EVTCHN_FIFO_LINK_BITS)
struct evtchn_fifo_control_block {
    uint32_t ready; /* bit q: queue q is not empty */
    uint32_t reserved;
    uint32_t head[EVTCHN_FIFO_MAX_QUEUES]; /* the first port of each queue */
};

/* ABIs that a domain may use beyond 2-level. */
#define EVTCHN_EXTENDED_3LEVEL (1ULL << 0)
#define EVTCHN_EXTENDED_FIFO (1ULL << 1)
struct evtchn_query_extended_abis {
    uint64_t abis; /* out, EVTCHN_EXTENDED_* */
};

#define REGISTER_BITMAPS 1
#define REGISTER_L2_SELECTOR 2
struct evtchn_register_3level64 {
    uint32_t cmd; /* REGISTER_* */
    uint32_t pad0;
    union {
        struct {
            uint32_t nr_pages;
            uint32_t pad;
            uint64_t evtchn_pending; /* guest address of nr_pages 64-bit frame numbers */
            uint64_t evtchn_mask;    /* the same */
        } bitmaps;
        struct {
            uint32_t vcpu;
            uint32_t pad;
            uint64_t frame;
            uint64_t offset; /* bytes into the frame */
        } l2_selector;
    } u;
};

struct evtchn_register_3level32 {
    uint32_t cmd; /* REGISTER_* */
    union {
        struct {
            uint32_t nr_pages;
            uint32_t evtchn_pending; /* guest address of nr_pages 32-bit frame numbers */
            uint32_t evtchn_mask;    /* the same */
        } bitmaps;
        struct {
            uint32_t vcpu;
            uint32_t frame;
            uint32_t offset;
        } l2_selector;
    } u;
};

_Static_assert(sizeof(struct evtchn_op) == 28, "ABI");
_Static_assert(sizeof(struct evtchn_bind_interdomain) == 12, "ABI");
_Static_assert(sizeof(struct evtchn_bind_virq) == 12, "ABI");
_Static_assert(sizeof(struct evtchn_bind_pirq) == 12, "ABI");
_Static_assert(sizeof(struct evtchn_status) == 24, "ABI");
_Static_assert(sizeof(struct evtchn_alloc_unbound) == 8, "ABI");
_Static_assert(sizeof(struct evtchn_bind_ipi) == 8, "ABI");
_Static_assert(sizeof(struct evtchn_bind_vcpu) == 8, "ABI");
_Static_assert(sizeof(struct evtchn_reset) == 2, "ABI");
_Static_assert(sizeof(struct evtchn_init_control) == 24, "ABI");
_Static_assert(sizeof(struct evtchn_expand_array) == 8, "ABI");
_Static_assert(sizeof(struct evtchn_set_priority) == 8, "ABI");
_Static_assert(sizeof(struct evtchn_fifo_control_block) == 72, "ABI");
_Static_assert(sizeof(struct evtchn_register_3level64) == 32, "ABI");
_Static_assert(sizeof(struct evtchn_register_3level32) == 16, "ABI");

#endif
