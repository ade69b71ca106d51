/* SPDX-License-Identifier: MIT */
/*
 * The VM-entry checker against the processor (option selftest=vmentry). Guests that may enter are broken bit by bit and
 * in combinations (selftest_cases.c); each time the checker foretells what the processor then does: VMfail with error 7
 * (controls) or 8 (host), an exit with reason 0x80000021 (guest), or an entry.
 *
 * The guests have no memory, so one that enters exits at once: its first fetch is an EPT violation. What the processor
 * may enter and we could not come back from is not tried.
 */
#include "arch/x86/vmx/selftest.h"

#include "arch/x86/paging.h"
#include "arch/x86/regs.h"
#include "arch/x86/vmx/vmx.h"
#include "common/string.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define ERROR_CONTROLS 7 /* VM-instruction errors (SDM Vol. 3C, section 30.4) */
#define ERROR_HOST 8
#define REASON_GUEST_STATE 0x80000021U
#define REASON_ENTRY_FAILED 0x80000000U
#define MAX_DIFFERENCES 100

enum role { CONTROLS, HOST, GUEST };

static const struct field {
    enum vmcs_field encoding;
    uint16_t offset; /* in the snapshot */
    uint8_t role;
    const char *name;
} fields[] = {
#define ROW(role, name) {VMCS_##name, offsetof(struct vmcs_snapshot, name), role, #name},
#define F(name, encoding) ROW(CONTROLS, name)
    VMCS_CONTROL_FIELDS(F)
#undef F
#define F(name, encoding) ROW(HOST, name)
        VMCS_HOST_FIELDS(F)
#undef F
#define F(name, encoding) ROW(GUEST, name)
            VMCS_GUEST_FIELDS(F) VMCS_OPTIONAL_FIELDS(F)
#undef F
};
#define NR_FIELDS (sizeof(fields) / sizeof(fields[0]))

struct difference {
    const struct vmx_rule *rule;
    enum selftest_verdict processor;
    enum selftest_base base;
    unsigned count;
};

static struct {
    struct arch_domain domain;
    struct arch_vcpu vcpu;
    struct vmcs_snapshot good[NR_BASES];
    bool present[NR_FIELDS];
    bool launched;
    unsigned cases, agree, differ, known, not_tried;
    struct difference differences[MAX_DIFFERENCES];
    unsigned nr_differences;
} test;

static const char *const base_names[NR_BASES] = {"64-bit", "PVH", "PAE", "virtual-8086", "real mode"};
static const char *const verdict_names[NR_VERDICTS] = {"enters", "VMfail 7 (controls)", "VMfail 8 (host)",
                                                       "exit 0x80000021 (guest)", "another failure"};

static uint64_t *value_of(struct vmcs_snapshot *s, const struct field *f)
{
    return (uint64_t *)(void *)((char *)s + f->offset);
}

static const struct field *find_field(enum vmcs_field encoding)
{
    for (unsigned i = 0; i < NR_FIELDS; i++)
        if (fields[i].encoding == encoding)
            return &fields[i];
    return NULL;
}

/* Bits 14:13 of an encoding (SDM Vol. 3, appendix B): 16, 64, 32 bits, natural width. */
static unsigned width_of(const struct field *f)
{
    static const uint8_t widths[] = {16, 64, 32, 64};
    return widths[(f->encoding >> 13) & 3];
}

/* --- Guests that may enter. */
static void make_flat(struct vmcs_snapshot *s, uint32_t code, uint32_t data, uint32_t limit)
{
#define SET(name) s->name##_selector = 0x10, s->name##_limit = limit, s->name##_ar = data, s->name##_base = 0
    SET(es), SET(ss), SET(ds), SET(fs), SET(gs), SET(cs);
#undef SET
    s->cs_ar = code;
    s->tr_selector = 0x20;
    s->tr_limit = 0x67;
    s->tr_ar = 0x8b;
    s->ldtr_limit = 0xffff;
    s->ldtr_ar = AR_UNUSABLE;
    s->gdtr_limit = s->idtr_limit = 0xfff;
    s->guest_rip = s->guest_rsp = 0x1000;
    s->guest_rflags = RFLAGS_FIXED;
}

static void make_long(struct vmcs_snapshot *s)
{
    make_flat(s, 0xa09b, 0xc093, 0xffffffff);
    s->entry_controls |= ENTRY_GUEST_64;
    s->guest_cr0 |= CR0_PG | CR0_PE;
    s->guest_cr4 |= CR4_PAE;
    s->guest_efer = EFER_LME | EFER_LMA | EFER_NXE;
}

static void make_pvh(struct vmcs_snapshot *s)
{
    make_flat(s, 0xc09b, 0xc093, 0xffffffff);
}

static void make_pae(struct vmcs_snapshot *s)
{
    make_pvh(s);
    s->cpu2_controls &= ~(uint64_t)CPU2_UNRESTRICTED;
    s->guest_cr0 |= CR0_PG;
    s->guest_cr4 |= CR4_PAE;
    s->pdpte0 = 0x1001;
}

static void make_v86(struct vmcs_snapshot *s)
{
    make_flat(s, 0xf3, 0xf3, 0xffff);
    s->es_base = s->cs_base = s->ss_base = s->ds_base = s->fs_base = s->gs_base = 0x100;
    s->guest_rflags |= 1U << 17;
}

static void make_real(struct vmcs_snapshot *s)
{
    make_flat(s, 0x9b, 0x93, 0xffff);
    s->guest_cr0 &= ~(uint64_t)CR0_PE;
}

static const struct vcpu_start pvh_start = {
    .cr0 = CR0_PE | CR0_ET | CR0_NE,
    .tr = {.limit = 0x67, .ar = 0x8b},
    .cs = {.limit = 0xffffffff, .ar = 0xc09b, .selector = 8},
};

/* A page for every address that the entry may follow; the guests themselves have none. */
static int make_guests(void)
{
    static void (*const make[NR_BASES])(struct vmcs_snapshot * s) = {make_long, make_pvh, make_pae, make_v86,
                                                                     make_real};
    uint64_t page = door_alloc_frames(0) << PAGE_SHIFT;
    struct vmcs_snapshot s;

    if (!page)
        return -XEN_ENOMEM;
    vmx_snapshot(&s);
    s.host_rip = (uint64_t)vmx_exit;
    s.virtual_apic_page = s.apic_access_page = s.pml_address = s.eptp_list = s.ve_information = page;
    s.vmread_bitmap = s.vmwrite_bitmap = s.posted_interrupt_descriptor = s.sub_page_table = page;
    s.exit_msr_store_address = s.exit_msr_load_address = s.entry_msr_load_address = page;
    s.preemption_timer = 0;
    for (unsigned base = 0; base < NR_BASES; base++) {
        test.good[base] = s;
        make[base](&test.good[base]);
    }
    for (unsigned i = 0; i < NR_FIELDS; i++) {
        bool failed;
        uint64_t value;
        __asm__ volatile("vmread %2, %1" : "=@ccbe"(failed), "=r"(value) : "r"((uint64_t)fields[i].encoding));
        test.present[i] = !failed;
    }
    return 0;
}

/* --- One case. */
static void write_state(struct vmcs_snapshot *s)
{
    for (unsigned i = 0; i < NR_FIELDS; i++)
        if (test.present[i])
            vmx_write(fields[i].encoding, *value_of(s, &fields[i]));
}

static enum selftest_verdict foretold(const struct vmx_rule *rule)
{
    if (!rule)
        return ENTERS;
    if (strncmp(rule->section, "26.3", 4) == 0)
        return BAD_GUEST;
    return strncmp(rule->section, "26.2.1", 6) == 0 ? BAD_CONTROLS : BAD_HOST;
}

static enum selftest_verdict try_entry(void)
{
    if (vmx_switch(&test.vcpu.regs, test.launched)) {
        uint64_t error = vmx_read(VMCS_instruction_error);
        return error == ERROR_CONTROLS ? BAD_CONTROLS : error == ERROR_HOST ? BAD_HOST : OTHER_FAILURE;
    }
    uint32_t reason = (uint32_t)vmx_read(VMCS_exit_reason);
    if (!(reason & REASON_ENTRY_FAILED)) {
        test.launched = true;
        return ENTERS;
    }
    return reason == REASON_GUEST_STATE ? BAD_GUEST : OTHER_FAILURE;
}

/* Would we not be ourselves after the exit, or never see one, or would memory be overwritten? */
static bool no_way_back(const struct vmcs_snapshot *s, const struct vmcs_snapshot *good)
{
    for (unsigned i = 0; i < NR_FIELDS; i++)
        if (fields[i].role == HOST &&
            memcmp((const char *)s + fields[i].offset, (const char *)good + fields[i].offset, 8) != 0)
            return true;
    if (s->exit_controls != good->exit_controls || s->exit_msr_store_count || s->exit_msr_load_count ||
        s->entry_msr_load_count)
        return true;
    if (s->vmcs_link != UINT64_MAX)
        return true;
    bool sleeps = s->activity != ACTIVITY_ACTIVE && !(s->entry_interrupt_info & INTERRUPT_VALID);
    if (!(s->cpu_controls & CPU_SECONDARY) || !(s->cpu2_controls & CPU2_EPT))
        return !(s->pin_controls & PIN_PREEMPTION_TIMER); /* it would run in the machine's own memory */
    return sleeps && !(s->pin_controls & PIN_PREEMPTION_TIMER);
}

/* One line for each kind of difference, with the first case of it. */
static void note_difference(enum selftest_base base, const struct vmcs_snapshot *s, const struct vmx_rule *rule,
                            enum selftest_verdict processor)
{
    struct difference *d = test.differences;

    for (; d < &test.differences[test.nr_differences]; d++)
        if (d->rule == rule && d->processor == processor && d->base == base)
            break;
    if (d == &test.differences[MAX_DIFFERENCES])
        return;
    if (d->count++)
        return;
    test.nr_differences++;
    *d = (struct difference){rule, processor, base, 1};
    printk(LOG_WARNING, "  %s guest: processor: %s, checker: %s %s", base_names[base], verdict_names[processor],
           rule ? rule->section : "enters", rule ? rule->text : "");
    for (unsigned i = 0; i < NR_FIELDS; i++) {
        const uint64_t *now = (const uint64_t *)(const void *)((const char *)s + fields[i].offset);
        uint64_t before = *value_of(&test.good[base], &fields[i]);
        if (*now != before && test.present[i])
            printk(LOG_WARNING, "    %s: 0x%llx instead of 0x%llx", fields[i].name, (unsigned long long)*now,
                   (unsigned long long)before);
    }
}

static void try_case(enum selftest_base base, struct vmcs_snapshot *broken)
{
    static struct vmcs_snapshot s;

    write_state(broken);
    vmx_snapshot(&s);
    const struct vmx_rule *rule = vmx_check_entry(&s, &vmx_capability);
    if ((!rule && no_way_back(&s, &test.good[base])) || vmx_selftest_fatal(&s)) {
        test.not_tried++;
        return;
    }
    enum selftest_verdict processor = try_entry();
    test.cases++;
    if (processor == foretold(rule)) {
        test.agree++;
    } else if (vmx_selftest_exception(&s, rule, processor)) {
        test.known++;
    } else {
        test.differ++;
        note_difference(base, &s, rule, processor);
    }
}

/* --- Many cases. */
static void try_good(enum selftest_base base)
{
    struct vmcs_snapshot s = test.good[base];
    try_case(base, &s);
}

static void try_single_bits(enum selftest_base base)
{
    for (unsigned i = 0; i < NR_FIELDS; i++) {
        const struct field *f = &fields[i];
        /* switch.S writes these two itself. */
        if (!test.present[i] || f->encoding == VMCS_host_rip || f->encoding == VMCS_host_rsp)
            continue;
        for (unsigned bit = 0; bit < width_of(f); bit++) {
            struct vmcs_snapshot s = test.good[base];
            *value_of(&s, f) ^= 1ULL << bit;
            try_case(base, &s);
        }
    }
}

/* The lowest bits of number, to where the mask has ones; number is what remains. */
static uint64_t deposit(uint64_t *number, uint64_t mask)
{
    uint64_t result = 0;

    for (; mask; mask &= mask - 1, *number >>= 1)
        if (*number & 1)
            result |= mask & -mask;
    return result;
}

static void try_sweep(const struct selftest_sweep *sweep, enum selftest_base base)
{
    unsigned bits = 0, parts = 0;

    for (; parts < 4 && sweep->parts[parts].mask; parts++)
        for (uint64_t mask = sweep->parts[parts].mask; mask; mask &= mask - 1)
            bits++;
    for (uint64_t n = 0; n < 1ULL << bits; n++) {
        struct vmcs_snapshot s = test.good[base];
        uint64_t rest = n;
        for (unsigned i = 0; i < parts; i++)
            *value_of(&s, find_field(sweep->parts[i].field)) ^= deposit(&rest, sweep->parts[i].mask);
        try_case(base, &s);
    }
}

static void report(const char *what, const char *base, unsigned cases_before, unsigned differ_before)
{
    printk(LOG_INFO, "  %s, %s: cases %u, differ %u", what, base, test.cases - cases_before,
           test.differ - differ_before);
}

static void try_all(enum selftest_base base)
{
    unsigned cases = test.cases, differ = test.differ;

    try_good(base);
    try_single_bits(base);
    report("each bit of each field", base_names[base], cases, differ);
    for (const struct selftest_sweep *sweep = vmx_selftest_sweeps; sweep->name; sweep++) {
        if (!(sweep->bases & 1U << base))
            continue;
        cases = test.cases;
        differ = test.differ;
        try_sweep(sweep, base);
        report(sweep->name, base_names[base], cases, differ);
    }
}

static int vm_entry_selftest(void)
{
    static uint8_t no_upcall;

    test.domain.ops = &vmx_ops;
    test.vcpu.dom = &test.domain;
    test.vcpu.upcall_pending = &no_upcall;
    if (vmx_domain_init(&test.domain) || vmx_vcpu_init(&test.vcpu))
        return -XEN_ENOMEM;
    vmx_vcpu_start(&test.vcpu, &pvh_start);
    vmx_ops.load(&test.vcpu);
    int rc = make_guests();
    for (unsigned base = 0; !rc && base < NR_BASES; base++)
        try_all((enum selftest_base)base);
    struct vmcs_snapshot s = test.good[BASE_PVH];
    write_state(&s);
    for (unsigned i = 0; i < test.nr_differences; i++)
        printk(LOG_INFO, "  %u of: %s, %s, %s", test.differences[i].count, base_names[test.differences[i].base],
               verdict_names[test.differences[i].processor],
               test.differences[i].rule ? test.differences[i].rule->text : "enters");
    vmx_ops.unload(&test.vcpu);
    vmx_vcpu_free(&test.vcpu);
    vmx_domain_free(&test.domain);
    printk(LOG_INFO, "vm entry selftest: cases %u, agree %u, differ %u, known to differ %u, not tried %u", test.cases,
           test.agree, test.differ, test.known, test.not_tried);
    return rc ? rc : test.differ ? -XEN_EINVAL : 0;
}

int vmx_selftest(const char *name)
{
    return strcmp(name, "vmentry") == 0 ? vm_entry_selftest() : -XEN_ENOENT;
}
