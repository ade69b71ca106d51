/* SPDX-License-Identifier: MIT */
#include "kernel/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/acpi.h"
#include "arch/x86/apic.h"
#include "arch/x86/arch.h"
#include "arch/x86/console.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpu_record.h"
#include "arch/x86/machine.h"
#include "arch/x86/time.h"
#include "arch/x86/unequal.h"
#include "boot/boot_info.h"
#include "common/format.h"
#include "common/string.h"
#include "guest/abi/memory.h"
#include "kernel/container.h"
#include "kernel/memory.h"
#include "kernel/printk_internal.h"
#include "kernel/report_text.h"
#include "kernel/summary.h"
#include "kernel/version.h"

#define COLUMN 20
#define WIDE_COLUMN 28
#define CAPABILITY_COLUMN 34
#define RAW_COLUMN 10
#define TEXT_MAX 1024

typedef unsigned long long ull;

static void section(const char *title, unsigned column)
{
    report_section(printk_plain_line, title, column);
}

static void fact(const char *key, const char *value)
{
    report_fact(printk_plain_line, key, value);
}

__attribute__((format(printf, 2, 3))) static void fact_f(const char *key, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    format_v(text, sizeof text, fmt, args);
    va_end(args);
    fact(key, text);
}

/* Words one after the other, as a value for fact(). */
struct words {
    char text[TEXT_MAX];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void word(struct words *w, const char *fmt, ...)
{
    va_list args;
    if (w->length)
        w->length += (size_t)format(w->text + w->length, sizeof w->text - w->length, " ");
    va_start(args, fmt);
    w->length += (size_t)format_v(w->text + w->length, sizeof w->text - w->length, fmt, args);
    va_end(args);
    if (w->length > sizeof w->text - 1)
        w->length = sizeof w->text - 1;
}

static const char *words_or(const struct words *w, const char *nothing)
{
    return w->length ? w->text : nothing;
}

/* --- The machine, its firmware and its loader. */
static void hypervisor_below(void)
{
    struct cpuid c = record_cpuid(&boot_cpu_record, 0x40000000, 0);
    char name[13];
    memcpy(name, &c.ebx, 4);
    memcpy(name + 4, &c.ecx, 4);
    memcpy(name + 8, &c.edx, 4);
    name[12] = '\0';
    for (unsigned i = 0; i < 12; i++)
        if (name[i] && (name[i] < ' ' || name[i] > '~'))
            name[i] = '?';
    if (machine_is_virtual())
        fact_f("kind", "virtual: \"%s\"", name);
    else
        fact("kind", "real, or an emulator that does not tell");
}

static void report_machine(const struct boot_info *info)
{
    section("Machine", COLUMN);
    fact("Xenolith", XENOLITH_VERSION);
    hypervisor_below();
    fact("firmware", info->efi ? "UEFI" : "BIOS");
    fact_f("boot loader", "%s", info->loader);
    fact_f("boot protocol", "%s", info->protocol);
    fact_f("command line", "%s", info->cmdline);
    if (acpi->has_madt || acpi->has_fadt)
        fact_f("ACPI", "revision %u, %s, %s, %s", acpi->revision, acpi->has_madt ? "MADT" : "no MADT",
               acpi->has_fadt ? "FADT" : "no FADT", acpi->has_s5 ? "power-off" : "no power-off");
    else
        fact("ACPI", "missing");
    if (acpi->warning)
        fact("ACPI oddity", acpi->warning);
}

/* --- Memory. */
static const struct {
    uint32_t type;
    const char *name;
} kinds[] = {
    {E820_RAM, "RAM"}, {E820_RESERVED, "reserved"},     {E820_ACPI, "ACPI tables"},
    {E820_NVS, "NVS"}, {E820_UNUSABLE, "broken (RAM)"},
};

static void memory_kind(const struct boot_info *info, unsigned kind)
{
    uint64_t bytes = 0, end = 0;
    unsigned n = 0;
    for (unsigned i = 0; i < info->nr_regions; i++) {
        const struct boot_region *r = &info->regions[i];
        if (r->type != kinds[kind].type)
            continue;
        n++;
        bytes += r->size;
        end = r->start + r->size > end ? r->start + r->size : end;
    }
    bool large = bytes >> 20 >= 10;
    if (n)
        fact_f(kinds[kind].name, "%llu %s in %u region%s, up to %#llx", (ull)bytes >> (large ? 20 : 10),
               large ? "MiB" : "KiB", n, n == 1 ? "" : "s", (ull)end);
}

static void report_memory(const struct boot_info *info)
{
    section("Memory", COLUMN);
    for (unsigned k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        memory_kind(info, k);
    fact_f("free for guests", "%llu MiB", (ull)memory_free_frames() >> 8);
}

/* --- Processors. */
static const struct feature {
    const char *name;
    uint32_t leaf;
    unsigned reg; /* 0 eax .. 3 edx */
    uint32_t bit;
} cpu_features[] = {
    {"NX", 0x80000001, 3, 1U << 20},
    {"SMEP", 7, 1, 1U << 7},
    {"SMAP", 7, 1, 1U << 20},
    {"UMIP", 7, 2, 1U << 2},
    {"PGE", 1, 3, 1U << 13},
    {"PCID", 1, 2, 1U << 17},
    {"1GiB-pages", 0x80000001, 3, 1U << 26},
    {"5-levels", 7, 2, 1U << 16},
    {"XSAVE", 1, 2, 1U << 26},
    {"x2APIC", 1, 2, 1U << 21},
    {"TSC-deadline", 1, 2, 1U << 24},
    {"invariant-TSC", 0x80000007, 3, 1U << 8},
    {"RDTSCP", 0x80000001, 3, 1U << 27},
    {"MTRR", 1, 3, 1U << 12},
    {"PAT", 1, 3, 1U << 16},
    {"MCE", 1, 3, 1U << 7},
    {"SMX", 1, 2, 1U << 6},
    {"hypervisor", 1, 2, 1U << 31},
};

static bool has(const struct feature *f)
{
    struct cpuid c = record_cpuid(&boot_cpu_record, f->leaf, 0);
    const uint32_t regs[] = {c.eax, c.ebx, c.ecx, c.edx};
    return regs[f->reg] & f->bit;
}

static void report_features(void)
{
    struct words present = {.length = 0}, missing = {.length = 0};
    for (unsigned i = 0; i < sizeof cpu_features / sizeof cpu_features[0]; i++)
        word(has(&cpu_features[i]) ? &present : &missing, "%s", cpu_features[i].name);
    fact("present", words_or(&present, "none"));
    fact("missing", words_or(&missing, "none"));
}

static void report_processors(void)
{
    const struct cpu_record *r = &boot_cpu_record;
    uint32_t sizes = record_cpuid(r, 0x80000008, 0).eax, microcode, smis, now;

    section("Processors", COLUMN);
    fact_f("running", "%u, of %u that the firmware lists", nr_cpus, acpi->nr_cpus);
    if (nr_cpus > 1)
        fact("all alike", unequal_found() ? "no: guests see what all of them have" : "yes");
    fact("model", cpu_model());
    fact_f("signature", "family %u, model %u, stepping %u", record_family(r), record_model(r), record_stepping(r));
    if (record_microcode(r, &microcode))
        fact_f("microcode", "revision %#x", microcode);
    else
        fact("microcode", "not told");
    if (record_smi_count(r, &smis) && cpu_smi_count(&now))
        fact_f("SMIs", "%u since reset, %u of them since the start", now, now - smis);
    else
        fact("SMIs", "not counted by this processor");
    fact_f("addresses", "%u bits physical, %u bits linear", sizes & 0xff, sizes >> 8 & 0xff);
    fact("protections", cpu_protections());
    report_features();
}

/* --- Interrupts, timers, consoles. */
static void report_interrupts(void)
{
    struct words ids = {.length = 0};
    section("Interrupts", COLUMN);
    fact("local APIC", apic_is_x2apic() ? "x2APIC" : "xAPIC");
    for (unsigned i = 0; i < nr_cpus; i++)
        word(&ids, "%u", cpus[i].apic_id);
    fact("APIC ids", ids.text);
    fact_f("I/O APICs", "%u", acpi->nr_ioapics);
    fact_f("8259s", "%s", acpi->has_madt && !acpi->has_8259 ? "missing" : "present, masked");
}

static void report_timers(void)
{
    section("Timers", WIDE_COLUMN);
    fact_f("TSC", "%llu kHz by %s, %s%s", (ull)tsc_hz / 1000, time_source,
           time_confirmed ? "confirmed by " : "which nothing confirms", time_confirmed ? time_confirmed : "");
    fact_f("interrupts", "from %s", time_timer);
    time_describe_sources(fact);
    fact("time of day", time_wallclock_at_boot() ? "present: the CMOS clock" : "missing");
}

static void report_consoles(void)
{
    section("Consoles", COLUMN);
    console_describe(fact);
}

/* --- The raw values: tools/report.py makes a fixture of the host tests from them. */
static void report_raw(const struct boot_info *info)
{
    const struct cpu_record *r = &boot_cpu_record;
    struct words w = {.length = 0};

    section("Raw", RAW_COLUMN);
    for (unsigned i = 0; i < info->nr_firmware_regions; i++) {
        const struct boot_region *e = &info->firmware_regions[i];
        fact_f("e820", "%016llx-%016llx %u", (ull)e->start, (ull)(e->start + e->size - 1), e->type);
    }
    for (unsigned i = 0; i < r->nr_leaves; i++) {
        const struct record_leaf *l = &r->leaves[i];
        fact_f("cpuid", "%08x.%x %08x %08x %08x %08x", l->leaf, l->subleaf, l->value.eax, l->value.ebx, l->value.ecx,
               l->value.edx);
    }
    for (unsigned i = 0; i < r->nr_msrs; i++) {
        word(&w, "%x=%llx", r->msrs[i].msr, (ull)r->msrs[i].value);
        if (w.length > sizeof w.text - 32 || i + 1 == r->nr_msrs) {
            fact("msr", w.text);
            w.length = 0;
        }
    }
}

/* --- What it comes to. */
static void report_container(const struct virt_ops *ops)
{
    section(ops->name, CAPABILITY_COLUMN);
    ops->describe(&boot_cpu_record, fact);
}

static void report_containers(void)
{
    for (unsigned i = 0; virt_backends[i]; i++)
        report_container(virt_backends[i]);
    if (virt_pv)
        report_container(virt_pv);
}

/* Without virtualisation there are pv domains still. */
static void report_pv(void)
{
    char text[TEXT_MAX];
    format(text, sizeof text, "no, because %s", container_missing(CONFIG_TYPE_PV));
    fact("pv domains", container_ops(CONFIG_TYPE_PV) ? "yes" : text);
}

/* why: what ended the start too early, or NULL. */
static void report_verdict(const char *why)
{
    char text[TEXT_MAX];
    section("Verdict", COLUMN);
    if (why)
        format(text, sizeof text, "no, because %s", why);
    else
        container_verdict(text, sizeof text);
    fact("verdict", text);
    if (!why)
        report_pv();
    printk_plain_line("");
}

static const struct boot_info *boot;

static void print(const char *why)
{
    printk_plain_line("");
    printk_plain_line("Report: what this machine can do");
    report_machine(boot);
    report_memory(boot);
    report_processors();
    report_interrupts();
    report_timers();
    report_consoles();
    report_raw(boot);
    report_containers();
    report_verdict(why);
}

void report_prepare(const struct boot_info *info)
{
    boot = info;
    printk_on_panic(print);
}

void report_run(void)
{
    printk_on_panic(NULL);
    print(NULL);
    summary_verdict(true, true);
}
