/* SPDX-License-Identifier: MIT */
/* First states of a vcpu that are refused: vcpu 1 is never initialised here. */
#include "guest/abi/vcpu.h"
#include "common/string.h"
#include "guest/conformance/pv64/ask.h"

#define NOT_CANONICAL 0x0000900000000000ULL

static struct vcpu_guest_context context;

static void root_none(void)
{
    context.ctrlreg[3] = 0;
}

static void root_writable(void)
{
    context.ctrlreg[3] = GUEST_ABI_PFN_TO_CR3(pool_mfn(6));
}

static void root_nowhere(void)
{
    context.ctrlreg[3] = GUEST_ABI_PFN_TO_CR3(1ULL << 39);
}

static void root_level3(void)
{
    pool_tree();
    pv_ext(MMUEXT_PIN_L3_TABLE, pool_mfn(3), 0);
    context.ctrlreg[3] = GUEST_ABI_PFN_TO_CR3(pool_mfn(3));
}

static void user_root_writable(void)
{
    context.ctrlreg[1] = GUEST_ABI_PFN_TO_CR3(pool_mfn(6));
}

static void rip(void)
{
    context.user_regs.rip = NOT_CANONICAL;
}

static void kernel_sp(void)
{
    context.kernel_sp = NOT_CANONICAL;
    context.ctrlreg[3] = 0;
}

static void trap_address(void)
{
    context.trap_ctxt[3].address = NOT_CANONICAL;
}

static void event_callback(void)
{
    context.event_callback_eip = NOT_CANONICAL;
}

static void failsafe_callback(void)
{
    context.failsafe_callback_eip = NOT_CANONICAL;
}

static void syscall_callback(void)
{
    context.syscall_callback_eip = NOT_CANONICAL;
}

static void fs_base(void)
{
    context.fs_base = NOT_CANONICAL;
}

static void gs_base_kernel(void)
{
    context.gs_base_kernel = NOT_CANONICAL;
}

static void gs_base_user(void)
{
    context.gs_base_user = NOT_CANONICAL;
}

static void ldt_entries(void)
{
    context.ldt_base = guest_address(pool[6]);
    context.ldt_ents = 8193;
}

static void ldt_unaligned(void)
{
    context.ldt_base = guest_address(pool[6]) + 8;
    context.ldt_ents = 1;
}

static void ldt_reserved(void)
{
    context.ldt_base = HYPERVISOR_VIRT_START;
    context.ldt_ents = 1;
}

static void gdt_entries(void)
{
    context.gdt_ents = 7169;
}

static void gdt_writable(void)
{
    context.gdt_frames[0] = pool_mfn(6);
    context.gdt_ents = 512;
}

static void gdt_nowhere(void)
{
    context.gdt_frames[0] = 1ULL << 39;
    context.gdt_ents = 512;
}

static const struct state {
    const char *name;
    void (*spoil)(void);
} states[] = {
    {"root_none", root_none},
    {"root_writable", root_writable},
    {"root_nowhere", root_nowhere},
    {"root_level3", root_level3},
    {"user_root_writable", user_root_writable},
    {"rip", rip},
    {"kernel_sp_and_root", kernel_sp},
    {"trap_address", trap_address},
    {"event_callback", event_callback},
    {"failsafe_callback", failsafe_callback},
    {"syscall_callback", syscall_callback},
    {"fs_base", fs_base},
    {"gs_base_kernel", gs_base_kernel},
    {"gs_base_user", gs_base_user},
    {"ldt_entries", ldt_entries},
    {"ldt_unaligned", ldt_unaligned},
    {"ldt_reserved", ldt_reserved},
    {"gdt_entries", gdt_entries},
    {"gdt_writable", gdt_writable},
    {"gdt_nowhere", gdt_nowhere},
};

static void ask_state(const struct state *s)
{
    if (!pv_cell("vcpu/%s", s->name))
        return;
    memset(&context, 0, sizeof(context));
    pv_fill_traps(&context);
    context.user_regs.rip = guest_address(pool[7]);
    context.user_regs.cs = FLAT_RING3_CS64;
    context.user_regs.ss = FLAT_RING3_SS64;
    context.user_regs.rsp = guest_address(pool[8]);
    context.kernel_ss = FLAT_RING3_SS64;
    context.kernel_sp = guest_address(pool[8]);
    context.ctrlreg[3] = GUEST_ABI_PFN_TO_CR3(pv_root_mfn());
    s->spoil();
    pv_result(hv_vcpu_op(VCPUOP_initialise, 1, &context), "initialise");
    pv_result(hv_vcpu_op(VCPUOP_up, 1, NULL), "up");
    pv_result(hv_vcpu_op(VCPUOP_is_up, 1, NULL), "is-up");
    cell_end();
}

void pv_ask_vcpu(void)
{
    for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        ask_state(&states[i]);
}
