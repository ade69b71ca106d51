/* SPDX-License-Identifier: MIT */
/*
 * What the hvm back ends (svm/, vmx/) share: the policies that say what a guest sees of the processor, and the reading
 * of its instructions and page tables. A policy is a table; what it does not list is not there.
 *
 * All functions are called on the vcpu's CPU with the vcpu loaded.
 */
#ifndef ARCH_X86_HVM_H
#define ARCH_X86_HVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/virt.h"

/* The control registers by which a guest's addresses are read. */
struct guest_paging {
    uint64_t cr0, cr3, cr4, efer;
};

/* --- hvm_cpuid.c: CPUID. regs.rax, rcx in; rax, rbx, rcx, rdx out. */
void hvm_cpuid(struct arch_vcpu *v, uint64_t guest_cr4);
/* Bits that the guest may set in CR4 and EFER: those whose feature CPUID shows. Fixed after the first call. */
uint64_t hvm_cr4_allowed(void);
uint64_t hvm_efer_allowed(void);

/* --- hvm_msr.c: model-specific registers. False: #GP. Those that live in a VMCB or VMCS are the back end's. */
bool hvm_rdmsr(struct arch_vcpu *v, uint32_t msr, uint64_t *value);
bool hvm_wrmsr(struct arch_vcpu *v, uint32_t msr, uint64_t value);
/* May a guest with this EFER and CR0 write value to EFER? (APM Vol. 2, section 3.1.7) */
bool hvm_efer_valid(uint64_t old, uint64_t value, uint64_t cr0);
/* Are all eight fields of a PAT value defined memory types? (APM Vol. 2, section 7.8.1) */
bool hvm_pat_valid(uint64_t value);

/* --- hvm_io.c: I/O ports; size 1, 2, 4. What is not there reads as ones, and writes to it vanish. */
uint32_t hvm_io_read(struct arch_vcpu *v, uint16_t port, unsigned size);
void hvm_io_write(struct arch_vcpu *v, uint16_t port, unsigned size, uint32_t value);

/* --- guest_walk.c: the guest's own page tables, as the processor would walk them for a supervisor access. */
int guest_walk(const struct arch_vcpu *v, const struct guest_paging *paging, uint64_t va, bool write, uint64_t *gpa);

/* --- hvm_insn.c: instructions, for processors that do not tell their length. */
#define HVM_INSN_MAX 15
struct hvm_insn {
    uint8_t bytes[HVM_INSN_MAX];
    uint8_t fetched;   /* bytes that could be read */
    uint8_t rex;       /* 0 = none */
    uint8_t opcode_at; /* index of the opcode behind the prefixes */
};
/* Read the instruction at linear address; is64 selects whether REX prefixes exist. False: not one byte readable. */
bool hvm_insn_fetch(const struct arch_vcpu *v, const struct guest_paging *paging, uint64_t linear, bool is64,
                    struct hvm_insn *insn);
/* Length of the instruction if its opcode is these n bytes; 0 if it is another (the guest has rewritten it). */
unsigned hvm_insn_match(const struct hvm_insn *insn, const uint8_t *opcode, unsigned n);
/* MOV to control register n (0F 22 /r): the number of the general register (0..15), or -1 if it is another instruction.
 * *length gets the instruction's length. */
int hvm_insn_mov_to_cr(const struct hvm_insn *insn, unsigned n, unsigned *length);

/* --- hvm.c */
/* A general register by its encoding (0 rax, 1 rcx ... 15 r15). */
uint64_t *hvm_reg(struct arch_vcpu *v, unsigned number);
/* The registers that every back end has, and the paging registers, to the console. */
void hvm_dump_regs(const struct arch_vcpu *v, const struct guest_paging *paging);
/* The others that are worth a look. */
void hvm_dump_tables(const struct arch_vcpu *v, uint64_t cr2, uint64_t gdt, uint64_t idt, unsigned cs, unsigned ss,
                     unsigned cpl);
/* Fill a hypercall page whose slots run the three bytes of insn. */
void hvm_fill_hypercall_page(void *page, const uint8_t insn[3]);

#endif
