/* SPDX-License-Identifier: MIT */
/* A vcpu's first state, from struct vcpu_guest_context: all of it, or an error. PV-INIT-01 to -04 of
 * docs/abi/pv-traps.md. */
// links: arch/x86/pv/context.c arch/x86/pv/callbacks.c arch/x86/pv/debug.c arch/x86/pv/segments.c arch/x86/pv/bounce.c
// links: arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c
// links: arch/x86/pv/table.c arch/x86/pv/update.c arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c
// links: tests/host/pv_fake.c tests/host/pv_vcpu_fake.c
#include <string.h>

#include "arch/x86/xsave.h"
#include "guest/abi/callback.h"
#include "guest/abi/pv.h"
#include "tests/host/pv_vcpu_fake.h"

enum { L4 = 3, USER_L4 = 7, GDT = 10, FOREIGN = 40 };

static struct vcpu_guest_context context;
static struct xsave_area xsave;

static int setup(void **state)
{
    fake_vcpu_reset(state);
    P->mmu.kernel_root = P->mmu.user_root = 0;
    P->kernel_mode = false;
    xsave = (struct xsave_area){.mxcsr = MXCSR_AT_RESET};
    vcpu.xsave = &xsave;
    context = (struct vcpu_guest_context){.flags = VGCF_in_kernel};
    context.ctrlreg[3] = GUEST_ABI_PFN_TO_CR3(L4);
    return 0;
}

static int initialise(void)
{
    int rc;
    do
        rc = pv_vcpu_initialise(&vcpu, &context);
    while (rc == -XEN_ERESTART);
    return rc;
}

/* PV-INIT-01 */
static void registers_are_set(void **state)
{
    struct cpu_user_regs *u = &context.user_regs;
    (void)state;
    *u = (struct cpu_user_regs){.rax = 1,
                                .rcx = 2,
                                .rdx = 3,
                                .rbx = 4,
                                .rsp = 5,
                                .rbp = 6,
                                .rsi = 7,
                                .rdi = 8,
                                .r8 = 9,
                                .r9 = 10,
                                .r10 = 11,
                                .r11 = 12,
                                .r12 = 13,
                                .r13 = 14,
                                .r14 = 15,
                                .r15 = 16,
                                .rip = 17,
                                .rflags = UINT64_MAX,
                                .cs = 0x30,
                                .ss = 0x28,
                                .ds = 0x41,
                                .es = 0x42,
                                .fs = 0x43,
                                .gs = 0x44};
    context.kernel_ss = 0x58;
    context.kernel_sp = 0x5000;
    context.fs_base = 0x6000;
    context.gs_base_kernel = 0x7000;
    context.gs_base_user = 0x8000;
    assert_int_equal(initialise(), 0);
    for (unsigned i = 0; i < 16; i++) /* in the order of encoding; theirs is another */
        assert_int_equal(((const uint64_t *)&vcpu.regs)[i], i + 1);
    assert_int_equal(vcpu.regs.rip, 17);
    assert_int_equal(vcpu.regs.rflags, PV_RFLAGS | PV_RFLAGS_ALWAYS);
    assert_int_equal(P->cs, 0x33);
    assert_int_equal(P->ss, 0x2b);
    assert_int_equal(P->ds, 0x41);
    assert_int_equal(P->es, 0x42);
    assert_int_equal(P->fs, 0x43);
    assert_int_equal(P->gs, 0x44);
    assert_int_equal(P->kernel_ss, 0x5b);
    assert_int_equal(P->kernel_sp, 0x5000);
    assert_int_equal(P->fs_base, 0x6000);
    assert_int_equal(P->gs_base_kernel, 0x7000);
    assert_int_equal(P->gs_base_user, 0x8000);
    assert_true(P->kernel_mode);
    assert_true(pv_events_masked(&vcpu));
}

static void handlers_are_set(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++)
        context.trap_ctxt[i] = (struct trap_info){.vector = 99, .flags = (uint8_t)(i & 7), .address = 0x1000 + i};
    context.event_callback_eip = 0x2000;
    context.failsafe_callback_eip = 0x3000;
    context.syscall_callback_eip = 0x4000;
    context.flags |= VGCF_failsafe_disables_events;
    assert_int_equal(initialise(), 0);
    for (unsigned i = 0; i < 256; i++) {
        assert_int_equal(P->trap[i].address, 0x1000 + i);
        assert_int_equal(P->trap[i].dpl, i & 3);
        assert_int_equal(P->trap[i].disables_events, i >> 2 & 1);
    }
    assert_int_equal(P->callback[CALLBACKTYPE_event].address, 0x2000);
    assert_true(P->callback[CALLBACKTYPE_event].disables_events);
    assert_int_equal(P->callback[CALLBACKTYPE_failsafe].address, 0x3000);
    assert_true(P->callback[CALLBACKTYPE_failsafe].disables_events);
    assert_int_equal(P->callback[CALLBACKTYPE_syscall].address, 0x4000);
    assert_false(P->callback[CALLBACKTYPE_syscall].disables_events);
    assert_int_equal(P->callback[CALLBACKTYPE_sysenter].address, 0);
}

static void frames_are_taken(void **state)
{
    (void)state;
    context.ctrlreg[1] = GUEST_ABI_PFN_TO_CR3(USER_L4);
    context.gdt_frames[0] = GDT;
    context.gdt_ents = 3;
    context.ldt_base = 0x10000;
    context.ldt_ents = 512;
    assert_int_equal(initialise(), 0);
    assert_true(fake_is_live(L4, PV_L4, 1) && fake_is_live(USER_L4, PV_L4, 1) && fake_is_live(GDT, PV_DESCRIPTORS, 1));
    assert_int_equal(P->mmu.kernel_root, L4);
    assert_int_equal(P->mmu.user_root, USER_L4);
    assert_int_equal(P->gdt_entries, 3);
    assert_int_equal(P->mmu.ldt_base, 0x10000);
    assert_int_equal(P->mmu.ldt_entries, 512);
}

/* PV-INIT-02. Each is refused alone, and nothing is held then. */
static void errors(void **state)
{
    static const struct {
        size_t at;
        uint64_t value;
    } rows[] = {
        {offsetof(struct vcpu_guest_context, user_regs.rip), NOT_CANONICAL},
        {offsetof(struct vcpu_guest_context, kernel_sp), NOT_CANONICAL},
        {offsetof(struct vcpu_guest_context, trap_ctxt[255].address), NOT_CANONICAL},
        {offsetof(struct vcpu_guest_context, event_callback_eip), NOT_CANONICAL},
        {offsetof(struct vcpu_guest_context, failsafe_callback_eip), NOT_CANONICAL},
        {offsetof(struct vcpu_guest_context, syscall_callback_eip), NOT_CANONICAL},
        {offsetof(struct vcpu_guest_context, fs_base), NOT_CANONICAL},
        {offsetof(struct vcpu_guest_context, gs_base_kernel), NOT_CANONICAL},
        {offsetof(struct vcpu_guest_context, gs_base_user), NOT_CANONICAL},
        {offsetof(struct vcpu_guest_context, ctrlreg[3]), 0},
        {offsetof(struct vcpu_guest_context, ctrlreg[3]), (uint64_t)FOREIGN << 12},
        {offsetof(struct vcpu_guest_context, ctrlreg[3]), UINT64_MAX},
        {offsetof(struct vcpu_guest_context, ctrlreg[1]), (uint64_t)FOREIGN << 12},
        {offsetof(struct vcpu_guest_context, ctrlreg[1]), (uint64_t)GDT << 12}, /* one frame, two uses */
        {offsetof(struct vcpu_guest_context, gdt_frames[0]), FOREIGN},
        {offsetof(struct vcpu_guest_context, gdt_frames[0]), L4},
        {offsetof(struct vcpu_guest_context, gdt_ents), 7169},
        {offsetof(struct vcpu_guest_context, gdt_ents), UINT64_MAX},
        {offsetof(struct vcpu_guest_context, ldt_ents), 8193},
        {offsetof(struct vcpu_guest_context, ldt_ents), UINT64_MAX},
        {offsetof(struct vcpu_guest_context, ldt_base), 0x10008},
        {offsetof(struct vcpu_guest_context, ldt_base), HYPERVISOR},
        {offsetof(struct vcpu_guest_context, ldt_base), 0x7ffffffff000},
        {offsetof(struct vcpu_guest_context, flags), 0}, /* user mode, which has no root */
    };

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setup(state);
        context.gdt_frames[0] = GDT;
        context.gdt_ents = 3;
        context.ldt_base = 0x10000;
        context.ldt_ents = 1024;
        memcpy((char *)&context + rows[i].at, &rows[i].value, sizeof rows[i].value);
        assert_int_equal(initialise(), -XEN_EINVAL);
        assert_int_equal(P->mmu.kernel_root | P->mmu.user_root, 0);
        fake_drain(&fake.domain[0]);
        for (uint64_t mfn = 2; mfn < 32; mfn++)
            assert_int_equal(fake.frame[mfn].refs, 1);
    }
}

/* A root that takes long is gone on with; one that was taken is not taken twice. */
static void it_can_be_continued(void **state)
{
    unsigned calls = 1;
    (void)state;
    for (unsigned i = 0; i < 8; i++)
        fake.frame[L4].content[i] = fake_entry(11 + i, PTE_USER);
    context.ctrlreg[1] = GUEST_ABI_PFN_TO_CR3(USER_L4);
    fake.yield_one_in = 2;
    while (pv_vcpu_initialise(&vcpu, &context) == -XEN_ERESTART)
        calls++;
    fake.yield_one_in = 0;
    assert_in_range(calls, 2, 1000);
    assert_true(fake_is_live(L4, PV_L4, 1) && fake_is_live(USER_L4, PV_L4, 1));
}

/* PV-INIT-04. A reserved bit of MXCSR would fault in the hypervisor when it loads the registers. */
static void floating_point_state(void **state)
{
    uint32_t mxcsr = 0xffffffff;
    (void)state;
    assert_int_equal(initialise(), 0);
    assert_int_equal(xsave.mxcsr, MXCSR_AT_RESET);
    memset(context.fpu_ctxt, 0x11, sizeof context.fpu_ctxt);
    memcpy(context.fpu_ctxt + 24, &mxcsr, sizeof mxcsr);
    context.flags |= VGCF_I387_VALID;
    assert_int_equal(initialise(), 0);
    assert_int_equal(xsave.mxcsr, 0xffff);
    assert_int_equal(xsave.xmm[0], 0x1111111111111111);
    assert_int_equal(xsave.xstate_bv, 3);
}

/* PV-INIT-03 */
/* A bit that the processor does not have would be a #GP of the hypervisor's. PV-EMU-15 */
static void of_cr4_the_processors_bits_are_taken(void **state)
{
    (void)state;
    context.ctrlreg[4] = UINT64_MAX;
    assert_int_equal(initialise(), 0);
    assert_int_equal(P->cr4, pv_cr4_choices());
}

static void debug_registers_that_cant_be_are_left_out(void **state)
{
    (void)state;
    context.debugreg[0] = HYPERVISOR;
    context.debugreg[1] = 0x1000;
    context.debugreg[6] = 0x4000;
    context.debugreg[7] = 0x2000;
    assert_int_equal(initialise(), 0);
    assert_int_equal(P->dr[0], 0);
    assert_int_equal(P->dr[1], 0x1000);
    assert_int_equal(P->dr[6], 0xffff4ff0);
    assert_int_equal(P->dr[7], 0);
}

static void the_first_vcpu_brings_the_domains_assists(void **state)
{
    (void)state;
    context.vm_assist = UINT64_MAX;
    assert_int_equal(initialise(), 0);
    assert_int_equal(pv_container(vcpu.dom)->vm_assist, 0x10000003f);
    vcpu.id = 1;
    context.vm_assist = 0;
    assert_int_equal(initialise(), 0);
    assert_int_equal(pv_container(vcpu.dom)->vm_assist, 0x10000003f);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(registers_are_set),
        T(handlers_are_set),
        T(frames_are_taken),
        T(errors),
        T(it_can_be_continued),
        T(floating_point_state),
        T(of_cr4_the_processors_bits_are_taken),
        T(debug_registers_that_cant_be_are_left_out),
        T(the_first_vcpu_brings_the_domains_assists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
