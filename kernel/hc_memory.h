/* SPDX-License-Identifier: MIT */
/* memory_op, inside: what the parts for one kind of container give to hc_memory.c. */
#ifndef KERNEL_HC_MEMORY_H
#define KERNEL_HC_MEMORY_H

#include <stdint.h>

#include "guest/abi/memory.h"
#include "kernel/vcpu.h"

#define MAX_EXTENT_ORDER 9 /* for a domain without devices */

typedef int64_t (*memory_op_fn)(struct vcpu *v, uint64_t *args);

/* One extent of a reservation of d, which v names. */
struct extent {
    struct vcpu *v;
    struct domain *d;
    uint64_t list, i; /* guest address of its list, and where in it; list 0: none (pv, increase) */
    unsigned order;
    uint32_t flags; /* XENMEMF_* */
};

enum extent_result { EXTENT_DONE, EXTENT_REFUSED, EXTENT_AGAIN };
typedef enum extent_result (*extent_fn)(const struct extent *e);

/* The number in the list: 0 or -XEN_EFAULT. */
int extent_read(const struct extent *e, uint64_t *frame) __attribute__((warn_unused_result));
int extent_write(const struct extent *e, uint64_t frame) __attribute__((warn_unused_result));

enum extent_result hvm_decrease(const struct extent *e);
enum extent_result hvm_populate(const struct extent *e);
enum extent_result pv_increase(const struct extent *e);
enum extent_result pv_decrease(const struct extent *e);
enum extent_result pv_populate(const struct extent *e);

/* The domain whose number is a u16 at arg, with a reference. 0, -XEN_EFAULT, or as hypercall_target(). */
int memory_target(struct vcpu *v, uint64_t arg, struct domain **d) __attribute__((warn_unused_result));
int memory_read_reservation(struct vcpu *v, uint64_t arg, struct xen_memory_reservation64 *r)
    __attribute__((warn_unused_result));

int64_t hvm_add_to_physmap(struct vcpu *v, uint64_t *args);
int64_t hvm_remove_from_physmap(struct vcpu *v, uint64_t *args);
int64_t hvm_memory_map(struct vcpu *v, uint64_t *args);

/* What the guest says of itself in its shared_info. */
int64_t pv_maximum_gpfn(const struct domain *d);
int64_t pv_exchange(struct vcpu *v, uint64_t *args);
int64_t pv_machphys_mapping(struct vcpu *v, uint64_t *args);
int64_t pv_machphys_mfn_list(struct vcpu *v, uint64_t *args);
int64_t pv_memory_map(struct vcpu *v, uint64_t *args);
int64_t pv_machine_memory_map(struct vcpu *v, uint64_t *args);

#endif
