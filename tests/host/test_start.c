/* SPDX-License-Identifier: MIT */
// links: kernel/start.c
/* The state in which a vcpu starts: what the ABI promises, and contexts that the processor would refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guest/abi/errno.h"
#include "kernel/start.h"

/* arch-x86/hvm/start_info.h: protection on, paging off, flat segments, %ebx, and a TSS of at least 0x67 bytes. */
static void pvh_entry(void **state)
{
    struct vcpu_start s;
    (void)state;
    start_pvh(&s, 0x100200, 0x120000);
    assert_int_equal(s.regs.rip, 0x100200);
    assert_int_equal(s.regs.rbx, 0x120000);
    assert_int_equal(s.regs.rflags, 2);
    assert_int_equal(s.cr0, 0x11);
    assert_int_equal(s.cr4, 0);
    assert_int_equal(s.efer, 0);
    assert_int_equal(s.cs.ar, 0xc09b);
    assert_int_equal(s.ss.ar, 0xc093);
    assert_int_equal(s.cs.limit, 0xffffffff);
    assert_int_equal(s.tr.ar, 0x8b);
    assert_int_equal(s.tr.limit, 0x67);
}

static struct vcpu_hvm_context good64(void)
{
    struct vcpu_hvm_context c = {.mode = VCPU_HVM_MODE_64B};
    c.cpu_regs.x86_64 = (struct vcpu_hvm_x86_64){
        .rip = 0x1000, .rsp = 0x2000, .rflags = 2, .cr0 = 0x80000001, .cr3 = 0x3000, .cr4 = 0x20, .efer = 0x500};
    return c;
}

static struct vcpu_hvm_context good32(void)
{
    struct vcpu_hvm_context c = {.mode = VCPU_HVM_MODE_32B};
    c.cpu_regs.x86_32 = (struct vcpu_hvm_x86_32){.eip = 0x1000,
                                                 .cr0 = 1,
                                                 .cs_limit = 0xffffffff,
                                                 .ds_limit = 0xffffffff,
                                                 .ss_limit = 0xffffffff,
                                                 .tr_limit = 0x67,
                                                 .cs_ar = 0xc9b,
                                                 .ds_ar = 0xc93,
                                                 .ss_ar = 0xc93,
                                                 .tr_ar = 0x8b};
    return c;
}

static void good_contexts(void **state)
{
    struct vcpu_hvm_context c64 = good64(), c32 = good32();
    struct vcpu_start s;
    (void)state;
    assert_int_equal(start_from_context(&c64, &s), 0);
    assert_int_equal(s.regs.rip, 0x1000);
    assert_int_equal(s.cs.ar, 0xa09b);
    assert_int_equal(start_from_context(&c32, &s), 0);
    assert_int_equal(s.cs.ar, 0xc09b);
    assert_int_equal(s.es.ar, 0);
}

#define REFUSED(good, change)                                      \
    do {                                                           \
        struct vcpu_hvm_context c = good();                        \
        struct vcpu_start s;                                       \
        change;                                                    \
        assert_int_equal(start_from_context(&c, &s), -XEN_EINVAL); \
    } while (0)

/* HC-VCPU-04. A state that VM entry refuses would otherwise end the guest later with a message nobody understands. */
static void refused_contexts(void **state)
{
    (void)state;
    REFUSED(good64, c.mode = 2);
    REFUSED(good64, c.pad = 1);
    REFUSED(good64, c.cpu_regs.x86_64.cr0 &= 0x7fffffff);
    REFUSED(good64, c.cpu_regs.x86_64.cr4 = 0);
    REFUSED(good64, c.cpu_regs.x86_64.efer = 0x100);
    REFUSED(good64, c.cpu_regs.x86_64.efer |= 1ULL << 12);
    REFUSED(good64, c.cpu_regs.x86_64.rflags |= 1ULL << 17);
    REFUSED(good64, c.cpu_regs.x86_64.cr0 |= 1ULL << 40);
    REFUSED(good32, c.cpu_regs.x86_32.cs_ar = 0);
    REFUSED(good32, c.cpu_regs.x86_32.ss_ar = 0);
    REFUSED(good32, c.cpu_regs.x86_32.cs_ar |= 3U << 5);
    REFUSED(good32, c.cpu_regs.x86_32.ss_ar = 0xc91);
    REFUSED(good32, c.cpu_regs.x86_32.ds_limit = 0xfffffffe);
    REFUSED(good32, c.cpu_regs.x86_32.tr_ar = 0x89);
    REFUSED(good32, c.cpu_regs.x86_32.eflags = 1U << 17);
    REFUSED(good32, c.cpu_regs.x86_32.es_ar = 0x1000);
    REFUSED(good32, c.cpu_regs.x86_32.cs_ar = 0xc09b); /* the processor's own layout */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pvh_entry),
        cmocka_unit_test(good_contexts),
        cmocka_unit_test(refused_contexts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
