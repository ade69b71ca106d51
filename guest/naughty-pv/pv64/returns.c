/* SPDX-License-Identifier: MIT */
/* The iret hypercall, and the instruction, to what the guest must not become. */
#include "common/string.h"
#include "guest/abi/physdev.h"
#include "guest/lib/memory.h"
#include "guest/naughty-pv/pv64/naughty.h"

#define RFLAGS_IF 0x200U
#define RFLAGS_NT 0x4000U
#define RFLAGS_VM 0x20000U
#define RFLAGS_IOPL 0x3000U
#define RFLAGS_VIF 0x80000U
#define RFLAGS_VIP 0x100000U

/* Where a return leads that succeeds: says what it has become, and traps. */
__asm__(".text\n"
        "landing: mov %cs, %eax; ud2\n"
        "landing_flags: pushfq; pop %rax; ud2\n"
        "landing_call: mov $17, %eax; xor %edi, %edi; syscall; mov $0x5AFE, %eax; ud2\n"
        "raw_iret: mov $23, %eax; syscall; ud2\n");
extern const uint8_t landing[], landing_flags[], landing_call[];

/* On this vcpu's own stack, because that is how exceptions know the vcpu. */
static void do_iret(void *arg)
{
    __asm__ volatile("sub $128, %%rsp; mov %%rsp, %%rdi; mov $9, %%ecx; rep movsq; jmp raw_iret"
                     :
                     : "S"(arg)
                     : "rcx", "rdi", "memory");
}

static void do_iretq(void *arg)
{
    __asm__ volatile("sub $128, %%rsp; mov %%rsp, %%rdi; mov $5, %%ecx; rep movsq; iretq"
                     :
                     : "S"((uint64_t *)arg + 4)
                     : "rcx", "rdi", "memory");
}

static guest_word stack(void)
{
    return ((guest_word)__builtin_frame_address(0) - 2048) & ~(guest_word)15;
}

static struct iret_context to(const uint8_t *rip, bool user)
{
    return (struct iret_context){
        .rip = guest_address(rip),
        .cs = user ? FLAT_RING3_CS64 : PV_KERNEL_CS,
        .rflags = RFLAGS_IF,
        .rsp = stack(),
        .ss = FLAT_RING3_SS64,
    };
}

/* The vector that came of it. */
static int go(const struct iret_context *c)
{
    struct iret_context copy = *c;

    hv_stack_switch(FLAT_RING3_SS64, stack() - 512);
    int vector = try(do_iret, &copy);
    if (vector == TRAP_NONE)
        verdict(VERDICT_FAILURE, "a return to 0x%llx came back", (unsigned long long)c->rip);
    return vector;
}

static void check_ring(int vector, const char *what, uint64_t value)
{
    uint64_t cs = guest_vcpu()->trap_result & 0xFFFF;

    if (vector == TRAP_UD && guest_vcpu()->trap_address == guest_address(landing) + 2 && (cs & 3) != 3)
        verdict(VERDICT_FAILURE, "%s 0x%llx: now in ring %u", what, (unsigned long long)value, (unsigned)cs & 3);
}

static const uint16_t selectors[] = {
    0xE030, 0xE033, 0xE031, 0xE008, 0xE00B, 0xE010, 0xE013, 0xE018, 0xE01B, 0xE020, 0xE023, 0xE028, 0xE02B,
    0xE040, 0xE043, 0xE048, 0xE04B, 0,      3,      4,      7,      0x10,   0xFFFC, 0xFFFF, 0xDFFF,
};

static void bad_selectors(bool user, uint64_t flags)
{
    for (unsigned i = 0; i < LENGTH(selectors); i++) {
        struct iret_context c = to(landing, user);

        c.flags = flags;
        c.cs = selectors[i];
        check_ring(go(&c), "cs", c.cs);
        c = to(landing, user);
        c.flags = flags;
        c.ss = selectors[i];
        check_ring(go(&c), "ss", c.ss);
        c.cs |= 0xABCD00000000; /* the upcall mask is here; the rest is nobody's */
        check_ring(go(&c), "ss", c.ss);
    }
}

static const uint64_t addresses[] = {
    NON_CANONICAL,      NON_CANONICAL - 1,  0x00007FFFFFFFFFFE, 0xFFFF7FFFFFFFFFFF,  HYPERVISOR_VIRT_START,
    0xFFFF808000000000, 0xFFFF82D040200000, 0xFFFF830000000000, HYPERVISOR_VIRT_END, ~0ULL,
    0x8000000000000000, 0xDEADBEEFDEADBEEF,
};

static void bad_addresses(bool user, uint64_t flags)
{
    for (unsigned i = 0; i < LENGTH(addresses); i++) {
        struct iret_context c = to((const uint8_t *)addresses[i], user);

        c.flags = flags;
        go(&c);
        c = to(landing, true); /* the kernel's stack would be where the exception goes */
        c.flags = flags;
        c.rsp = addresses[i];
        check_ring(go(&c), "rsp", c.rsp);
        c = to(landing_call, true); /* a hypercall from user mode is refused, whatever the stack */
        c.rsp = addresses[i];
        go(&c);
    }
}

/* The instruction goes to the processor, which lets ring 3 not out. (QEMU: see docs/design, SMAP.) */
static void by_instruction(void)
{
    for (unsigned i = 0; i < LENGTH(selectors); i++) {
        struct iret_context c = to(landing, true);

        c.cs = selectors[i];
        check_ring(try(do_iretq, &c), "iretq cs", c.cs);
        c = to(landing, true);
        c.ss = selectors[i];
        check_ring(try(do_iretq, &c), "iretq ss", c.ss);
    }
}

static void user_root(bool on)
{
    CHECK_VALUE(mmuext(MMUEXT_NEW_USER_BASEPTR, on ? env_frame((const void *)pv_start_info->pt_base) : 0, 0), 0);
}

/*
 * SYSCALL as the last instruction of the lower half: the return address is not canonical, and a processor that is told
 * to go there by SYSRET may fault in ring 0 (CVE-2012-0217).
 */
static void edge(void)
{
    static const uint8_t code[] = {0xB8, 17, 0, 0, 0, 0x31, 0xFF, 0x0F, 0x05}; /* xen_version(0) */
    uint64_t *root = (uint64_t *)pv_start_info->pt_base;
    uint64_t *table[4]; /* L1 to L3; the page */

    for (unsigned i = 0; i < 4; i++)
        table[i] = memory_pages(1);
    memcpy((uint8_t *)table[3] + GUEST_PAGE_SIZE - sizeof(code), code, sizeof(code));
    table[0][511] = pv_machine(table[3]) | PTE_ALL;
    table[1][511] = pv_machine(table[0]) | PTE_ALL;
    table[2][511] = pv_machine(table[1]) | PTE_ALL;
    for (unsigned i = 0; i < 3; i++)
        make_read_only(table[i]);
    CHECK_VALUE(pv_set_entry(root, 255, pv_machine(table[2]) | PTE_ALL), 0);
    for (unsigned user = 0; user < 2; user++) {
        struct iret_context c = to((const uint8_t *)(NON_CANONICAL - sizeof(code)), user);

        CHECK(go(&c) != TRAP_UD);
        c.flags = VGCF_in_syscall;
        go(&c);
    }
    CHECK_VALUE(pv_set_entry(root, 255, 0), 0);
    for (unsigned i = 0; i < 3; i++)
        CHECK_VALUE(make_writable(table[i]), 0);
}

void attack_returns(void)
{
    user_root(true);
    edge();
    for (unsigned i = 0; i < 4; i++) {
        bad_selectors(i & 1, i & 2 ? VGCF_in_syscall : 0);
        bad_addresses(i & 1, i & 2 ? VGCF_in_syscall : 0);
    }
    by_instruction();
    user_root(false);
}

/* --- Flags */

#define FORBIDDEN (RFLAGS_IOPL | RFLAGS_VM | RFLAGS_VIF | RFLAGS_VIP)

static void check_flags(int vector, uint64_t wanted)
{
    uint64_t flags = guest_vcpu()->trap_result;

    if (vector != TRAP_UD)
        return;
    if ((flags & FORBIDDEN) || !(flags & RFLAGS_IF))
        verdict(VERDICT_FAILURE, "flags 0x%llx: they are 0x%llx", (unsigned long long)wanted,
                (unsigned long long)flags);
}

static void return_with_flags(uint64_t flags)
{
    for (unsigned user = 0; user < 2; user++) {
        struct iret_context c = to(landing_flags, user);

        c.rflags = flags;
        check_flags(go(&c), flags);
        c.flags = VGCF_in_syscall;
        check_flags(go(&c), flags);
    }
}

/* What ring 3 sets by itself goes with it into the hypervisor: a system call with single step, NT, alignment check. */
static void enter_with_flags(void)
{
    static const uint8_t code[] = {
        0x50, 0x9D,                               /* push rax; popfq */
        0xB8, 17,   0,    0,    0,    0x31, 0xFF, /* mov $xen_version,eax; xor edi,edi */
        0x0F, 0x05,                               /* syscall */
        0x9C, 0x58, 0x6A, 0x02, 0x9D,             /* pushfq; pop rax; push 2; popfq */
    };

    for (unsigned bit = 0; bit < 22; bit++) {
        uint64_t a = 1ULL << bit | RFLAGS_IF | 2;
        int vector = run_code(code, sizeof(code), &a);

        if (vector == TRAP_NONE && (a & FORBIDDEN))
            verdict(VERDICT_FAILURE, "popf of bit %u: flags 0x%llx", bit, (unsigned long long)a);
    }
    uint64_t a = 0x3F7FD7;
    run_code(code, sizeof(code), &a);
}

/* An IOPL of its own gives the guest no port of the machine. */
static void iopl(void)
{
    static const uint8_t cli[] = {0xFA, 0x9C, 0x58, 0xFB}; /* cli; pushfq; pop rax; sti */
    static const uint8_t debug_exit[] = {0xBA, 0xF4, 0, 0, 0, 0xB8, 0x12, 0, 0, 0, 0xEF};
    static const uint8_t reset[] = {0xB0, 0xFE, 0xE6, 0x64};

    for (unsigned level = 0; level < 4; level++) {
        struct physdev_set_iopl op = {.iopl = level};
        uint64_t a = 0;

        hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, guest_address(&op));
        if (run_code(cli, sizeof(cli), &a) == TRAP_NONE && !(a & RFLAGS_IF))
            verdict(VERDICT_FAILURE, "interrupts are off with IOPL %u", level);
        if (!is_initial()) {
            run_code(debug_exit, sizeof(debug_exit), &a);
            run_code(reset, sizeof(reset), &a);
        }
        return_with_flags(RFLAGS_IF | RFLAGS_IOPL);
    }
    struct physdev_set_iopl none = {.iopl = 0};
    hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, guest_address(&none));
    struct physdev_set_iopl wrong = {.iopl = 4};
    CHECK(hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, guest_address(&wrong)) < 0);
}

void attack_flags(void)
{
    user_root(true);
    for (unsigned bit = 0; bit < 64; bit++)
        return_with_flags(1ULL << bit | RFLAGS_IF);
    return_with_flags(~0ULL);
    return_with_flags(~(uint64_t)RFLAGS_TF);
    return_with_flags(0);
    return_with_flags(RFLAGS_NT | RFLAGS_VM | RFLAGS_IOPL);
    enter_with_flags();
    iopl();
    user_root(false);
}
