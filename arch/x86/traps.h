/* SPDX-License-Identifier: MIT */
/* Exceptions and interrupts that the hypervisor takes while its own code runs (or while a CPU idles). */
#ifndef ARCH_X86_TRAPS_H
#define ARCH_X86_TRAPS_H

#include <stdbool.h>
#include <stdint.h>

#define NR_VECTORS 256
#define VEC_DB 1
#define VEC_NMI 2
#define VEC_BP 3
#define VEC_OF 4
#define VEC_DF 8
#define VEC_PF 14
#define VEC_MC 18
#define VEC_PIC 0x20 /* 16 vectors, all masked: only spurious ones come */
#define VEC_TIMER 0xf0
#define VEC_WORK 0xf1
#define VEC_ERROR 0xf2
#define VEC_SPURIOUS 0xff

/* What a trap leaves on the stack (trap_entry.S draws it). */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector;
    uint64_t error; /* 0 where the processor gives none */
    uint64_t rip, cs, rflags, rsp, ss;
};

/* Bookkeeping of what should not happen; atomic counts over all CPUs. */
struct trap_counts {
    uint32_t nmi;      /* not ours */
    uint32_t spurious; /* spurious vector, 8259s, vectors without a handler */
    uint32_t apic_errors;
};
extern struct trap_counts trap_counts;

/* What the machine says about the last NMI (port 61H): a sentence's end. */
const char *trap_nmi_reason(void);

/* An entry of an interrupt table (SDM vol. 3, 6.14.1). */
struct gate {
    uint16_t offset0;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset1;
    uint32_t offset2;
    uint32_t reserved;
};
_Static_assert(sizeof(struct gate) == 16, "SDM vol. 3, figure 6-8");

/* An interrupt gate, DPL 0; ist 0: on the stack that is in use. */
struct gate trap_gate(uint64_t entry, uint8_t ist);

/* Fill the interrupt table; once. trap_load(): on each CPU. */
void traps_init(void);
void traps_load(void);

/*
 * A back end whose world switch acknowledges interrupts itself (VMX) hands over the vector: acts as the interrupt
 * table would. Interrupts off.
 */
void trap_interrupt(unsigned vector);

/* "page fault" ...; never NULL. */
const char *trap_name(unsigned vector);

/* trap_entry.S: one stub a vector, 16 bytes apart; where they come back to from trap_dispatch(). */
extern const uint8_t trap_stubs[], trap_stubs_end[], trap_return[], trap_return_own_stack[];
void trap_dispatch(struct trap_frame *frame);
/* After an NMI that ended a guest's turn, and has been handled: let others come. */
void trap_unmask_nmis(void);

#endif
