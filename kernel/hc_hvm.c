/* SPDX-License-Identifier: MIT */
/* hvm_op(cmd, arg): parameters, and what touches the virtual machine. */
#include "common/error.h"
#include "guest/abi/hvm.h"

#include <stddef.h>

#include "arch/x86/time.h"
#include "evtchn/evtchn.h"
#include "kernel/door.h"
#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"
#include "kernel/hypercall_page.h"
#include "kernel/memory.h"
#include "kernel/trace.h"

/* HC-HVM-02: what a domain may do with its own parameters. The rest belongs to a toolstack, or is not there. */
#define EXISTS (1U << 0)
#define MAY_GET (1U << 1)
#define MAY_SET (1U << 2)
#define RW (EXISTS | MAY_GET | MAY_SET)
#define RO (EXISTS | MAY_GET)
#define HVM_PARAM_VM86_TSS 15
#define HVM_PARAM_ACPI_IOPORTS_LOCATION 19
#define HVM_PARAM_VM_GENERATION_ID_ADDR 34
#define HVM_PARAM_ALTP2M 35
#define HVM_PARAM_X87_FIP_WIDTH 36
#define HVM_PARAM_VM86_TSS_SIZED 37

static const uint8_t param_rights[HVM_NR_PARAMS] = {
    [HVM_PARAM_CALLBACK_IRQ] = RW,
    [HVM_PARAM_STORE_PFN] = RO,
    [HVM_PARAM_STORE_EVTCHN] = RW,
    [3] = EXISTS,
    [5 ... 12] = EXISTS,
    [14] = EXISTS,
    [HVM_PARAM_VM86_TSS] = RW,
    [16] = EXISTS,
    [HVM_PARAM_CONSOLE_PFN] = RO,
    [HVM_PARAM_CONSOLE_EVTCHN] = RW,
    [HVM_PARAM_ACPI_IOPORTS_LOCATION] = RW,
    [27 ... 29] = EXISTS,
    [31 ... 33] = EXISTS,
    [HVM_PARAM_VM_GENERATION_ID_ADDR] = RW,
    [HVM_PARAM_ALTP2M] = RO,
    [HVM_PARAM_X87_FIP_WIDTH] = RW,
    [HVM_PARAM_VM86_TSS_SIZED] = RW,
    [38] = EXISTS,
};

void domain_latch_word_size(struct domain *d, bool narrow)
{
    evt_latch_word_size(d->evt, narrow ? 32 : 64);
    domain_stamp_wallclock(d);
}

/* Event delivery: one vector for all vcpus, or none (other types name interrupt lines that no device here has). */
static void set_callback(struct vcpu *v, struct domain *d, uint64_t value)
{
    bool vector = value >> HVM_PARAM_CALLBACK_TYPE_SHIFT == HVM_PARAM_CALLBACK_TYPE_VECTOR;
    for (unsigned i = 0; i < d->nr_vcpus; i++)
        __atomic_store_n(&d->vcpu[i]->arch.upcall_vector, vector ? (uint8_t)value : 0, __ATOMIC_RELAXED);
    domain_latch_word_size(d, v->narrow);
}

/* PV-START-20: a domain of the other container has no virtual machine. */
static bool is_hvm(const struct domain *d)
{
    return d->container == CONTAINER_HVM;
}

static int check_param(struct vcpu *v, const struct xen_hvm_param *p, uint8_t right, struct domain **d)
{
    if (p->index >= HVM_NR_PARAMS || !(param_rights[p->index] & EXISTS))
        return xen_error(XEN_EINVAL);
    int r = hypercall_target(v, p->domid, d);
    if (r)
        return r;
    if (!is_hvm(*d))
        r = xen_error(XEN_EINVAL);
    else if (*d == v->domain && !(param_rights[p->index] & right))
        r = xen_error(XEN_EPERM);
    if (r)
        domain_put(*d);
    return r;
}

static int64_t op_set_param(struct vcpu *v, uint64_t arg)
{
    struct xen_hvm_param p;
    struct domain *d;
    if (copy_from_guest(v, &p, arg, sizeof p))
        return xen_error(XEN_EFAULT);
    int r = check_param(v, &p, MAY_SET, &d);
    if (r)
        return r;
    if (p.index == HVM_PARAM_ACPI_IOPORTS_LOCATION) {
        domain_put(d);
        return xen_error(XEN_ENODEV); /* there is no ACPI */
    }
    spin_lock(&d->lock);
    d->hvm_params[p.index] = p.value;
    if (p.index == HVM_PARAM_CALLBACK_IRQ)
        set_callback(v, d, p.value);
    spin_unlock(&d->lock);
    domain_put(d);
    return 0;
}

static int64_t op_get_param(struct vcpu *v, uint64_t arg)
{
    struct xen_hvm_param p;
    struct domain *d;
    if (copy_from_guest(v, &p, arg, sizeof p))
        return xen_error(XEN_EFAULT);
    int r = check_param(v, &p, MAY_GET, &d);
    if (r)
        return r;
    p.value = d->hvm_params[p.index];
    domain_put(d);
    return copy_to_guest(v, arg, &p, sizeof p);
}

static int64_t op_flush_tlbs(struct vcpu *v, uint64_t arg)
{
    if (arg || !is_hvm(v->domain))
        return xen_error(XEN_EINVAL);
    __atomic_fetch_add(&v->domain->arch.flush_gen, 1, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < v->domain->nr_vcpus; i++)
        vcpu_poke(v->domain->vcpu[i]);
    return 0;
}

static int64_t op_get_time(struct vcpu *v, uint64_t arg)
{
    uint64_t now = time_now();
    return copy_to_guest(v, arg, &now, sizeof now);
}

/* For guests with shadow page tables: nothing to do. */
static int64_t op_pagetable_dying(struct vcpu *v, uint64_t arg)
{
    uint64_t dummy[2];
    if (copy_from_guest(v, dummy, arg, sizeof dummy))
        return xen_error(XEN_EFAULT);
    return is_hvm(v->domain) ? 0 : xen_error(XEN_EINVAL);
}

#define HVMMEM_ram_rw 0
#define HVMMEM_mmio_dm 2

static int64_t op_get_mem_type(struct vcpu *v, uint64_t arg)
{
    struct {
        uint16_t domid;
        uint16_t mem_type; /* out */
        uint32_t pad;
        uint64_t pfn;
    } m;
    struct domain *d;
    if (copy_from_guest(v, &m, arg, sizeof m))
        return xen_error(XEN_EFAULT);
    int r = hypercall_target(v, m.domid, &d);
    if (r)
        return r;
    bool hvm = is_hvm(d);
    m.mem_type = hvm && p2m_lookup(&d->p2m, m.pfn) != P2M_NONE ? HVMMEM_ram_rw : HVMMEM_mmio_dm;
    domain_put(d);
    if (!hvm)
        return xen_error(XEN_EINVAL);
    return copy_to_guest(v, arg, &m, sizeof m);
}

static int64_t op_xentrace(struct vcpu *v, uint64_t arg)
{
    struct xen_hvm_xentrace record;
    if (copy_from_guest(v, &record, arg, sizeof record))
        return xen_error(XEN_EFAULT);
    trace_record(v, &record);
    return 0;
}

static int64_t op_guest_request(struct vcpu *v, uint64_t arg)
{
    (void)v;
    (void)arg;
    return xen_error(XEN_EINVAL);
}

static int64_t op_altp2m(struct vcpu *v, uint64_t arg)
{
    (void)v;
    (void)arg;
    return xen_error(XEN_EOPNOTSUPP);
}

#define HVMOP_guest_request_vm_event 24
#define HVMOP_altp2m 25

static int64_t (*const operations[])(struct vcpu *v, uint64_t arg) = {
    [HVMOP_set_param] = op_set_param,
    [HVMOP_get_param] = op_get_param,
    [HVMOP_flush_tlbs] = op_flush_tlbs,
    [HVMOP_pagetable_dying] = op_pagetable_dying,
    [HVMOP_get_time] = op_get_time,
    [HVMOP_xentrace] = op_xentrace,
    [HVMOP_get_mem_type] = op_get_mem_type,
    [HVMOP_set_evtchn_upcall_vector] = NULL, /* needs a virtual local APIC */
    [HVMOP_guest_request_vm_event] = op_guest_request,
    [HVMOP_altp2m] = op_altp2m,
};

int64_t hc_hvm_op(struct vcpu *v, uint64_t *args)
{
    uint32_t cmd = (uint32_t)args[0];
    if (cmd >= sizeof operations / sizeof operations[0] || !operations[cmd])
        return xen_error(XEN_ENOSYS);
    return operations[cmd](v, args[1]);
}
