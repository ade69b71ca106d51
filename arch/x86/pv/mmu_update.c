/* SPDX-License-Identifier: MIT */
/* mmu_update (xen.h): a list of entries to change. */
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/list.h"
#include "arch/x86/pv/mmu.h"
#include "arch/x86/pv/update.h"
#include "common/error.h"
#include "guest/abi/errno.h"
#include "guest/abi/mmu.h"
#include "guest/abi/xen.h"

#define COMMAND 7ULL /* entries are 8 bytes: what is not a multiple is no command */

int pv_resolve_domid(const struct pv_vcpu *v, uint16_t domid, uint16_t *owner)
{
    *owner = domid == DOMID_SELF ? v->dom->domid : domid;
    if (domid == DOMID_SELF)
        return 0;
    return domid == v->dom->domid ? xen_error(XEN_ESRCH) : pv_env_may_name(v->dom, domid);
}

/* PFD: 0 is the caller, else a domain's number and 1; the caller's own will do, DOMID_SELF will not. */
static int resolve_table_owner(const struct pv_vcpu *v, uint16_t pfd, uint16_t *owner)
{
    uint16_t domid = pfd ? (uint16_t)(pfd - 1) : v->dom->domid;

    *owner = domid;
    if (domid == v->dom->domid)
        return 0;
    return domid == DOMID_SELF ? xen_error(XEN_ESRCH) : pv_env_may_name(v->dom, domid);
}

static int update(struct pv_vcpu *v, const struct mmu_update *m, const struct pv_list_owners *owners, bool preserve)
{
    return pv_update_entry(v->dom, &(struct pv_update){
                                       .mfn = m->ptr >> 12,
                                       .index = (unsigned)(m->ptr >> 3 & 511),
                                       .value = m->val,
                                       .preserve = preserve,
                                       .table_owner = owners->table,
                                       .data_owner = owners->data,
                                   });
}

static int normal(struct pv_vcpu *v, const struct mmu_update *m, const struct pv_list_owners *owners)
{
    return update(v, m, owners, false);
}

static int preserve_ad(struct pv_vcpu *v, const struct mmu_update *m, const struct pv_list_owners *owners)
{
    return update(v, m, owners, true);
}

static int machphys(struct pv_vcpu *v, const struct mmu_update *m, const struct pv_list_owners *owners)
{
    (void)v;
    if (!pv_env_get_page(m->ptr >> 12, owners->data))
        return xen_error(XEN_EINVAL);
    pv_env_set_m2p(m->ptr >> 12, m->val);
    pv_env_put_page(m->ptr >> 12);
    return 0;
}

static int (*const commands[COMMAND + 1])(struct pv_vcpu *, const struct mmu_update *,
                                          const struct pv_list_owners *) = {
    [MMU_NORMAL_PT_UPDATE] = normal,
    [MMU_MACHPHYS_UPDATE] = machphys,
    [MMU_PT_UPDATE_PRESERVE_AD] = preserve_ad,
    [MMU_PT_UPDATE_NO_TRANSLATE] = normal, /* a pv guest's frame numbers are never translated */
};

static int do_entry(struct pv_vcpu *v, const void *entry, const struct pv_list_owners *owners)
{
    const struct mmu_update *m = entry;
    if (!commands[m->ptr & COMMAND])
        return xen_error(XEN_ENOSYS);
    return commands[m->ptr & COMMAND](v, m, owners);
}

/* args: list, count, address of the number done, FD | PFD << 16. */
int64_t pv_mmu_update(struct pv_vcpu *v, uint64_t *args)
{
    struct pv_list_owners owners;
    int rc = resolve_table_owner(v, (uint16_t)(args[3] >> 16), &owners.table);

    if (!rc)
        rc = pv_resolve_domid(v, (uint16_t)args[3], &owners.data);
    return rc ? rc : pv_list_run(v, args, sizeof(struct mmu_update), &owners, do_entry);
}
