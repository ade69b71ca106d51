/* SPDX-License-Identifier: MIT */
#include "guest/lib/cpu.h"
#include "guest/lib/env.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"
#include "guest/naughty/pvh/control.h"

#define MSR_EFER 0xC0000080
#define EFER_LME (1ULL << 8)
#define EFER_SVME (1ULL << 12)

static void check_msrs(void)
{
    static const uint32_t denied[] = {0x3A, 0x480, 0x40000001, 0x40000200, 0x12345678, 0xC0001234, 0xFFFFFFFF};
    uint64_t value, efer;

    for (unsigned i = 0; i < LENGTH(denied); i++)
        if (trap_rdmsr(denied[i], &value) || trap_wrmsr(denied[i], 0))
            verdict(VERDICT_FAILURE, "MSR 0x%x may be used", denied[i]);
    CHECK(trap_rdmsr(MSR_EFER, &efer));
    CHECK(!trap_wrmsr(MSR_EFER, efer | EFER_SVME));
    CHECK(!trap_wrmsr(MSR_EFER, efer ^ EFER_LME)); /* while paging is on */
    CHECK(trap_wrmsr(MSR_EFER, efer));
    CHECK(!trap_wrmsr(0x40000000, guest_address(NO_MEMORY)));
    CHECK(!trap_wrmsr(0x40000000, 1));
}

/* --- Single steps over instructions that the hypervisor completes: the trap must come right behind them. */
extern const uint8_t behind_cpuid[], behind_out[], behind_sti[], behind_int1[];

static void step_cpuid(void *arg)
{
    guest_word flags;

    (void)arg;
    __asm__ volatile("pushf; pop %0; or $0x100, %0; push %0; xor %%eax, %%eax; popf\n"
                     "cpuid; behind_cpuid: nop; nop"
                     : "=&S"(flags)
                     :
                     : "eax", "ebx", "ecx", "edx", "memory", "cc");
}

static void step_out(void *arg)
{
    guest_word flags;

    (void)arg;
    __asm__ volatile("pushf; pop %0; or $0x100, %0; push %0; popf\n"
                     "outb %%al, $0x80; behind_out: nop; nop"
                     : "=&S"(flags)
                     :
                     : "memory", "cc");
}

/* STI keeps interrupts out for one more instruction, but not the trap; QEMU's emulation of SVM keeps both out. */
static void step_sti(void *arg)
{
    guest_word flags;

    (void)arg;
    __asm__ volatile("pushf; pop %0; or $0x100, %0; push %0; popf\n"
                     "sti; behind_sti: nop; nop"
                     : "=&S"(flags)
                     :
                     : "memory", "cc");
}

static void run_int1(void *arg)
{
    (void)arg;
    __asm__ volatile(".byte 0xF1; behind_int1: nop");
}

/* INT1 is an instruction that is passed over. QEMU's emulation of SVM gives #UD for it. */
static void check_int1(void)
{
    int vector = trap_try(run_int1, NULL);

    if (vector == TRAP_UD && !is_intel())
        return;
    CHECK_VALUE(vector, TRAP_DB);
    CHECK_VALUE(guest_vcpu()->trap_address, guest_address(behind_int1));
}

static void check_steps(void)
{
    bool on = env_upcalls_off();

    CHECK_VALUE(trap_try(step_sti, NULL), TRAP_DB);
    CHECK(guest_vcpu()->trap_address == guest_address(behind_sti) ||
          (guest_vcpu()->trap_address == guest_address(behind_sti) + 1 && !is_intel()));
    if (!on)
        (void)env_upcalls_off();
    check_int1();
    CHECK_VALUE(trap_try(step_cpuid, NULL), TRAP_DB);
    CHECK_VALUE(guest_vcpu()->trap_address, guest_address(behind_cpuid));
    CHECK_VALUE(trap_try(step_out, NULL), TRAP_DB);
    CHECK_VALUE(guest_vcpu()->trap_address, guest_address(behind_out));
}

void abuse_processor(void)
{
    check_steps();
    check_msrs();
    check_machine_ports();
    CHECK_VALUE(trap_try(run_svm, NULL), TRAP_UD);
    CHECK_VALUE(trap_try(run_vmx, NULL), TRAP_UD);
}
