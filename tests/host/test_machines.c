/* SPDX-License-Identifier: MIT */
/*
 * Machines that somebody has recorded, judged again: the code that decides what a processor can do, on processors that
 * are not here. A machine that is refused or accepted by mistake goes into the folder, and never comes back.
 */
// links: tests/host/machine_file.c arch/x86/cpu_record.c arch/x86/vmx/judge.c arch/x86/vmx/resolve.c
// links: boot/memory_map.c arch/x86/svm/judge.c kernel/verdict.c common/format.c
#include "tests/host/machine_file.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/svm/judge.h"
#include "boot/memory_map.h"
#include "guest/abi/memory.h"
#include "kernel/verdict.h"

#define MAX_MACHINES 200

/* --- What the hypervisor says about a machine: as kernel/container.c asks. */
static void judge(const struct cpu_record *r, char *text, size_t size)
{
    struct vmx_capability capability;
    struct vmx_controls controls;
    struct svm_caps caps;
    struct verdict v = {.usable = NULL};
    struct virt_report vmx = {.name = NULL}, svm = {.name = NULL};

    (void)vmx_judge(r, &vmx, &capability, &controls);
    verdict_add(&v, &vmx);
    (void)svm_judge(r, &svm, &caps);
    verdict_add(&v, &svm);
    verdict_text(&v, text, size);
}

static struct machine *heard;
static unsigned nr_heard;

static void hear(const char *key, const char *value)
{
    if (!strstr(value, "MISSING") && !strstr(value, "FORCED ON"))
        return;
    assert_true(nr_heard < heard->nr_obstacles);
    assert_string_equal(key, heard->obstacles[nr_heard]);
    nr_heard++;
}

/* The hypervisor needs RAM, and one answer for every address. */
static void check_memory(const struct machine *m)
{
    static struct boot_region regions[2 * MACHINE_MAX_REGIONS];
    const char *warning;
    uint64_t end = 0, ram = 0;
    unsigned n = memory_map_sanitise(m->regions, m->nr_regions, regions, 2 * MACHINE_MAX_REGIONS, &warning);

    for (unsigned i = 0; i < n; i++) {
        assert_true(regions[i].start >= end && regions[i].size > 0);
        end = regions[i].start + regions[i].size;
        ram += regions[i].type == E820_RAM ? regions[i].size : 0;
    }
    assert_true(ram > 64 << 20);
}

/* A control that is chosen on one day and not on the next; an obstacle that is no longer told. */
static void a_machine_is_judged_as_it_was(void **state)
{
    struct machine m;
    char text[512];

    machine_load(*state, &m);
    judge(&m.record, text, sizeof(text));
    assert_string_equal(text, m.verdict);

    struct vmx_capability capability;
    struct vmx_controls controls;
    vmx_capability_of(&m.record, &capability);
    assert_int_equal(!vmx_resolve(&capability, &controls).name, m.has_controls);
    if (m.has_controls)
        assert_memory_equal(&controls, &m.controls, sizeof(controls));

    check_memory(&m);
    heard = &m;
    nr_heard = 0;
    vmx_describe(&m.record, hear);
    svm_describe(&m.record, hear);
    assert_int_equal(nr_heard, m.nr_obstacles);
}

/* Written by hand, so that a mistake can't be recorded and pass for the truth. */
static void the_verdicts_are_the_right_ones(void **state)
{
    static const struct {
        const char *name, *begins;
    } machines[] = {
        {"qemu-max", "SVM yes"},
        {"qemu-epyc", "SVM yes"},
        {"qemu-qemu64", "no, because SVM: the processor has SVM without nested paging"},
        {"qemu-nosvm", "no, because the processor has neither VMX nor SVM"},
        {"bochs-core2_penryn_t9600", "no, because VMX: the processor's VMX lacks extended page tables (EPT)"},
        {"bochs-corei5_lynnfield_750", "no, because VMX: the processor's VMX lacks unrestricted guest"},
        {"bochs-corei7_sandy_bridge_2600k", "VMX yes"},
        {"bochs-corei7_haswell_4770", "VMX yes"},
        {"bochs-corei7_skylake_x", "VMX yes"},
        {"bochs-corei7_icelake_u", "VMX yes"},
        {"bochs-tigerlake", "VMX yes"},
        {"bochs-ryzen", "SVM yes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        struct machine m;
        char text[512];
        machine_load(machines[i].name, &m);
        judge(&m.record, text, sizeof(text));
        if (strncmp(text, machines[i].begins, strlen(machines[i].begins)) != 0)
            fail_msg("%s: %s", m.name, text);
    }
}

/* --- The firmware's switch, on a processor that has everything. */
static void expect_verdict(const struct machine *m, const char *expected)
{
    char text[512];
    judge(&m->record, text, sizeof(text));
    assert_string_equal(text, expected);
}

static const char *feature_control_fact;

static void find_feature_control(const char *key, const char *value)
{
    static char copy[128];
    if (strcmp(key, "FEATURE_CONTROL") == 0) {
        snprintf(copy, sizeof(copy), "%s", value);
        feature_control_fact = copy;
    }
}

static const struct {
    uint64_t value;
    const char *fact, *verdict;
} switches[] = {
    {0, "0: not locked: the hypervisor may turn VMX on", "VMX yes"},
    {0xff02, "0xff02: not locked: the hypervisor may turn VMX on", "VMX yes"},
    {0x5, "0x5: locked, VMX on", "VMX yes"},
    {0xff07, "0xff07: locked, VMX on", "VMX yes"},
    {0x1, "0x1: locked, VMX off",
     "no, because VMX: the firmware has locked VMX off: enable virtualisation (Intel VT-x) in the firmware's set-up"},
    {0x3, "0x3: locked, VMX only inside SMX",
     "no, because VMX: the firmware allows VMX only inside SMX (trusted execution): switch trusted execution (TXT) "
     "off, "
     "or VMX on outside it, in the firmware's set-up"},
};

/* A user who is told that the processor has no VMX, while the firmware hides it; VMXON that faults. */
static void feature_control_in_every_state(void **state)
{
    struct machine m;
    (void)state;
    machine_load("bochs-corei7_haswell_4770", &m);
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        machine_set_msr(&m, MSR_FEATURE_CONTROL, switches[i].value);
        expect_verdict(&m, switches[i].verdict);
        feature_control_fact = "";
        vmx_describe(&m.record, find_feature_control);
        assert_string_equal(feature_control_fact, switches[i].fact);
    }
    machine_remove_msr(&m, MSR_FEATURE_CONTROL); /* reading it faults: nobody has locked anything */
    expect_verdict(&m, "VMX yes");
}

static unsigned nr_facts;

static void count_fact(const char *key, const char *value)
{
    (void)key, (void)value;
    nr_facts++;
}

/* The report of a machine whose firmware has VMX off is the one that is needed most. */
static void capabilities_are_told_whatever_is_off(void **state)
{
    struct machine m;
    unsigned all;
    (void)state;
    machine_load("bochs-corei7_haswell_4770", &m);
    nr_facts = 0;
    vmx_describe(&m.record, count_fact);
    all = nr_facts;
    assert_true(all > 50);

    machine_set_msr(&m, MSR_FEATURE_CONTROL, 1);
    nr_facts = 0;
    vmx_describe(&m.record, count_fact);
    assert_int_equal(nr_facts, all);

    for (unsigned i = 0; i < m.record.nr_leaves; i++) /* the firmware hides VMX from CPUID too */
        if (m.record.leaves[i].leaf == 1)
            m.record.leaves[i].value.ecx &= ~(1U << 5);
    nr_facts = 0;
    vmx_describe(&m.record, count_fact);
    assert_int_equal(nr_facts, all);
    expect_verdict(&m, "no, because the processor has neither VMX nor SVM");
}

#define MSR_VM_CR 0xc0010114

/* The same switch of AMD's. */
static void svm_that_the_firmware_has_switched_off(void **state)
{
    struct machine m;
    (void)state;
    machine_load("qemu-epyc", &m);
    machine_set_msr(&m, MSR_VM_CR, 0x18);
    expect_verdict(&m,
                   "no, because SVM: SVM is switched off: enable virtualisation (SVM mode) in the firmware's set-up");
    machine_set_msr(&m, MSR_VM_CR, 0x8);
    expect_verdict(&m, "SVM yes");
}

/* --- What else a record tells. */
static void signatures(void **state)
{
    struct machine m;
    char brand[49];
    (void)state;
    machine_load("bochs-corei7_icelake_u", &m);
    assert_int_equal(record_vendor(&m.record), VENDOR_INTEL);
    assert_int_equal(record_family(&m.record), 6);
    assert_int_equal(record_model(&m.record), 126);
    assert_int_equal(record_stepping(&m.record), 5);
    record_brand(&m.record, brand, sizeof(brand));
    assert_string_equal(brand, "QuadCore Intel Core i7-1065G7, 1300 MHz");
    machine_load("bochs-ryzen", &m);
    assert_int_equal(record_vendor(&m.record), VENDOR_AMD);
    assert_int_equal(record_family(&m.record), 0x17);
}

static void microcode_and_smis(void **state)
{
    struct machine m;
    uint32_t n;
    (void)state;
    machine_load("bochs-corei7_icelake_u", &m);
    machine_set_msr(&m, 0x8b, 0xca00000000ULL);
    machine_set_msr(&m, 0x34, 1234);
    assert_true(record_microcode(&m.record, &n));
    assert_int_equal(n, 0xca);
    assert_true(record_smi_count(&m.record, &n));
    assert_int_equal(n, 1234);
    machine_remove_msr(&m, 0x34);
    assert_false(record_smi_count(&m.record, &n));
    machine_load("qemu-epyc", &m);
    machine_set_msr(&m, 0x8b, 0x8001250);
    assert_true(record_microcode(&m.record, &n));
    assert_int_equal(n, 0x8001250);
    machine_set_msr(&m, 0x34, 5);
    assert_false(record_smi_count(&m.record, &n)); /* something else, or nothing, on AMD's */
}

/* RDCL_NO is bit 0 of IA32_ARCH_CAPABILITIES; an AMD processor that has the register is not asked. */
static void meltdown(void **state)
{
    struct machine m;
    (void)state;
    machine_load("bochs-corei7_haswell_4770", &m);
    machine_remove_msr(&m, 0x10a);
    assert_true(record_may_melt_down(&m.record));
    machine_set_msr(&m, 0x10a, ~1ULL);
    assert_true(record_may_melt_down(&m.record));
    machine_set_msr(&m, 0x10a, 1);
    assert_false(record_may_melt_down(&m.record));
    machine_load("qemu-epyc", &m);
    machine_set_msr(&m, 0x10a, 0);
    assert_false(record_may_melt_down(&m.record));
}

/* A processor that says nothing at all. */
static void an_empty_record(void **state)
{
    struct cpu_record r = {.nr_leaves = 0};
    char brand[49], text[512];
    (void)state;
    record_brand(&r, brand, sizeof(brand));
    assert_string_equal(brand, "unnamed processor");
    judge(&r, text, sizeof(text));
    assert_string_equal(text, "no, because the processor has neither VMX nor SVM");
}

/* --- All files of the folder, each a test of its own. */
static unsigned add_machines(struct CMUnitTest *tests)
{
    unsigned n = 0;
    DIR *folder = opendir(MACHINE_FOLDER);
    if (!folder) {
        perror(MACHINE_FOLDER);
        exit(1);
    }
    for (struct dirent *e; (e = readdir(folder)) && n < MAX_MACHINES;) {
        char *end = strrchr(e->d_name, '.');
        if (!end || strcmp(end, ".txt") != 0)
            continue;
        char *name = strndup(e->d_name, (size_t)(end - e->d_name));
        tests[n++] =
            (struct CMUnitTest){.name = name, .test_func = a_machine_is_judged_as_it_was, .initial_state = name};
    }
    closedir(folder);
    return n;
}

int main(void)
{
    static struct CMUnitTest machines[MAX_MACHINES];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_verdicts_are_the_right_ones),
        cmocka_unit_test(feature_control_in_every_state),
        cmocka_unit_test(capabilities_are_told_whatever_is_off),
        cmocka_unit_test(svm_that_the_firmware_has_switched_off),
        cmocka_unit_test(signatures),
        cmocka_unit_test(microcode_and_smis),
        cmocka_unit_test(meltdown),
        cmocka_unit_test(an_empty_record),
    };
    unsigned n = add_machines(machines);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    failed += _cmocka_run_group_tests("machines", machines, n, NULL, NULL);
    for (unsigned i = 0; i < n; i++)
        free(machines[i].initial_state);
    return failed;
}
