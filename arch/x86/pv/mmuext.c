/* SPDX-License-Identifier: MIT */
/* mmuext_op (xen.h): a list of operations on tables, address spaces and translations. */
#include "arch/x86/layout.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/list.h"
#include "arch/x86/pv/mmu.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/pv/vcpu_set.h"
#include "common/error.h"
#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/abi/mmu.h"

#define LDT_ENTRIES_MAX 8192U

/* --- Tables */

static int pin(struct pv_vcpu *v, const struct mmuext_op *op, uint16_t owner)
{
    return pv_pin(v->dom, op->arg1.mfn, owner, (enum pv_type)(PV_L1 + op->cmd - MMUEXT_PIN_L1_TABLE));
}

static int unpin(struct pv_vcpu *v, const struct mmuext_op *op, uint16_t owner)
{
    return pv_unpin(v->dom, op->arg1.mfn, owner);
}

/* The processor leaves the old root before its references go. */
static void set_root(struct pv_vcpu *v, uint64_t *root, uint64_t mfn)
{
    uint64_t old = *root;

    *root = mfn;
    pv_env_load_root(v);
    if (old)
        pv_put_page_and_type(v->dom, old);
}

/* The one that it has keeps the references that it has: the guest only wants translations forgotten. */
int pv_new_kernel_root(struct pv_vcpu *v, uint64_t mfn)
{
    if (mfn == v->kernel_root && mfn) {
        pv_env_load_root(v);
        return 0;
    }
    int rc = pv_get_page_and_type(v->dom, mfn, v->dom->domid, PV_L4);
    if (!rc)
        set_root(v, &v->kernel_root, mfn);
    return rc;
}

static int new_kernel_root(struct pv_vcpu *v, const struct mmuext_op *op, uint16_t owner)
{
    (void)owner;
    return pv_new_kernel_root(v, op->arg1.mfn);
}

/* 0: the vcpu has no user mode from now on. */
static int new_user_root(struct pv_vcpu *v, const struct mmuext_op *op, uint16_t owner)
{
    (void)owner;
    int rc = op->arg1.mfn ? pv_get_page_and_type(v->dom, op->arg1.mfn, v->dom->domid, PV_L4) : 0;
    if (!rc)
        set_root(v, &v->user_root, op->arg1.mfn);
    return rc;
}

void pv_release_roots(struct pv_vcpu *v)
{
    if (v->kernel_root)
        pv_put_page_and_type(v->dom, v->kernel_root);
    if (v->user_root)
        pv_put_page_and_type(v->dom, v->user_root);
    v->kernel_root = v->user_root = 0;
}

/* --- Translations */

static int flush_local(struct pv_vcpu *v, const struct mmuext_op *op, uint16_t owner)
{
    (void)owner;
    pv_env_flush_own(v, op->cmd == MMUEXT_INVLPG_LOCAL ? op->arg1.linear_addr : PV_ALL_ADDRESSES);
    return 0;
}

static int flush_multi(struct pv_vcpu *v, const struct mmuext_op *op, uint16_t owner)
{
    struct pv_vcpu_set set;
    (void)owner;
    if (pv_set_read(v->dom, op->arg2.vcpumask, &set))
        return xen_error(XEN_EINVAL);
    pv_env_flush(v->dom, &set, op->cmd == MMUEXT_INVLPG_MULTI ? op->arg1.linear_addr : PV_ALL_ADDRESSES);
    return 0;
}

static int flush_all(struct pv_vcpu *v, const struct mmuext_op *op, uint16_t owner)
{
    struct pv_vcpu_set set = pv_set_all(v->dom);
    (void)owner;
    pv_env_flush(v->dom, &set, op->cmd == MMUEXT_INVLPG_ALL ? op->arg1.linear_addr : PV_ALL_ADDRESSES);
    return 0;
}

/* --- Contents of pages */

static int clear_page(struct pv_vcpu *v, const struct mmuext_op *op, uint16_t owner)
{
    int rc = pv_get_page_and_type(v->dom, op->arg1.mfn, owner, PV_WRITABLE);
    if (rc)
        return rc;
    memset(pv_env_map(op->arg1.mfn), 0, PAGE_SIZE);
    pv_put_page_and_type(v->dom, op->arg1.mfn);
    return 0;
}

static int copy_page(struct pv_vcpu *v, const struct mmuext_op *op, uint16_t owner)
{
    if (!pv_env_get_page(op->arg2.src_mfn, owner))
        return xen_error(XEN_EINVAL);
    int rc = pv_get_page_and_type(v->dom, op->arg1.mfn, owner, PV_WRITABLE);
    if (!rc) {
        memmove(pv_env_map(op->arg1.mfn), pv_env_map(op->arg2.src_mfn), PAGE_SIZE);
        pv_put_page_and_type(v->dom, op->arg1.mfn);
    }
    pv_env_put_page(op->arg2.src_mfn);
    return rc;
}

/* --- The rest */

static bool is_ldt(uint64_t base, uint32_t entries)
{
    if (entries > LDT_ENTRIES_MAX || (base & (PAGE_SIZE - 1)))
        return false;
    return !pv_address_is_reserved(base) && !pv_address_is_reserved(base + entries * 8ULL - 1);
}

/* Its pages are looked at when a descriptor is loaded from them. */
static int set_ldt(struct pv_vcpu *v, const struct mmuext_op *op, uint16_t owner)
{
    uint64_t base = op->arg1.linear_addr;
    uint32_t entries = op->arg2.nr_ents;

    (void)owner;
    if (entries && !is_ldt(base, entries))
        return xen_error(XEN_EINVAL);
    v->ldt_base = entries ? base : 0;
    v->ldt_entries = (uint16_t)entries;
    pv_env_load_ldt(v);
    return 0;
}

/* For domains with devices, of which there are none. */
static int flush_cache(struct pv_vcpu *v, const struct mmuext_op *op, uint16_t owner)
{
    (void)v;
    (void)op;
    (void)owner;
    return xen_error(XEN_EACCES);
}

static int mark_super(struct pv_vcpu *v, const struct mmuext_op *op, uint16_t owner)
{
    (void)v;
    (void)op;
    (void)owner;
    return xen_error(XEN_EOPNOTSUPP);
}

static const struct operation {
    int (*run)(struct pv_vcpu *v, const struct mmuext_op *op, uint16_t owner);
    bool own; /* about the vcpu that asks: no other domain can be named */
} operations[] = {
    [MMUEXT_PIN_L1_TABLE] = {pin, false},
    [MMUEXT_PIN_L2_TABLE] = {pin, false},
    [MMUEXT_PIN_L3_TABLE] = {pin, false},
    [MMUEXT_PIN_L4_TABLE] = {pin, false},
    [MMUEXT_UNPIN_TABLE] = {unpin, false},
    [MMUEXT_NEW_BASEPTR] = {new_kernel_root, true},
    [MMUEXT_TLB_FLUSH_LOCAL] = {flush_local, true},
    [MMUEXT_INVLPG_LOCAL] = {flush_local, true},
    [MMUEXT_TLB_FLUSH_MULTI] = {flush_multi, true},
    [MMUEXT_INVLPG_MULTI] = {flush_multi, true},
    [MMUEXT_TLB_FLUSH_ALL] = {flush_all, true},
    [MMUEXT_INVLPG_ALL] = {flush_all, true},
    [MMUEXT_FLUSH_CACHE] = {flush_cache, true},
    [MMUEXT_SET_LDT] = {set_ldt, true},
    [MMUEXT_NEW_USER_BASEPTR] = {new_user_root, true},
    [MMUEXT_CLEAR_PAGE] = {clear_page, false},
    [MMUEXT_COPY_PAGE] = {copy_page, false},
    [MMUEXT_FLUSH_CACHE_GLOBAL] = {flush_cache, true},
    [MMUEXT_MARK_SUPER] = {mark_super, false},
    [MMUEXT_UNMARK_SUPER] = {mark_super, false},
};

static int do_entry(struct pv_vcpu *v, const void *entry, const struct pv_list_owners *owners)
{
    const struct mmuext_op *op = entry;
    if (op->cmd >= sizeof(operations) / sizeof(operations[0]) || !operations[op->cmd].run)
        return xen_error(XEN_ENOSYS);
    if (operations[op->cmd].own && owners->data != v->dom->domid)
        return xen_error(XEN_EPERM);
    return operations[op->cmd].run(v, op, owners->data);
}

/* args: list, count, address of the number done, FD. */
int64_t pv_mmuext_op(struct pv_vcpu *v, uint64_t *args)
{
    struct pv_list_owners owners;
    int rc = pv_resolve_domid(v, (uint16_t)args[3], &owners.data);

    owners.table = owners.data;
    return rc ? rc : pv_list_run(v, args, sizeof(struct mmuext_op), &owners, do_entry);
}
