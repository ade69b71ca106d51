/* SPDX-License-Identifier: MIT */
/*
 * What an environment (pvh64, and others by their own start-up files) gives to the rest of the library and to the
 * programs. The start-up file fills `guest_env`, calls guest_run(), and supplies the env_ functions.
 */
#ifndef GUEST_LIB_ENV_H
#define GUEST_LIB_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/lib/cpu.h"
#include "guest/lib/word.h"

#define GUEST_MAX_VCPUS 128U
#define GUEST_CMDLINE_MAX 1024
#define GUEST_MAX_RANGES 32

struct guest_range {
    uint64_t start; /* guest-physical bytes */
    uint64_t size;
    uint32_t type; /* XEN_HVM_MEMMAP_TYPE_* or E820_*: 1 is RAM */
};

struct guest_env {
    const char *name;                /* "pvh64" */
    char cmdline[GUEST_CMDLINE_MAX]; /* always terminated */
    uint32_t flags;                  /* SIF_* */
    uint32_t cpuid_base;             /* first of Xen's CPUID leaves */
    uint32_t version;                /* major << 16 | minor, as xen_version answers */
    int32_t domid;                   /* -1: the hypervisor does not tell */
    unsigned nr_vcpus;               /* that the domain may start, at most GUEST_MAX_VCPUS */
    guest_shared_info *shared;       /* mapped */
    struct guest_range range[GUEST_MAX_RANGES];
    unsigned nr_ranges;
    guest_word heap_start, heap_end; /* free RAM that nothing else uses: memory.h hands it out */
};

extern struct guest_env guest_env;

/* One virtual processor. It lives at the lowest address of that vcpu's stack. */
struct guest_vcpu {
    unsigned id;
    guest_vcpu_info *info;
    guest_word catch_sp;     /* trap_try() is active: the stack to go back to; 0 = none */
    guest_word trap_address; /* the last trap that trap_try() caught: where ... */
    guest_word trap_result;  /* ... its accumulator ... */
    guest_word trap_error;   /* ... and its error code, or 0 */
    uint64_t upcalls;        /* event upcalls taken */
    uint64_t early_upcalls;  /* those of them that came between STI and HLT, against the processor's rules */
    guest_word next_port;    /* where the next scan starts (fairness) */
    guest_word *l2;          /* this vcpu's L2 selector, or NULL: it scans two levels */
    guest_word *l2_memory;   /* where it is, or was the last time */
    unsigned era;            /* evt.era when it was registered */
    struct evtchn_fifo_control_block *control;        /* FIFO: this vcpu's control block, or NULL: it scans selectors */
    struct evtchn_fifo_control_block *control_memory; /* where it is, or was the last time */
    evtchn_port_t fifo_head[EVTCHN_FIFO_MAX_QUEUES];  /* FIFO: the next port of each queue; 0: see control */
    guest_word *affinity;                             /* bitmap of the ports that are this vcpu's to handle */
    char line[256];                                   /* console output not yet written */
    unsigned line_length;
};

#define GUEST_STACK_SIZE 16384U

/* The vcpu that runs this code. */
static inline struct guest_vcpu *guest_vcpu(void)
{
    return (struct guest_vcpu *)((guest_word)__builtin_frame_address(0) & ~(guest_word)(GUEST_STACK_SIZE - 1));
}

/* The start-up file calls this on vcpu 0 once guest_env is filled; it runs guest_main() and does not return. */
void guest_run(void) __attribute__((noreturn));

/* The program. When it returns, the run ends with the worst verdict reported. */
void guest_main(void);

/* --- supplied by the environment --- */

/* Frame number by which the hypervisor knows the page at p: a gfn for hvm, a machine frame for pv. */
uint64_t env_frame(const void *p);

/* CPUID as the hypervisor answers it, Xen's own leaves included. */
struct cpuid_result env_cpuid(uint32_t leaf, uint32_t subleaf);

/* Hypercall `number` with arguments 0 by the processor's own instruction: for numbers that the page has no slot for. */
guest_result env_hypercall(guest_word number);

/* The address that the last page fault of this vcpu was about. */
guest_word env_fault_address(void);

/* For trap_try(): run the code at `code` in user mode, until an exception ends it. */
void env_user_call(const void *code) __attribute__((noreturn));

/* Route upcalls to this domain to evt_upcall(). 0 or -XEN_E*. */
int env_set_upcall(void);

/* Upcalls of this vcpu on or off; env_upcalls_off() returns whether they were on. */
void env_upcalls_on(void);
bool env_upcalls_off(void);

/* Sleep until an upcall has run. Call with upcalls off, having tested the condition; they are off afterwards. No
 * event that arrives between the test and the sleep is lost. */
void env_wait(void);

/* Initialise vcpu `id` to run fn(arg) on a stack of its own, with upcalls off; VCPUOP_up is the caller's. */
int env_vcpu_initialise(unsigned id, void (*fn)(void *), void *arg);

/* Stop this vcpu's processor for ever; only for the end of a run. */
void env_halt(void) __attribute__((noreturn));

#endif
