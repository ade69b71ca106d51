/* SPDX-License-Identifier: MIT */
/* The hypercalls by which a guest sets up its handlers, debug registers and bases: results, errors, and what is then
 * set. Statements: docs/abi/pv-traps.md. */
// links: arch/x86/pv/callbacks.c arch/x86/pv/debug.c arch/x86/pv/segments.c arch/x86/pv/bounce.c
// links: arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c
// links: arch/x86/pv/table.c arch/x86/pv/update.c arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c
// links: tests/host/pv_fake.c tests/host/pv_vcpu_fake.c
#include <string.h>

#include "arch/x86/pv/setup.h"
#include "guest/abi/callback.h"
#include "guest/abi/pv.h"
#include "tests/host/pv_vcpu_fake.h"

#define BIT_32 (1ULL << 32)

static int64_t call(int64_t (*fn)(struct arch_vcpu *, uint64_t *), uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t args[6] = {a, b, c};
    int64_t rc;

    do
        rc = fn(&vcpu, args);
    while (rc == -XEN_ERESTART);
    return rc;
}

/* --- set_trap_table */

static int64_t set_traps(const struct trap_info *list, unsigned n)
{
    return call(pv_set_trap_table, argument(list, n * sizeof *list), 0, 0);
}

/* PV-CB-01: rows change, the others stay; the selector is of no use, flags are four. */
static void trap_table_rows_are_set(void **state)
{
    static const struct trap_info list[] = {
        {.vector = 3, .flags = 3, .cs = 0, .address = 0x1000},
        {.vector = 255, .flags = 0xfc, .cs = 0x1234, .address = HYPERVISOR},
        {.vector = 9},
        {.vector = 10, .address = 0x2000},
    };
    (void)state;
    assert_int_equal(set_traps(list, 4), 0);
    assert_int_equal(P->trap[3].address, 0x1000);
    assert_int_equal(P->trap[3].dpl, 3);
    assert_false(P->trap[3].disables_events);
    assert_int_equal(P->trap[255].address, HYPERVISOR);
    assert_int_equal(P->trap[255].dpl, 0);
    assert_true(P->trap[255].disables_events);
    assert_int_equal(P->trap[9].address, HANDLER(9));
    assert_int_equal(P->trap[10].address, HANDLER(10));
}

static void trap_table_is_emptied(void **state)
{
    (void)state;
    assert_int_equal(call(pv_set_trap_table, 0, 0, 0), 0);
    for (unsigned i = 0; i < PV_NR_TRAPS; i++)
        assert_int_equal(P->trap[i].address, 0);
}

/* PV-CB-02: what came before the error is set. */
static void trap_table_errors(void **state)
{
    static const struct trap_info list[] = {
        {.vector = 3, .address = 0x1000}, {.vector = 4, .address = NOT_CANONICAL}, {.vector = 5, .address = 0x1000}};
    (void)state;
    assert_int_equal(call(pv_set_trap_table, NOWHERE, 0, 0), -XEN_EFAULT);
    assert_int_equal(call(pv_set_trap_table, HYPERVISOR, 0, 0), -XEN_EFAULT);
    assert_int_equal(set_traps(list, 3), -XEN_EINVAL);
    assert_int_equal(P->trap[3].address, 0x1000);
    assert_int_equal(P->trap[4].address, HANDLER(4));
    assert_int_equal(P->trap[5].address, HANDLER(5));
    memcpy(fake.memory + FAKE_MEMORY - sizeof list[0], list, sizeof list[0]);
    assert_int_equal(call(pv_set_trap_table, FAKE_MEMORY - sizeof list[0], 0, 0), -XEN_EFAULT);
}

/* A list that nobody ended is as long as memory; each call does one row at least. */
static void trap_tables_are_preemptible(void **state)
{
    struct trap_info list[201] = {{0}};
    uint64_t args[6];
    unsigned calls = 1;
    (void)state;
    for (unsigned i = 0; i < 200; i++)
        list[i] = (struct trap_info){.vector = (uint8_t)i, .address = 0x5000 + i};
    fake.yield_one_in = 1;
    args[0] = argument(list, sizeof list);
    while (pv_set_trap_table(&vcpu, args) == -XEN_ERESTART)
        calls++;
    assert_int_equal(calls, 201);
    for (unsigned i = 0; i < 200; i++)
        assert_int_equal(P->trap[i].address, 0x5000 + i);
    assert_int_equal(P->trap[200].address, HANDLER(200));
}

/* --- Callbacks */

static int64_t set_callback(uint16_t type, uint16_t flags, uint64_t address)
{
    struct callback_register r = {.type = type, .flags = flags, .address = address};
    return call(pv_callback_op, CALLBACKOP_register, argument(&r, sizeof r), 0);
}

static int64_t unset_callback(uint16_t type)
{
    struct callback_unregister u = {.type = type};
    return call(pv_callback_op, CALLBACKOP_unregister, argument(&u, sizeof u), 0);
}

/* PV-CB-03 */
static void callbacks_by_type(void **state)
{
    static const int unregistered[] = {-XEN_EINVAL, -XEN_EINVAL, -XEN_EINVAL, -XEN_ENOSYS, 0,
                                       -XEN_EINVAL, -XEN_ENOSYS, -XEN_EINVAL, -XEN_ENOSYS, -XEN_ENOSYS};
    (void)state;
    for (uint16_t type = 0; type < 10; type++) {
        bool exists = unregistered[type] != -XEN_ENOSYS;
        assert_int_equal(set_callback(type, 0, 0x1000), exists ? 0 : -XEN_ENOSYS);
        assert_int_equal(set_callback(type, 0xffff, 0x1000), exists ? 0 : -XEN_ENOSYS);
        assert_int_equal(set_callback(type, 0, HYPERVISOR), exists ? 0 : -XEN_ENOSYS);
        assert_int_equal(set_callback(type, 0, NOT_CANONICAL), -XEN_EINVAL);
        assert_int_equal(unset_callback(type), unregistered[type]);
    }
    assert_int_equal(set_callback(0xffff, 0, 0x1000), -XEN_ENOSYS);
    assert_int_equal(unset_callback(0xffff), -XEN_ENOSYS);
}

static void callback_op_errors(void **state)
{
    (void)state;
    assert_int_equal(call(pv_callback_op, CALLBACKOP_register, NOWHERE, 0), -XEN_EFAULT);
    assert_int_equal(call(pv_callback_op, CALLBACKOP_unregister, NOWHERE, 0), -XEN_EFAULT);
    assert_int_equal(call(pv_callback_op, 2, NOWHERE, 0), -XEN_ENOSYS);
    assert_int_equal(call(pv_callback_op, UINT32_MAX, 64, 0), -XEN_ENOSYS);
    assert_int_equal(call(pv_callback_op, BIT_32, NOWHERE, 0), -XEN_EFAULT);
}

/* PV-CB-04: the callback for events masks them, whatever the flag; others as it says. */
static void callbacks_mask_by_flag(void **state)
{
    (void)state;
    for (uint16_t type = 0; type < PV_NR_CALLBACKS; type++)
        for (uint16_t flag = 0; flag < 2; flag++) {
            if (type == CALLBACKTYPE_nmi || set_callback(type, flag, 0x1000 + type))
                continue;
            assert_int_equal(P->callback[type].address, 0x1000 + type);
            assert_int_equal(P->callback[type].disables_events, flag || type == CALLBACKTYPE_event);
        }
}

/* PV-CB-05 */
static void the_nmi_callback_is_row_2(void **state)
{
    uint64_t handler = 0x3000;
    (void)state;
    assert_int_equal(set_callback(CALLBACKTYPE_nmi, 0, 0x2000), 0);
    assert_int_equal(P->trap[2].address, 0x2000);
    assert_true(P->trap[2].disables_events);
    assert_int_equal(P->trap[2].dpl, 0);
    assert_int_equal(call(pv_nmi_op, XENNMI_register_callback, argument(&handler, 8), 0), 0);
    assert_int_equal(P->trap[2].address, 0x3000);
    assert_int_equal(call(pv_nmi_op, XENNMI_unregister_callback, 0, 0), 0);
    assert_int_equal(P->trap[2].address, 0);
    assert_int_equal(call(pv_nmi_op, 2, 64, 0), -XEN_ENOSYS);
    assert_int_equal(call(pv_nmi_op, XENNMI_register_callback, NOWHERE, 0), -XEN_EFAULT);
    handler = NOT_CANONICAL;
    assert_int_equal(call(pv_nmi_op, XENNMI_register_callback, argument(&handler, 8), 0), -XEN_EINVAL);
}

/* PV-CB-06: three at once, without flags; no error for an address that can't be, but no change either. */
static void set_callbacks_sets_three(void **state)
{
    (void)state;
    (void)set_callback(CALLBACKTYPE_syscall, CALLBACKF_mask_events, 0x1000);
    assert_int_equal(call(pv_set_callbacks, 0x1000, NOT_CANONICAL, 0x3000), 0);
    assert_int_equal(P->callback[CALLBACKTYPE_event].address, 0x1000);
    assert_true(P->callback[CALLBACKTYPE_event].disables_events);
    assert_int_equal(P->callback[CALLBACKTYPE_failsafe].address, CALLBACK(CALLBACKTYPE_failsafe));
    assert_int_equal(P->callback[CALLBACKTYPE_syscall].address, 0x3000);
    assert_false(P->callback[CALLBACKTYPE_syscall].disables_events);
}

static void stack_switch_takes_anything(void **state)
{
    (void)state;
    assert_int_equal(call(pv_stack_switch, 0x1230, NOT_CANONICAL, 0), 0);
    assert_int_equal(P->kernel_sp, NOT_CANONICAL);
    assert_int_equal(P->kernel_ss, 0x1233);
}

/* --- Bases. PV-SEG-01 to -03 */

static void segment_bases(void **state)
{
    (void)state;
    assert_int_equal(call(pv_set_segment_base, SEGBASE_FS, 0x1000, 0), 0);
    assert_int_equal(call(pv_set_segment_base, SEGBASE_GS_USER, 0x2000, 0), 0);
    assert_int_equal(call(pv_set_segment_base, SEGBASE_GS_KERNEL, HYPERVISOR, 0), 0);
    assert_int_equal(call(pv_set_segment_base, SEGBASE_GS_USER_SEL, 0x12340043, 0), 0);
    assert_int_equal(processor.fs_base, 0x1000);
    assert_int_equal(P->gs_base_user, 0x2000);
    assert_int_equal(processor.gs_base, HYPERVISOR);
    assert_int_equal(processor.user_gs, 0x43);
    for (unsigned which = 0; which < 3; which++)
        assert_int_equal(call(pv_set_segment_base, which, NOT_CANONICAL, 0), -XEN_EINVAL);
    assert_int_equal(call(pv_set_segment_base, SEGBASE_GS_USER_SEL, NOT_CANONICAL, 0), 0);
    assert_int_equal(call(pv_set_segment_base, 4, 0, 0), -XEN_EINVAL);
    assert_int_equal(call(pv_set_segment_base, UINT32_MAX, 0, 0), -XEN_EINVAL);
    assert_int_equal(processor.fs_base, 0x1000);
}

/* --- Debug registers. PV-DBG-01 to -04: number, value, result, and what is read then. */
static void debug_registers(void **state)
{
    static const struct {
        uint64_t n, value;
        int result;
        uint64_t reads;
    } rows[] = {
        {0, 0x12345, 0, 0x12345},
        {0, 0xffff800000000000, -XEN_EPERM, 0x12345},
        {0, 0xffff87ffffffffff, -XEN_EPERM, 0x12345},
        {0, NOT_CANONICAL, -XEN_EPERM, 0x12345},
        {0, 0xffff7fffffffffff, -XEN_EPERM, 0x12345},
        {0, 0xffff880000000000, 0, 0xffff880000000000},
        {3, 0x7fffffffffff, 0, 0x7fffffffffff},
        {4, 0, 0, 0xffff0ff0},
        {5, 0, 0, 0x400},
        {6, 0xffffffff, 0, 0xffffefff},
        {6, BIT_32, -XEN_EINVAL, 0xffffefff},
        {6, 0x4000, 0, 0xffff4ff0},
        {4, 0x1000, 0, 0xffff0ff0},
        {7, 0xffff, -XEN_EPERM, 0x400},
        {7, 0x2000, -XEN_EPERM, 0x400},
        {7, BIT_32, -XEN_EINVAL, 0x400},
        {7, 0xd000, 0, 0x400},
        {7, 0x20001, -XEN_EPERM, 0x400}, /* I/O, enabled */
        {7, 0x20002, -XEN_EPERM, 0x400},
        {7, 0x20000, 0, 0x20400}, /* not enabled */
        {7, 0xf0001, 0, 0xf0401},
        {5, 0x300, 0, 0x700},
        {8, 0, -XEN_ENODEV, (uint64_t)-XEN_ENODEV},
        {UINT32_MAX, 0, -XEN_ENODEV, (uint64_t)-XEN_ENODEV},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(call(pv_set_debugreg, rows[i].n, rows[i].value, 0), rows[i].result);
        assert_int_equal(call(pv_get_debugreg, rows[i].n, 0, 0), rows[i].reads);
    }
}

static void breakpoints_are_loaded_when_enabled(void **state)
{
    (void)state;
    assert_int_equal(call(pv_set_debugreg, 0, 0x1000, 0), 0);
    assert_false(processor.debug_loaded);
    assert_int_equal(call(pv_set_debugreg, 7, 1, 0), 0);
    assert_true(processor.debug_loaded);
    assert_int_equal(call(pv_set_debugreg, 7, 0, 0), 0);
    assert_false(processor.debug_loaded);
}

/* With CR4.DE there are I/O breakpoints, and no other names for DR6 and DR7. */
static void debugging_extensions(void **state)
{
    (void)state;
    P->cr4 = CR4_DE;
    assert_int_equal(call(pv_set_debugreg, 4, 0, 0), -XEN_ENODEV);
    assert_int_equal(call(pv_set_debugreg, 5, 0, 0), -XEN_ENODEV);
    assert_int_equal(call(pv_get_debugreg, 5, 0, 0), -XEN_ENODEV);
    assert_int_equal(call(pv_set_debugreg, 7, 0x20001, 0), 0);
}

/* The bug: an I/O breakpoint on the serial port, in the processor, stopped the hypervisor at its next line of log. */
static void io_breakpoints_stay_out_of_the_processor(void **state)
{
    (void)state;
    P->cr4 = CR4_DE;
    assert_int_equal(call(pv_set_debugreg, 0, 0x3f8, 0), 0);
    assert_int_equal(call(pv_set_debugreg, 7, 0x20001, 0), 0);
    assert_int_equal(pv_debug_control(P), 0);
    assert_int_equal(call(pv_set_debugreg, 7, 0x2020f, 0), 0); /* breakpoint 1 is of another type */
    assert_int_equal(pv_debug_control(P), 0x2060c);
    P->cr4 = 0; /* what the guest takes back does not let them in */
    assert_int_equal(pv_debug_control(P), 0x2060c);
}

/* PV-DBG-05: bits stay in DR6 until the guest clears them. */
static void debug_exceptions_are_noted(void **state)
{
    (void)state;
    pv_debug_exception(&vcpu, 0xffff4ff0);
    assert_int_equal(vcpu.regs.rip, HANDLER(1));
    pv_debug_exception(&vcpu, 0xffff0ff1);
    assert_int_equal(call(pv_get_debugreg, 6, 0, 0), 0xffff4ff1);
    assert_int_equal(call(pv_set_debugreg, 6, 0, 0), 0);
    assert_int_equal(call(pv_get_debugreg, 6, 0, 0), 0xffff0ff0);
}

/* --- The rest */

/* PV-TRAP-08: an int. */
static void task_switched(void **state)
{
    (void)state;
    assert_int_equal(call(pv_fpu_taskswitch, 1, 0, 0), 0);
    assert_true(processor.task_switched);
    assert_int_equal(call(pv_fpu_taskswitch, BIT_32, 0, 0), 0);
    assert_false(processor.task_switched);
    assert_int_equal(call(pv_fpu_taskswitch, 0x80000000, 0, 0), 0);
    assert_int_equal(P->cr0, CR0_TS);
}

/* PV-CB-07 */
static void assists(void **state)
{
    static const uint64_t known = 0x10000003f;
    (void)state;
    for (unsigned type = 0; type < 80; type++) {
        bool exists = type < 64 && (known >> type & 1);
        assert_int_equal(call(pv_vm_assist, VMASST_CMD_enable, type, 0), exists ? 0 : -XEN_EINVAL);
        assert_int_equal(type < 64 && pv_assists(&vcpu, type), exists);
        assert_int_equal(call(pv_vm_assist, 2, type, 0), exists ? -XEN_ENOSYS : -XEN_EINVAL);
        assert_int_equal(call(pv_vm_assist, VMASST_CMD_disable, type, 0), exists ? 0 : -XEN_EINVAL);
        assert_int_equal(pv_container(vcpu.dom)->vm_assist, 0);
    }
    assert_int_equal(call(pv_vm_assist, VMASST_CMD_enable, UINT32_MAX, 0), -XEN_EINVAL);
}

#define T(name) cmocka_unit_test_setup(name, fake_vcpu_reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(trap_table_rows_are_set),
        T(trap_table_is_emptied),
        T(trap_table_errors),
        T(trap_tables_are_preemptible),
        T(callbacks_by_type),
        T(callback_op_errors),
        T(callbacks_mask_by_flag),
        T(the_nmi_callback_is_row_2),
        T(set_callbacks_sets_three),
        T(stack_switch_takes_anything),
        T(segment_bases),
        T(debug_registers),
        T(breakpoints_are_loaded_when_enabled),
        T(debugging_extensions),
        T(io_breakpoints_stay_out_of_the_processor),
        T(debug_exceptions_are_noted),
        T(task_switched),
        T(assists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
