/* SPDX-License-Identifier: MIT */
/* Instructions as bytes, run by the guest's kernel; for cells. */
#ifndef GUEST_CONFORMANCE_PV64_CODE_H
#define GUEST_CONFORMANCE_PV64_CODE_H

#include <stdint.h>

#define CODE 10U /* page of the pool: the instruction, and RET */

/* The first byte is their number. */
#define CODE_BYTES(...) ((const char[]){sizeof((const char[]){__VA_ARGS__}), __VA_ARGS__})
#define B(n) ((char)(n))

struct code_registers {
    uint64_t a, c, d; /* rax, rcx, rdx */
};

/* Run it; appends "ran" and the registers that have changed, or the exception with its error code, its place, and the
 * address of a page fault. */
void code_run(const char *bytes, const struct code_registers *r);

#endif
