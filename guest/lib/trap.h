/* SPDX-License-Identifier: MIT */
/* Exceptions. One that nobody expects prints the registers and ends the run with VERDICT_CRASH. */
#ifndef GUEST_LIB_TRAP_H
#define GUEST_LIB_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#define RFLAGS_TF 0x100U /* trap_try() ends single-stepping too */

#define TRAP_NONE (-1)
#define TRAP_DE 0
#define TRAP_DB 1
#define TRAP_UD 6
#define TRAP_DF 8
#define TRAP_GP 13
#define TRAP_PF 14

/* Run fn(arg) on this vcpu. TRAP_NONE if it returned, else the vector of the exception that stopped it; then
 * guest_vcpu()->trap_address, trap_result and trap_error say where, and with what accumulator and error code. Not
 * nested. */
int trap_try(void (*fn)(void *), void *arg);

/* RDMSR and WRMSR that report whether the processor allowed it. */
bool trap_rdmsr(uint32_t msr, uint64_t *value);
bool trap_wrmsr(uint32_t msr, uint64_t value);

#endif
