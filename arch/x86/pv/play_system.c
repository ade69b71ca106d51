/* SPDX-License-Identifier: MIT */
/* Control, debug and model-specific registers of the guest's kernel (PV-EMU-12 to 22). */
#include "arch/x86/creg.h"
#include "arch/x86/fpu.h"
#include "arch/x86/layout.h"
#include "arch/x86/pv/emulate.h"
#include "arch/x86/pv/setup.h"
#include "arch/x86/regs.h"
#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/abi/xen.h"

#define VECTOR_UD 6

/* What is on whatever the guest does: long mode, as the hypervisor runs it. */
#define CR0_SHOWN (CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG)
#define CR4_SHOWN (CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT)

static enum pv_outcome undefined(struct arch_vcpu *v)
{
    pv_inject(v, VECTOR_UD, 0);
    return PV_INJECTED;
}

/* WBINVD: a guest without devices has nobody who would see its memory. */
enum pv_outcome pv_play_nothing(struct arch_vcpu *v, const struct pv_insn *insn)
{
    (void)v;
    (void)insn;
    return PV_PLAYED;
}

/* --- Control registers */

static uint8_t *cr2_of(struct arch_vcpu *v)
{
    return v->upcall_pending + __builtin_offsetof(struct vcpu_info64, arch_cr2);
}

static uint64_t read_guest_cr0(struct arch_vcpu *v)
{
    return CR0_SHOWN | (pv_guest(v)->cr0 & CR0_TS);
}

static uint64_t read_guest_cr2(struct arch_vcpu *v)
{
    uint64_t value;

    memcpy(&value, cr2_of(v), sizeof value);
    return value;
}

static uint64_t read_guest_cr3(struct arch_vcpu *v)
{
    return pv_guest(v)->mmu.kernel_root << PAGE_SHIFT;
}

static uint64_t read_guest_cr4(struct arch_vcpu *v)
{
    return CR4_SHOWN | (pv_guest(v)->cr4 & pv_cr4_choices());
}

static void set_task_switched(struct arch_vcpu *v, uint64_t ts)
{
    struct pv_guest *p = pv_guest(v);

    p->cr0 = (p->cr0 & ~(uint64_t)CR0_TS) | ts;
    pv_load_task_switched(v);
}

static enum pv_outcome write_guest_cr0(struct arch_vcpu *v, uint64_t value)
{
    if ((value & ~(uint64_t)CR0_TS) != CR0_SHOWN)
        return PV_REFUSED;
    set_task_switched(v, value & CR0_TS);
    return PV_PLAYED;
}

static enum pv_outcome write_guest_cr2(struct arch_vcpu *v, uint64_t value)
{
    memcpy(cr2_of(v), &value, sizeof value);
    return PV_PLAYED;
}

/* Bits 11:0 mean nothing: there is no PCID, and tables are cached as all memory is. */
static enum pv_outcome write_guest_cr3(struct arch_vcpu *v, uint64_t value)
{
    int rc = value >> 52 ? -XEN_EINVAL : pv_new_kernel_root(&pv_guest(v)->mmu, value >> PAGE_SHIFT);

    return rc == 0 ? PV_PLAYED : rc == -XEN_ERESTART ? PV_AGAIN : PV_REFUSED;
}

/* What a guest can't choose stays as it is, and it is not told. */
static enum pv_outcome write_guest_cr4(struct arch_vcpu *v, uint64_t value)
{
    pv_guest(v)->cr4 = value & pv_cr4_choices();
    pv_load_cr4(v);
    return PV_PLAYED;
}

static const struct {
    uint64_t (*read)(struct arch_vcpu *v);
    enum pv_outcome (*write)(struct arch_vcpu *v, uint64_t value);
} control_registers[16] = {
    [0] = {read_guest_cr0, write_guest_cr0},
    [2] = {read_guest_cr2, write_guest_cr2},
    [3] = {read_guest_cr3, write_guest_cr3},
    [4] = {read_guest_cr4, write_guest_cr4},
};

enum pv_outcome pv_play_from_cr(struct arch_vcpu *v, const struct pv_insn *insn)
{
    if (!control_registers[insn->reg].read)
        return PV_REFUSED;
    pv_write_reg(pv_reg(&v->regs, insn->rm), insn->operand_size, control_registers[insn->reg].read(v));
    return PV_PLAYED;
}

enum pv_outcome pv_play_to_cr(struct arch_vcpu *v, const struct pv_insn *insn)
{
    if (!control_registers[insn->reg].write)
        return PV_REFUSED;
    return control_registers[insn->reg].write(v, *pv_reg(&v->regs, insn->rm));
}

enum pv_outcome pv_play_clts(struct arch_vcpu *v, const struct pv_insn *insn)
{
    (void)insn;
    set_task_switched(v, 0);
    return PV_PLAYED;
}

/* --- Debug registers */

/* #UD if there is no such register, #GP if it doesn't take this value. */
static enum pv_outcome debug_outcome(struct arch_vcpu *v, const struct pv_insn *insn, int rc)
{
    if (rc == -XEN_ENODEV || insn->reg > 7)
        return undefined(v);
    return rc ? PV_REFUSED : PV_PLAYED;
}

enum pv_outcome pv_play_from_dr(struct arch_vcpu *v, const struct pv_insn *insn)
{
    uint64_t value = 0;
    int rc = pv_debugreg_get(pv_guest(v), insn->reg, &value);

    if (!rc)
        pv_write_reg(pv_reg(&v->regs, insn->rm), insn->operand_size, value);
    return debug_outcome(v, insn, rc);
}

enum pv_outcome pv_play_to_dr(struct arch_vcpu *v, const struct pv_insn *insn)
{
    int rc = pv_debugreg_set(pv_guest(v), insn->reg, *pv_reg(&v->regs, insn->rm));

    if (!rc)
        pv_load_debug_registers(v);
    return debug_outcome(v, insn, rc);
}

/* --- Model-specific registers, time, XCR0 */

static void set_edx_eax(struct arch_vcpu *v, uint64_t value)
{
    v->regs.rax = (uint32_t)value;
    v->regs.rdx = value >> 32;
}

static uint64_t edx_eax(const struct arch_vcpu *v)
{
    return v->regs.rdx << 32 | (uint32_t)v->regs.rax;
}

enum pv_outcome pv_play_rdmsr(struct arch_vcpu *v, const struct pv_insn *insn)
{
    uint64_t value;
    (void)insn;

    if (!pv_rdmsr(v, (uint32_t)v->regs.rcx, &value))
        return PV_REFUSED;
    set_edx_eax(v, value);
    return PV_PLAYED;
}

enum pv_outcome pv_play_wrmsr(struct arch_vcpu *v, const struct pv_insn *insn)
{
    (void)insn;
    return pv_wrmsr(v, (uint32_t)v->regs.rcx, edx_eax(v)) ? PV_PLAYED : PV_REFUSED;
}

/* The guest has set CR4.TSD: its users get the #GP that it wants, and its kernel the time. */
enum pv_outcome pv_play_rdtsc(struct arch_vcpu *v, const struct pv_insn *insn)
{
    (void)insn;
    set_edx_eax(v, rdtsc());
    return PV_PLAYED;
}

static enum pv_outcome play_rdtscp(struct arch_vcpu *v, const struct pv_insn *insn)
{
    v->regs.rcx = 0; /* TSC_AUX, which nobody sets */
    return pv_play_rdtsc(v, insn);
}

static enum pv_outcome play_xsetbv(struct arch_vcpu *v, const struct pv_insn *insn)
{
    (void)insn;
    if (!(pv_guest(v)->cr4 & CR4_OSXSAVE))
        return undefined(v);
    return fpu_xsetbv(v, (uint32_t)v->regs.rcx, edx_eax(v)) ? PV_PLAYED : PV_REFUSED;
}

/* 0f 01: with register operands each is an instruction of its own (SDM vol. 2, table A-6). */
enum pv_outcome pv_play_group7(struct arch_vcpu *v, const struct pv_insn *insn)
{
    unsigned modrm = 0xc0U | (insn->reg & 7U) << 3 | (insn->rm & 7U);

    if (insn->is_memory)
        return PV_REFUSED;
    return modrm == 0xd1 ? play_xsetbv(v, insn) : modrm == 0xf9 ? play_rdtscp(v, insn) : PV_REFUSED;
}
