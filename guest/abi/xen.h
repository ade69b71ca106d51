/* SPDX-License-Identifier: MIT */
/*
 * The core of the Xen guest ABI (public headers: xen.h, arch-x86/xen.h).
 *
 * Both sides include this file, and the hypervisor serves guests of either word size, so no structure here
 * depends on the size of `long`: where the two layouts differ there are two structures, ...32 and ...64.
 * tests/host/test_abi.c holds every size and offset against Debian's libxen-dev.
 */
#ifndef GUEST_ABI_XEN_H
#define GUEST_ABI_XEN_H

#include <stdint.h>

/* Hypercall numbers (xen.h). */
#define __HYPERVISOR_set_trap_table 0
#define __HYPERVISOR_mmu_update 1
#define __HYPERVISOR_set_gdt 2
#define __HYPERVISOR_stack_switch 3
#define __HYPERVISOR_set_callbacks 4
#define __HYPERVISOR_fpu_taskswitch 5
#define __HYPERVISOR_sched_op_compat 6
#define __HYPERVISOR_platform_op 7
#define __HYPERVISOR_set_debugreg 8
#define __HYPERVISOR_get_debugreg 9
#define __HYPERVISOR_update_descriptor 10
#define __HYPERVISOR_memory_op 12
#define __HYPERVISOR_multicall 13
#define __HYPERVISOR_update_va_mapping 14
#define __HYPERVISOR_set_timer_op 15
#define __HYPERVISOR_event_channel_op_compat 16
#define __HYPERVISOR_xen_version 17
#define __HYPERVISOR_console_io 18
#define __HYPERVISOR_physdev_op_compat 19
#define __HYPERVISOR_grant_table_op 20
#define __HYPERVISOR_vm_assist 21
#define __HYPERVISOR_update_va_mapping_otherdomain 22
#define __HYPERVISOR_iret 23
#define __HYPERVISOR_vcpu_op 24
#define __HYPERVISOR_set_segment_base 25
#define __HYPERVISOR_mmuext_op 26
#define __HYPERVISOR_xsm_op 27
#define __HYPERVISOR_nmi_op 28
#define __HYPERVISOR_sched_op 29
#define __HYPERVISOR_callback_op 30
#define __HYPERVISOR_xenoprof_op 31
#define __HYPERVISOR_event_channel_op 32
#define __HYPERVISOR_physdev_op 33
#define __HYPERVISOR_hvm_op 34
#define __HYPERVISOR_sysctl 35
#define __HYPERVISOR_domctl 36
#define __HYPERVISOR_kexec_op 37
#define __HYPERVISOR_argo_op 39
#define __HYPERVISOR_xenpmu_op 40
#define __HYPERVISOR_dm_op 41
#define __HYPERVISOR_hypfs_op 42
#define NR_HYPERCALLS 64 /* slots of 32 bytes in the hypercall page that the ABI names */

/* console_io (xen.h): cmd, count, buffer. */
#define CONSOLEIO_write 0
#define CONSOLEIO_read 1

/* Domain identifiers (xen.h). */
#define DOMID_FIRST_RESERVED 0x7FF0U
#define DOMID_SELF 0x7FF0U
#define DOMID_IO 0x7FF1U
#define DOMID_XEN 0x7FF2U
#define DOMID_INVALID 0x7FF4U
#define DOMID_IDLE 0x7FFFU

/* Virtual interrupts (xen.h). */
#define VIRQ_TIMER 0
#define VIRQ_DEBUG 1
#define VIRQ_CONSOLE 2
#define VIRQ_DOM_EXC 3
#define VIRQ_TBUF 4
#define VIRQ_DEBUGGER 6
#define VIRQ_XENOPROF 7
#define VIRQ_CON_RING 8
#define VIRQ_PCPU_STATE 9
#define VIRQ_MEM_EVENT 10
#define VIRQ_ARGO 11
#define VIRQ_ENOMEM 12
#define VIRQ_XENPMU 13
#define NR_VIRQS 24

/* start_info.flags and hvm_start_info.flags (xen.h). */
#define SIF_PRIVILEGED (1U << 0)
#define SIF_INITDOMAIN (1U << 1)

#define XEN_LEGACY_MAX_VCPUS 32 /* vcpu_info slots in shared_info */

#define XEN_PVCLOCK_TSC_STABLE_BIT (1U << 0)

/* One guest clock (xen.h, struct vcpu_time_info): ns = system_time + (((tsc - tsc_timestamp) << tsc_shift) * mul >>
 * 32). */
struct vcpu_time_info {
    uint32_t version; /* odd while the hypervisor writes */
    uint32_t pad0;
    uint64_t tsc_timestamp;
    uint64_t system_time; /* ns since the hypervisor's start */
    uint32_t tsc_to_system_mul;
    int8_t tsc_shift;
    uint8_t flags; /* XEN_PVCLOCK_* */
    uint8_t pad1[2];
};

struct vcpu_info64 {
    uint8_t evtchn_upcall_pending;
    uint8_t evtchn_upcall_mask;
    uint8_t pad[6];
    uint64_t evtchn_pending_sel;
    uint64_t arch_cr2;
    uint64_t arch_pad;
    struct vcpu_time_info time;
};

struct vcpu_info32 {
    uint8_t evtchn_upcall_pending;
    uint8_t evtchn_upcall_mask;
    uint8_t pad[2];
    uint32_t evtchn_pending_sel;
    uint32_t arch_cr2;
    uint32_t arch_pad[5];
    struct vcpu_time_info time;
};

struct shared_info64 {
    struct vcpu_info64 vcpu_info[XEN_LEGACY_MAX_VCPUS];
    uint64_t evtchn_pending[64];
    uint64_t evtchn_mask[64];
    uint32_t wc_version;
    uint32_t wc_sec;
    uint32_t wc_nsec;
    uint32_t wc_sec_hi;
    uint64_t arch_max_pfn;
    uint64_t arch_pfn_to_mfn_frame_list_list;
    uint64_t arch_nmi_reason;
    uint64_t arch_p2m_cr3;
    uint64_t arch_p2m_vaddr;
    uint64_t arch_p2m_generation;
};

struct shared_info32 {
    struct vcpu_info32 vcpu_info[XEN_LEGACY_MAX_VCPUS];
    uint32_t evtchn_pending[32];
    uint32_t evtchn_mask[32];
    uint32_t wc_version;
    uint32_t wc_sec;
    uint32_t wc_nsec;
    uint32_t arch_max_pfn;
    uint32_t arch_pfn_to_mfn_frame_list_list;
    uint32_t arch_nmi_reason;
    uint32_t arch_p2m_cr3;
    uint32_t arch_p2m_vaddr;
    uint32_t arch_p2m_generation;
    uint32_t arch_wc_sec_hi;
};

/* One entry of a multicall (xen.h); args are those of the hypercall, result is written back. */
struct multicall_entry64 {
    uint64_t op;
    int64_t result;
    uint64_t args[6];
};

struct multicall_entry32 {
    uint32_t op;
    int32_t result;
    uint32_t args[6];
};

_Static_assert(sizeof(struct vcpu_time_info) == 32, "ABI");
_Static_assert(sizeof(struct vcpu_info64) == 64, "ABI");
_Static_assert(sizeof(struct vcpu_info32) == 64, "ABI");
_Static_assert(__builtin_offsetof(struct shared_info64, evtchn_pending) == 2048, "ABI");
_Static_assert(__builtin_offsetof(struct shared_info64, evtchn_mask) == 2560, "ABI");
_Static_assert(__builtin_offsetof(struct shared_info32, evtchn_pending) == 2048, "ABI");
_Static_assert(__builtin_offsetof(struct shared_info32, evtchn_mask) == 2176, "ABI");

#endif
