/* SPDX-License-Identifier: MIT */
/*
 * The guest "traps": each exception, callback and return, good and bad, in both modes, with every bit of its frame; and
 * the hypercalls that set them up. It says the same on the real Xen. Statements: docs/abi/pv-traps.md.
 */
#ifndef GUEST_TRAPS_PV64_TRAPS_H
#define GUEST_TRAPS_PV64_TRAPS_H

#include "guest/abi/callback.h"
#include "guest/abi/errno.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/verdict.h"
#include "guest/traps/pv64/codes.h"
#include "guest/traps/pv64/shot.h"

enum { DE, DB, NMI, BP, OF, BR, UD, NM, NP = 11, GP = 13, PF };

#define KERNEL_CS 0xe030ULL
#define USER_CS 0xe033ULL
#define FLAT_SS 0xe02bULL

#define FLAG_TF (1U << 8)
#define FLAG_IF (1U << 9)
#define FLAG_RF (1U << 16)
#define FLAGS_ALL 0x254dd5U /* that a guest may have; and IF, and bit 1 */

#define NOWHERE 0x700000000000ULL /* no table leads there */
#define NOT_CANONICAL 0x800000000000ULL
#define HYPERVISOR 0xffff830000000000ULL

/* --- shot.c */

/* What a shot is to end in, and the frame, as far as it does not follow from the state. */
struct want {
    unsigned vector; /* or SHOT_CALLBACK + type */
    bool has_error;
    uint32_t error;
    uint32_t ignored; /* bits of it */
    unsigned length;  /* of what was executed: rip in the frame is behind it */
    bool lands;       /* at shot_land, by a #UD */
    uint64_t rflags;  /* in the frame; 0: the state's */
    bool masks;       /* events, whatever they were */
    bool clobbers;    /* rcx and r11 are not the state's */
};

/* Stacks: of the kernel and of users for states; of kernel_sp. */
uint64_t kernel_stack(void);
uint64_t user_stack(void);
uint64_t handler_stack(void);

/* States: the code in that mode, all else as simple as can be. */
struct iret_context kernel(const void *code);
struct iret_context user(const void *code);

/* Fire it, with rsi in %rsi, and compare. */
void shoot(const char *what, struct iret_context state, uint64_t rsi, struct want want);
/* Fire it and look at `shot` yourself. Events are masked again. */
void shoot_only(struct iret_context state, uint64_t rsi);
/* Word n of the frame. */
uint64_t frame_word(unsigned n);

/* All gates, one, a callback: to the stubs of shot.h. */
void open_gates(unsigned flags);
int open_gate(unsigned vector, unsigned flags, uint16_t cs, uint64_t address);
int open_callback(unsigned type, unsigned flags, uint64_t address);
uint64_t stub(unsigned vector);

/* --- The parts, in order */
void frames_run(void);
void faults_run(void);
void software_run(void);
void returns_run(void);
void edge_run(void);
void events_run(void);
void setup_run(void);
void debug_run(void);
void segments_run(void);
void tables_run(void);
/* Only if asked for: a second vcpu on the same processor. */
void failsafe_run(void);

/* The guest is to crash, in this way; false: there is no such way. */
bool ends_run(const char *how);

#endif
