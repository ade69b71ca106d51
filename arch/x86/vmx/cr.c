/* SPDX-License-Identifier: MIT */
/*
 * Accesses to control registers that exit: CR0 and CR4 where a bit is the hypervisor's, CR8. Each value is checked as
 * the processor would, and only then written.
 */
#include "arch/x86/regs.h"
#include "arch/x86/vmx/vmx.h"
#include "kernel/door.h"

#define CR0_KEPT ((uint64_t)(CR0_NW | CR0_CD)) /* only in the shadow */

/* Writes that change one of these load the PDPTEs (SDM Vol. 3A, section 4.4.1). */
#define CR0_LOADS_PDPTES ((uint64_t)(CR0_PG | CR0_NW | CR0_CD))
#define CR4_LOADS_PDPTES ((uint64_t)(CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP))

static uint64_t guest_view(enum vmcs_field value, enum vmcs_field mask, enum vmcs_field shadow)
{
    uint64_t ours = vmx_read(mask);
    return (vmx_read(value) & ~ours) | (vmx_read(shadow) & ours);
}

/* PG goes on or off by an instruction that we complete: long mode with it (SDM Vol. 3A, section 9.8.5). */
static void set_long_mode(bool paging)
{
    uint64_t efer = vmx_read(VMCS_guest_efer), entry = vmx_read(VMCS_entry_controls);
    bool active = paging && (efer & EFER_LME);

    vmx_write(VMCS_guest_efer, active ? efer | EFER_LMA : efer & ~(uint64_t)EFER_LMA);
    vmx_write(VMCS_entry_controls, active ? entry | ENTRY_GUEST_64 : entry & ~(uint64_t)ENTRY_GUEST_64);
}

/* --- PAE paging keeps four entries in the processor (SDM Vol. 3A, section 4.4.1). */
#define NR_PDPTES 4

static bool uses_pae(uint64_t cr0, uint64_t cr4)
{
    bool long_mode = vmx_read(VMCS_guest_efer) & EFER_LME; /* with PG, it is active */
    return (cr0 & CR0_PG) && (cr4 & CR4_PAE) && !long_mode;
}

/* What the guest's CR3 points to, each entry read once; not present where there is no memory. False: a reserved bit is
 * set in one that is present. */
static bool read_pdptes(const struct arch_vcpu *v, uint64_t pdptes[NR_PDPTES])
{
    uint64_t cr3 = vmx_read(VMCS_guest_cr3) & 0xffffffe0U;
    const uint8_t *frame = door_guest_frame(v, cr3 >> PAGE_SHIFT);
    const uint64_t *table = frame ? (const uint64_t *)(const void *)(frame + (cr3 & 0xfff)) : NULL;

    for (unsigned i = 0; i < NR_PDPTES; i++) {
        pdptes[i] = table ? __atomic_load_n(&table[i], __ATOMIC_RELAXED) : 0;
        if (vmx_pdpte_reserved(pdptes[i], vmx_capability.physical_bits))
            return false;
    }
    return true;
}

/* With the values that CR0 and CR4 are about to get. False: #GP. */
static bool load_pdptes(const struct arch_vcpu *v, uint64_t cr0, uint64_t cr4)
{
    static const enum vmcs_field fields[NR_PDPTES] = {VMCS_pdpte0, VMCS_pdpte1, VMCS_pdpte2, VMCS_pdpte3};
    uint64_t pdptes[NR_PDPTES];

    if (!uses_pae(cr0, cr4))
        return true;
    if (!read_pdptes(v, pdptes))
        return false;
    for (unsigned i = 0; i < NR_PDPTES; i++)
        vmx_write(fields[i], pdptes[i]);
    return true;
}

static void forget_translations(const struct arch_vcpu *v)
{
    if (vmx_controls.cpu2 & CPU2_VPID)
        vmx_invvpid(vmx_vpid(v));
}

/* --- Writes. */

/* SDM Vol. 3A, section 2.5, and Vol. 2, MOV to control registers. */
static bool cr0_valid(uint64_t value)
{
    if (value >> 32 || ((value & CR0_PG) && !(value & CR0_PE)) || ((value & CR0_NW) && !(value & CR0_CD)))
        return false;
    if ((value & CR0_PG) && (vmx_read(VMCS_guest_efer) & EFER_LME))
        return vmx_read(VMCS_guest_cr4) & CR4_PAE;
    return true;
}

static bool write_cr0_of(struct arch_vcpu *v, uint64_t value)
{
    uint64_t old = guest_view(VMCS_guest_cr0, VMCS_cr0_mask, VMCS_cr0_shadow), cr4 = vmx_read(VMCS_guest_cr4);
    uint64_t changed = old ^ value;

    if (!cr0_valid(value) || (vmx_is_64bit(v) && !(value & CR0_PG)))
        return false;
    if (!(value & CR0_PG) && (cr4 & CR4_PCIDE))
        return false;
    if ((changed & CR0_LOADS_PDPTES) && !load_pdptes(v, value, cr4))
        return false;
    vmx_write(VMCS_cr0_shadow, value);
    vmx_write(VMCS_guest_cr0, (value & ~CR0_KEPT) | CR0_NE | CR0_ET);
    if (changed & CR0_PG)
        set_long_mode(value & CR0_PG);
    if (changed & (CR0_PG | CR0_WP | CR0_PE))
        forget_translations(v);
    return true;
}

static bool write_cr4_of(struct arch_vcpu *v, uint64_t value)
{
    uint64_t old = vmx_read(VMCS_guest_cr4);
    bool lma = vmx_read(VMCS_guest_efer) & EFER_LMA;

    if ((value & ~hvm_cr4_allowed()) || (lma && !(value & CR4_PAE)))
        return false;
    if ((value & ~old & CR4_PCIDE) && (!lma || (vmx_read(VMCS_guest_cr3) & 0xfff)))
        return false;
    if (((old ^ value) & CR4_LOADS_PDPTES) && !load_pdptes(v, vmx_read(VMCS_guest_cr0), value))
        return false;
    vmx_write(VMCS_cr4_shadow, value);
    vmx_write(VMCS_guest_cr4, value | (vmx_capability.cr4_fixed0 & vmx_capability.cr4_fixed1));
    forget_translations(v);
    return true;
}

static bool write_cr(struct arch_vcpu *v, unsigned cr, uint64_t value)
{
    switch (cr) {
    case 0:
        return write_cr0_of(v, value);
    case 4:
        return write_cr4_of(v, value);
    case 8:
        if (value > 15)
            return false;
        vmx_vcpu(v)->cr8 = value;
        return true;
    default:
        return false;
    }
}

/* rsp is in the VMCS, but run.c keeps it in v->regs as well. SDM Vol. 3C, table 27-3: register in 3:0, kind in 5:4,
 * general register in 11:8, LMSW's source in 31:16. */
bool vmx_access_cr(struct arch_vcpu *v)
{
    uint64_t q = vmx_read(VMCS_exit_qualification);
    unsigned cr = q & 15;
    uint64_t *reg = hvm_reg(v, (q >> 8) & 15);
    uint64_t cr0 = guest_view(VMCS_guest_cr0, VMCS_cr0_mask, VMCS_cr0_shadow);

    switch ((q >> 4) & 3) {
    case 0: /* mov to */
        return write_cr(v, cr, vmx_is_64bit(v) ? *reg : (uint32_t)*reg);
    case 1: /* mov from: only CR8 exits */
        *reg = vmx_vcpu(v)->cr8;
        return true;
    case 2: /* clts */
        return write_cr0_of(v, cr0 & ~(uint64_t)CR0_TS);
    default: /* lmsw can set PE but not clear it */
        return write_cr0_of(v, (cr0 & ~0xeULL) | ((q >> 16) & 0xf));
    }
}
