/* SPDX-License-Identifier: MIT */
/*
 * All that the event-channel core asks of its host. One provider a binary, bound at link time:
 *   kernel/evtchn_env.c   the hypervisor
 *   tests/host/env_fake.c unit tests and fuzzing
 *   tests/model/          the interleaving explorer
 * No function here may call back into the core.
 */
#ifndef EVTCHN_ENV_H
#define EVTCHN_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evt_domain;

/* Copy from/to the calling guest's address space: 0 or -XEN_EFAULT (then part of dst may have been written). */
int env_copy_in(void *dst, uint64_t guest_addr, size_t n) __attribute__((warn_unused_result));
int env_copy_out(uint64_t guest_addr, const void *src, size_t n) __attribute__((warn_unused_result));

/* A zeroed, page-aligned page of 4,096 bytes for the core's own use, or NULL. */
void *env_alloc_page(void);
void env_free_page(void *page);

/*
 * Map a guest frame (gfn for hvm, mfn for pv) that must be d's own ordinary writable RAM; a reference keeps it so until
 * env_unmap_frame. The address starts a page. NULL: it is not (the caller answers -XEN_EINVAL).
 */
void *env_map_frame(struct evt_domain *d, uint64_t frame);
void env_unmap_frame(struct evt_domain *d, void *mapped);

/* The vcpu's evtchn_upcall_pending went 0->1: wake it if it may run, interrupt it if it runs elsewhere. */
void env_kick(struct evt_domain *d, unsigned vcpu);
/* A pending bit of d went 0->1: wake the vcpus in SCHEDOP_poll that wait for this port. */
void env_wake_pollers(struct evt_domain *d, uint32_t port);
/* Wake all pollers of d: the ABI changed under them. */
void env_wake_all_pollers(struct evt_domain *d);

/* The domain with this id (not DOMID_SELF), held by a reference until env_put_domain; NULL if there is none. */
struct evt_domain *env_get_domain(uint16_t domid);
void env_put_domain(struct evt_domain *d);
/* May the target be reset by another domain now: a controller has paused it. */
bool env_is_paused_by_controller(struct evt_domain *target);

/*
 * Physical interrupts. A domain calls each line that it may have by a number of its own, its pirq. What a line is and
 * when it fires is the host's affair; it fires by evt_raise_pirq(). All but the first are called with the lock of the
 * domain held and may take a lock of the host's own, under which the host may call evt_raise_pirq().
 */
/* May d bind this pirq at all? Else -XEN_EPERM. An hvm domain may try any. No lock is held. */
bool env_pirq_permitted(struct evt_domain *d, uint32_t pirq);
/*
 * d gets the line, alone or (share) with others who agreed to that as well. It does not fire before
 * env_pirq_notifies(). 0; -XEN_EINVAL: there is no such line; -XEN_EBUSY: the host uses it itself, or it is not to be
 * shared; -XEN_ENOMEM.
 */
int env_pirq_bind(struct evt_domain *d, uint32_t pirq, bool share) __attribute__((warn_unused_result));
/* The port of a pirq that d has bound notifies this vcpu from now on. The line had better fire near it. */
void env_pirq_notifies(struct evt_domain *d, uint32_t pirq, unsigned vcpu);
/* d gives the line back, and any interrupt that it has not ended counts as ended. */
void env_pirq_unbind(struct evt_domain *d, uint32_t pirq);

/*
 * A spinlock in one word; 0 is unlocked. At most four are held at once (evtchn/core.h has the order). With one held,
 * the core calls nothing else of the environment but env_lock, env_unlock, env_kick, env_wake_*, the allocation
 * functions and, as said there, those for physical interrupts.
 */
void env_lock(uint32_t *lock);
void env_unlock(uint32_t *lock);

/* Should a long operation stop here and be continued later? */
bool env_should_yield(void);

/*
 * Waiting until every CPU has left the core at least once.
 * begin: true = this CPU may wait now; false = another CPU is at it, the operation must return -XEN_ERESTART before it
 * has changed anything. wait: returns when each call into the core that was running on another CPU when wait was called
 * has returned; no spinlock may be held. end: lets the next one in.
 */
bool env_quiesce_begin(void) __attribute__((warn_unused_result));
void env_quiesce_wait(void);
void env_quiesce_end(void);

#endif
