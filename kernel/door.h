/* SPDX-License-Identifier: MIT */
/*
 * The one door from arch/x86 up into the kernel: all that processor code may call.
 */
#ifndef KERNEL_DOOR_H
#define KERNEL_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/virt.h"
#include "kernel/printk.h"

/* --- Start. Interrupts off, image mapped, boot CPU only. */
struct boot_info;
__attribute__((noreturn)) void kmain(uint32_t magic, uint32_t boot_pa); /* boot CPU, from boot/entry.S */
__attribute__((noreturn)) void door_cpu_main(void);                     /* other CPUs, when ready to run guests */

/* --- Memory: zeroed frames for the processor's own structures. Contiguous, aligned to their size; 0 = none left. */
uint64_t door_alloc_frames(unsigned order); /* returns an mfn */
void door_free_frames(uint64_t mfn, unsigned order);

/* --- From a running guest. Called on the vcpu's CPU with the vcpu loaded, interrupts off. */

/*
 * A hypercall: number in rax, arguments in registers by mode (64-bit: rdi rsi rdx r10 r8 r9; 32-bit: ebx ecx edx esi
 * edi ebp). Sets rax. True: done, the back end advances rip past the instruction. False: leave rip, it will be executed
 * again (continuation).
 */
bool door_hypercall(struct arch_vcpu *v);
/* The same, if the back end has seen that it is 64-bit code of the guest's kernel that calls. */
bool door_hypercall64(struct arch_vcpu *v);
/* The hypercall-page MSR was written: fill the page of guest frame gfn, latch the word size. False: #GP. */
bool door_hypercall_page(struct arch_vcpu *v, uint64_t gfn);
/* HLT with interrupts possible: block until an event. */
void door_halt(struct arch_vcpu *v);
/* The guest did something that nobody can go on from; why is one sentence ("triple fault"). Crashes its domain. */
void door_guest_crash(struct arch_vcpu *v, const char *why);
/* Access to a guest-physical address where nothing is mapped or it may not write. Crashes the domain. */
void door_nested_fault(struct arch_vcpu *v, uint64_t gpa, bool write, bool fetch);
/* Hypervisor's address of the guest's frame if it is RAM of its domain, else NULL. For page walks and decoding. */
void *door_guest_frame(const struct arch_vcpu *v, uint64_t gfn);
/* A line about the guest's registers, for a crash report or a debug key: with the domain's name, at every log level. */
void door_dump_line(const struct arch_vcpu *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Guest wrote a byte to the emulated debug port 0xE9: console output before hypercalls work. */
void door_debug_char(struct arch_vcpu *v, char c);
/* The ports of the interrupt generator (guest/abi/irq_generator.h); size 1, 2, 4. */
uint32_t door_generator_read(struct arch_vcpu *v, uint16_t port, unsigned size);
void door_generator_write(struct arch_vcpu *v, uint16_t port, unsigned size, uint32_t value);

/* --- Frames of guests, for the pv container: as arch/x86/pv/env.h says of its functions. More: kernel/door_pages.h. */
uint64_t door_nr_frames(void); /* all mfns of RAM are below */
uint16_t door_page_owner(uint64_t mfn);
/* The owner's own reference of a frame that the caller holds: true, once: give it back in its place. */
bool door_page_disown(uint64_t mfn);
/* refs, whether one is the owner's own, and use of d's frame as they are; false: it is no frame of d's. For the audit.
 */
bool door_page_look(uint64_t mfn, uint16_t owner, uint32_t *refs, bool *is_kept, uint64_t *use);
/* Frames from *first to *end - 1 may be d's, no others are. */
void door_page_range(const struct arch_domain *d, uint64_t *first, uint64_t *end);
/* vcpu of d, id < nr_vcpus; NULL: it was never made. */
struct arch_vcpu *door_vcpu(const struct arch_domain *d, unsigned id);
/* The address space of the vcpu that runs here; 0 or -XEN_EFAULT. */
int door_copy_in(void *dst, uint64_t va, size_t n) __attribute__((warn_unused_result));
int door_copy_out(uint64_t va, const void *src, size_t n) __attribute__((warn_unused_result));
/* May the vcpu that runs here do something to this domain? 0, -XEN_ESRCH, -XEN_EPERM. */
int door_may_name(uint16_t domid) __attribute__((warn_unused_result));

/* CPUID facts that are the kernel's: name of the ABI version, number of vcpus in the guest's domain. */
unsigned door_nr_vcpus(const struct arch_vcpu *v);

#endif
