/* SPDX-License-Identifier: MIT */
/* Hypercalls that say where the guest's handlers are: its trap table, callbacks and the stack for them. */
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/setup.h"
#include "common/error.h"
#include "common/string.h"
#include "guest/abi/callback.h"
#include "guest/abi/errno.h"
#include "guest/abi/pv.h"

#define VECTOR_NMI 2

/* --- set_trap_table */

void pv_set_gate(struct pv_guest *p, unsigned vector, const struct trap_info *t)
{
    p->trap[vector] = (struct pv_gate){
        .address = t->address,
        .cs = t->cs | 3,
        .dpl = t->flags & GUEST_ABI_TI_DPL,
        .disables_events = t->flags & GUEST_ABI_TI_IF,
    };
}

/* args: a list, up to an entry without address; or 0, and the whole table is empty. */
int64_t pv_set_trap_table(struct arch_vcpu *v, uint64_t *args)
{
    struct pv_guest *p = pv_guest(v);
    struct trap_info t;

    if (!args[0]) {
        memset(p->trap, 0, sizeof p->trap);
        return 0;
    }
    for (;; args[0] += sizeof t) {
        if (pv_env_copy_in(&t, args[0], sizeof t))
            return xen_error(XEN_EFAULT);
        if (!t.address)
            return 0;
        if (!pv_address_is_canonical(t.address))
            return xen_error(XEN_EINVAL);
        pv_set_gate(p, t.vector, &t);
        if (pv_env_should_yield()) {
            args[0] += sizeof t;
            return -XEN_ERESTART;
        }
    }
}

/* --- Callbacks */

/* What each type is, by CALLBACKTYPE_*. The NMI's is row 2 of the trap table. */
static const struct rule {
    bool exists;
    bool removable;
} rules[PV_NR_CALLBACKS] = {
    [CALLBACKTYPE_event] = {true, false},   [CALLBACKTYPE_failsafe] = {true, false},
    [CALLBACKTYPE_syscall] = {true, false}, [CALLBACKTYPE_sysenter] = {true, false},
    [CALLBACKTYPE_nmi] = {true, true},      [CALLBACKTYPE_syscall32] = {true, false},
};

static void set_nmi(struct pv_guest *p, uint64_t address)
{
    p->trap[VECTOR_NMI] = (struct pv_gate){.address = address, .cs = PV_FLAT_CS64, .disables_events = true};
}

static void set_callback(struct pv_guest *p, unsigned type, uint64_t address, bool masks)
{
    if (type == CALLBACKTYPE_nmi)
        set_nmi(p, address);
    else
        p->callback[type] = (struct pv_callback){address, masks || type == CALLBACKTYPE_event};
}

static bool callback_exists(uint16_t type)
{
    return type < PV_NR_CALLBACKS && rules[type].exists;
}

static int64_t callback_register(struct pv_guest *p, uint64_t at)
{
    struct callback_register r;

    if (pv_env_copy_in(&r, at, sizeof r))
        return xen_error(XEN_EFAULT);
    if (!pv_address_is_canonical(r.address))
        return xen_error(XEN_EINVAL);
    if (!callback_exists(r.type))
        return xen_error(XEN_ENOSYS);
    set_callback(p, r.type, r.address, r.flags & CALLBACKF_mask_events);
    return 0;
}

static int64_t callback_unregister(struct pv_guest *p, uint64_t at)
{
    struct callback_unregister u;

    if (pv_env_copy_in(&u, at, sizeof u))
        return xen_error(XEN_EFAULT);
    if (!callback_exists(u.type))
        return xen_error(XEN_ENOSYS);
    if (!rules[u.type].removable)
        return xen_error(XEN_EINVAL);
    set_callback(p, u.type, 0, false);
    return 0;
}

/* args: CALLBACKOP_*, its structure. */
int64_t pv_callback_op(struct arch_vcpu *v, uint64_t *args)
{
    static int64_t (*const operations[])(struct pv_guest * p, uint64_t at) = {
        [CALLBACKOP_register] = callback_register,
        [CALLBACKOP_unregister] = callback_unregister,
    };

    if ((uint32_t)args[0] >= sizeof operations / sizeof operations[0])
        return xen_error(XEN_ENOSYS);
    return operations[(uint32_t)args[0]](pv_guest(v), args[1]);
}

/* args: addresses of the callbacks for events, for failed returns, for SYSCALL. One that is not canonical changes
 * nothing, and is no error. */
int64_t pv_set_callbacks(struct arch_vcpu *v, uint64_t *args)
{
    static const uint8_t types[] = {CALLBACKTYPE_event, CALLBACKTYPE_failsafe, CALLBACKTYPE_syscall};

    for (unsigned i = 0; i < sizeof types; i++)
        if (pv_address_is_canonical(args[i]))
            set_callback(pv_guest(v), types[i], args[i], false);
    return 0;
}

/* args: XENNMI_*, address of the handler's address. */
int64_t pv_nmi_op(struct arch_vcpu *v, uint64_t *args)
{
    uint64_t address = 0;

    if ((uint32_t)args[0] > XENNMI_unregister_callback)
        return xen_error(XEN_ENOSYS);
    if (args[0] == XENNMI_register_callback && pv_env_copy_in(&address, args[1], sizeof address))
        return xen_error(XEN_EFAULT);
    if (!pv_address_is_canonical(address))
        return xen_error(XEN_EINVAL);
    set_nmi(pv_guest(v), address);
    return 0;
}

/* --- stack_switch. args: ss, rsp for handlers that are entered from user mode. */
int64_t pv_stack_switch(struct arch_vcpu *v, uint64_t *args)
{
    struct pv_guest *p = pv_guest(v);

    p->kernel_ss = (uint16_t)(args[0] | 3);
    p->kernel_sp = args[1];
    return 0;
}
