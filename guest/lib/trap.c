/* SPDX-License-Identifier: MIT */
#include "guest/lib/trap.h"

#include "guest/lib/console.h"
#include "guest/lib/cpu.h"
#include "guest/lib/env.h"
#include "guest/lib/frame.h"
#include "guest/lib/verdict.h"

static const char *const trap_name[32] = {
    [0] = "#DE",  [1] = "#DB",  [2] = "NMI",  [3] = "#BP",  [4] = "#OF",  [5] = "#BR",
    [6] = "#UD",  [7] = "#NM",  [8] = "#DF",  [10] = "#TS", [11] = "#NP", [12] = "#SS",
    [13] = "#GP", [14] = "#PF", [16] = "#MF", [17] = "#AC", [18] = "#MC", [19] = "#XM",
};

/* An exception that nobody expects ends the run. */
static void __attribute__((noreturn)) unexpected(const struct trap_frame *f)
{
    static bool printing;
    const char *name = f->vector < 32 && trap_name[f->vector] ? trap_name[f->vector] : "interrupt";

    if (printing) /* an exception in this very function */
        env_halt();
    printing = true;
    guest_flush();
    trap_print_registers(f);
    verdict(VERDICT_CRASH, "%s (vector %u, error 0x%x) at 0x%llx", name, (unsigned)f->vector, (unsigned)f->error,
            (unsigned long long)f->ip);
    guest_exit();
}

/* Make the interrupted trap_call() return the vector. */
static void __attribute__((noreturn)) divert(struct guest_vcpu *v, const struct trap_frame *f)
{
    v->trap_address = f->ip;
    v->trap_result = f->ax;
    v->trap_error = f->error;
    trap_divert(v->catch_sp, f->vector, f->flags & ~(guest_word)RFLAGS_TF);
}

void trap_exception(const struct trap_frame *f)
{
    struct guest_vcpu *v = guest_vcpu();

    if (v->catch_sp)
        divert(v, f);
    unexpected(f);
}

int trap_try(void (*fn)(void *), void *arg)
{
    return trap_call(fn, arg, &guest_vcpu()->catch_sp);
}

struct msr_access {
    uint32_t msr;
    uint64_t value;
};

static void do_rdmsr(void *arg)
{
    struct msr_access *a = arg;

    a->value = cpu_rdmsr(a->msr);
}

static void do_wrmsr(void *arg)
{
    const struct msr_access *a = arg;

    cpu_wrmsr(a->msr, a->value);
}

bool trap_rdmsr(uint32_t msr, uint64_t *value)
{
    struct msr_access a = {.msr = msr};
    bool ok = trap_try(do_rdmsr, &a) == TRAP_NONE;

    *value = a.value;
    return ok;
}

bool trap_wrmsr(uint32_t msr, uint64_t value)
{
    struct msr_access a = {.msr = msr, .value = value};

    return trap_try(do_wrmsr, &a) == TRAP_NONE;
}
