/* SPDX-License-Identifier: MIT */
/* What a guest may set one by one by hypercalls, or all at once by a struct vcpu_guest_context: the checked parts. */
#ifndef ARCH_X86_PV_SETUP_H
#define ARCH_X86_PV_SETUP_H

#include <stdint.h>

struct pv_guest;
struct trap_info;

/* The row of the trap table; its address is canonical. */
void pv_set_gate(struct pv_guest *p, unsigned vector, const struct trap_info *t);
/* The list of frames becomes the GDT; at most PV_GDT_ENTRIES. 0; -XEN_EINVAL; -XEN_ERESTART. */
int pv_install_gdt(struct pv_guest *p, const uint64_t *frames, unsigned entries) __attribute__((warn_unused_result));
/* Debug register n, also for the instructions that the emulator plays. 0; -XEN_ENODEV: there is none; -XEN_EPERM,
 * -XEN_EINVAL: not this value. */
int pv_debugreg_set(struct pv_guest *p, uint64_t n, uint64_t value) __attribute__((warn_unused_result));
int pv_debugreg_get(const struct pv_guest *p, uint64_t n, uint64_t *value) __attribute__((warn_unused_result));
/* DR7 as the processor gets it while the vcpu is loaded: of the guest's breakpoints those that can only stop the guest.
 * 0: none of them is in use. */
uint64_t pv_debug_control(const struct pv_guest *p);
/* Those of them that exist. */
uint64_t pv_known_assists(uint64_t assists);

#endif
