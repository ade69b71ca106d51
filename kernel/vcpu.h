/* SPDX-License-Identifier: MIT */
/* Virtual CPUs: state, clocks, and the areas that they share with the guest. Letters: see kernel/domain.h. */
#ifndef KERNEL_VCPU_H
#define KERNEL_VCPU_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/cpu.h"
#include "arch/x86/virt.h"
#include "guest/abi/vcpu.h"
#include "guest/abi/xen.h"
#include "kernel/domain.h"
#include "kernel/timer_queue.h"

/* Why a vcpu can't run; 0 = it can. */
#define VCPU_DOWN (1U << 0)                                /* never started, or VCPUOP_down */
#define VCPU_BLOCKED (1U << 1)                             /* waits for an event */
#define VCPU_SHUTDOWN (1U << 2)                            /* its domain has ended */
#define VCPU_PAUSED (1U << 3)                              /* a controller has paused its domain */
#define VCPU_OFF (VCPU_DOWN | VCPU_SHUTDOWN | VCPU_PAUSED) /* no CPU keeps its state */

#define VCPU_LINE_MAX 256 /* bytes of console output that wait for their newline */

struct vcpu {
    struct arch_vcpu arch;
    struct domain *domain; /* [I] */

    /* Scheduling */
    uint32_t blocked_by; /* [a] VCPU_DOWN ... */
    bool running;        /* [r] written under the lock, read by any: it is current on its CPU */
    bool queued;         /* [r] */
    bool boosted;        /* [r] woken a moment ago: goes first, for a short slice */
    bool yielded;        /* [c] lets others go first once */
    bool narrow;         /* [c] the hypercall that runs now comes from 32-bit code */
    bool initialised;    /* [d] has a start state */
    bool starting;       /* [d] another vcpu is giving it one */
    struct vcpu *next;   /* [r] in the run queue */
    uint64_t queued_at;  /* [r] ns */
    uint64_t slice_left; /* [r] ns of an interrupted slice; 0 = a new one */

    /* SCHEDOP_poll: kernel/poll.h */
    uint32_t poll_port; /* [a] the port waited for, POLL_ANY or POLL_NONE */
    struct timer poll_timer;

    /* Timers of the ABI, on the vcpu's CPU [c] */
    struct timer singleshot;
    struct timer periodic;
    uint64_t period;    /* [a] ns; 0 = stopped */
    uint64_t last_tick; /* [a] ns: when the periodic timer was last due; 0 = never */

    /* Run states: times up to runstate.state_entry_time [r] */
    struct vcpu_runstate_info runstate;

    /* What it shares with the guest */
    uint8_t *info;                     /* [d] its struct vcpu_info, 64 bytes; never NULL */
    uint8_t no_info[64];               /* what info points to while the guest has none for it: vcpu 32 and up */
    uint64_t info_frame;               /* [d] mfn held by VCPUOP_register_vcpu_info, P2M_NONE if there was none */
    uint64_t time_stamped;             /* [c] ns when the clock in *info was written */
    uint64_t runstate_area, time_area; /* [c] guest addresses, 0 = none */
    uint32_t time_version;             /* [c] of the clock in time_area */

    char line[VCPU_LINE_MAX]; /* [c] console output without its newline */
    uint32_t line_length;     /* [c] */
};

static inline struct vcpu *arch_to_vcpu(const struct arch_vcpu *a)
{
    return (struct vcpu *)((uintptr_t)a - __builtin_offsetof(struct vcpu, arch));
}

/* The vcpu whose state this CPU holds: during exits and hypercalls the one that makes them. */
static inline struct vcpu *vcpu_here(void)
{
    return arch_to_vcpu(this_cpu()->vcpu);
}

/* A vcpu of d, down, placed on the allowed CPU with the fewest vcpus. NULL = no memory (or the back end has none). */
struct vcpu *vcpu_create(struct domain *d, uint16_t id);
/* None of its timers will be set off again, but one may be going off right now on the vcpu's CPU. */
void vcpu_stop_timers(struct vcpu *v);
/* Stop its timers, give back what it holds. It runs and is loaded nowhere. NULL is allowed. */
void vcpu_destroy(struct vcpu *v);

/* Where the vcpu_info lies; NULL = nowhere yet. [d] held, as evt_set_vcpu_info asks. */
void vcpu_set_info(struct vcpu *v, void *info);

/* Write the clock into the vcpu_info (and the registered copy): ns since boot against the TSC. [c] */
void vcpu_stamp_time(struct vcpu *v, uint64_t now);
/* Write wall clock and version into shared_info of d. */
void domain_stamp_wallclock(struct domain *d);

/* Tick every `period` ns, at most 2^62, counted from the last tick, whenever that was (HC-TIME-06). */
void vcpu_set_periodic(struct vcpu *v, uint64_t period);
/* v runs again: its periodic timer, if it came due meanwhile, ticks now. */
void vcpu_resume_periodic(struct vcpu *v, uint64_t now);

/* Enter run state RUNSTATE_*, at time now. [r] */
void vcpu_set_runstate(struct vcpu *v, int32_t state, uint64_t now);
/* The run states up to now, from any CPU. */
void vcpu_get_runstate(const struct vcpu *v, uint64_t now, struct vcpu_runstate_info *info);
/* Copy the run states to the area that the guest registered, in the layout of the domain's word size (WS-09). v is
 * current. */
void vcpu_update_runstate_area(struct vcpu *v, uint64_t now);

/* Events wait and the guest may be interrupted by them now. v is current or not running. */
bool vcpu_events_deliverable(const struct vcpu *v);

/* Wait for an event, unless one is deliverable: SCHEDOP_block and HLT. v is current. */
void vcpu_block(struct vcpu *v);
/* Any CPU: v may have something to do. Ends block and poll; makes a running guest look at its events. */
void vcpu_kick(struct vcpu *v);
/* Make v, if it runs on another CPU, leave the guest once. */
void vcpu_poke(struct vcpu *v);

#endif
