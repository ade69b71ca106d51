/* SPDX-License-Identifier: MIT */
#include "arch/x86/pv/list.h"

#include "arch/x86/pv/env.h"
#include "arch/x86/pv/table.h"
#include "common/error.h"
#include "guest/abi/errno.h"

/* In the count: the list goes on, and the guest's number of things done is a part of the result. A guest that sets it
 * itself is told too high a number. */
#define CONTINUED (1U << 31)

struct list {
    uint64_t at;
    uint32_t left, done;
};

/* Doomed tables first: the next entry may be about frames of theirs. */
static int run(struct pv_vcpu *v, struct list *l, size_t size, const struct pv_list_owners *owners, pv_list_fn fn)
{
    uint64_t entry[PV_LIST_ENTRY_MAX / sizeof(uint64_t)];
    int rc;

    while ((rc = pv_has_doomed(v->dom) ? pv_drain(v->dom) : 0) == 0 && l->left > 0) {
        if (pv_env_copy_in(entry, l->at, size))
            return xen_error(XEN_EFAULT);
        rc = fn(v, entry, owners);
        if (rc)
            return rc;
        l->at += size;
        l->left--;
        l->done++;
        if (l->left > 0 && pv_env_should_yield())
            return -XEN_ERESTART;
    }
    return rc;
}

int64_t pv_list_run(struct pv_vcpu *v, uint64_t *args, size_t size, const struct pv_list_owners *owners, pv_list_fn fn)
{
    struct list l = {.at = args[0], .left = (uint32_t)args[1] & ~CONTINUED};

    if (pv_address_is_reserved(l.at))
        return xen_error(XEN_EFAULT);
    if (!(args[1] & CONTINUED) || !args[2] || pv_env_copy_in(&l.done, args[2], sizeof l.done))
        l.done = 0;
    int rc = run(v, &l, size, owners, fn);
    args[0] = l.at;
    args[1] = l.left | CONTINUED;
    if (args[2])
        (void)!pv_env_copy_out(args[2], &l.done, sizeof l.done); /* a guest that does not get it is told nothing */
    return rc;
}
