/* SPDX-License-Identifier: MIT */
/* Run a few instructions with registers of one's choice, and see how they end. */
#ifndef GUEST_EMULATE_PV64_RUN_H
#define GUEST_EMULATE_PV64_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct run_registers {
    uint64_t rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rflags; /* run_out's: of the handler */
};

struct run_frame {
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

/* --- run.S and its variables */
extern struct run_registers run_in, run_out;
extern struct run_frame run_frame;
extern const void *run_code;
extern uint64_t run_user_sp, run_user_cs;
extern const uint8_t run_stubs[256][16];
void run_kernel(void);
void run_user(void);

/* --- run.c */
/*
 * How it ended. PLAYED: all of it ran. FAULT: an exception at its first byte. TRAP: an exception or a software
 * interrupt behind its last byte. MOVED + n: at byte n, by the exception that run_frame names.
 */
#define PLAYED 0x1000000
#define FAULT(vector, error) ((vector) << 16 | (error))
#define TRAP(vector) (0x2000000 | (vector))
#define MOVED 0x4000000

/* All vectors, with these flags (TI_*), lead to run.S; users exist. */
void run_begin(void);
void run_gates(uint8_t flags);
/* The registers before the next code: numbers, but rdi and rsi, which point into run_data. */
void run_fresh(void);
int run_bytes(bool user, const void *code, size_t n);
/* The last `n` bytes of the first page are the code; it ends with its page. */
int run_at_page_end(bool user, const void *code, size_t n);
/* Is there a second page of code, behind that one? */
void run_map_second(bool present);

#define KERNEL(code) run_bytes(false, code, sizeof(code) - 1)
#define USER(code) run_bytes(true, code, sizeof(code) - 1)

extern uint8_t run_data[8192];

#define GP FAULT(13, 0)
#define UD FAULT(6, 0)
#define NM FAULT(7, 0)
#define PF(error) FAULT(14, error)

/* physdev_op set_iopl */
int run_set_iopl(unsigned iopl);

/* --- The groups */
void check_system(void);     /* system.c */
void check_msr(void);        /* msr.c */
void check_ports(void);      /* ports.c */
void check_interrupts(void); /* interrupts.c */
void check_forced(void);     /* forced.c */
void check_stores(void);     /* stores.c */

#endif
