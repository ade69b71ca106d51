/* SPDX-License-Identifier: MIT */
#include "kernel/vcpu.h"

#include <stddef.h>

#include "arch/x86/cpu.h"
#include "arch/x86/time.h"
#include "common/string.h"
#include "evtchn/evtchn.h"
#include "kernel/frames.h"
#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"
#include "kernel/memory.h"
#include "kernel/poll.h"
#include "kernel/sched.h"
#include "kernel/timers.h"

#define RFLAGS_IF (1ULL << 9)
#define UPCALL_MASK 1         /* byte of struct vcpu_info */
#define PV_PERIOD 10000000ULL /* ns */
#define TIME_OFFSET 32        /* of the clock in struct vcpu_info: the same in both layouts */

_Static_assert(__builtin_offsetof(struct vcpu_info64, time) == TIME_OFFSET, "ABI");
_Static_assert(__builtin_offsetof(struct vcpu_info32, time) == TIME_OFFSET, "ABI");

static void singleshot_fired(struct timer *t, uint64_t now)
{
    struct vcpu *v = (struct vcpu *)((uintptr_t)t - offsetof(struct vcpu, singleshot));
    (void)now;
    evt_raise_virq(v->domain->evt, v->arch.id, VIRQ_TIMER);
}

/*
 * HC-TIME-05: the periodic timer ticks while its vcpu runs. One that comes due while it does not waits for its return,
 * and ticks that were missed are not made up for.
 */
static void periodic_fired(struct timer *t, uint64_t now)
{
    struct vcpu *v = (struct vcpu *)((uintptr_t)t - offsetof(struct vcpu, periodic));
    uint64_t period = __atomic_load_n(&v->period, __ATOMIC_RELAXED); /* another vcpu may change it */
    if (period == 0 || !__atomic_load_n(&v->running, __ATOMIC_RELAXED))
        return;
    uint64_t next = t->deadline + period;
    if (next <= now)
        next = now + period - (now - t->deadline) % period;
    __atomic_store_n(&v->last_tick, next - period, __ATOMIC_RELAXED);
    timer_set(t, v->arch.cpu, next);
    evt_raise_virq(v->domain->evt, v->arch.id, VIRQ_TIMER);
}

void vcpu_set_periodic(struct vcpu *v, uint64_t period)
{
    __atomic_store_n(&v->period, period, __ATOMIC_RELAXED);
    timer_set(&v->periodic, v->arch.cpu, __atomic_load_n(&v->last_tick, __ATOMIC_RELAXED) + period);
}

void vcpu_resume_periodic(struct vcpu *v, uint64_t now)
{
    if (__atomic_load_n(&v->period, __ATOMIC_RELAXED) && !__atomic_load_n(&v->periodic.queued, __ATOMIC_RELAXED))
        periodic_fired(&v->periodic, now);
}

/* Boot vcpus always run, others perhaps: so the boot vcpus of many domains spread over the CPUs. */
static unsigned weight_of(const struct vcpu *v)
{
    return v->arch.id == 0 ? 2 : 1;
}

struct vcpu *vcpu_create(struct domain *d, uint16_t id)
{
    struct vcpu *v = memory_alloc(sizeof *v);
    if (!v)
        return NULL;
    v->domain = d;
    v->arch.dom = &d->arch;
    v->arch.id = id;
    v->arch.cpu = sched_place(d->config.cpus, weight_of(v));
    v->blocked_by = VCPU_DOWN;
    v->info_frame = P2M_NONE;
    if (d->container == CONTAINER_PV) { /* PV-START-09, -10 */
        v->period = PV_PERIOD;
        v->no_info[UPCALL_MASK] = 1;
    }
    v->singleshot.fire = singleshot_fired;
    v->periodic.fire = periodic_fired;
    poll_init(v);
    v->runstate.state = RUNSTATE_offline;
    v->runstate.state_entry_time = time_now();
    if (d->arch.ops->vcpu_init(&v->arch)) {
        sched_unplace(v->arch.cpu, weight_of(v));
        memory_free(v, sizeof *v);
        return NULL;
    }
    return v;
}

void vcpu_stop_timers(struct vcpu *v)
{
    timer_stop(&v->singleshot, v->arch.cpu);
    timer_stop(&v->periodic, v->arch.cpu);
    timer_stop(&v->poll_timer, v->arch.cpu);
}

void vcpu_destroy(struct vcpu *v)
{
    if (!v)
        return;
    vcpu_stop_timers(v);
    if (v->info_frame != P2M_NONE)
        frame_drop(v->domain, v->info_frame);
    v->domain->arch.ops->vcpu_free(&v->arch);
    sched_unplace(v->arch.cpu, weight_of(v));
    memory_free(v, sizeof *v);
}

void vcpu_set_info(struct vcpu *v, void *info)
{
    v->info = info ? info : v->no_info;
    v->arch.upcall_pending = v->info;
    evt_set_vcpu_info(v->domain->evt, v->arch.id, info);
    v->time_stamped = 0;
}

/*
 * Each stamp is taken at a multiple of 2^n ticks for which the formula of the ABI is exact, so that stamps of any age
 * on any vcpu agree to the nanosecond and XEN_PVCLOCK_TSC_STABLE_BIT is true. n is 32 and what a right shift loses.
 */
static void make_clock(struct vcpu_time_info *t)
{
    unsigned bits = time_scale.shift < 0 ? 32U + (unsigned)-time_scale.shift : 32U;
    uint64_t ticks = (__builtin_ia32_rdtsc() - time_scale.tsc_base) >> bits << bits;
    uint64_t scaled = time_scale.shift < 0 ? ticks >> -time_scale.shift : ticks << time_scale.shift;
    t->tsc_timestamp = time_scale.tsc_base + ticks;
    t->system_time = (uint64_t)((unsigned __int128)scaled * time_scale.mul >> 32);
    t->tsc_to_system_mul = time_scale.mul;
    t->tsc_shift = time_scale.shift;
    t->flags = XEN_PVCLOCK_TSC_STABLE_BIT;
}

/* To an area that the guest registered by address: if the address is bad now, the guest alone misses something. */
static void offer(struct vcpu *v, uint64_t va, const void *src, size_t n)
{
    int r = copy_to_guest(v, va, src, n);
    (void)r;
}

void vcpu_stamp_time(struct vcpu *v, uint64_t now)
{
    struct vcpu_time_info t = {0}, *shared = (void *)(v->info + TIME_OFFSET);
    make_clock(&t);
    v->time_stamped = now ? now : 1;
    if (v->time_area) {
        t.version = v->time_version += 2;
        offer(v, v->time_area, &t, sizeof t);
    }
    uint32_t version = (shared->version | 1U) + 1U;
    __atomic_store_n(&shared->version, version - 1U, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    shared->tsc_timestamp = t.tsc_timestamp;
    shared->system_time = t.system_time;
    shared->tsc_to_system_mul = t.tsc_to_system_mul;
    shared->tsc_shift = t.tsc_shift;
    shared->flags = t.flags;
    __atomic_store_n(&shared->version, version, __ATOMIC_RELEASE);
}

/* The wall clock when system time was 0. Its fields lie behind the event words, whose size depends on W. */
void domain_stamp_wallclock(struct domain *d)
{
    uint8_t *page = mfn_to_ptr(d->shared_info);
    struct shared_info64 *s64 = (void *)page;
    struct shared_info32 *s32 = (void *)page;
    uint64_t seconds = time_wallclock_at_boot();
    if (evt_word_size(d->evt) == 64) {
        s64->wc_version |= 1U;
        s64->wc_sec = (uint32_t)seconds;
        s64->wc_nsec = 0;
        s64->wc_sec_hi = (uint32_t)(seconds >> 32);
        __atomic_store_n(&s64->wc_version, s64->wc_version + 1, __ATOMIC_RELEASE);
    } else {
        s32->wc_version |= 1U;
        s32->wc_sec = (uint32_t)seconds;
        s32->wc_nsec = 0;
        s32->arch_wc_sec_hi = (uint32_t)(seconds >> 32);
        __atomic_store_n(&s32->wc_version, s32->wc_version + 1, __ATOMIC_RELEASE);
    }
}

void vcpu_set_runstate(struct vcpu *v, int32_t state, uint64_t now)
{
    struct vcpu_runstate_info *r = &v->runstate;
    if (r->state == state)
        return;
    if (now > r->state_entry_time)
        r->time[r->state] += now - r->state_entry_time;
    r->state_entry_time = now;
    r->state = state;
}

void vcpu_get_runstate(const struct vcpu *v, uint64_t now, struct vcpu_runstate_info *info)
{
    sched_copy_runstate(v, info);
    if (now > info->state_entry_time)
        info->time[info->state] += now - info->state_entry_time;
}

void vcpu_update_runstate_area(struct vcpu *v, uint64_t now)
{
    struct vcpu_runstate_info info = v->runstate;
    (void)now;
    if (!v->runstate_area)
        return;
    if (evt_word_size(v->domain->evt) == 64) {
        offer(v, v->runstate_area, &info, sizeof info);
        return;
    }
    uint8_t packed[44]; /* the 32-bit layout has no gap behind state */
    memcpy(packed, &info.state, 4);
    memcpy(packed + 4, &info.state_entry_time, 40);
    offer(v, v->runstate_area, packed, sizeof packed);
}

/*
 * hvm: the interrupt flag alone decides: a shadow of STI or MOV SS ends with the instruction that asks (STI; HLT, or
 * STI and the hypercall), so irq_enabled(), which counts shadows, would put a vcpu to sleep on an event that came
 * before. pv: the mask in the vcpu_info does.
 */
bool vcpu_events_deliverable(const struct vcpu *v)
{
    const struct virt_ops *ops = v->domain->arch.ops;
    bool open = ops->events_open ? ops->events_open(&v->arch) : (v->arch.regs.rflags & RFLAGS_IF) != 0;
    return open && __atomic_load_n(v->arch.upcall_pending, __ATOMIC_SEQ_CST);
}

/*
 * The flag goes up before the events are looked at; who raises an event sets upcall_pending before it looks at the
 * flag (vcpu_kick): one of the two sees the other.
 */
void vcpu_block(struct vcpu *v)
{
    __atomic_fetch_or(&v->blocked_by, VCPU_BLOCKED, __ATOMIC_SEQ_CST);
    if (vcpu_events_deliverable(v) || __atomic_load_n(&v->arch.nmi_pending, __ATOMIC_SEQ_CST)) {
        __atomic_fetch_and(&v->blocked_by, ~VCPU_BLOCKED, __ATOMIC_SEQ_CST);
        return;
    }
    cpu_request_work(v->arch.cpu, CPU_WORK_RESCHED);
}

void vcpu_kick(struct vcpu *v)
{
    if (__atomic_load_n(&v->blocked_by, __ATOMIC_SEQ_CST) & VCPU_BLOCKED)
        poll_end(v);
    else
        vcpu_poke(v);
}

void vcpu_poke(struct vcpu *v)
{
    if (__atomic_load_n(&v->running, __ATOMIC_SEQ_CST) && v->arch.cpu != this_cpu()->id)
        cpu_request_work(v->arch.cpu, CPU_WORK_SYNC);
}
