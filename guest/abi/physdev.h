/* SPDX-License-Identifier: MIT */
/* physdev_op (hypercall 33: cmd, arg); public header physdev.h. */
#ifndef GUEST_ABI_PHYSDEV_H
#define GUEST_ABI_PHYSDEV_H

#include <stdint.h>

#define PHYSDEVOP_irq_status_query 5
#define PHYSDEVOP_set_iopl 6
#define PHYSDEVOP_set_iobitmap 7
#define PHYSDEVOP_apic_read 8
#define PHYSDEVOP_apic_write 9
#define PHYSDEVOP_eoi 12
#define PHYSDEVOP_map_pirq 13
#define PHYSDEVOP_unmap_pirq 14
#define PHYSDEVOP_get_free_pirq 23

struct physdev_eoi {
    uint32_t irq;
};

#define XENIRQSTAT_needs_eoi 1U
#define XENIRQSTAT_shared 2U
struct physdev_irq_status_query {
    uint32_t irq;
    uint32_t flags; /* out, XENIRQSTAT_* */
};

#define MAP_PIRQ_TYPE_GSI 1
struct physdev_map_pirq {
    uint16_t domid;
    uint16_t pad0;
    int32_t type;  /* MAP_PIRQ_TYPE_* */
    int32_t index; /* the line */
    int32_t pirq;  /* in: -1 or the pirq, out: the pirq */
    int32_t bus, devfn, entry_nr;
    uint32_t pad1;
    uint64_t table_base;
};

struct physdev_set_iopl {
    uint32_t iopl; /* 0 to 3; the kernel's ring counts as 1 */
};

/* As 64-bit guests have it. */
struct physdev_set_iobitmap {
    uint64_t bitmap; /* guest address */
    uint32_t nr_ports;
    uint32_t pad;
};

_Static_assert(sizeof(struct physdev_map_pirq) == 40, "ABI");
/* What the older form of the hypercall (physdev_op_compat) takes: as 64-bit guests have it. */
struct physdev_op {
    uint32_t cmd;
    uint32_t pad;
    union {
        struct physdev_irq_status_query irq_status_query;
        struct physdev_set_iopl set_iopl;
        struct physdev_set_iobitmap set_iobitmap;
    } u;
};

_Static_assert(sizeof(struct physdev_op) == 24, "ABI");
_Static_assert(sizeof(struct physdev_set_iopl) == 4, "ABI");
_Static_assert(sizeof(struct physdev_set_iobitmap) == 16, "ABI");

#endif
