/* SPDX-License-Identifier: MIT */
#ifndef GUEST_NAUGHTY_NAUGHTY_H
#define GUEST_NAUGHTY_NAUGHTY_H

#include "guest/lib/word.h"

/* Addresses that no guest can use. */
#define UNMAPPED ((void *)GUEST_UNMAPPED)
#define NON_CANONICAL ((void *)GUEST_NON_CANONICAL)
#define NO_MEMORY ((void *)(guest_word)0xC8000000) /* mapped by the guest, but there is no RAM */

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Survived: each answer is checked. */
void abuse_pointers(void);     /* every hypercall with every bad pointer */
void abuse_hypercalls(void);   /* numbers and commands that do not exist, from the kernel and from user mode */
void abuse_registration(void); /* the 3-level registration, each argument wrong in turn */
void abuse_processor(void);    /* MSRs and I/O ports that are not the guest's */
void abuse_paging(void);       /* control registers, and the page tables of PAE, with reserved bits */
void abuse_vcpus(void);        /* state and NMIs of its vcpus */
void abuse_hog(void);          /* hypercalls that take long */

/* Fatal. */
void abuse_triple_fault(void);     /* no handlers, then an exception */
void abuse_wild_jump(void);        /* execute where there is no RAM */
void abuse_lost_page_tables(void); /* nothing is mapped any more */
void abuse_own_memory(void);       /* give back the page that is being executed */
void abuse_endless_loop(void);     /* upcalls off, for ever: the hypervisor takes the processor back, and ends it */

/* --- processor.c: what no container lets through --- */

/* The machine's debug exit, power management and keyboard controller, as an example of what must not be reached. */
void check_machine_ports(void);

/* For trap_try(): the processor's own virtualisation. */
void run_svm(void *arg);
void run_vmx(void *arg);

/* --- What differs by container: guest/naughty/pvh and pv64 --- */

/* More hypercall numbers that this container does not have. */
extern const uint64_t container_unknown[];
extern const unsigned container_unknown_count;

/* Hypercalls from user mode. */
void container_user(void);

/* A page behind which there is nothing. */
uint8_t *container_edge(void);

/* A hypercall that does n things, and a multicall of n hypercalls; each takes long. */
void container_list(unsigned n);
void container_multicall(unsigned n);

#endif
