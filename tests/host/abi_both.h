/* SPDX-License-Identifier: MIT */
/*
 * guest/abi and Xen's public headers in one translation unit. Many structures have the same name in both: ours become
 * ours_NAME here.
 */
#ifndef TESTS_HOST_ABI_BOTH_H
#define TESTS_HOST_ABI_BOTH_H

#include <stddef.h>
#include <stdint.h>

#define evtchn_bind_interdomain ours_evtchn_bind_interdomain
#define evtchn_bind_virq ours_evtchn_bind_virq
#define evtchn_bind_pirq ours_evtchn_bind_pirq
#define evtchn_close ours_evtchn_close
#define evtchn_send ours_evtchn_send
#define evtchn_status ours_evtchn_status
#define evtchn_alloc_unbound ours_evtchn_alloc_unbound
#define evtchn_bind_ipi ours_evtchn_bind_ipi
#define evtchn_bind_vcpu ours_evtchn_bind_vcpu
#define evtchn_unmask ours_evtchn_unmask
#define evtchn_reset ours_evtchn_reset
#define evtchn_op ours_evtchn_op
#define evtchn_init_control ours_evtchn_init_control
#define evtchn_expand_array ours_evtchn_expand_array
#define evtchn_set_priority ours_evtchn_set_priority
#define evtchn_fifo_control_block ours_evtchn_fifo_control_block
#define evtchn_query_extended_abis ours_evtchn_query_extended_abis
#define evtchn_register_3level64 ours_evtchn_register_3level64
#define evtchn_register_3level32 ours_evtchn_register_3level32
#define xen_domctl ours_xen_domctl
#define xen_hvm_param ours_xen_hvm_param
#define xen_hvm_evtchn_upcall_vector ours_xen_hvm_evtchn_upcall_vector
#define xen_hvm_xentrace ours_xen_hvm_xentrace
#define hvm_start_info ours_hvm_start_info
#define hvm_modlist_entry ours_hvm_modlist_entry
#define hvm_memmap_table_entry ours_hvm_memmap_table_entry
#define xen_memory_reservation64 ours_xen_memory_reservation64
#define xen_memory_reservation32 ours_xen_memory_reservation32
#define xen_add_to_physmap64 ours_xen_add_to_physmap64
#define xen_add_to_physmap32 ours_xen_add_to_physmap32
#define xen_remove_from_physmap64 ours_xen_remove_from_physmap64
#define xen_remove_from_physmap32 ours_xen_remove_from_physmap32
#define xen_memory_map64 ours_xen_memory_map64
#define xen_memory_map32 ours_xen_memory_map32
#define e820entry ours_e820entry
#define mmu_update ours_mmu_update
#define mmuext_op ours_mmuext_op
#define sched_shutdown ours_sched_shutdown
#define physdev_eoi ours_physdev_eoi
#define physdev_irq_status_query ours_physdev_irq_status_query
#define physdev_map_pirq ours_physdev_map_pirq
#define sched_remote_shutdown ours_sched_remote_shutdown
#define sched_poll64 ours_sched_poll64
#define sched_poll32 ours_sched_poll32
#define sched_watchdog ours_sched_watchdog
#define vcpu_runstate_info ours_vcpu_runstate_info
#define vcpu_runstate_info32 ours_vcpu_runstate_info32
#define vcpu_set_periodic_timer ours_vcpu_set_periodic_timer
#define vcpu_set_singleshot_timer ours_vcpu_set_singleshot_timer
#define vcpu_register_vcpu_info ours_vcpu_register_vcpu_info
#define vcpu_hvm_x86_32 ours_vcpu_hvm_x86_32
#define vcpu_hvm_x86_64 ours_vcpu_hvm_x86_64
#define vcpu_hvm_context ours_vcpu_hvm_context
#define xen_extraversion ours_xen_extraversion
#define xen_compile_info ours_xen_compile_info
#define xen_capabilities_info ours_xen_capabilities_info
#define xen_changeset_info ours_xen_changeset_info
#define xen_feature_info ours_xen_feature_info
#define vcpu_time_info ours_vcpu_time_info
#define vcpu_info64 ours_vcpu_info64
#define vcpu_info32 ours_vcpu_info32
#define shared_info64 ours_shared_info64
#define shared_info32 ours_shared_info32
#define start_info ours_start_info
#define trap_info ours_trap_info
#define iret_context ours_iret_context
#define cpu_user_regs ours_cpu_user_regs
#define vcpu_guest_context ours_vcpu_guest_context
#define callback_register ours_callback_register
#define callback_unregister ours_callback_unregister
#define xen_memory_exchange64 ours_xen_memory_exchange64
#define xen_machphys_mfn_list64 ours_xen_machphys_mfn_list64
#define xen_machphys_mapping64 ours_xen_machphys_mapping64
#define physdev_set_iopl ours_physdev_set_iopl
#define physdev_op ours_physdev_op
#define physdev_set_iobitmap ours_physdev_set_iobitmap
#define multicall_entry64 ours_multicall_entry64
#define multicall_entry32 ours_multicall_entry32

#include "guest/abi/callback.h"
#include "guest/abi/domctl.h"
#include "guest/abi/elfnote.h"
#include "guest/abi/errno.h"
#include "guest/abi/event_channel.h"
#include "guest/abi/hvm.h"
#include "guest/abi/memory.h"
#include "guest/abi/mmu.h"
#include "guest/abi/physdev.h"
#include "guest/abi/pv.h"
#include "guest/abi/sched.h"
#include "guest/abi/vcpu.h"
#include "guest/abi/version.h"
#include "guest/abi/xen.h"

#undef evtchn_bind_interdomain
#undef evtchn_bind_virq
#undef evtchn_bind_pirq
#undef evtchn_close
#undef evtchn_send
#undef evtchn_status
#undef evtchn_alloc_unbound
#undef evtchn_bind_ipi
#undef evtchn_bind_vcpu
#undef evtchn_unmask
#undef evtchn_reset
#undef evtchn_op
#undef evtchn_init_control
#undef evtchn_expand_array
#undef evtchn_set_priority
#undef evtchn_fifo_control_block
#undef evtchn_query_extended_abis
#undef evtchn_register_3level64
#undef evtchn_register_3level32
#undef xen_domctl
#undef xen_hvm_param
#undef xen_hvm_evtchn_upcall_vector
#undef xen_hvm_xentrace
#undef hvm_start_info
#undef hvm_modlist_entry
#undef hvm_memmap_table_entry
#undef xen_memory_reservation64
#undef xen_memory_reservation32
#undef xen_add_to_physmap64
#undef xen_add_to_physmap32
#undef xen_remove_from_physmap64
#undef xen_remove_from_physmap32
#undef xen_memory_map64
#undef xen_memory_map32
#undef e820entry
#undef mmu_update
#undef mmuext_op
#undef sched_shutdown
#undef physdev_eoi
#undef physdev_irq_status_query
#undef physdev_map_pirq
#undef sched_remote_shutdown
#undef sched_poll64
#undef sched_poll32
#undef sched_watchdog
#undef vcpu_runstate_info
#undef vcpu_runstate_info32
#undef vcpu_set_periodic_timer
#undef vcpu_set_singleshot_timer
#undef vcpu_register_vcpu_info
#undef vcpu_hvm_x86_32
#undef vcpu_hvm_x86_64
#undef vcpu_hvm_context
#undef xen_extraversion
#undef xen_compile_info
#undef xen_capabilities_info
#undef xen_changeset_info
#undef xen_feature_info
#undef vcpu_time_info
#undef vcpu_info64
#undef vcpu_info32
#undef shared_info64
#undef shared_info32
#undef start_info
#undef trap_info
#undef iret_context
#undef cpu_user_regs
#undef vcpu_guest_context
#undef callback_register
#undef callback_unregister
#undef xen_memory_exchange64
#undef xen_machphys_mfn_list64
#undef xen_machphys_mapping64
#undef physdev_set_iopl
#undef physdev_op
#undef physdev_set_iobitmap
#undef multicall_entry64
#undef multicall_entry32

/* Each number is compared by tools/check/abi_numbers.py; here Xen's take the place of ours. */
#pragma GCC system_header
#define __XEN_INTERFACE_VERSION__ 0x00040e00
#define __XEN_TOOLS__ 1 /* for domctl.h, which also wants unnamed unions */
#undef __STRICT_ANSI__
#include <xen/xen.h>

#include <xen/arch-x86/hvm/start_info.h>
#include <xen/callback.h>
#include <xen/domctl.h>
#include <xen/elfnote.h>
#include <xen/event_channel.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/hvm_vcpu.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#endif
