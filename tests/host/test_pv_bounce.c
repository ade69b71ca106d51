/* SPDX-License-Identifier: MIT */
/* Into the guest's handlers and back: each frame, byte by byte, good and bad. Statements: docs/abi/pv-traps.md. */
// links: arch/x86/pv/bounce.c arch/x86/pv/debug.c arch/x86/pv/iret.c arch/x86/pv/segments.c
// links: arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c
// links: arch/x86/pv/table.c arch/x86/pv/update.c arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c
// links: tests/host/pv_fake.c tests/host/pv_vcpu_fake.c
#include "tests/host/pv_vcpu_fake.h"

#include <string.h>

#include "guest/abi/callback.h"
#include "guest/abi/pv.h"

enum { DB = 1, NMI = 2, BP = 3, OF = 4, UD = 6, NM = 7, NP = 11, GP = 13, PF = 14 };

#define MASKED (1ULL << 32) /* in the word with cs */
#define KERNEL_CS 0xe030ULL
#define USER_CS 0xe033ULL
#define UNTOUCHED 0x5555555555555555ULL

static int setup(void **state)
{
    memset(fake.memory, 0x55, sizeof fake.memory);
    fake_vcpu_reset(state);
    memset(fake.memory, 0x55, sizeof fake.memory);
    return 0;
}

/* The frame is these words, ends below `top`, and nothing else was written. */
static void check_frame(const uint64_t *words, unsigned n, uint64_t top)
{
    uint64_t sp = top - n * 8ULL;

    assert_null(crashed);
    assert_int_equal(vcpu.regs.rsp, sp);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(word_at(sp + i * 8ULL), words[i]);
    for (uint64_t at = 0; at < FAKE_MEMORY; at += 8)
        if (at < sp || at >= top)
            assert_int_equal(word_at(at), UNTOUCHED);
}

#define FRAME(top, ...)                                            \
    do {                                                           \
        const uint64_t words[] = {__VA_ARGS__};                    \
        check_frame(words, sizeof words / sizeof words[0], (top)); \
    } while (0)

/* Every handler begins so. */
static void check_handler(uint64_t address, bool masked)
{
    assert_int_equal(vcpu.regs.rip, address);
    assert_int_equal(vcpu.regs.rflags & 0x3ffff, vcpu.regs.rflags & 0xed7); /* no TF, IOPL, NT, RF, VM */
    assert_int_equal(vcpu.regs.rflags & 0x202, 0x202);
    assert_int_equal(P->cs, PV_FLAT_CS64);
    assert_int_equal(P->ss, PV_FLAT_SS);
    assert_true(P->kernel_mode && processor.kernel_root);
    assert_int_equal(pv_events_masked(&vcpu), masked);
}

/* --- The frame */

/* PV-TRAP-01 */
static void from_kernel_mode(void **state)
{
    (void)state;
    pv_inject(&vcpu, UD, 99);
    FRAME(STACK, 0xc, 0x11, 0x1234, KERNEL_CS, 0x202, STACK, PV_FLAT_SS);
    check_handler(HANDLER(UD), false);
}

static void from_user_mode(void **state)
{
    (void)state;
    fake_user_mode();
    pv_inject(&vcpu, UD, 0);
    FRAME(KERNEL_STACK, 0xc, 0x11, 0x1234, USER_CS, 0x202, STACK, PV_FLAT_SS);
    check_handler(HANDLER(UD), false);
}

/* PV-TRAP-02: both stacks are aligned to 16 bytes. */
static void stacks_are_aligned(void **state)
{
    (void)state;
    vcpu.regs.rsp = STACK - 3;
    pv_inject(&vcpu, UD, 0);
    FRAME(STACK - 16, 0xc, 0x11, 0x1234, KERNEL_CS, 0x202, STACK - 3, PV_FLAT_SS);
    setup(NULL);
    fake_user_mode();
    P->kernel_sp = KERNEL_STACK - 8;
    pv_inject(&vcpu, GP, 0xabc8);
    FRAME(KERNEL_STACK - 16, 0xc, 0x11, 0xabc8, 0x1234, USER_CS, 0x202, STACK, PV_FLAT_SS);
}

/* The architecture's list: SDM Vol. 3A, table 6-1. */
static void error_codes_belong_to_some(void **state)
{
    static const uint8_t with[] = {8, 10, 11, 12, 13, 14, 17, 21};

    for (unsigned vector = 0; vector < 32; vector++) {
        bool has = memchr(with, (int)vector, sizeof with);
        setup(state);
        pv_inject(&vcpu, vector, 0x77);
        assert_int_equal(vcpu.regs.rsp, STACK - (has ? 8 : 7) * 8);
        if (has)
            assert_int_equal(word_at(vcpu.regs.rsp + 16), 0x77);
        check_handler(HANDLER(vector), false);
    }
}

/* PV-TRAP-03: the mask before, IF as its opposite, and the mask of the gate. */
static void events_are_masked_by_the_gate(void **state)
{
    for (unsigned was = 0; was < 2; was++)
        for (unsigned gate = 0; gate < 2; gate++) {
            setup(state);
            P->trap[UD].disables_events = gate;
            pv_mask_events(&vcpu, was);
            pv_inject(&vcpu, UD, 0);
            FRAME(STACK, 0xc, 0x11, 0x1234, was ? KERNEL_CS | MASKED : KERNEL_CS, was ? 2 : 0x202, STACK, PV_FLAT_SS);
            check_handler(HANDLER(UD), was || gate);
        }
}

/* PV-TRAP-04: the frame has the flags as they were, the handler none of TF, NT, RF, AC. */
static void flags_are_cleared_for_the_handler(void **state)
{
    (void)state;
    vcpu.regs.rflags = PV_RFLAGS | PV_RFLAGS_ALWAYS;
    pv_inject(&vcpu, UD, 0);
    FRAME(STACK, 0xc, 0x11, 0x1234, KERNEL_CS, PV_RFLAGS | 0x202, STACK, PV_FLAT_SS);
    assert_int_equal(vcpu.regs.rflags, 0x200ed7);
    check_handler(HANDLER(UD), false);
}

/* PV-TRAP-05: IOPL is in the frame if the guest has asked for it to be. */
static void iopl_is_the_guests_own(void **state)
{
    (void)state;
    P->iopl = 3;
    assert_int_equal(pv_guest_rflags(&vcpu), 0x202);
    pv_container(vcpu.dom)->vm_assist = 1U << VMASST_TYPE_architectural_iopl;
    assert_int_equal(pv_guest_rflags(&vcpu), 0x3202);
    pv_inject(&vcpu, UD, 0);
    FRAME(STACK, 0xc, 0x11, 0x1234, KERNEL_CS, 0x3202, STACK, PV_FLAT_SS);
    check_handler(HANDLER(UD), false);
}

/* PV-TRAP-06: 64-bit kernels have one code segment. */
static void the_selector_of_the_gate_is_of_no_use(void **state)
{
    (void)state;
    P->trap[UD].cs = PV_FLAT_CS32;
    P->cs = 0x13;
    P->ss = 7;
    pv_inject(&vcpu, UD, 0);
    FRAME(STACK, 0xc, 0x11, 0x1234, 0x10, 0x202, STACK, 7);
    check_handler(HANDLER(UD), false);
}

/* --- Single exceptions */

/* PV-TRAP-07 */
static void page_faults_tell_mode_and_address(void **state)
{
    (void)state;
    pv_inject_page_fault(&vcpu, 0xdead000, 7);
    FRAME(STACK, 0xc, 0x11, 3, 0x1234, KERNEL_CS, 0x202, STACK, PV_FLAT_SS);
    assert_int_equal(vcpu_info()->arch_cr2, 0xdead000);
    setup(NULL);
    fake_user_mode();
    pv_inject_page_fault(&vcpu, 0xbeef000, 0x10);
    FRAME(KERNEL_STACK, 0xc, 0x11, 0x14, 0x1234, USER_CS, 0x202, STACK, PV_FLAT_SS);
    assert_int_equal(vcpu_info()->arch_cr2, 0xbeef000);
}

/* PV-TRAP-08 */
static void device_not_available_comes_once(void **state)
{
    (void)state;
    P->cr0 = CR0_TS | CR0_PE;
    processor.task_switched = true;
    pv_inject(&vcpu, NM, 0);
    assert_int_equal(P->cr0, CR0_PE);
    assert_false(processor.task_switched);
    check_handler(HANDLER(NM), false);
}

/* PV-TRAP-09: who may come by INT n; for three vectors nobody asks. */
static void software_interrupts_need_a_ring(void **state)
{
    static const struct {
        uint8_t vector, dpl;
        bool kernel, user;
    } rows[] = {
        {5, 0, false, false},  {5, 1, true, false}, {5, 2, true, false}, {5, 3, true, true},    {0x81, 0, false, false},
        {0x81, 3, true, true}, {BP, 0, true, true}, {OF, 0, true, true}, {0x80, 0, true, true},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (unsigned user = 0; user < 2; user++) {
            setup(state);
            if (user)
                fake_user_mode();
            P->trap[rows[i].vector].dpl = rows[i].dpl;
            vcpu.regs.rflags |= RFLAGS_RF;
            assert_int_equal(pv_inject_software(&vcpu, rows[i].vector), user ? rows[i].user : rows[i].kernel);
            assert_int_equal(vcpu.regs.rip, (user ? rows[i].user : rows[i].kernel) ? HANDLER(rows[i].vector) : 0x1234);
        }
    setup(state);
    vcpu.regs.rflags |= RFLAGS_RF; /* of the #GP that it was */
    assert_true(pv_inject_software(&vcpu, 0x80));
    FRAME(STACK, 0xc, 0x11, 0x1234, KERNEL_CS, 0x202, STACK, PV_FLAT_SS);
    setup(state);
    P->trap[0x80].address = 0;
    assert_false(pv_inject_software(&vcpu, 0x80));
    assert_null(crashed);
}

/* --- Callbacks */

/* PV-TRAP-10 */
static void events_come_masked(void **state)
{
    (void)state;
    fake_user_mode();
    pv_inject_events(&vcpu);
    FRAME(KERNEL_STACK, 0xc, 0x11, 0x1234, USER_CS, 0x202, STACK, PV_FLAT_SS);
    check_handler(CALLBACK(CALLBACKTYPE_event), true);
}

/* PV-TRAP-11: it is row 2 of the trap table; none, and the NMI is lost. */
static void nmis_come_one_at_a_time(void **state)
{
    (void)state;
    P->trap[NMI].disables_events = true;
    pv_inject_nmi(&vcpu);
    FRAME(STACK, 0xc, 0x11, 0x1234, KERNEL_CS, 0x202, STACK, PV_FLAT_SS);
    check_handler(HANDLER(NMI), true);
    assert_true(P->nmi_masked);
    setup(NULL);
    P->trap[NMI].address = 0;
    pv_inject_nmi(&vcpu);
    assert_null(crashed);
    assert_int_equal(vcpu.regs.rip, 0x1234);
    assert_false(P->nmi_masked);
}

/* PV-TRAP-12 */
static void system_calls_have_callbacks(void **state)
{
    static const struct {
        unsigned vector, type;
    } rows[] = {
        {PV_EXIT_SYSCALL, CALLBACKTYPE_syscall},
        {PV_EXIT_SYSCALL32, CALLBACKTYPE_syscall32},
        {PV_EXIT_SYSENTER, CALLBACKTYPE_sysenter},
    };

    for (unsigned i = 0; i < 3; i++)
        for (unsigned masks = 0; masks < 2; masks++) {
            setup(state);
            fake_user_mode();
            P->exit.vector = rows[i].vector;
            P->callback[rows[i].type].disables_events = masks;
            pv_inject_syscall(&vcpu);
            FRAME(KERNEL_STACK, 0xc, 0x11, 0x1234, USER_CS, 0x202, STACK, PV_FLAT_SS);
            check_handler(CALLBACK(rows[i].type), masks);
        }
}

/* PV-TRAP-13: what a processor raises where the instruction is not enabled, and where it stands. */
static void system_calls_without_callbacks_are_exceptions(void **state)
{
    (void)state;
    fake_user_mode();
    P->exit.vector = PV_EXIT_SYSCALL;
    P->callback[CALLBACKTYPE_syscall].address = 0;
    pv_inject_syscall(&vcpu);
    FRAME(KERNEL_STACK, 0xc, 0x11, 0x1232, USER_CS, 0x202, STACK, PV_FLAT_SS);
    check_handler(HANDLER(UD), false);
    setup(NULL);
    fake_user_mode();
    P->exit.vector = PV_EXIT_SYSENTER;
    P->callback[CALLBACKTYPE_sysenter].address = 0;
    pv_inject_syscall(&vcpu);
    FRAME(KERNEL_STACK, 0xc, 0x11, 0, 0x1232, USER_CS, 0x202, STACK, PV_FLAT_SS);
    check_handler(HANDLER(GP), false);
}

/* PV-TRAP-14 */
static void failsafe_frames_have_the_segments(void **state)
{
    (void)state;
    P->ds = 0x43;
    P->es = 0x4b;
    P->fs = 0x53;
    P->gs = 0x5b;
    pv_inject_failsafe(&vcpu);
    FRAME(STACK, 0xc, 0x11, 0x43, 0x4b, 0x53, 0x5b, 0x1234, KERNEL_CS, 0x202, STACK, PV_FLAT_SS);
    check_handler(CALLBACK(CALLBACKTYPE_failsafe), false);
    assert_int_equal(P->ds | P->es | P->fs | P->gs, 0);
}

/* --- The guest crashes alone */

/* PV-TRAP-15 */
static void without_a_handler_the_guest_ends(void **state)
{
    (void)state;
    P->trap[UD].address = 0;
    pv_inject(&vcpu, UD, 0);
    assert_string_equal(crashed, "it has no handler");
    setup(NULL);
    P->callback[CALLBACKTYPE_event].address = 0;
    pv_inject_events(&vcpu);
    assert_string_equal(crashed, "it has no handler");
    setup(NULL);
    P->trap[UD].address = NOT_CANONICAL;
    pv_inject(&vcpu, UD, 0);
    assert_string_equal(crashed, "its handler's address is not canonical");
    assert_int_equal(vcpu.regs.rip, 0x1234);
}

/* PV-TRAP-16. The last frame would begin in memory, but lies below it. */
static void without_a_stack_the_guest_ends(void **state)
{
    static const uint64_t stacks[] = {0,
                                      8,
                                      NOWHERE,
                                      NOT_CANONICAL,
                                      NOT_CANONICAL + 64,
                                      HYPERVISOR,
                                      HYPERVISOR + 64,
                                      0xffff880000000008,
                                      0xffff800000000000 + 16,
                                      UINT64_MAX,
                                      40};

    for (unsigned i = 0; i < sizeof stacks / sizeof stacks[0]; i++)
        for (unsigned user = 0; user < 2; user++) {
            setup(state);
            if (user) {
                fake_user_mode();
                P->kernel_sp = stacks[i];
            } else {
                vcpu.regs.rsp = stacks[i];
            }
            pv_inject(&vcpu, GP, 0);
            assert_string_equal(crashed, "the stack for its handler can't be written");
            for (uint64_t at = 0; at < FAKE_MEMORY; at += 8)
                assert_int_equal(word_at(at), UNTOUCHED);
        }
}

/* --- iret */

static const struct iret_context plain = {.rax = 0xaaaa,
                                          .r11 = 0x1111,
                                          .rcx = 0xcccc,
                                          .rip = 0x4321,
                                          .cs = KERNEL_CS,
                                          .rflags = 0x202,
                                          .rsp = 512,
                                          .ss = 0xe02b};

static int64_t iret(struct iret_context c)
{
    vcpu.regs.rsp = argument(&c, sizeof c);
    return pv_iret(&vcpu, NULL);
}

/* PV-IRET-01 */
static void iret_restores(void **state)
{
    struct iret_context c = plain;
    (void)state;
    assert_int_equal(iret(c), 0xaaaa);
    assert_true(P->kernel_mode);
    c.cs = USER_CS;
    assert_int_equal(iret(c), 0xaaaa);
    assert_false(P->kernel_mode || processor.kernel_root);
    assert_int_equal(vcpu.regs.rip, 0x4321);
    assert_int_equal(vcpu.regs.rsp, 512);
    assert_int_equal(vcpu.regs.rcx, 0xcccc);
    assert_int_equal(vcpu.regs.r11, 0x1111);
    assert_int_equal(vcpu.regs.rflags, 0x202);
    assert_int_equal(P->cs, 0xe033);
    assert_int_equal(P->ss, 0xe02b);
    assert_null(crashed);
}

/* PV-IRET-02: whatever the ring, it becomes 3; 0 to 2 are the kernel. Bits above 15 count for nothing. */
static void iret_leads_to_ring_3(void **state)
{
    for (unsigned rpl = 0; rpl < 4; rpl++) {
        struct iret_context c = plain;
        setup(state);
        c.cs = 0xffffffffffff0008 | rpl;
        c.ss = 0xabcd00000010 | rpl;
        (void)iret(c);
        assert_int_equal(P->kernel_mode, rpl != 3);
        assert_int_equal(P->cs, 0xb);
        assert_int_equal(P->ss, 0x13);
    }
}

/* PV-IRET-03: IF is the mask; what the guest may not have is not there. */
static void iret_sanitises_flags(void **state)
{
    struct iret_context c = plain;
    (void)state;
    c.rflags = UINT64_MAX;
    (void)iret(c);
    assert_int_equal(vcpu.regs.rflags, PV_RFLAGS | 0x202);
    assert_false(pv_events_masked(&vcpu));
    assert_int_equal(P->iopl, 0);
    c.rflags = 0;
    (void)iret(c);
    assert_int_equal(vcpu.regs.rflags, 0x202);
    assert_true(pv_events_masked(&vcpu));
    pv_container(vcpu.dom)->vm_assist = 1U << VMASST_TYPE_architectural_iopl;
    c.rflags = 0x1202;
    (void)iret(c);
    assert_int_equal(P->iopl, 1);
    assert_int_equal(vcpu.regs.rflags, 0x202);
}

/* PV-IRET-04: as SYSRET: its segments, and the two registers that it overwrites. */
static void iret_in_syscall(void **state)
{
    struct iret_context c = plain;
    (void)state;
    c.flags = VGCF_in_syscall;
    c.cs = 3;
    c.ss = 0;
    assert_int_equal(iret(c), 0xaaaa);
    assert_false(P->kernel_mode);
    assert_int_equal(vcpu.regs.rcx, 0x4321);
    assert_int_equal(vcpu.regs.r11, 0x202);
    assert_int_equal(P->cs, 0xe033);
    assert_int_equal(P->ss, 0xe02b);
    setup(NULL);
    c.flags = ~(uint64_t)VGCF_in_syscall;
    (void)iret(c);
    assert_int_equal(vcpu.regs.rcx, 0xcccc);
    assert_int_equal(P->cs, 3);
}

/* PV-IRET-05 */
static void iret_lets_nmis_come(void **state)
{
    (void)state;
    P->nmi_masked = true;
    (void)iret(plain);
    assert_false(P->nmi_masked);
}

/* PV-IRET-06: an event that is due comes first. */
static void bad_addresses_are_found_at_the_last_moment(void **state)
{
    struct iret_context c = plain;
    (void)state;
    c.rip = NOT_CANONICAL;
    (void)iret(c);
    assert_int_equal(vcpu.regs.rip, NOT_CANONICAL);
    pv_inject_events(&vcpu);
    assert_int_equal(word_at(512 - 7 * 8 + 16), NOT_CANONICAL);
    pv_check_return(&vcpu);
    check_handler(CALLBACK(CALLBACKTYPE_event), true);
    setup(NULL);
    (void)iret(c);
    pv_check_return(&vcpu);
    assert_int_equal(vcpu.regs.rsp, 512 - 8 * 8);
    assert_int_equal(word_at(vcpu.regs.rsp + 16), 0);
    assert_int_equal(word_at(vcpu.regs.rsp + 24), NOT_CANONICAL);
    check_handler(HANDLER(GP), false);
}

/* PV-IRET-07: the processor's exception, with its error code, at the place that it was to return to. */
static void what_the_processor_refuses_is_the_guests(void **state)
{
    struct iret_context c = plain;
    (void)state;
    c.cs = 0x1b;
    (void)iret(c);
    P->exit = (struct pv_exit){.vector = PV_EXIT_BAD_RETURN, .error = NP << 16 | 0x18};
    pv_inject_bad_return(&vcpu);
    assert_int_equal(vcpu.regs.rsp, KERNEL_STACK - 8 * 8);
    assert_int_equal(word_at(vcpu.regs.rsp + 16), 0x18);
    assert_int_equal(word_at(vcpu.regs.rsp + 24), 0x4321);
    assert_int_equal(word_at(vcpu.regs.rsp + 32), 0x1b);
    check_handler(HANDLER(NP), false);
}

/* PV-IRET-08 */
static void iret_that_cant_be(void **state)
{
    struct iret_context c = plain;
    static const uint64_t stacks[] = {NOWHERE, NOT_CANONICAL, HYPERVISOR, FAKE_MEMORY - 71};

    for (unsigned i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        setup(state);
        vcpu.regs.rsp = stacks[i];
        (void)pv_iret(&vcpu, NULL);
        assert_string_equal(crashed, "the stack for its iret can't be read");
    }
    setup(state);
    P->mmu.user_root = 0;
    c.cs = USER_CS;
    (void)iret(c);
    assert_string_equal(crashed, "iret to user mode, which has no page tables");
    assert_true(P->kernel_mode);
}

/* --- Whatever happens */

static uint64_t draw_address(void)
{
    static const uint64_t some[] = {0,    8,       64,         100,           STACK,     STACK - 1, KERNEL_STACK,
                                    4096, NOWHERE, HYPERVISOR, NOT_CANONICAL, UINT64_MAX};
    return some[fake_draw(sizeof some / sizeof some[0])] + fake_draw(2) * fake_draw(64);
}

static uint64_t draw_word(void)
{
    return (uint64_t)fake_draw(1U << 24) << 40 | (uint64_t)fake_draw(1U << 24) << 16 | fake_draw(1U << 24);
}

static void random_iret(void)
{
    struct iret_context c = {draw_word(), draw_word(), draw_word(),    draw_word(), draw_address(),
                             draw_word(), draw_word(), draw_address(), draw_word()};

    if (fake_draw(4) == 0)
        vcpu.regs.rsp = draw_address();
    else
        vcpu.regs.rsp = argument(&c, sizeof c);
    if (P->kernel_mode)
        (void)pv_iret(&vcpu, NULL);
}

static void random_step(void)
{
    switch (fake_draw(9)) {
    case 0:
        pv_inject(&vcpu, fake_draw(32), fake_draw(1U << 16));
        break;
    case 1:
        pv_inject_page_fault(&vcpu, draw_address(), fake_draw(32));
        break;
    case 2:
        (void)pv_inject_software(&vcpu, fake_draw(256));
        break;
    case 3:
        pv_inject_events(&vcpu);
        break;
    case 4:
        pv_inject_nmi(&vcpu);
        break;
    case 5:
        P->exit.vector = PV_EXIT_SYSCALL + fake_draw(3);
        pv_inject_syscall(&vcpu);
        break;
    case 6:
        P->exit.error = (GP << 16) | fake_draw(1U << 16);
        pv_inject_bad_return(&vcpu);
        break;
    default:
        random_iret();
    }
}

static void random_table(void)
{
    P->trap[fake_draw(32)].address = fake_draw(8) ? HANDLER(1) : draw_address();
    P->callback[fake_draw(PV_NR_CALLBACKS)].address = fake_draw(8) ? CALLBACK(1) : draw_address();
    P->kernel_sp = fake_draw(4) ? KERNEL_STACK : draw_address();
    if (fake_draw(16) == 0)
        P->mmu.user_root ^= 2;
}

/* What the processor is given in the end: ring 3, flags of the guest's own only, an address that can be. */
static void nothing_of_ring_0_comes_out(void **state)
{
    for (unsigned i = 0; i < 200000; i++) {
        if (i % 16 == 0 || crashed) {
            uint32_t seed = fake.seed;
            setup(state);
            fake.seed = seed;
        }
        random_table();
        random_step();
        if (!crashed)
            pv_check_return(&vcpu);
        if (crashed)
            continue;
        assert_int_equal(P->cs & 3, 3);
        assert_int_equal(P->ss & 3, 3);
        assert_int_equal(vcpu.regs.rflags & ~(uint64_t)(PV_RFLAGS | PV_RFLAGS_ALWAYS), 0);
        assert_int_equal(vcpu.regs.rflags & PV_RFLAGS_ALWAYS, PV_RFLAGS_ALWAYS);
        assert_true(pv_address_is_canonical(vcpu.regs.rip));
        assert_int_equal(P->kernel_mode, processor.kernel_root);
        assert_true(P->iopl <= 3);
    }
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(from_kernel_mode),
        T(from_user_mode),
        T(stacks_are_aligned),
        T(error_codes_belong_to_some),
        T(events_are_masked_by_the_gate),
        T(flags_are_cleared_for_the_handler),
        T(iopl_is_the_guests_own),
        T(the_selector_of_the_gate_is_of_no_use),
        T(page_faults_tell_mode_and_address),
        T(device_not_available_comes_once),
        T(software_interrupts_need_a_ring),
        T(events_come_masked),
        T(nmis_come_one_at_a_time),
        T(system_calls_have_callbacks),
        T(system_calls_without_callbacks_are_exceptions),
        T(failsafe_frames_have_the_segments),
        T(without_a_handler_the_guest_ends),
        T(without_a_stack_the_guest_ends),
        T(iret_restores),
        T(iret_leads_to_ring_3),
        T(iret_sanitises_flags),
        T(iret_in_syscall),
        T(iret_lets_nmis_come),
        T(bad_addresses_are_found_at_the_last_moment),
        T(what_the_processor_refuses_is_the_guests),
        T(iret_that_cant_be),
        T(nothing_of_ring_0_comes_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
