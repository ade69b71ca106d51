/* SPDX-License-Identifier: MIT */
/*
 * Ports under the guest's IOPL (SDM vol. 1, 19.5.1), which is 0 in the processor. The guest's kernel counts as ring 1,
 * or as ring 0 if it has asked for that (VMASST_TYPE_architectural_iopl); its users as ring 3: PV-EMU-06.
 */
#include "arch/x86/hvm.h"
#include "arch/x86/pv/emulate.h"
#include "guest/abi/pv.h"

#define STRING_PART 64U /* elements of a repeated instruction until events are looked at */
#define RFLAGS_DF (1U << 10)

static bool has_ports(const struct arch_vcpu *v)
{
    const struct pv_guest *p = pv_guest(v);

    if (!p->kernel_mode)
        return p->iopl == 3;
    return p->iopl >= 1 || pv_assists(v, VMASST_TYPE_architectural_iopl);
}

/* Ports have 4 bytes at most. */
static unsigned port_size(const struct pv_insn *insn)
{
    return insn->operand_size < 4 ? insn->operand_size : 4;
}

static uint16_t port_of(const struct arch_vcpu *v, const struct pv_insn *insn)
{
    return insn->immediate_size ? (uint8_t)insn->immediate : (uint16_t)v->regs.rdx;
}

enum pv_outcome pv_play_in(struct arch_vcpu *v, const struct pv_insn *insn)
{
    if (!has_ports(v))
        return PV_REFUSED;
    pv_write_reg(&v->regs.rax, port_size(insn), hvm_io_read(v, port_of(v, insn), port_size(insn)));
    return PV_PLAYED;
}

enum pv_outcome pv_play_out(struct arch_vcpu *v, const struct pv_insn *insn)
{
    uint64_t mask = (1ULL << 8 * port_size(insn)) - 1;

    if (!has_ports(v))
        return PV_REFUSED;
    hvm_io_write(v, port_of(v, insn), port_size(insn), (uint32_t)(v->regs.rax & mask));
    return PV_PLAYED;
}

/* --- Strings */

static enum pv_outcome ins_element(struct arch_vcpu *v, const struct pv_insn *insn)
{
    uint32_t value = hvm_io_read(v, (uint16_t)v->regs.rdx, port_size(insn));

    return pv_store_operand(v, pv_narrow(insn, v->regs.rdi), &value, port_size(insn));
}

static enum pv_outcome outs_element(struct arch_vcpu *v, const struct pv_insn *insn)
{
    uint64_t from = pv_narrow(insn, v->regs.rsi) + pv_segment_base(v, insn->operand.segment);
    uint32_t value = 0;
    enum pv_outcome outcome = pv_load_operand(v, from, &value, port_size(insn));

    if (outcome == PV_PLAYED)
        hvm_io_write(v, (uint16_t)v->regs.rdx, port_size(insn), value);
    return outcome;
}

/* reg is the address register. Both repeat prefixes mean the same. In 32-bit code the segments would count: not played.
 */
static enum pv_outcome string(struct arch_vcpu *v, const struct pv_insn *insn, pv_play_fn element, uint64_t *reg)
{
    int64_t step = v->regs.rflags & RFLAGS_DF ? -(int64_t)port_size(insn) : port_size(insn);

    if (!insn->is64 || !has_ports(v))
        return PV_REFUSED;
    for (unsigned i = 0; i < STRING_PART; i++) {
        if (insn->repeat && pv_narrow(insn, v->regs.rcx) == 0)
            return PV_PLAYED;
        enum pv_outcome outcome = element(v, insn);
        if (outcome != PV_PLAYED)
            return outcome;
        pv_advance(insn, reg, step);
        if (!insn->repeat)
            return PV_PLAYED;
        pv_advance(insn, &v->regs.rcx, -1);
    }
    return PV_AGAIN;
}

enum pv_outcome pv_play_ins(struct arch_vcpu *v, const struct pv_insn *insn)
{
    return string(v, insn, ins_element, &v->regs.rdi);
}

enum pv_outcome pv_play_outs(struct arch_vcpu *v, const struct pv_insn *insn)
{
    return string(v, insn, outs_element, &v->regs.rsi);
}

/* CLI and STI, where the guest may use them, do nothing: its interrupt flag is the mask of its vcpu_info (PV-EMU-09).
 */
enum pv_outcome pv_play_interrupt_flag(struct arch_vcpu *v, const struct pv_insn *insn)
{
    (void)insn;
    return has_ports(v) ? PV_PLAYED : PV_REFUSED;
}
