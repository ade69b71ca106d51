/* SPDX-License-Identifier: MIT */
/*
 * No lock: the references of the new entry are taken first; then the entry is exchanged, if it still is what was read;
 * then the references of the old one are given back by whoever replaced it. A type reference keeps the frame a table
 * meanwhile. So at each moment every entry that a processor may read has its references.
 */
#include "arch/x86/pv/update.h"

#include "arch/x86/pv/env.h"
#include "arch/x86/pv/frame.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/regs.h"
#include "common/error.h"
#include "guest/abi/errno.h"

#define ATTEMPTS 8 /* against others who change the same entry, or a processor that sets "accessed" and "dirty" */

static bool change(uint64_t *at, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(at, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* One attempt: 0, done; an error; 1: the entry has changed meanwhile. */
static int exchange_once(struct pv_domain *d, const struct pv_update *u, unsigned level, uint64_t *at)
{
    uint64_t old = __atomic_load_n(at, __ATOMIC_RELAXED);
    if (u->conditional && old != u->expected)
        return -XEN_ERESTART;
    uint64_t new = pv_entry_adjust(level, u->value) | (u->preserve ? old & (PTE_ACCESSED | PTE_DIRTY) : 0);

    if (pv_entry_holds_same(level, old, new))
        return !change(at, old, new);
    int rc = pv_entry_get(d, level, new, u->table_owner, u->data_owner);
    if (rc)
        return rc;
    bool done = change(at, old, new);
    pv_entry_put(d, level, done ? old : new);
    return !done;
}

static int exchange(struct pv_domain *d, const struct pv_update *u, unsigned level)
{
    uint64_t *at = &pv_env_map(u->mfn)[u->index];
    int rc = pv_slot_is_reserved(level, u->index) ? xen_error(XEN_EINVAL) : pv_entry_check(level, u->value);

    if (rc)
        return rc;
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        rc = exchange_once(d, u, level, at);
        if (rc <= 0)
            return rc;
    }
    return -XEN_ERESTART;
}

static int write_data(struct pv_domain *d, const struct pv_update *u)
{
    int rc = pv_get_type(d, u->mfn, PV_WRITABLE);

    if (rc)
        return rc;
    __atomic_store_n(&pv_env_map(u->mfn)[u->index], u->value, __ATOMIC_RELAXED);
    pv_put_type(d, u->mfn);
    return 0;
}

static int exchange_held(struct pv_domain *d, const struct pv_update *u, unsigned level)
{
    int rc = exchange(d, u, level);
    pv_put_type(d, u->mfn);
    return rc;
}

/* What is no table when it is looked at first may be one when it is to be written to. */
static int update_any(struct pv_domain *d, const struct pv_update *u)
{
    unsigned level = pv_hold_table(u->mfn);
    if (level)
        return exchange_held(d, u, level);
    int rc = write_data(d, u);
    level = rc == -XEN_EINVAL ? pv_hold_table(u->mfn) : 0;
    return level ? exchange_held(d, u, level) : rc;
}

int pv_update_entry(struct pv_domain *d, const struct pv_update *u)
{
    if (!pv_env_get_page(u->mfn, u->table_owner))
        return xen_error(XEN_EINVAL);
    int rc = update_any(d, u);
    pv_env_put_page(u->mfn);
    return rc;
}

int pv_update_table(struct pv_domain *d, const struct pv_update *u, unsigned level)
{
    if (!pv_env_get_page(u->mfn, u->table_owner))
        return xen_error(XEN_EINVAL);
    unsigned is = pv_hold_table(u->mfn);
    int rc = is == level ? exchange(d, u, level) : xen_error(XEN_EINVAL);
    if (is)
        pv_put_type(d, u->mfn);
    pv_env_put_page(u->mfn);
    return rc;
}
