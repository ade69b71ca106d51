/* SPDX-License-Identifier: MIT */
/* hvm_op (hypercall 34), the PVH start of day (arch-x86/hvm/start_info.h) and Xen's CPUID leaves (arch-x86/cpuid.h). */
#ifndef GUEST_ABI_HVM_H
#define GUEST_ABI_HVM_H

#include <stdint.h>

#define HVMOP_set_param 0
#define HVMOP_get_param 1
#define HVMOP_flush_tlbs 5
#define HVMOP_pagetable_dying 9
#define HVMOP_get_time 10
#define HVMOP_xentrace 11
#define HVMOP_get_mem_type 15
#define HVMOP_set_evtchn_upcall_vector 23

struct xen_hvm_param {
    uint16_t domid;
    uint16_t pad;
    uint32_t index; /* HVM_PARAM_* */
    uint64_t value;
};

#define HVM_PARAM_CALLBACK_IRQ 0
#define HVM_PARAM_CALLBACK_TYPE_SHIFT 56
#define HVM_PARAM_CALLBACK_TYPE_GSI 0
#define HVM_PARAM_CALLBACK_TYPE_PCI_INTX 1
#define HVM_PARAM_CALLBACK_TYPE_VECTOR 2
#define HVM_PARAM_STORE_PFN 1
#define HVM_PARAM_STORE_EVTCHN 2
#define HVM_PARAM_CONSOLE_PFN 17
#define HVM_PARAM_CONSOLE_EVTCHN 18
#define HVM_NR_PARAMS 39

struct xen_hvm_evtchn_upcall_vector {
    uint32_t vcpu;
    uint8_t vector;
};

/* A record that the guest puts into the hypervisor's trace. */
struct xen_hvm_xentrace {
    uint16_t event;
    uint16_t extra_bytes; /* of extra that count */
    uint8_t extra[28];
};

#define XEN_HVM_START_MAGIC_VALUE 0x336ec578U
#define XEN_HVM_MEMMAP_TYPE_RAM 1
#define XEN_HVM_MEMMAP_TYPE_RESERVED 2

struct hvm_start_info {
    uint32_t magic;
    uint32_t version; /* 1 */
    uint32_t flags;   /* SIF_* */
    uint32_t nr_modules;
    uint64_t modlist_paddr; /* struct hvm_modlist_entry[nr_modules] */
    uint64_t cmdline_paddr; /* NUL-terminated; 0 = none */
    uint64_t rsdp_paddr;
    uint64_t memmap_paddr; /* struct hvm_memmap_table_entry[memmap_entries] */
    uint32_t memmap_entries;
    uint32_t reserved;
};

struct hvm_modlist_entry {
    uint64_t paddr;
    uint64_t size;
    uint64_t cmdline_paddr;
    uint64_t reserved;
};

struct hvm_memmap_table_entry {
    uint64_t addr;
    uint64_t size;
    uint32_t type; /* XEN_HVM_MEMMAP_TYPE_* */
    uint32_t reserved;
};

#define XEN_CPUID_FIRST_LEAF 0x40000000U
#define XEN_CPUID_SIGNATURE_EBX 0x566e6558U /* "XenV" */
#define XEN_CPUID_SIGNATURE_ECX 0x65584d4dU /* "MMXe" */
#define XEN_CPUID_SIGNATURE_EDX 0x4d4d566eU /* "nVMM" */
#define XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD (1U << 0)
#define XEN_HVM_CPUID_VCPU_ID_PRESENT (1U << 3)
#define XEN_HVM_CPUID_DOMID_PRESENT (1U << 4)
#define XEN_HVM_CPUID_UPCALL_VECTOR (1U << 6)

_Static_assert(sizeof(struct hvm_start_info) == 56, "ABI");
_Static_assert(sizeof(struct hvm_modlist_entry) == 32, "ABI");
_Static_assert(sizeof(struct hvm_memmap_table_entry) == 24, "ABI");
_Static_assert(sizeof(struct xen_hvm_param) == 16, "ABI");
_Static_assert(sizeof(struct xen_hvm_xentrace) == 32, "ABI");

#endif
