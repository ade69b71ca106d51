/* SPDX-License-Identifier: MIT */
/*
 * Domains: what one is made of, its life and its end.
 *
 * Letters behind fields say what guards them:
 *   [I] immutable once the domain's first vcpu may run     [d] domain->lock      [a] atomic
 *   [r] lock of the run queue of the vcpu's CPU            [c] only the vcpu's own CPU, hypervisor code
 *   [w] written by one CPU, read by any (statistics)
 *
 * Lock order, outermost first:
 *   domain->lock > locks of the event-channel core (of a domain > an interrupt line > of ports and queues) > run queue
 * > timers of a CPU > page pool > printk domain_table's lock is innermost and alone. No spinlock may be held in
 * quiesce_wait() (kernel/quiesce.h), and none by anyone who calls into evtchn/ but domain->lock where evtchn.h asks for
 * it.
 */
#ifndef KERNEL_DOMAIN_H
#define KERNEL_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/spinlock.h"
#include "arch/x86/virt.h"
#include "evtchn/evtchn.h"
#include "guest/abi/hvm.h"
#include "guest/abi/sched.h"
#include "guest/abi/xen.h"
#include "kernel/config.h"
#include "kernel/p2m.h"
#include "kernel/timer_queue.h"

#define DOMAIN_MAX_VCPUS 128
#define DOMAIN_MAX_ID 256 /* domids are below it */
#define DOMAIN_VERDICT_MAX 80

/* Guest-physical addresses without RAM; what does not fit below lies above. */
#define RAM_HOLE_START 0xF0000000ULL
#define RAM_HOLE_END 0x100000000ULL

struct vcpu;

#define DOMAIN_WATCHDOGS 2

/* SCHEDOP_watchdog: a timer that the guest keeps setting anew, or it is shut down. */
struct watchdog {
    struct timer timer;
    struct domain *domain;
    uint32_t cpu; /* where the timer is */
    bool in_use;
};

/* How far a domain's end has come. */
enum domain_state { DOMAIN_ALIVE, DOMAIN_STOPPING, DOMAIN_CLOSING, DOMAIN_FREEING };

#define DOMAIN_NOT_SHUT UINT32_MAX

/* A shutdown reason of our own: the run is over and the domain was still running. */
#define SHUTDOWN_destroyed 0x100 /* a guest gives 8 bits */

struct domain {
    struct arch_domain arch;
    struct evt_domain *evt;                /* [I] */
    uint16_t nr_vcpus;                     /* [I] */
    bool privileged;                       /* [I] */
    uint8_t container;                     /* [I] CONTAINER_*: kernel/hypercall.h */
    bool arch_ready;                       /* [I] ops->domain_init succeeded */
    uint32_t nr_pollers;                   /* [a] vcpus in SCHEDOP_poll */
    uint64_t polls[DOMAIN_MAX_VCPUS / 64]; /* [a] bit by vcpu: it may be in SCHEDOP_poll; each clears its own */
    struct p2m p2m;                        /* kernel/p2m.h */
    struct spinlock lock;
    uint32_t refs;                               /* [a] 1 for the table */
    uint32_t shutdown;                           /* [a] DOMAIN_NOT_SHUT or SHUTDOWN_* */
    uint32_t shutdown_code;                      /* [a] what SCHEDOP_shutdown_code says, or DOMAIN_NOT_SHUT */
    struct watchdog watchdogs[DOMAIN_WATCHDOGS]; /* [d] */
    enum domain_state state;                     /* CPU 0 */
    bool audit_wanted, damaged;                  /* CPU 0: kernel/audit.h */
    uint64_t release_cursor;                     /* CPU 0: gfns below it have been released */

    uint64_t shared_info;       /* [I] mfn */
    uint64_t shared_info_gfn;   /* quiesce token: where the guest has it mapped, or P2M_NONE */
    uint64_t pages;             /* [a] frames that it owns */
    uint64_t first_page;        /* [a] no frame that it ever had is below */
    uint64_t end_page;          /* [a] nor from here on */
    uint64_t max_pages;         /* [I] */
    uint64_t ram_low, ram_high; /* [I] bytes of RAM from 0, and from 4 GiB */
    uint32_t pauses;            /* [d] to write, [a] to read: times that controllers have paused it */
    bool releasing;             /* [d] its frames are being given back: its gfns stay as they are */
    uint64_t max_gfn;           /* [d] highest gfn that ever was mapped */
    uint64_t gfn_limit;         /* [I] gfns from here on can't be mapped */

    uint64_t hvm_params[HVM_NR_PARAMS]; /* [d] */
    uint64_t hypercalls[NR_HYPERCALLS]; /* [w] counts by number; approximate when vcpus race */
    uint64_t bad_hypercalls;            /* [w] numbers out of range */

    uint64_t started, ended;          /* ns */
    const char *reason;               /* why it crashed, or NULL */
    char verdict[DOMAIN_VERDICT_MAX]; /* [console] what it said last: "success", "failure (text)"; "" = nothing */

    struct domain_config config;         /* [I] */
    struct vcpu *vcpu[DOMAIN_MAX_VCPUS]; /* [I] */
};

static inline struct domain *arch_to_domain(const struct arch_domain *a)
{
    return (struct domain *)((uintptr_t)a - __builtin_offsetof(struct domain, arch));
}

/*
 * A new domain with its vcpus (down), its event channels and its shared_info, but without memory, in the table and
 * not running. Its type has a container here. NULL: *error says why in a sentence; nothing remains.
 */
struct domain *domain_create(const struct domain_config *config, uint16_t domid, const char **error);
/* The boot vcpu may run now. */
void domain_start(struct domain *d);

/* Whose frames have this number for their owner; there is such a frame, and that keeps d. */
struct domain *domain_of_frames(uint16_t owner);
/* A reference by number (not DOMID_SELF), or NULL; and give it back. */
struct domain *domain_get(uint16_t domid);
void domain_put(struct domain *d);

/* Stop all vcpus of d for SHUTDOWN_* or our reasons; later CPU 0 destroys it. Only the first call counts. Any context
 * without locks. */
void domain_shutdown(struct domain *d, uint32_t reason);
/* The same because of something that the guest did; why is said on the console. */
void domain_crash(struct domain *d, const char *why);

/*
 * A controller stops d, and lets it go on; as often as it was paused. The caller's vcpu is not d's. No locks.
 * pause: 0: no CPU runs d or holds a state of its vcpus; -XEN_ERESTART: soon, call again.
 * unpause: -XEN_EINVAL: it is not paused.
 */
int domain_pause(struct domain *d) __attribute__((warn_unused_result));
int domain_unpause(struct domain *d) __attribute__((warn_unused_result));
/* The controller is gone: whatever it has paused, or begun to, goes on. */
void domain_forget_pauses(struct domain *d);

/*
 * Give back the frames of d, which no CPU runs and whose gfns stay as they are, at most about `budget` of them and from
 * *cursor on. True: all done but those that the hypervisor itself holds.
 */
bool domain_release(struct domain *d, uint64_t *cursor, unsigned budget);

/* Drop a reference to a frame that d owns, and count it if that was the last. */
void domain_put_page(struct domain *d, uint64_t mfn);
/* The last one is gone: count it, and let the frame go. */
void domain_lose_page(struct domain *d, uint64_t mfn);
/* 2^order zeroed frames owned by d and counted, NO_FRAME = none. */
uint64_t domain_alloc_pages(struct domain *d, unsigned order);
/* The same within its max_pages. 0; -XEN_ENOMEM; -XEN_ERESTART: some are on their way to the pool, come again. */
int domain_grow(struct domain *d, unsigned order, uint64_t *mfn) __attribute__((warn_unused_result));
/* Frames of the hypervisor's, which nobody else knows, become d's in place of others, which go: none is counted. */
void domain_adopt(struct domain *d, uint64_t mfn, unsigned order);
void domain_replaced_page(struct domain *d, uint64_t mfn);

/* Call fn for every domain in the table. CPU 0 only: nothing leaves the table meanwhile. */
void domains_each(void (*fn)(struct domain *d));
/*
 * Take d out of the table, if only the table holds it: from now on domain_get() does not find it, and nobody can have
 * got it before. False: somebody holds it now. CPU 0, outside domains_each() or on its argument.
 */
bool domain_unlink(struct domain *d);
/* Give back all that is left of a domain that is not in the table, whose vcpus are off, whose ports are closed and
 * whose frames are released; but as long as others have frames of it mapped (d->pages is not 0) the caller keeps a
 * reference to it. CPU 0, in the quiesce token or before the first domain runs. */
void domain_free(struct domain *d);

/* The shutdown reason in a word. */
const char *domain_reason_name(uint32_t reason);

#endif
