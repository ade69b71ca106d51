/* SPDX-License-Identifier: MIT */
/* vcpu_op(cmd, vcpu, arg). */
#include "common/error.h"
#include "guest/abi/pv.h"
#include "guest/abi/vcpu.h"

#include <stddef.h>

#include "arch/x86/time.h"
#include "common/string.h"
#include "evtchn/evtchn.h"
#include "kernel/frames.h"
#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"
#include "kernel/memory.h"
#include "kernel/sched.h"
#include "kernel/start.h"
#include "kernel/timers.h"

#define CACHE_LINE 64
#define MIN_PERIOD 1000000ULL         /* ns: a periodic timer is not faster */
#define MAX_PERIOD ((1ULL << 62) - 1) /* ns; HC-VCPU-07 */

/* v is the vcpu that the operation is about, cur the caller. */
typedef int64_t (*vcpu_op_fn)(struct vcpu *cur, struct vcpu *v, uint64_t arg);

/* Nobody else gives v a start state until finish_start(). 0; -XEN_EEXIST: it has one; -XEN_ERESTART. */
static int begin_start(struct vcpu *v)
{
    spin_lock(&v->domain->lock);
    int r = v->starting ? -XEN_ERESTART : 0;
    if (v->initialised)
        r = xen_error(XEN_EEXIST);
    if (r == 0)
        v->starting = true;
    spin_unlock(&v->domain->lock);
    return r;
}

static void finish_start(struct vcpu *v, bool done)
{
    spin_lock(&v->domain->lock);
    v->starting = false;
    __atomic_store_n(&v->initialised, done, __ATOMIC_RELEASE); /* if so, op_up() may come: not before */
    spin_unlock(&v->domain->lock);
}

static int start_hvm(struct vcpu *v, const struct vcpu_hvm_context *context)
{
    struct vcpu_start start;
    int r = start_from_context(context, &start);
    if (r == 0 && !virt_start_allowed(&start))
        r = xen_error(XEN_EINVAL);
    if (r == 0)
        v->domain->arch.ops->vcpu_start(&v->arch, &start);
    return r;
}

static int64_t initialise_hvm(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    struct vcpu_hvm_context context;
    if (copy_from_guest(cur, &context, arg, sizeof context))
        return xen_error(XEN_EFAULT);
    int r = begin_start(v);
    if (r)
        return r;
    r = start_hvm(v, &context);
    finish_start(v, r == 0);
    return r;
}

/* The structure is too large for a stack, and validating the page tables that it names may take several calls. */
static int64_t initialise_pv(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    struct vcpu_guest_context *context = memory_alloc(sizeof *context);
    if (!context)
        return xen_error(XEN_ENOMEM);
    int r = copy_from_guest(cur, context, arg, sizeof *context);
    if (r == 0)
        r = begin_start(v);
    if (r == 0) {
        r = v->domain->arch.ops->vcpu_initialise(&v->arch, context);
        finish_start(v, r == 0);
    }
    memory_free(context, sizeof *context);
    return r;
}

static int64_t op_initialise(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    if (v->info == v->no_info)
        return xen_error(XEN_EINVAL);
    return v->domain->container == CONTAINER_PV ? initialise_pv(cur, v, arg) : initialise_hvm(cur, v, arg);
}

static int64_t op_up(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    (void)cur;
    (void)arg;
    if (!__atomic_load_n(&v->initialised, __ATOMIC_ACQUIRE))
        return xen_error(XEN_EINVAL);
    sched_wake(v, VCPU_DOWN);
    return 0;
}

/* [d] */
static bool others_are_down(const struct vcpu *v)
{
    for (unsigned i = 0; i < v->domain->nr_vcpus; i++) {
        const struct vcpu *other = v->domain->vcpu[i];
        if (other != v && !(__atomic_load_n(&other->blocked_by, __ATOMIC_SEQ_CST) & VCPU_DOWN))
            return false;
    }
    return true;
}

/*
 * The last vcpu that goes down takes the domain with it. HC-VCPU-02: one that is down already may go down. The lock is
 * for two that go down at the same time: neither must take the other for the one that stays.
 */
static int64_t op_down(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    struct domain *d = v->domain;
    (void)cur;
    (void)arg;
    spin_lock(&d->lock);
    bool down = __atomic_load_n(&v->blocked_by, __ATOMIC_SEQ_CST) & VCPU_DOWN;
    bool last = !down && others_are_down(v);
    if (!down && !last)
        sched_stop(v, VCPU_DOWN);
    spin_unlock(&d->lock);
    if (last)
        domain_shutdown(d, SHUTDOWN_poweroff);
    return 0;
}

static int64_t op_is_up(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    (void)cur;
    (void)arg;
    return !(__atomic_load_n(&v->blocked_by, __ATOMIC_SEQ_CST) & VCPU_DOWN);
}

/* The structure in the caller's layout; n is its size. */
static size_t pack_runstate(const struct vcpu *cur, const struct vcpu_runstate_info *info, uint8_t out[48])
{
    if (!cur->narrow) {
        memcpy(out, info, sizeof *info);
        return sizeof *info;
    }
    memcpy(out, &info->state, 4);
    memcpy(out + 4, &info->state_entry_time, 40);
    return 44;
}

static int64_t op_get_runstate_info(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    struct vcpu_runstate_info info;
    uint8_t out[48];
    vcpu_get_runstate(v, time_now(), &info);
    return copy_to_guest(cur, arg, out, pack_runstate(cur, &info, out));
}

static int read_pointer(struct vcpu *cur, uint64_t arg, uint64_t *pointer)
{
    *pointer = 0;
    return copy_from_guest(cur, pointer, arg, cur->narrow ? 4 : 8);
}

/* Only the vcpu's own CPU touches the area, so another vcpu's takes effect when that one is scheduled next. */
static int64_t op_register_runstate(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    uint64_t area;
    if (read_pointer(cur, arg, &area))
        return xen_error(XEN_EFAULT);
    v->runstate_area = area;
    if (v == cur)
        vcpu_update_runstate_area(v, time_now());
    return 0;
}

static int64_t op_register_time(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    uint64_t area;
    if (read_pointer(cur, arg, &area))
        return xen_error(XEN_EFAULT);
    v->time_area = area;
    if (v == cur)
        vcpu_stamp_time(v, time_now());
    else
        v->time_stamped = 0;
    return 0;
}

static int64_t op_set_periodic(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    struct vcpu_set_periodic_timer t;
    if (copy_from_guest(cur, &t, arg, sizeof t))
        return xen_error(XEN_EFAULT);
    if (t.period_ns < MIN_PERIOD || t.period_ns > MAX_PERIOD)
        return xen_error(XEN_EINVAL);
    vcpu_set_periodic(v, t.period_ns);
    return 0;
}

static int64_t op_stop_periodic(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    (void)cur;
    (void)arg;
    v->period = 0;
    timer_stop(&v->periodic, v->arch.cpu);
    return 0;
}

static int64_t op_set_singleshot(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    struct vcpu_set_singleshot_timer t = {0};
    bool unreadable = copy_from_guest(cur, &t, arg, cur->narrow ? 12 : sizeof t);
    /* HC-VCPU-08: which of two mistakes is told depends on the caller. */
    if (cur->narrow && unreadable)
        return xen_error(XEN_EFAULT);
    if (v != cur)
        return xen_error(XEN_EINVAL);
    if (unreadable)
        return xen_error(XEN_EFAULT);
    /* HC-TIME-04: negative is the past, and VCPU_SSHOTTMR_future changes nothing. */
    timer_set(&v->singleshot, v->arch.cpu, t.timeout_abs_ns > INT64_MAX ? 0 : t.timeout_abs_ns);
    return 0;
}

static int64_t op_stop_singleshot(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    (void)arg;
    if (v != cur)
        return xen_error(XEN_EINVAL);
    timer_stop(&v->singleshot, v->arch.cpu);
    return 0;
}

/*
 * HC-VCPU-09, WS-10: aligned to the domain's word. Should that be widened later, the selector must not straddle a cache
 * line, over which no processor likes to be atomic.
 */
static bool info_offset_ok(const struct domain *d, uint32_t offset)
{
    uint32_t selector = (offset + __builtin_offsetof(struct vcpu_info64, evtchn_pending_sel)) % CACHE_LINE;
    return offset <= PAGE_SIZE - sizeof(struct vcpu_info64) && offset % (evt_word_size(d->evt) / 8) == 0 &&
           selector + sizeof(uint64_t) <= CACHE_LINE;
}

/* The new place is the guest's own RAM, held by a reference for the rest of the vcpu's life. */
static int64_t op_register_info(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    struct vcpu_register_vcpu_info r;
    struct domain *d = v->domain;
    if (copy_from_guest(cur, &r, arg, sizeof r))
        return xen_error(XEN_EFAULT);
    if (!info_offset_ok(d, r.offset))
        return xen_error(XEN_ENXIO);
    if (v->info_frame != P2M_NONE)
        return xen_error(XEN_EINVAL);
    if (v != cur && !(v->blocked_by & VCPU_DOWN))
        return xen_error(XEN_EINVAL);
    uint64_t mfn = frame_hold(d, r.mfn);
    if (mfn == P2M_NONE)
        return xen_error(XEN_EINVAL);
    spin_lock(&d->lock);
    bool first = v->info_frame == P2M_NONE;
    if (first) {
        v->info_frame = mfn;
        vcpu_set_info(v, (uint8_t *)mfn_to_ptr(mfn) + r.offset);
    }
    spin_unlock(&d->lock);
    if (!first) {
        frame_drop(d, mfn);
        return xen_error(XEN_EINVAL);
    }
    if (v == cur)
        vcpu_stamp_time(v, time_now()); /* another vcpu's clock is stamped when it comes up (vcpu_set_info) */
    return 0;
}

static int64_t op_send_nmi(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    (void)cur;
    (void)arg;
    __atomic_store_n(&v->arch.nmi_pending, true, __ATOMIC_SEQ_CST); /* before vcpu_kick() looks whether it sleeps */
    vcpu_kick(v);
    return 0;
}

static int64_t op_get_physid(struct vcpu *cur, struct vcpu *v, uint64_t arg)
{
    (void)cur;
    (void)v;
    (void)arg;
    return xen_error(XEN_EINVAL); /* only for vcpus that are pinned to a CPU by the hardware domain's setting */
}

static const vcpu_op_fn operations[] = {
    [VCPUOP_initialise] = op_initialise,
    [VCPUOP_up] = op_up,
    [VCPUOP_down] = op_down,
    [VCPUOP_is_up] = op_is_up,
    [VCPUOP_get_runstate_info] = op_get_runstate_info,
    [VCPUOP_register_runstate_memory_area] = op_register_runstate,
    [VCPUOP_set_periodic_timer] = op_set_periodic,
    [VCPUOP_stop_periodic_timer] = op_stop_periodic,
    [VCPUOP_set_singleshot_timer] = op_set_singleshot,
    [VCPUOP_stop_singleshot_timer] = op_stop_singleshot,
    [VCPUOP_register_vcpu_info] = op_register_info,
    [VCPUOP_send_nmi] = op_send_nmi,
    [VCPUOP_get_physid] = op_get_physid,
    [VCPUOP_register_vcpu_time_memory_area] = op_register_time,
};

int64_t hc_vcpu_op(struct vcpu *v, uint64_t *args)
{
    uint32_t cmd = (uint32_t)args[0], id = (uint32_t)args[1];
    if (id >= v->domain->nr_vcpus)
        return xen_error(XEN_ENOENT);
    if (cmd >= sizeof operations / sizeof operations[0])
        return xen_error(XEN_ENOSYS);
    return operations[cmd](v, v->domain->vcpu[id], args[2]);
}
