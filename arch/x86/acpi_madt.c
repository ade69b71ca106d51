/* SPDX-License-Identifier: MIT */
/* The MADT (5.2.12): processors and interrupt controllers. */
#include "arch/x86/acpi_parser.h"
#include "common/string.h"

static void add_cpu(struct acpi_parser *parser, struct acpi_cpu cpu)
{
    struct acpi_info *info = parser->info;
    unsigned at = 0;

    for (unsigned i = 0; i < info->nr_cpus; i++) {
        if (info->cpus[i].apic_id != cpu.apic_id)
            continue;
        if (info->cpus[i].enabled || !cpu.enabled)
            return; /* listed twice, as local APIC and as x2APIC */
        info->nr_cpus--;
        memmove(&info->cpus[i], &info->cpus[i + 1], (info->nr_cpus - i) * sizeof(cpu));
    }
    if (info->nr_cpus == ACPI_MAX_CPUS) {
        acpi_warn(parser, "there are more than 64 CPUs; the others stay unused");
        if (!cpu.enabled || info->cpus[ACPI_MAX_CPUS - 1].enabled)
            return;
        info->nr_cpus--;
    }
    while (at < info->nr_cpus && (info->cpus[at].enabled || !cpu.enabled))
        at++;
    memmove(&info->cpus[at + 1], &info->cpus[at], (info->nr_cpus - at) * sizeof(cpu));
    info->cpus[at] = cpu;
    info->nr_cpus++;
}

/* Flags of both kinds of entry: bit 0 enabled, bit 1 online capable. */
static void take_cpu(struct acpi_parser *parser, uint32_t apic_id, uint32_t uid, uint32_t flags, bool x2apic)
{
    if (!(flags & 3))
        return;
    parser->info->has_x2apic_cpus |= x2apic;
    add_cpu(parser,
            (struct acpi_cpu){
                .apic_id = apic_id, .uid = uid, .enabled = flags & 1, .online_capable = flags & 2, .x2apic = x2apic});
}

static void take_lapic(struct acpi_parser *parser, struct acpi_table entry)
{
    if (acpi_field8(entry, 3) != 0xff) /* 0xff addresses all of them */
        take_cpu(parser, acpi_field8(entry, 3), acpi_field8(entry, 2), acpi_field32(entry, 4), false);
}

static void take_x2apic(struct acpi_parser *parser, struct acpi_table entry)
{
    if (acpi_field32(entry, 4) != UINT32_MAX)
        take_cpu(parser, acpi_field32(entry, 4), acpi_field32(entry, 12), acpi_field32(entry, 8), true);
}

static void take_ioapic(struct acpi_parser *parser, struct acpi_table entry)
{
    struct acpi_info *info = parser->info;

    if (info->nr_ioapics == ACPI_MAX_IOAPICS) {
        acpi_warn(parser, "there are more than 16 I/O APICs; the others stay unused");
        return;
    }
    info->ioapics[info->nr_ioapics++] = (struct acpi_ioapic){
        .id = acpi_field8(entry, 2),
        .address = acpi_field32(entry, 4),
        .gsi_base = acpi_field32(entry, 8),
    };
}

static void take_override(struct acpi_parser *parser, struct acpi_table entry)
{
    struct acpi_info *info = parser->info;

    if (info->nr_overrides == ACPI_MAX_OVERRIDES) {
        acpi_warn(parser, "there are more than 16 interrupt source overrides; the others are ignored");
        return;
    }
    info->overrides[info->nr_overrides++] = (struct acpi_override){
        .isa_irq = acpi_field8(entry, 3),
        .gsi = acpi_field32(entry, 4),
        .flags = (uint16_t)acpi_field(entry, 8, 2),
    };
}

static void take_lapic_address(struct acpi_parser *parser, struct acpi_table entry)
{
    parser->info->lapic_address = acpi_field(entry, 4, 8);
}

static const struct {
    void (*handler)(struct acpi_parser *parser, struct acpi_table entry);
    size_t size; /* the least that the type must have */
} madt_entries[] = {
    [0] = {take_lapic, 8},          [1] = {take_ioapic, 12}, [2] = {take_override, 10},
    [5] = {take_lapic_address, 12}, [9] = {take_x2apic, 16},
};

static void take_madt_entry(struct acpi_parser *parser, struct acpi_table entry)
{
    uint8_t type = entry.data[0];

    if (type >= sizeof(madt_entries) / sizeof(madt_entries[0]) || !madt_entries[type].handler)
        return;
    if (entry.size < madt_entries[type].size)
        acpi_warn(parser, "an entry of the ACPI MADT is too short and was ignored");
    else
        madt_entries[type].handler(parser, entry);
}

void acpi_take_madt(struct acpi_parser *parser, struct acpi_table table)
{
    struct acpi_info *info = parser->info;
    size_t at = ACPI_HEADER_SIZE + 8;

    if (info->has_madt) {
        acpi_warn(parser, "there is more than one ACPI MADT; the first one counts");
        return;
    }
    info->has_madt = true;
    info->lapic_address = acpi_field32(table, ACPI_HEADER_SIZE);
    info->has_8259 = acpi_field32(table, ACPI_HEADER_SIZE + 4) & 1;
    while (at < table.size) {
        uint8_t size = acpi_field8(table, at + 1); /* 0 if cut off */

        if (size < 2 || size > table.size - at) {
            acpi_warn(parser, "an entry of the ACPI MADT has an impossible length; the rest was ignored");
            return;
        }
        take_madt_entry(parser, (struct acpi_table){table.data + at, size});
        at += size;
    }
}
