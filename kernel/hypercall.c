/* SPDX-License-Identifier: MIT */
#include "kernel/hypercall.h"

#include <stddef.h>

#include "common/error.h"
#include "kernel/door.h"

#define ANY (CONTAINER_HVM | CONTAINER_PV)

/* Without a function it is the container's own: virt_ops.hypercalls. */
static const struct hypercall {
    hypercall_fn fn;
    const char *name;
    uint8_t containers; /* CONTAINER_* */
} table[NR_HYPERCALLS] = {
    [__HYPERVISOR_set_trap_table] = {NULL, "set_trap_table", CONTAINER_PV},
    [__HYPERVISOR_mmu_update] = {NULL, "mmu_update", CONTAINER_PV},
    [__HYPERVISOR_set_gdt] = {NULL, "set_gdt", CONTAINER_PV},
    [__HYPERVISOR_stack_switch] = {NULL, "stack_switch", CONTAINER_PV},
    [__HYPERVISOR_set_callbacks] = {NULL, "set_callbacks", CONTAINER_PV},
    [__HYPERVISOR_fpu_taskswitch] = {NULL, "fpu_taskswitch", CONTAINER_PV},
    [__HYPERVISOR_sched_op_compat] = {hc_sched_op_compat, "sched_op_compat", CONTAINER_PV},
    [__HYPERVISOR_set_debugreg] = {NULL, "set_debugreg", CONTAINER_PV},
    [__HYPERVISOR_get_debugreg] = {NULL, "get_debugreg", CONTAINER_PV},
    [__HYPERVISOR_update_descriptor] = {NULL, "update_descriptor", CONTAINER_PV},
    [__HYPERVISOR_memory_op] = {hc_memory_op, "memory_op", ANY},
    [__HYPERVISOR_multicall] = {hc_multicall, "multicall", ANY},
    [__HYPERVISOR_update_va_mapping] = {NULL, "update_va_mapping", CONTAINER_PV},
    [__HYPERVISOR_set_timer_op] = {hc_set_timer_op, "set_timer_op", ANY},
    [__HYPERVISOR_event_channel_op_compat] = {hc_event_channel_op_compat, "event_channel_op_compat", CONTAINER_PV},
    [__HYPERVISOR_xen_version] = {hc_xen_version, "xen_version", ANY},
    [__HYPERVISOR_console_io] = {hc_console_io, "console_io", ANY},
    [__HYPERVISOR_physdev_op_compat] = {hc_physdev_op_compat, "physdev_op_compat", CONTAINER_PV},
    [__HYPERVISOR_vm_assist] = {NULL, "vm_assist", CONTAINER_PV},
    [__HYPERVISOR_update_va_mapping_otherdomain] = {NULL, "update_va_mapping_otherdomain", CONTAINER_PV},
    [__HYPERVISOR_iret] = {NULL, "iret", CONTAINER_PV},
    [__HYPERVISOR_vcpu_op] = {hc_vcpu_op, "vcpu_op", ANY},
    [__HYPERVISOR_set_segment_base] = {NULL, "set_segment_base", CONTAINER_PV},
    [__HYPERVISOR_mmuext_op] = {NULL, "mmuext_op", CONTAINER_PV},
    [__HYPERVISOR_nmi_op] = {NULL, "nmi_op", CONTAINER_PV},
    [__HYPERVISOR_sched_op] = {hc_sched_op, "sched_op", ANY},
    [__HYPERVISOR_callback_op] = {NULL, "callback_op", CONTAINER_PV},
    [__HYPERVISOR_event_channel_op] = {hc_event_channel_op, "event_channel_op", ANY},
    [__HYPERVISOR_physdev_op] = {hc_physdev_op, "physdev_op", ANY},
    [__HYPERVISOR_hvm_op] = {hc_hvm_op, "hvm_op", ANY},
    [__HYPERVISOR_domctl] = {hc_domctl, "domctl", ANY},
};

static int64_t call_container(struct vcpu *v, uint64_t nr, uint64_t *args)
{
    const virt_hypercall_fn *own = v->arch.dom->ops->hypercalls;
    return own && own[nr] ? own[nr](&v->arch, args) : xen_error(XEN_ENOSYS);
}

int64_t hypercall_dispatch(struct vcpu *v, uint64_t nr, uint64_t *args)
{
    struct domain *d = v->domain;
    if (nr >= NR_HYPERCALLS) {
        d->bad_hypercalls++;
        return xen_error(XEN_ENOSYS);
    }
    d->hypercalls[nr]++;
    if (!(table[nr].containers & d->container))
        return xen_error(XEN_ENOSYS);
    return table[nr].fn ? table[nr].fn(v, args) : call_container(v, nr, args);
}

const char *hypercall_name(unsigned nr)
{
    return nr < NR_HYPERCALLS ? table[nr].name : NULL;
}

int hypercall_target(struct vcpu *v, uint16_t domid, struct domain **d)
{
    if (domid == DOMID_SELF)
        domid = v->domain->arch.domid;
    *d = domain_get(domid);
    if (!*d)
        return xen_error(XEN_ESRCH);
    if (*d == v->domain || v->domain->privileged)
        return 0;
    domain_put(*d);
    return xen_error(XEN_EPERM);
}

static void read_args(const struct guest_regs *r, bool narrow, uint64_t args[HYPERCALL_ARGS])
{
    if (narrow) {
        args[0] = (uint32_t)r->rbx;
        args[1] = (uint32_t)r->rcx;
        args[2] = (uint32_t)r->rdx;
        args[3] = (uint32_t)r->rsi;
        args[4] = (uint32_t)r->rdi;
        args[5] = (uint32_t)r->rbp;
    } else {
        args[0] = r->rdi;
        args[1] = r->rsi;
        args[2] = r->rdx;
        args[3] = r->r10;
        args[4] = r->r8;
        args[5] = r->r9;
    }
}

/* Handlers that continue change at most the first three. */
static void write_args(struct guest_regs *r, bool narrow, const uint64_t args[HYPERCALL_ARGS])
{
    if (narrow) {
        r->rbx = (uint32_t)args[0];
        r->rcx = (uint32_t)args[1];
        r->rdx = (uint32_t)args[2];
    } else {
        r->rdi = args[0];
        r->rsi = args[1];
        r->rdx = args[2];
    }
}

static inline bool run(struct vcpu *v, bool narrow)
{
    struct guest_regs *regs = &v->arch.regs;
    uint64_t args[HYPERCALL_ARGS], nr = narrow ? (uint32_t)regs->rax : regs->rax;
    read_args(regs, narrow, args);
    int64_t r = hypercall_dispatch(v, nr, args);
    if (__builtin_expect(r == -XEN_ERESTART, 0)) {
        v->domain->hypercalls[nr]--; /* it is counted when it is done */
        write_args(regs, narrow, args);
        return false;
    }
    regs->rax = narrow ? (uint32_t)r : (uint64_t)r;
    return true;
}

bool door_hypercall(struct arch_vcpu *a)
{
    struct vcpu *v = arch_to_vcpu(a);
    const struct virt_ops *ops = a->dom->ops;
    if (ops->cpl(a) != 0) {
        a->regs.rax = (uint64_t)-XEN_EPERM;
        return true;
    }
    v->narrow = !ops->is_64bit(a);
    return run(v, v->narrow);
}

bool door_hypercall64(struct arch_vcpu *a)
{
    return run(arch_to_vcpu(a), false);
}
