/* SPDX-License-Identifier: MIT */
/* Debug registers, CR0.TS and vm_assist: small hypercalls about a vcpu's or a domain's state. */
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/setup.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/regs.h"
#include "common/error.h"
#include "guest/abi/errno.h"
#include "guest/abi/pv.h"

/* --- Debug registers (SDM Vol. 3B, 18.2) */

#define DR_STATUS 6
#define DR_CONTROL 7
#define DR6_FIXED 0xffff0ff0U
#define DR6_ZERO (1U << 12)
#define DR6_BREAKPOINTS 0xe00fU /* B0 to B3, BD, BS, BT */
#define DR7_FIXED (1U << 10)
#define DR7_ZERO 0xd000U /* 15:14, 12 */
#define DR7_GENERAL_DETECT (1U << 13)
#define DR7_ENABLED 0xffU
#define DR7_TYPE_IO 2

static bool has_upper_half(uint64_t value)
{
    return value >> 32 != 0;
}

/* A breakpoint in the hypervisor's addresses would stop the hypervisor. */
static int set_address(struct pv_guest *p, unsigned n, uint64_t value)
{
    if (pv_address_is_reserved(value))
        return xen_error(XEN_EPERM);
    p->dr[n] = value;
    return 0;
}

static int set_status(struct pv_guest *p, uint64_t value)
{
    if (has_upper_half(value))
        return xen_error(XEN_EINVAL);
    p->dr[DR_STATUS] = (value & ~(uint64_t)DR6_ZERO) | DR6_FIXED;
    return 0;
}

/* Type and length of breakpoint n. */
static unsigned type_of(uint64_t control, unsigned n)
{
    return (unsigned)(control >> (16 + 4 * n)) & 3;
}

static bool is_enabled(uint64_t control, unsigned n)
{
    return control >> (2 * n) & 3;
}

/* I/O breakpoints are for a guest with CR4.DE; without it the type is undefined. */
static bool types_allowed(const struct pv_guest *p, uint64_t control)
{
    for (unsigned n = 0; n < 4; n++)
        if (is_enabled(control, n) && type_of(control, n) == DR7_TYPE_IO && !(p->cr4 & CR4_DE))
            return false;
    return true;
}

static int set_control(struct pv_guest *p, uint64_t value)
{
    if (has_upper_half(value))
        return xen_error(XEN_EINVAL);
    value = (value & ~(uint64_t)DR7_ZERO) | DR7_FIXED;
    if ((value & DR7_GENERAL_DETECT) || !types_allowed(p, value))
        return xen_error(XEN_EPERM);
    p->dr[DR_CONTROL] = value;
    return 0;
}

/* DR4 and DR5 are other names of DR6 and DR7, unless the guest has set CR4.DE. */
static int resolve(const struct pv_guest *p, uint64_t n, unsigned *to)
{
    if (n > DR_CONTROL || ((n == 4 || n == 5) && (p->cr4 & CR4_DE)))
        return xen_error(XEN_ENODEV);
    *to = (unsigned)(n == 4 || n == 5 ? n + 2 : n);
    return 0;
}

/* An I/O breakpoint stops whoever touches the port, so the hypervisor itself; and a guest's own I/O is played. */
uint64_t pv_debug_control(const struct pv_guest *p)
{
    uint64_t control = p->dr[DR_CONTROL];

    for (unsigned n = 0; n < 4; n++)
        if (type_of(control, n) == DR7_TYPE_IO)
            control &= ~(3ULL << (2 * n));
    return control & DR7_ENABLED ? control : 0;
}

int pv_debugreg_set(struct pv_guest *p, uint64_t n, uint64_t value)
{
    unsigned to = 0;
    int rc = resolve(p, n, &to);

    if (rc)
        return rc;
    return to < 4 ? set_address(p, to, value) : to == DR_STATUS ? set_status(p, value) : set_control(p, value);
}

int pv_debugreg_get(const struct pv_guest *p, uint64_t n, uint64_t *value)
{
    unsigned from = 0;
    int rc = resolve(p, n, &from);

    if (!rc)
        *value = p->dr[from] | (from == DR_STATUS ? DR6_FIXED : from == DR_CONTROL ? DR7_FIXED : 0);
    return rc;
}

/* args: number, value. */
int64_t pv_set_debugreg(struct arch_vcpu *v, uint64_t *args)
{
    int rc = pv_debugreg_set(pv_guest(v), (uint32_t)args[0], args[1]);

    if (!rc)
        pv_load_debug_registers(v);
    return rc;
}

/* args: number. The value, or an error: one can't be told from the other (arch-x86/xen.h). */
int64_t pv_get_debugreg(struct arch_vcpu *v, uint64_t *args)
{
    uint64_t value = 0;
    int rc = pv_debugreg_get(pv_guest(v), (uint32_t)args[0], &value);

    return rc ? rc : (int64_t)value;
}

void pv_debug_exception(struct arch_vcpu *v, uint64_t dr6)
{
    pv_guest(v)->dr[DR_STATUS] |= (dr6 & DR6_BREAKPOINTS) | DR6_FIXED;
    pv_inject(v, 1, 0);
}

/* --- fpu_taskswitch. args: set CR0.TS (not 0) or clear it. */
int64_t pv_fpu_taskswitch(struct arch_vcpu *v, uint64_t *args)
{
    struct pv_guest *p = pv_guest(v);

    p->cr0 = (uint32_t)args[0] ? p->cr0 | CR0_TS : p->cr0 & ~(uint64_t)CR0_TS;
    pv_load_task_switched(v);
    return 0;
}

/* --- vm_assist */

#define ASSISTS                                                                          \
    (1ULL << VMASST_TYPE_4gb_segments | 1ULL << VMASST_TYPE_4gb_segments_notify |        \
     1ULL << VMASST_TYPE_writable_pagetables | 1ULL << VMASST_TYPE_pae_extended_cr3 |    \
     1ULL << VMASST_TYPE_architectural_iopl | 1ULL << VMASST_TYPE_runstate_update_flag | \
     1ULL << VMASST_TYPE_m2p_strict)

uint64_t pv_known_assists(uint64_t assists)
{
    return assists & ASSISTS;
}

/* args: VMASST_CMD_*, VMASST_TYPE_*. */
int64_t pv_vm_assist(struct arch_vcpu *v, uint64_t *args)
{
    uint64_t *assists = &pv_container(v->dom)->vm_assist;
    uint32_t cmd = (uint32_t)args[0], type = (uint32_t)args[1];

    if (type >= 64 || !(ASSISTS >> type & 1))
        return xen_error(XEN_EINVAL);
    if (cmd == VMASST_CMD_enable)
        __atomic_fetch_or(assists, 1ULL << type, __ATOMIC_RELAXED);
    else if (cmd == VMASST_CMD_disable)
        __atomic_fetch_and(assists, ~(1ULL << type), __ATOMIC_RELAXED);
    else
        return xen_error(XEN_ENOSYS);
    return 0;
}
