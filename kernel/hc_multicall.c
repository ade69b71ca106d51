/* SPDX-License-Identifier: MIT */
/* multicall(list, n): a list of hypercalls in one; each entry gets its result. */
#include "arch/x86/cpu.h"
#include "common/error.h"
#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"

static int read_entry(struct vcpu *v, uint64_t va, struct multicall_entry64 *e)
{
    struct multicall_entry32 e32;
    if (!v->narrow)
        return copy_from_guest(v, e, va, sizeof *e);
    if (copy_from_guest(v, &e32, va, sizeof e32))
        return xen_error(XEN_EFAULT);
    e->op = e32.op;
    for (unsigned i = 0; i < HYPERCALL_ARGS; i++)
        e->args[i] = e32.args[i];
    return 0;
}

static int write_result(struct vcpu *v, uint64_t va, int64_t result)
{
    int32_t narrow = (int32_t)result;
    if (v->narrow)
        return copy_to_guest(v, va + __builtin_offsetof(struct multicall_entry32, result), &narrow, sizeof narrow);
    return copy_to_guest(v, va + __builtin_offsetof(struct multicall_entry64, result), &result, sizeof result);
}

/* A hypercall inside wants to continue: its entry holds what is left to do. */
static int write_args(struct vcpu *v, uint64_t va, const struct multicall_entry64 *e)
{
    uint32_t narrow[HYPERCALL_ARGS];
    if (!v->narrow)
        return copy_to_guest(v, va + __builtin_offsetof(struct multicall_entry64, args), e->args, sizeof e->args);
    for (unsigned i = 0; i < HYPERCALL_ARGS; i++)
        narrow[i] = (uint32_t)e->args[i];
    return copy_to_guest(v, va + __builtin_offsetof(struct multicall_entry32, args), narrow, sizeof narrow);
}

/* The entry at va, which *e gets, with its result. 0, -XEN_EFAULT, or -XEN_ERESTART: it is not done. */
static int64_t do_entry(struct vcpu *v, uint64_t va, struct multicall_entry64 *e)
{
    if (read_entry(v, va, e))
        return xen_error(XEN_EFAULT);
    int64_t r = e->op == __HYPERVISOR_multicall ? -XEN_EINVAL : hypercall_dispatch(v, e->op, e->args);
    if (r == -XEN_ERESTART) {
        v->domain->hypercalls[e->op]--; /* it is counted when it is done */
        return write_args(v, va, e) ? xen_error(XEN_EFAULT) : -XEN_ERESTART;
    }
    e->result = r;
    return write_result(v, va, r);
}

/* PV-START-21: iret is the last entry that is done: the guest goes on where that has led it, with the rax of its frame.
 */
static bool is_iret(const struct vcpu *v, const struct multicall_entry64 *e)
{
    return e->op == __HYPERVISOR_iret && v->domain->container == CONTAINER_PV;
}

int64_t hc_multicall(struct vcpu *v, uint64_t *args)
{
    uint64_t size = v->narrow ? sizeof(struct multicall_entry32) : sizeof(struct multicall_entry64);
    struct multicall_entry64 e = {0};
    args[1] = (uint32_t)args[1];
    while (args[1] > 0) {
        int64_t r = do_entry(v, args[0], &e);
        if (is_iret(v, &e) && r != -XEN_ERESTART)
            return e.result;
        if (r)
            return r;
        args[0] += size;
        args[1]--;
        if (args[1] > 0 && cpu_should_yield())
            return -XEN_ERESTART;
    }
    return 0;
}
