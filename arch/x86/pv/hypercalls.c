/* SPDX-License-Identifier: MIT */
/* The hypercalls that only the pv container has, by number: virt_ops.hypercalls. */
#include "arch/x86/pv/hypercalls.h"

#include "arch/x86/pv/container.h"
#include "guest/abi/xen.h"

/* --- The memory core knows only its own part of a vcpu. */

static int64_t mmu_update(struct arch_vcpu *v, uint64_t *args)
{
    return pv_mmu_update(&pv_guest(v)->mmu, args);
}

static int64_t update_va_mapping(struct arch_vcpu *v, uint64_t *args)
{
    return pv_update_va_mapping(&pv_guest(v)->mmu, args);
}

static int64_t update_va_mapping_otherdomain(struct arch_vcpu *v, uint64_t *args)
{
    return pv_update_va_mapping_otherdomain(&pv_guest(v)->mmu, args);
}

static int64_t mmuext_op(struct arch_vcpu *v, uint64_t *args)
{
    return pv_mmuext_op(&pv_guest(v)->mmu, args);
}

const virt_hypercall_fn pv_hypercalls[NR_HYPERCALLS] = {
    [__HYPERVISOR_set_trap_table] = pv_set_trap_table,
    [__HYPERVISOR_mmu_update] = mmu_update,
    [__HYPERVISOR_set_gdt] = pv_set_gdt,
    [__HYPERVISOR_stack_switch] = pv_stack_switch,
    [__HYPERVISOR_set_callbacks] = pv_set_callbacks,
    [__HYPERVISOR_fpu_taskswitch] = pv_fpu_taskswitch,
    [__HYPERVISOR_set_debugreg] = pv_set_debugreg,
    [__HYPERVISOR_get_debugreg] = pv_get_debugreg,
    [__HYPERVISOR_update_descriptor] = pv_update_descriptor,
    [__HYPERVISOR_update_va_mapping] = update_va_mapping,
    [__HYPERVISOR_vm_assist] = pv_vm_assist,
    [__HYPERVISOR_update_va_mapping_otherdomain] = update_va_mapping_otherdomain,
    [__HYPERVISOR_iret] = pv_iret,
    [__HYPERVISOR_set_segment_base] = pv_set_segment_base,
    [__HYPERVISOR_mmuext_op] = mmuext_op,
    [__HYPERVISOR_nmi_op] = pv_nmi_op,
    [__HYPERVISOR_callback_op] = pv_callback_op,
};
