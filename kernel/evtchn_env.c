/* SPDX-License-Identifier: MIT */
/* What the event-channel core asks of its host (evtchn/env.h). The only file that knows both it and vcpus. */
#include "evtchn/env.h"

#include "arch/x86/cpu.h"
#include "kernel/frames.h"
#include "kernel/guest_copy.h"
#include "kernel/memory.h"
#include "kernel/pirq.h"
#include "kernel/poll.h"
#include "kernel/quiesce.h"
#include "kernel/sched.h"
#include "kernel/vcpu.h"

int env_copy_in(void *dst, uint64_t guest_addr, size_t n)
{
    return copy_from_guest(vcpu_here(), dst, guest_addr, n);
}

int env_copy_out(uint64_t guest_addr, const void *src, size_t n)
{
    return copy_to_guest(vcpu_here(), guest_addr, src, n);
}

void *env_alloc_page(void)
{
    return memory_alloc(PAGE_SIZE);
}

void env_free_page(void *page)
{
    memory_free(page, PAGE_SIZE);
}

void *env_map_frame(struct evt_domain *e, uint64_t frame)
{
    struct domain *d = evt_owner(e);
    uint64_t mfn = frame_hold(d, frame);
    if (mfn == P2M_NONE)
        return NULL;
    if (mfn != d->shared_info)
        return mfn_to_ptr(mfn);
    frame_drop(d, mfn);
    return NULL;
}

void env_unmap_frame(struct evt_domain *e, void *mapped)
{
    frame_drop(evt_owner(e), ptr_to_mfn(mapped));
}

void env_kick(struct evt_domain *e, unsigned vcpu)
{
    const struct domain *d = evt_owner(e);
    vcpu_kick(d->vcpu[vcpu]);
}

void env_wake_pollers(struct evt_domain *e, uint32_t port)
{
    poll_wake(evt_owner(e), port);
}

void env_wake_all_pollers(struct evt_domain *e)
{
    poll_wake(evt_owner(e), POLL_ANY);
}

struct evt_domain *env_get_domain(uint16_t domid)
{
    struct domain *d = domain_get(domid);
    return d ? d->evt : NULL;
}

void env_put_domain(struct evt_domain *e)
{
    domain_put(evt_owner(e));
}

bool env_is_paused_by_controller(struct evt_domain *target)
{
    const struct domain *d = evt_owner(target);
    return __atomic_load_n(&d->pauses, __ATOMIC_ACQUIRE) != 0;
}

bool env_pirq_permitted(struct evt_domain *e, uint32_t pirq)
{
    return pirq_permitted(evt_owner(e), pirq);
}

int env_pirq_bind(struct evt_domain *e, uint32_t pirq, bool share)
{
    return pirq_bind(evt_owner(e), pirq, share);
}

void env_pirq_notifies(struct evt_domain *e, uint32_t pirq, unsigned vcpu)
{
    pirq_notifies(evt_owner(e), pirq, vcpu);
}

void env_pirq_unbind(struct evt_domain *e, uint32_t pirq)
{
    pirq_unbind(evt_owner(e), pirq);
}

void env_lock(uint32_t *lock)
{
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
        while (__atomic_load_n(lock, __ATOMIC_RELAXED))
            __builtin_ia32_pause();
}

void env_unlock(uint32_t *lock)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

bool env_should_yield(void)
{
    return cpu_should_yield();
}

bool env_quiesce_begin(void)
{
    return quiesce_begin();
}

void env_quiesce_wait(void)
{
    quiesce_wait();
}

void env_quiesce_end(void)
{
    quiesce_end();
}
