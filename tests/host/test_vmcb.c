/* SPDX-License-Identifier: MIT */
/* The rules of VMRUN: a block that keeps them all, and for each rule one that breaks just it. */
// links: arch/x86/svm/vmcb_check.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/regs.h"
#include "arch/x86/svm/vmcb.h"
#include "kernel/printk.h"

static char last_lines[8192];

void printk(enum log_level level, const char *fmt, ...)
{
    va_list args;
    size_t used = strlen(last_lines);

    (void)level;
    va_start(args, fmt);
    vsnprintf(last_lines + used, sizeof(last_lines) - used, fmt, args);
    va_end(args);
    strncat(last_lines, "\n", sizeof(last_lines) - strlen(last_lines) - 1);
}

/* A vcpu in 64-bit mode, about to run. */
static struct vmcb good_block(void)
{
    struct vmcb b;

    memset(&b, 0, sizeof(b));
    b.efer = EFER_SVME | EFER_LME | EFER_LMA;
    b.cr0 = CR0_PE | CR0_PG;
    b.cr4 = CR4_PAE;
    b.cs.attrib = 0x29b;
    b.intercept[4] = SVM_INTERCEPT_VMRUN;
    b.asid = 1;
    b.nested_control = 1;
    b.nested_cr3 = 0x1000;
    b.dr6 = 0xffff0ff0;
    b.dr7 = 0x400;
    return b;
}

static void a_good_block_breaks_no_rule(void **state)
{
    struct vmcb b = good_block();

    (void)state;
    assert_null(vmcb_broken_rule(&b));
    b.event_inject = 0x30 | SVM_EVENT_VALID;
    assert_null(vmcb_broken_rule(&b));
    b.event_inject = 14 | SVM_EVENT_TYPE_EXCEPTION | SVM_EVENT_ERROR_VALID | SVM_EVENT_VALID;
    assert_null(vmcb_broken_rule(&b));
}

#define BREAKS(text, ...)                                \
    do {                                                 \
        struct vmcb b = good_block();                    \
        __VA_ARGS__;                                     \
        assert_non_null(vmcb_broken_rule(&b));           \
        assert_string_equal(vmcb_broken_rule(&b), text); \
    } while (0)

static void each_rule_is_found(void **state)
{
    (void)state;
    BREAKS("EFER.SVME must be 1", b.efer &= ~(uint64_t)EFER_SVME);
    BREAKS("CR0.NW must be 0 where CR0.CD is 0", b.cr0 |= CR0_NW);
    BREAKS("CR0[63:32] must be 0", b.cr0 |= 1ULL << 40);
    BREAKS("reserved bits of CR3 must be 0", b.cr3 = 1ULL << 60);
    BREAKS("CR4[63:32] must be 0", b.cr4 |= 1ULL << 33);
    BREAKS("DR6[63:32] must be 0", b.dr6 |= 1ULL << 32);
    BREAKS("DR7[63:32] must be 0", b.dr7 |= 1ULL << 63);
    BREAKS("reserved bits of EFER must be 0", b.efer |= 1 << 5);
    BREAKS("EFER.LME with CR0.PG needs CR4.PAE", b.cr4 = 0);
    BREAKS("EFER.LME with CR0.PG needs CR0.PE", b.cr0 = CR0_PG);
    BREAKS("CS.L and CS.D must not both be 1 in long mode", b.cs.attrib |= 0x400);
    BREAKS("VMRUN must be intercepted", b.intercept[4] = 0);
    BREAKS("the I/O or MSR permission map must lie in physical memory", b.iopm_base = UINT64_MAX);
    BREAKS("the ASID must not be 0", b.asid = 0);
    BREAKS("reserved bits of nCR3 must be 0", b.nested_cr3 |= 1);
}

static void illegal_events_are_found(void **state)
{
    static const char rule[] = "the injected event must have a legal type and vector";

    (void)state;
    BREAKS(rule, b.event_inject = 2 | SVM_EVENT_TYPE_EXCEPTION | SVM_EVENT_VALID);
    BREAKS(rule, b.event_inject = 32 | SVM_EVENT_TYPE_EXCEPTION | SVM_EVENT_VALID);
    BREAKS(rule, b.event_inject = 1 | (1ULL << 8) | SVM_EVENT_VALID);
}

/* Someone who reads a report of a failed entry must find each field under its name with its value. */
static void the_dump_names_fields(void **state)
{
    struct vmcb b = good_block();

    (void)state;
    b.cs.attrib = 0xabc;
    b.exit_code = UINT64_MAX;
    last_lines[0] = '\0';
    vmcb_dump(&b);
    assert_non_null(strstr(last_lines, "cs attributes          0abc"));
    assert_non_null(strstr(last_lines, "exit code              ffffffffffffffff"));
    assert_non_null(strstr(last_lines, "asid                   00000001"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_block_breaks_no_rule),
        cmocka_unit_test(each_rule_is_found),
        cmocka_unit_test(illegal_events_are_found),
        cmocka_unit_test(the_dump_names_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
