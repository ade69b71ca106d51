/* SPDX-License-Identifier: MIT */
/* memory_op (hypercall 12); public header memory.h. */
#ifndef GUEST_ABI_MEMORY_H
#define GUEST_ABI_MEMORY_H

#include <stdint.h>

#define XENMEM_increase_reservation 0
#define XENMEM_decrease_reservation 1
#define XENMEM_maximum_ram_page 2
#define XENMEM_current_reservation 3
#define XENMEM_maximum_reservation 4
#define XENMEM_machphys_mfn_list 5
#define XENMEM_populate_physmap 6
#define XENMEM_add_to_physmap 7
#define XENMEM_memory_map 9
#define XENMEM_machine_memory_map 10
#define XENMEM_exchange 11
#define XENMEM_machphys_mapping 12
#define XENMEM_set_memory_map 13
#define XENMEM_maximum_gpfn 14
#define XENMEM_remove_from_physmap 15
#define XENMEM_set_pod_target 16
#define XENMEM_get_pod_target 17
#define XENMEM_get_sharing_freed_pages 18
#define XENMEM_get_sharing_shared_pages 19
#define XENMEM_access_op 21
#define XENMEM_add_to_physmap_batch 23
#define XENMEM_claim_pages 24
#define XENMEM_machphys_compat_mfn_list 25
#define XENMEM_get_vnumainfo 26
#define XENMEM_reserved_device_memory_map 27

/* mem_flags: bits 7:0 how many address bits a frame may have, 15:8 node + 1 */
#define XENMEMF_populate_on_demand (1U << 16)
#define XENMEMF_exact_node_request (1U << 17)
#define XENMEMF_vnode (1U << 18)

#define XENMAPSPACE_shared_info 0
#define XENMAPSPACE_grant_table 1
#define XENMAPSPACE_gmfn 2
#define XENMAPSPACE_gmfn_range 3
#define XENMAPSPACE_gmfn_foreign 4

struct xen_memory_reservation64 {
    uint64_t extent_start; /* guest address of nr_extents frame numbers */
    uint64_t nr_extents;
    uint32_t extent_order;
    uint32_t mem_flags;
    uint16_t domid;
    uint16_t pad[3];
};

struct xen_memory_reservation32 {
    uint32_t extent_start;
    uint32_t nr_extents;
    uint32_t extent_order;
    uint32_t mem_flags;
    uint16_t domid;
    uint16_t pad;
};

struct xen_add_to_physmap64 {
    uint16_t domid;
    uint16_t size;
    uint32_t space; /* XENMAPSPACE_* */
    uint64_t idx;
    uint64_t gpfn;
};

struct xen_add_to_physmap32 {
    uint16_t domid;
    uint16_t size;
    uint32_t space;
    uint32_t idx;
    uint32_t gpfn;
};

struct xen_remove_from_physmap64 {
    uint16_t domid;
    uint16_t pad[3];
    uint64_t gpfn;
};

struct xen_remove_from_physmap32 {
    uint16_t domid;
    uint16_t pad;
    uint32_t gpfn;
};

struct xen_memory_map64 {
    uint32_t nr_entries; /* in: room, out: entries */
    uint32_t pad;
    uint64_t buffer; /* guest address of struct e820entry[] */
};

struct xen_memory_map32 {
    uint32_t nr_entries;
    uint32_t buffer;
};

/* XENMEM_exchange, as 64-bit guests have it. */
struct xen_memory_exchange64 {
    struct xen_memory_reservation64 in, out; /* out.extent_start: pfns in, machine frames out */
    uint64_t nr_exchanged;                   /* 0 in; extents of `in` out */
};

/* XENMEM_machphys_mfn_list, as 64-bit guests have it: the frames behind each 2 MiB of the machine-to-physical table. */
struct xen_machphys_mfn_list64 {
    uint32_t max_extents;
    uint32_t pad0;
    uint64_t extent_start; /* guest address of uint64_t[max_extents] */
    uint32_t nr_extents;   /* out */
    uint32_t pad1;
};

/* XENMEM_machphys_mapping, as 64-bit guests have it. */
struct xen_machphys_mapping64 {
    uint64_t v_start, v_end; /* addresses of the machine-to-physical table */
    uint64_t max_mfn;        /* that it can be asked for */
};

/* An entry of the BIOS memory map, as XENMEM_memory_map returns it. */
struct e820entry {
    uint64_t addr;
    uint64_t size;
    uint32_t type; /* E820_* */
} __attribute__((packed));

#define E820_RAM 1
#define E820_RESERVED 2
#define E820_ACPI 3
#define E820_NVS 4
#define E820_UNUSABLE 5

_Static_assert(sizeof(struct e820entry) == 20, "ABI");
_Static_assert(sizeof(struct xen_memory_exchange64) == 72, "ABI");
_Static_assert(sizeof(struct xen_machphys_mfn_list64) == 24, "ABI");
_Static_assert(sizeof(struct xen_machphys_mapping64) == 24, "ABI");
_Static_assert(sizeof(struct xen_add_to_physmap64) == 24, "ABI");
_Static_assert(sizeof(struct xen_add_to_physmap32) == 16, "ABI");

#endif
