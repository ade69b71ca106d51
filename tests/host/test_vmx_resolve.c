/* SPDX-License-Identifier: MIT */
/*
 * What the capability MSRs decide. The processors here are modelled on what real ones state; nobody has them all, and
 * the firmware that locks VMX off is never on the developer's machine.
 */
// links: arch/x86/vmx/resolve.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/vmx/resolve.h"

/* --- IA32_FEATURE_CONTROL. */
#define SENTER 0xff00ULL /* bits 15:8: for trusted execution */

static const struct {
    uint64_t value;
    enum vmx_feature state;
} feature_states[] = {
    {0, VMX_FEATURE_UNDECIDED},
    {FEATURE_CONTROL_VMX, VMX_FEATURE_UNDECIDED},
    {FEATURE_CONTROL_VMX_IN_SMX | SENTER, VMX_FEATURE_UNDECIDED},
    {FEATURE_CONTROL_LOCKED | FEATURE_CONTROL_VMX, VMX_FEATURE_ON},
    {FEATURE_CONTROL_LOCKED | FEATURE_CONTROL_VMX | FEATURE_CONTROL_VMX_IN_SMX | SENTER, VMX_FEATURE_ON},
    {FEATURE_CONTROL_LOCKED, VMX_FEATURE_OFF},
    {FEATURE_CONTROL_LOCKED | SENTER, VMX_FEATURE_OFF},
    {FEATURE_CONTROL_LOCKED | FEATURE_CONTROL_VMX_IN_SMX, VMX_FEATURE_ONLY_IN_SMX},
};

/* VMXON that faults, since a state is taken for another. */
static void states_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(feature_states) / sizeof(feature_states[0]); i++)
        assert_int_equal(vmx_feature_state(feature_states[i].value), feature_states[i].state);
}

/* A user who is sent to the wrong place of the firmware's set-up, or a processor refused that could be used. */
static void each_state_has_its_sentence(void **state)
{
    (void)state;
    assert_null(vmx_feature_refusal(VMX_FEATURE_UNDECIDED));
    assert_null(vmx_feature_refusal(VMX_FEATURE_ON));
    assert_non_null(strstr(vmx_feature_refusal(VMX_FEATURE_OFF), "locked VMX off"));
    assert_non_null(strstr(vmx_feature_refusal(VMX_FEATURE_ONLY_IN_SMX), "only inside SMX"));
}

/* Deciding takes away what the firmware had allowed, or leaves the MSR unlocked, and VMXON faults. */
static void what_is_undecided_becomes_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(feature_states) / sizeof(feature_states[0]); i++) {
        uint64_t before = feature_states[i].value, after = vmx_feature_decided(before);
        if (feature_states[i].state != VMX_FEATURE_UNDECIDED)
            continue;
        assert_int_equal(vmx_feature_state(after), VMX_FEATURE_ON);
        assert_true((after & before) == before);
        assert_true((after & ~before) == ((FEATURE_CONTROL_LOCKED | FEATURE_CONTROL_VMX) & ~before));
    }
}

/* --- Processors. */
#define EPT_ALL \
    (EPT_CAP_WALK_4 | EPT_CAP_WB | EPT_CAP_INVEPT | EPT_CAP_INVEPT_CONTEXT | VPID_CAP_INVVPID | VPID_CAP_CONTEXT)

static const struct vmx_capability skylake = {
    .basic = VMX_BASIC_TRUE_CONTROLS | 4,
    .pin = 0x0000007f00000016,
    .cpu = 0xfff9fffe04006172,
    .cpu2 = 0x035fffff00000000,
    .exit = 0x01ffffff00036dfb,
    .entry = 0x0003ffff000011fb,
    .ept_vpid = EPT_ALL | EPT_CAP_2M | EPT_CAP_1G | EPT_CAP_AD,
};

/* With EPT, and without unrestricted guest. */
static const struct vmx_capability nehalem = {
    .basic = VMX_BASIC_TRUE_CONTROLS | 0xe,
    .pin = 0x0000007f00000016,
    .cpu = 0xfff9fffe04006172,
    .cpu2 = 0x0000007f00000000,
    .exit = 0x007fffff00036dfb,
    .entry = 0x0000ffff000011fb,
    .ept_vpid = EPT_ALL,
};

/* No EPT, no true controls (so it insists on CR3 exits), no EFER at exits. */
static const struct vmx_capability penryn = {
    .basic = 0xd,
    .pin = 0x0000003f00000016,
    .cpu = 0xf7f9fffe0401e172,
    .cpu2 = 0x0000004100000000,
    .exit = 0x0003ffff00036dff,
    .entry = 0x00003fff000011ff,
};

static const struct vmx_capability first_generation = {
    .pin = 0x0000001f00000016,
    .cpu = 0x77f9fffe0401e172,
    .exit = 0x0003ffff00036dff,
    .entry = 0x00001fff000011ff,
};

static void expect_obstacle(const struct vmx_capability *c, const char *name, bool forced)
{
    struct vmx_controls controls;
    struct vmx_obstacle obstacle = vmx_resolve(c, &controls);

    if (!obstacle.name)
        fail_msg("no obstacle instead of %s", name);
    assert_string_equal(obstacle.name, name);
    assert_int_equal(obstacle.forced, forced);
}

/* A bit that a processor demands is dropped, or one that it lacks is set: no guest would enter. */
static void a_processor_with_everything(void **state)
{
    struct vmx_controls c;
    (void)state;
    assert_null(vmx_resolve(&skylake, &c).name);
    assert_int_equal(c.pin, 0x16 | PIN_EXTERNAL_INTERRUPT | PIN_NMI | PIN_VIRTUAL_NMIS | PIN_PREEMPTION_TIMER);
    assert_int_equal(c.cpu, 0x04006172 | CPU_HLT | CPU_MWAIT | CPU_RDPMC | CPU_CR8_LOAD | CPU_CR8_STORE | CPU_MOV_DR |
                                CPU_IO_BITMAPS | CPU_MSR_BITMAPS | CPU_MONITOR | CPU_SECONDARY);
    assert_int_equal(c.cpu2, CPU2_EPT | CPU2_UNRESTRICTED | CPU2_VPID | CPU2_WBINVD);
    assert_int_equal(c.exit, 0x00036dfb | EXIT_SAVE_DEBUG | EXIT_HOST_64 | EXIT_SAVE_PAT | EXIT_LOAD_PAT |
                                 EXIT_SAVE_EFER | EXIT_LOAD_EFER);
    assert_int_equal(c.entry, 0x000011fb | ENTRY_LOAD_DEBUG | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER);
}

/* The message of an old processor names a detail, and not what its generation lacks. */
static void old_processors(void **state)
{
    (void)state;
    expect_obstacle(&nehalem, "unrestricted guest", false);
    expect_obstacle(&penryn, "extended page tables (EPT)", false);
    expect_obstacle(&first_generation, "extended page tables (EPT)", false);
}

/* --- One control at a time. */
#define WORD(name) offsetof(struct vmx_capability, name)

static const struct {
    size_t word;
    uint32_t bit;
    const char *name;
} musts[] =
    {
        {WORD(pin), PIN_EXTERNAL_INTERRUPT, "external-interrupt exiting"},
        {WORD(pin), PIN_NMI, "NMI exiting"},
        {WORD(pin), PIN_VIRTUAL_NMIS, "virtual NMIs"},
        {WORD(cpu), CPU_INTERRUPT_WINDOW, "interrupt-window exiting"},
        {WORD(cpu), CPU_NMI_WINDOW, "NMI-window exiting"},
        {WORD(cpu), CPU_HLT, "HLT exiting"},
        {WORD(cpu), CPU_MWAIT, "MWAIT exiting"},
        {WORD(cpu), CPU_RDPMC, "RDPMC exiting"},
        {WORD(cpu), CPU_CR8_LOAD, "CR8-load exiting"},
        {WORD(cpu), CPU_CR8_STORE, "CR8-store exiting"},
        {WORD(cpu), CPU_MOV_DR, "MOV-DR exiting"},
        {WORD(cpu), CPU_IO_BITMAPS, "I/O bitmaps"},
        {WORD(cpu), CPU_MSR_BITMAPS, "MSR bitmaps"},
        {WORD(cpu), CPU_MONITOR, "MONITOR exiting"},
        {WORD(cpu), CPU_SECONDARY, "secondary controls"},
        {WORD(cpu2), CPU2_EPT, "extended page tables (EPT)"},
        {WORD(cpu2), CPU2_UNRESTRICTED, "unrestricted guest"},
        {WORD(exit), EXIT_SAVE_DEBUG, "save debug controls"},
        {WORD(exit), EXIT_HOST_64, "64-bit host"},
        {WORD(exit), EXIT_SAVE_PAT, "save PAT"},
        {WORD(exit), EXIT_LOAD_PAT, "load PAT at exit"},
        {WORD(exit), EXIT_SAVE_EFER, "save EFER"},
        {WORD(exit), EXIT_LOAD_EFER, "load EFER at exit"},
        {WORD(entry), ENTRY_LOAD_DEBUG, "load debug controls"},
        {WORD(entry), ENTRY_LOAD_PAT, "load PAT at entry"},
        {WORD(entry), ENTRY_LOAD_EFER, "load EFER at entry"},
},
  nevers[] = {
      {WORD(pin), PIN_POSTED_INTERRUPTS, "posted interrupts"},
      {WORD(cpu), CPU_INTERRUPT_WINDOW, "interrupt-window exiting"},
      {WORD(cpu), CPU_NMI_WINDOW, "NMI-window exiting"},
      {WORD(cpu), CPU_INVLPG, "INVLPG exiting"},
      {WORD(cpu), CPU_RDTSC, "RDTSC exiting"},
      {WORD(cpu), CPU_CR3_LOAD, "CR3-load exiting"},
      {WORD(cpu), CPU_CR3_STORE, "CR3-store exiting"},
      {WORD(cpu), CPU_TPR_SHADOW, "TPR shadow"},
      {WORD(exit), EXIT_ACK_INTERRUPT, "acknowledge interrupt on exit"},
};

static uint64_t *word_of(struct vmx_capability *c, size_t word)
{
    return (uint64_t *)(void *)((char *)c + word);
}

/* What the processor lacks is used all the same, or another control is named. */
static void each_missing_control_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(musts) / sizeof(musts[0]); i++) {
        struct vmx_capability c = skylake;
        *word_of(&c, musts[i].word) &= ~((uint64_t)musts[i].bit << 32 | musts[i].bit);
        expect_obstacle(&c, musts[i].name, false);
    }
}

/* A control that the processor forces on is taken for one that is off: exits that nobody handles. */
static void each_forced_control_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(nevers) / sizeof(nevers[0]); i++) {
        struct vmx_capability c = skylake;
        *word_of(&c, nevers[i].word) |= (uint64_t)nevers[i].bit << 32 | nevers[i].bit;
        expect_obstacle(&c, nevers[i].name, true);
    }
}

/* Without true controls the plain MSRs demand what the true ones leave to us. */
static void without_true_controls(void **state)
{
    struct vmx_capability c = skylake;
    (void)state;
    c.basic = 4;
    c.cpu = 0xfff9fffe0401e172;
    c.exit = 0x01ffffff00036dff;
    c.entry = 0x0003ffff000011ff;
    expect_obstacle(&c, "CR3-load exiting", true);
}

/* A processor is refused for what is only a convenience. */
static void what_may_be_missing(void **state)
{
    struct vmx_capability c = skylake;
    struct vmx_controls controls;
    (void)state;
    c.pin &= ~((uint64_t)PIN_PREEMPTION_TIMER << 32);
    c.cpu2 &= ~((uint64_t)(CPU2_VPID | CPU2_WBINVD) << 32);
    assert_null(vmx_resolve(&c, &controls).name);
    assert_int_equal(controls.pin & PIN_PREEMPTION_TIMER, 0);
    assert_int_equal(controls.cpu2, CPU2_EPT | CPU2_UNRESTRICTED);
}

/* VPID without its instruction: translations of a vcpu that nobody could drop. */
static void vpid_needs_its_instruction(void **state)
{
    const uint64_t parts[] = {VPID_CAP_INVVPID, VPID_CAP_CONTEXT};
    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct vmx_capability c = skylake;
        struct vmx_controls controls;
        c.ept_vpid &= ~parts[i];
        assert_null(vmx_resolve(&c, &controls).name);
        assert_int_equal(controls.cpu2 & CPU2_VPID, 0);
    }
}

/* EPT that can't be used as we do. */
static void what_ept_needs(void **state)
{
    static const struct {
        uint64_t bit;
        const char *name;
    } needs[] = {
        {EPT_CAP_WALK_4, "EPT page walks of four levels"},
        {EPT_CAP_WB, "write-back EPT tables"},
        {EPT_CAP_INVEPT, "INVEPT"},
        {EPT_CAP_INVEPT_CONTEXT, "INVEPT of a single context"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        struct vmx_capability c = skylake;
        c.ept_vpid &= ~needs[i].bit;
        expect_obstacle(&c, needs[i].name, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_are_told_apart),
        cmocka_unit_test(each_state_has_its_sentence),
        cmocka_unit_test(what_is_undecided_becomes_on),
        cmocka_unit_test(a_processor_with_everything),
        cmocka_unit_test(old_processors),
        cmocka_unit_test(each_missing_control_is_named),
        cmocka_unit_test(each_forced_control_is_named),
        cmocka_unit_test(without_true_controls),
        cmocka_unit_test(what_may_be_missing),
        cmocka_unit_test(vpid_needs_its_instruction),
        cmocka_unit_test(what_ept_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
