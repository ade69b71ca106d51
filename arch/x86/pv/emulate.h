/* SPDX-License-Identifier: MIT */
/*
 * Between the parts of the emulator: an instruction that faulted in ring 3 is read again, and played if the guest may.
 * The bytes are the guest's, and another vcpu may have changed them since: whatever they say now is what is played.
 *
 *   emulate.c           from the exception to the instruction: reading it, whom it is for
 *   play_io.c           ports, and the interrupt flag
 *   play_system.c       control, debug and model-specific registers, time
 *   play_store.c        stores into page tables; arithmetic.c is what they compute
 *   msr.c, cpuid.c      the policies: which registers and features there are
 */
#ifndef ARCH_X86_PV_EMULATE_H
#define ARCH_X86_PV_EMULATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/pv/container.h"
#include "arch/x86/pv/decode.h"

enum pv_outcome {
    PV_PLAYED,   /* goes on behind it */
    PV_AGAIN,    /* not yet, or a part of it: the guest comes again */
    PV_INJECTED, /* the guest got another exception */
    PV_REFUSED,  /* the exception is the guest's */
};

typedef enum pv_outcome (*pv_play_fn)(struct arch_vcpu *v, const struct pv_insn *insn);

/* --- emulate.c */
/* General register n, as instructions number them. */
static inline uint64_t *pv_reg(struct guest_regs *regs, unsigned n)
{
    return &(&regs->rax)[n & 15];
}
/* The instruction at rip. False: it can't be read, or isn't known. */
bool pv_fetch(struct arch_vcpu *v, struct pv_insn *insn);
/* Address of the memory operand in 64-bit code. Any value. */
uint64_t pv_operand_address(struct arch_vcpu *v, const struct pv_insn *insn);
/* Base that %fs, %gs or another segment has now in 64-bit code. */
uint64_t pv_segment_base(struct arch_vcpu *v, enum pv_segment segment);
/* Guest memory for an operand. PV_PLAYED: copied; PV_INJECTED: the guest has got the page fault; PV_REFUSED: it is no
 * address of the guest's, a #GP. */
enum pv_outcome pv_load_operand(struct arch_vcpu *v, uint64_t va, void *to, unsigned n);
enum pv_outcome pv_store_operand(struct arch_vcpu *v, uint64_t va, const void *from, unsigned n);

/* --- play_io.c */
enum pv_outcome pv_play_in(struct arch_vcpu *v, const struct pv_insn *insn);
enum pv_outcome pv_play_out(struct arch_vcpu *v, const struct pv_insn *insn);
enum pv_outcome pv_play_ins(struct arch_vcpu *v, const struct pv_insn *insn);
enum pv_outcome pv_play_outs(struct arch_vcpu *v, const struct pv_insn *insn);
enum pv_outcome pv_play_interrupt_flag(struct arch_vcpu *v, const struct pv_insn *insn);

/* --- play_system.c */
enum pv_outcome pv_play_nothing(struct arch_vcpu *v, const struct pv_insn *insn);
enum pv_outcome pv_play_clts(struct arch_vcpu *v, const struct pv_insn *insn);
enum pv_outcome pv_play_from_cr(struct arch_vcpu *v, const struct pv_insn *insn);
enum pv_outcome pv_play_to_cr(struct arch_vcpu *v, const struct pv_insn *insn);
enum pv_outcome pv_play_from_dr(struct arch_vcpu *v, const struct pv_insn *insn);
enum pv_outcome pv_play_to_dr(struct arch_vcpu *v, const struct pv_insn *insn);
enum pv_outcome pv_play_rdmsr(struct arch_vcpu *v, const struct pv_insn *insn);
enum pv_outcome pv_play_wrmsr(struct arch_vcpu *v, const struct pv_insn *insn);
enum pv_outcome pv_play_rdtsc(struct arch_vcpu *v, const struct pv_insn *insn);
enum pv_outcome pv_play_group7(struct arch_vcpu *v, const struct pv_insn *insn);

/* --- play_store.c */
/* The instruction writes to cr2, in the live L1 table `mfn`. */
enum pv_outcome pv_play_store(struct arch_vcpu *v, const struct pv_insn *insn, uint64_t cr2, uint64_t mfn);

/* --- arithmetic.c: pure */
/* Write 1, 2, 4 or 8 bytes: four bytes clear the upper half. Of one byte: the lowest of the register. */
void pv_write_reg(uint64_t *reg, unsigned size, uint64_t value);
/* Address and count registers of string instructions: as wide as addresses are. */
uint64_t pv_narrow(const struct pv_insn *insn, uint64_t value);
void pv_advance(const struct pv_insn *insn, uint64_t *reg, int64_t by);
/* What an instruction makes of its memory operand. */
struct pv_store {
    uint64_t old, new;       /* of `size` bytes */
    unsigned size;           /* 1, 2, 4, 8 */
    uint64_t source;         /* what a string instruction has read */
    bool writes;             /* new is to be stored: not if a comparison failed */
    struct guest_regs after; /* the registers, with flags, as the instruction leaves them; but rip */
};
/* s->old, size, source and after (the registers before) are set. False: not one that is played. */
bool pv_compute(const struct pv_insn *insn, struct pv_store *s);
/* BT and its kin with the bit in a register reach beyond the operand (SDM vol. 2, 3.1.1.9): by how many bytes. */
int64_t pv_bit_displacement(const struct pv_insn *insn, const struct guest_regs *regs);

/* --- msr.c: false: #GP */
bool pv_rdmsr(struct arch_vcpu *v, uint32_t msr, uint64_t *value);
bool pv_wrmsr(struct arch_vcpu *v, uint32_t msr, uint64_t value);

/* --- cpuid.c: regs.rax, rcx in; rax, rbx, rcx, rdx out */
void pv_cpuid(struct arch_vcpu *v);

#endif
