/* SPDX-License-Identifier: MIT */
/* The hypercalls that only pv guests make. */
#ifndef GUEST_LIB_PV64_HYPERCALLS_H
#define GUEST_LIB_PV64_HYPERCALLS_H

#include <stdbool.h>

#include "guest/abi/callback.h"
#include "guest/abi/mmu.h"
#include "guest/abi/pv.h"
#include "guest/lib/hypercall.h"

/* --- Page tables --- */

/* done: how many were carried out, also after an error; may be NULL. */
static inline int hv_mmu_update(const struct mmu_update *list, unsigned count, unsigned *done, domid_t domid)
{
    return (int)hypercall5(__HYPERVISOR_mmu_update, guest_address(list), count, guest_address(done), domid, 0);
}

static inline int hv_mmuext_op(const struct mmuext_op *list, unsigned count, unsigned *done, domid_t domid)
{
    return (int)hypercall5(__HYPERVISOR_mmuext_op, guest_address(list), count, guest_address(done), domid, 0);
}

/* flags: UVMF_* */
static inline int hv_update_va_mapping(guest_word address, uint64_t entry, guest_word flags)
{
    return (int)hypercall3(__HYPERVISOR_update_va_mapping, address, entry, flags);
}

static inline int hv_update_va_mapping_otherdomain(guest_word address, uint64_t entry, guest_word flags, domid_t domid)
{
    return (int)hypercall5(__HYPERVISOR_update_va_mapping_otherdomain, address, entry, flags, domid, 0);
}

/* --- Traps and callbacks --- */

static inline int hv_set_trap_table(const struct trap_info *table)
{
    return (int)hypercall2(__HYPERVISOR_set_trap_table, guest_address(table), 0);
}

static inline int hv_set_callbacks(guest_word event, guest_word failsafe, guest_word syscall)
{
    return (int)hypercall3(__HYPERVISOR_set_callbacks, event, failsafe, syscall);
}

static inline int hv_callback_op(unsigned cmd, const void *arg)
{
    return (int)hypercall2(__HYPERVISOR_callback_op, cmd, guest_address(arg));
}

static inline int hv_stack_switch(guest_word ss, guest_word sp)
{
    return (int)hypercall2(__HYPERVISOR_stack_switch, ss, sp);
}

static inline int hv_fpu_taskswitch(bool set)
{
    return (int)hypercall2(__HYPERVISOR_fpu_taskswitch, set, 0);
}

/* --- Segments and debug registers --- */

/* frames: machine frames of the pages that hold `entries` descriptors. */
static inline int hv_set_gdt(const uint64_t *frames, unsigned entries)
{
    return (int)hypercall2(__HYPERVISOR_set_gdt, guest_address(frames), entries);
}

/* address: machine address of the descriptor. */
static inline int hv_update_descriptor(uint64_t address, uint64_t descriptor)
{
    return (int)hypercall2(__HYPERVISOR_update_descriptor, address, descriptor);
}

/* which: SEGBASE_* */
static inline int hv_set_segment_base(unsigned which, guest_word base)
{
    return (int)hypercall2(__HYPERVISOR_set_segment_base, which, base);
}

static inline int hv_set_debugreg(unsigned reg, guest_word value)
{
    return (int)hypercall2(__HYPERVISOR_set_debugreg, reg, value);
}

static inline guest_result hv_get_debugreg(unsigned reg)
{
    return hypercall2(__HYPERVISOR_get_debugreg, reg, 0);
}

/* --- Else --- */

/* cmd: VMASST_CMD_*; type: VMASST_TYPE_* */
static inline int hv_vm_assist(unsigned cmd, unsigned type)
{
    return (int)hypercall2(__HYPERVISOR_vm_assist, cmd, type);
}

#endif
