/* SPDX-License-Identifier: MIT */
/* ACPI tables without an interpreter. Numbers in comments are sections of the ACPI Specification, version 6.4. */
#include "arch/x86/acpi.h"
#include "common/string.h"

#define HEADER_SIZE 36
#define MAX_TABLE_SIZE (16U << 20)
#define MAX_ROOT_ENTRIES 1024
#define RSDP1_SIZE 20
#define RSDP2_SIZE 36
#define RSDP2_MAX_SIZE 4096
#define NO_TABLE ((struct table){0})

struct parser {
    acpi_window_fn window; /* at most one pointer from it is in use at any time */
    struct acpi_info *info;
};

/* A whole table, or a part of one, inside the window. */
struct table {
    const uint8_t *data;
    size_t size;
};

/* Where the root table lies, and how wide its entries are. */
struct root {
    uint64_t pa;
    unsigned entry_size; /* 4 = RSDT, 8 = XSDT */
};

static void warn(struct parser *parser, const char *sentence)
{
    if (!parser->info->warning)
        parser->info->warning = sentence;
}

/* The little-endian number of n bytes at offset, or 0 if the table is too short for it. */
static uint64_t field(struct table table, size_t offset, unsigned n)
{
    uint64_t value = 0;

    if (offset > table.size || n > table.size - offset)
        return 0;
    for (unsigned i = 0; i < n; i++)
        value |= (uint64_t)table.data[offset + i] << 8 * i;
    return value;
}

static uint8_t field8(struct table table, size_t offset)
{
    return (uint8_t)field(table, offset, 1);
}

static uint32_t field32(struct table table, size_t offset)
{
    return (uint32_t)field(table, offset, 4);
}

static bool checksum_is_good(const uint8_t *data, size_t size)
{
    unsigned sum = 0;

    for (size_t i = 0; i < size; i++)
        sum += data[i];
    return (sum & 0xff) == 0;
}

static const uint8_t *window_at(const struct parser *parser, uint64_t pa, size_t n)
{
    return pa <= UINT64_MAX - n ? parser->window(pa, n) : NULL;
}

/* The table at pa: header, length and checksum are good, or data is NULL and there is a warning (5.2.6). */
static struct table table_at(struct parser *parser, uint64_t pa)
{
    struct table table = {window_at(parser, pa, HEADER_SIZE), HEADER_SIZE};

    if (!table.data) {
        warn(parser, "an ACPI table lies in memory that cannot be read");
        return NO_TABLE;
    }
    table.size = field32(table, 4);
    if (table.size < HEADER_SIZE || table.size > MAX_TABLE_SIZE) {
        warn(parser, "an ACPI table has an impossible length");
        return NO_TABLE;
    }
    table.data = window_at(parser, pa, table.size);
    if (!table.data) {
        warn(parser, "an ACPI table goes on into memory that cannot be read");
        return NO_TABLE;
    }
    if (!checksum_is_good(table.data, table.size)) {
        warn(parser, "an ACPI table has a wrong checksum and was ignored");
        return NO_TABLE;
    }
    return table;
}

static bool has_signature(struct table table, const char *signature)
{
    return table.data && memcmp(table.data, signature, 4) == 0;
}

/* Generic address structure (5.2.3.2): space, width, offset and access size in bytes 0-3, then the address. */
static struct acpi_address generic_address(struct table table, size_t offset)
{
    return (struct acpi_address){
        .space = field8(table, offset),
        .bits = field8(table, offset + 1),
        .address = field(table, offset + 4, 8),
    };
}

/* ---- MADT (5.2.12) ---- */

static void add_cpu(struct parser *parser, struct acpi_cpu cpu)
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
        warn(parser, "there are more than 64 CPUs; the others stay unused");
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
static void take_cpu(struct parser *parser, uint32_t apic_id, uint32_t uid, uint32_t flags, bool x2apic)
{
    if (!(flags & 3))
        return;
    parser->info->has_x2apic_cpus |= x2apic;
    add_cpu(parser,
            (struct acpi_cpu){
                .apic_id = apic_id, .uid = uid, .enabled = flags & 1, .online_capable = flags & 2, .x2apic = x2apic});
}

static void take_lapic(struct parser *parser, struct table entry)
{
    if (field8(entry, 3) != 0xff) /* 0xff addresses all of them */
        take_cpu(parser, field8(entry, 3), field8(entry, 2), field32(entry, 4), false);
}

static void take_x2apic(struct parser *parser, struct table entry)
{
    if (field32(entry, 4) != UINT32_MAX)
        take_cpu(parser, field32(entry, 4), field32(entry, 12), field32(entry, 8), true);
}

static void take_ioapic(struct parser *parser, struct table entry)
{
    struct acpi_info *info = parser->info;

    if (info->nr_ioapics == ACPI_MAX_IOAPICS) {
        warn(parser, "there are more than 16 I/O APICs; the others stay unused");
        return;
    }
    info->ioapics[info->nr_ioapics++] = (struct acpi_ioapic){
        .id = field8(entry, 2),
        .address = field32(entry, 4),
        .gsi_base = field32(entry, 8),
    };
}

static void take_override(struct parser *parser, struct table entry)
{
    struct acpi_info *info = parser->info;

    if (info->nr_overrides == ACPI_MAX_OVERRIDES) {
        warn(parser, "there are more than 16 interrupt source overrides; the others are ignored");
        return;
    }
    info->overrides[info->nr_overrides++] = (struct acpi_override){
        .isa_irq = field8(entry, 3),
        .gsi = field32(entry, 4),
        .flags = (uint16_t)field(entry, 8, 2),
    };
}

static void take_lapic_address(struct parser *parser, struct table entry)
{
    parser->info->lapic_address = field(entry, 4, 8);
}

static const struct {
    void (*handler)(struct parser *parser, struct table entry);
    size_t size; /* the least that the type must have */
} madt_entries[] = {
    [0] = {take_lapic, 8},          [1] = {take_ioapic, 12}, [2] = {take_override, 10},
    [5] = {take_lapic_address, 12}, [9] = {take_x2apic, 16},
};

static void take_madt_entry(struct parser *parser, struct table entry)
{
    uint8_t type = entry.data[0];

    if (type >= sizeof(madt_entries) / sizeof(madt_entries[0]) || !madt_entries[type].handler)
        return;
    if (entry.size < madt_entries[type].size)
        warn(parser, "an entry of the ACPI MADT is too short and was ignored");
    else
        madt_entries[type].handler(parser, entry);
}

static void take_madt(struct parser *parser, struct table table)
{
    struct acpi_info *info = parser->info;
    size_t at = HEADER_SIZE + 8;

    if (info->has_madt) {
        warn(parser, "there is more than one ACPI MADT; the first one counts");
        return;
    }
    info->has_madt = true;
    info->lapic_address = field32(table, HEADER_SIZE);
    info->has_8259 = field32(table, HEADER_SIZE + 4) & 1;
    while (at < table.size) {
        uint8_t size = field8(table, at + 1); /* 0 if cut off */

        if (size < 2 || size > table.size - at) {
            warn(parser, "an entry of the ACPI MADT has an impossible length; the rest was ignored");
            return;
        }
        take_madt_entry(parser, (struct table){table.data + at, size});
        at += size;
    }
}

/* ---- FADT (5.2.9) ---- */

#define FADT_DSDT 40
#define FADT_SMI_CMD 48
#define FADT_ACPI_ENABLE 52
#define FADT_PM1A_CNT 64
#define FADT_PM1B_CNT 68
#define FADT_PM_TMR 76
#define FADT_PM_TMR_LEN 91
#define FADT_FLAGS 112
#define FADT_RESET_REG 116
#define FADT_RESET_VALUE 128
#define FADT_X_DSDT 140
#define FADT_X_PM1A_CNT 172
#define FADT_X_PM1B_CNT 184
#define FADT_X_PM_TMR 208
#define FADT_MIN_SIZE 116 /* of ACPI 1.0 */

#define FADT_TMR_VAL_EXT (1U << 8)
#define FADT_RESET_REG_SUP (1U << 10)
#define FADT_HW_REDUCED (1U << 20)

/* A register block: the extended address if there is one, else the port number of ACPI 1.0. */
static struct acpi_address register_block(struct table table, size_t old, size_t extended, uint8_t bits)
{
    struct acpi_address address = generic_address(table, extended);

    if (address.address == 0 || address.space > ACPI_SPACE_IO ||
        (address.space == ACPI_SPACE_IO && address.address > UINT16_MAX)) {
        address.address = field32(table, old);
        address.space = ACPI_SPACE_IO;
        if (address.address > UINT16_MAX)
            address.address = 0;
    }
    address.bits = address.address ? bits : 0;
    return address;
}

static void take_pm_registers(struct acpi_info *info, struct table table, uint32_t flags)
{
    uint32_t smi_cmd = field32(table, FADT_SMI_CMD);

    info->smi_cmd = smi_cmd <= UINT16_MAX ? (uint16_t)smi_cmd : 0;
    info->acpi_enable = field8(table, FADT_ACPI_ENABLE);
    info->pm1a = register_block(table, FADT_PM1A_CNT, FADT_X_PM1A_CNT, 16);
    info->pm1b = register_block(table, FADT_PM1B_CNT, FADT_X_PM1B_CNT, 16);
    if (field8(table, FADT_PM_TMR_LEN) != 4)
        return;
    info->pm_timer = register_block(table, FADT_PM_TMR, FADT_X_PM_TMR, 32);
    if (info->pm_timer.address)
        info->pm_timer_bits = flags & FADT_TMR_VAL_EXT ? 32 : 24;
}

static void take_reset(struct parser *parser, struct table table)
{
    struct acpi_info *info = parser->info;
    struct acpi_address reset = generic_address(table, FADT_RESET_REG);

    if (reset.address == 0 || reset.space > ACPI_SPACE_PCI ||
        (reset.space == ACPI_SPACE_IO && reset.address > UINT16_MAX)) {
        warn(parser, "the ACPI reset register has an impossible address and is not used");
        return;
    }
    info->has_reset = true;
    info->reset = reset;
    info->reset_value = field8(table, FADT_RESET_VALUE);
}

static void take_fadt(struct parser *parser, struct table table)
{
    struct acpi_info *info = parser->info;
    uint32_t flags = field32(table, FADT_FLAGS);

    if (info->has_fadt || table.size < FADT_MIN_SIZE) {
        warn(parser, "an ACPI FADT is too short, or not the first one, and was ignored");
        return;
    }
    info->has_fadt = true;
    info->hw_reduced = flags & FADT_HW_REDUCED;
    info->dsdt = field(table, FADT_X_DSDT, 8);
    if (info->dsdt == 0)
        info->dsdt = field32(table, FADT_DSDT);
    if (!info->hw_reduced)
        take_pm_registers(info, table, flags);
    if (flags & FADT_RESET_REG_SUP)
        take_reset(parser, table);
}

/* ---- HPET (IA-PC HPET Specification 1.0a, 3.2.4) and SPCR ---- */

static void take_hpet(struct parser *parser, struct table table)
{
    struct acpi_address base = generic_address(table, HEADER_SIZE + 4);

    if (parser->info->hpet == 0 && base.space == ACPI_SPACE_MEMORY)
        parser->info->hpet = base.address;
}

static void take_spcr(struct parser *parser, struct table table)
{
    struct acpi_address base = generic_address(table, HEADER_SIZE + 4);

    if (base.space > ACPI_SPACE_IO || (base.space == ACPI_SPACE_IO && base.address > UINT16_MAX))
        return;
    parser->info->serial = base;
    parser->info->serial_type = field8(table, HEADER_SIZE);
}

/* ---- _S5_ (7.4.2.6) out of AML (20.2) ---- */

#define AML_ZERO 0x00
#define AML_ONE 0x01
#define AML_NAME 0x08
#define AML_BYTE 0x0a
#define AML_WORD 0x0b
#define AML_DWORD 0x0c
#define AML_QWORD 0x0e
#define AML_PACKAGE 0x12
#define AML_ROOT '\\'

/* PkgLength at *at (20.2.4): moves *at behind it and returns where the package ends; 0 if it does not fit. */
static size_t package_end(struct table aml, size_t *at)
{
    size_t start = *at;
    uint8_t lead = field8(aml, start);
    unsigned more = lead >> 6;
    size_t size = more ? (lead & 0x0f) | (size_t)field(aml, start + 1, more) << 4 : lead & 0x3f;

    *at = start + 1 + more;
    if (size < 1 + more || size > aml.size - start)
        return 0;
    return start + size;
}

/* A constant integer at *at (20.2.3), before end. */
static bool constant(struct table aml, size_t *at, size_t end, uint64_t *value)
{
    static const uint8_t bytes[] = {[AML_BYTE] = 1, [AML_WORD] = 2, [AML_DWORD] = 4, [AML_QWORD] = 8};
    uint8_t op;

    if (*at >= end)
        return false;
    op = aml.data[(*at)++];
    *value = op;
    if (op == AML_ZERO || op == AML_ONE)
        return true;
    if (op >= sizeof(bytes) || bytes[op] == 0 || bytes[op] > end - *at)
        return false;
    *value = field(aml, *at, bytes[op]);
    *at += bytes[op];
    return true;
}

/* The package behind the name: its first two elements are SLP_TYPa and SLP_TYPb. */
static bool take_s5_package(struct acpi_info *info, struct table aml, size_t at)
{
    uint64_t a, b;
    size_t end;

    if (field8(aml, at++) != AML_PACKAGE || at >= aml.size)
        return false;
    end = package_end(aml, &at);
    if (end == 0 || at >= end || aml.data[at++] < 2) /* NumElements */
        return false;
    if (!constant(aml, &at, end, &a) || !constant(aml, &at, end, &b) || a > 7 || b > 7)
        return false;
    info->has_s5 = true;
    info->slp_typa = (uint8_t)a;
    info->slp_typb = (uint8_t)b;
    return true;
}

static void find_s5(struct parser *parser, struct table aml)
{
    for (size_t at = HEADER_SIZE + 1; at + 4 < aml.size && !parser->info->has_s5; at++) {
        const uint8_t *name = aml.data + at;

        if (memcmp(name, "_S5_", 4) != 0)
            continue;
        if (name[-1] != AML_NAME && !(name[-1] == AML_ROOT && at > HEADER_SIZE + 1 && name[-2] == AML_NAME))
            continue;
        if (!take_s5_package(parser->info, aml, at + 4))
            warn(parser, "the ACPI object _S5_ is not a package of two constants from 0 to 7");
    }
}

/* ---- root tables (5.2.7, 5.2.8) ---- */

struct table_kind {
    const char *signature;
    void (*handler)(struct parser *parser, struct table table);
};

static const struct table_kind table_kinds[] = {
    {"APIC", take_madt},
    {"FACP", take_fadt},
    {"HPET", take_hpet},
    {"SPCR", take_spcr},
};
static const struct table_kind ssdt_kind[] = {{"SSDT", find_s5}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The window is asked for the signature first, so that tables that nobody needs are not summed up. */
static void take_table(struct parser *parser, uint64_t pa, const struct table_kind *kinds, size_t nr_kinds)
{
    struct table head = {window_at(parser, pa, HEADER_SIZE), HEADER_SIZE};

    if (!head.data) {
        warn(parser, "an ACPI table lies in memory that cannot be read");
        return;
    }
    for (size_t i = 0; i < nr_kinds; i++) {
        if (!has_signature(head, kinds[i].signature))
            continue;
        head = table_at(parser, pa);
        if (head.data)
            kinds[i].handler(parser, head);
        return;
    }
}

static void take_tables(struct parser *parser, struct root root, size_t nr_entries, const struct table_kind *kinds,
                        size_t nr_kinds)
{
    for (size_t i = 0; i < nr_entries; i++) {
        uint64_t at = root.pa + HEADER_SIZE + i * root.entry_size;
        struct table entry = {window_at(parser, at, root.entry_size), root.entry_size};
        uint64_t pa = field(entry, 0, entry.data ? root.entry_size : 0);

        if (pa != 0)
            take_table(parser, pa, kinds, nr_kinds);
    }
}

/* How many entries the root table has; 0 if it is not a root table. */
static size_t root_entries(struct parser *parser, struct root root)
{
    struct table table = root.pa ? table_at(parser, root.pa) : NO_TABLE;
    size_t n;

    if (!has_signature(table, root.entry_size == 8 ? "XSDT" : "RSDT"))
        return 0;
    n = (table.size - HEADER_SIZE) / root.entry_size;
    if (n <= MAX_ROOT_ENTRIES)
        return n;
    warn(parser, "the ACPI root table has more than 1024 entries; the others were ignored");
    return MAX_ROOT_ENTRIES;
}

static int parse_roots(struct parser *parser, struct root xsdt, struct root rsdt, const char **error)
{
    struct root root = xsdt;
    size_t n = root_entries(parser, root);
    struct table dsdt;

    if (n == 0) {
        root = rsdt;
        n = root_entries(parser, root);
    }
    if (n == 0) {
        *error = "ACPI has no valid root table (XSDT or RSDT)";
        return -1;
    }
    take_tables(parser, root, n, table_kinds, COUNT(table_kinds));
    if (parser->info->dsdt) {
        dsdt = table_at(parser, parser->info->dsdt);
        if (has_signature(dsdt, "DSDT"))
            find_s5(parser, dsdt);
    }
    if (!parser->info->has_s5)
        take_tables(parser, root, n, ssdt_kind, COUNT(ssdt_kind));
    *error = NULL;
    return 0;
}

/* ---- RSDP (5.2.5) ---- */

/* How many bytes an RSDP has that begins with these 20: 20, more, or 0 if it is none; then *error says why. */
static size_t rsdp_size(struct table head, const char **error)
{
    size_t size = RSDP1_SIZE;

    *error = "the ACPI RSDP has no signature";
    if (memcmp(head.data, "RSD PTR ", 8) != 0)
        return 0;
    *error = "the ACPI RSDP has a wrong checksum";
    if (!checksum_is_good(head.data, RSDP1_SIZE))
        return 0;
    if (field8(head, 15) >= 2)
        size = RSDP2_SIZE;
    return size;
}

static int parse_rsdp(struct parser *parser, struct table rsdp, const char **error)
{
    struct root xsdt = {field(rsdp, 24, 8), 8};
    struct root rsdt = {field32(rsdp, 16), 4};

    parser->info->revision = field8(rsdp, 15);
    if (parser->info->revision < 2)
        xsdt.pa = 0;
    return parse_roots(parser, xsdt, rsdt, error);
}

/* The length field of an RSDP of ACPI 2.0 and its checksum over all of it. */
static bool rsdp2_is_good(struct table rsdp, const char **error)
{
    size_t size = field32(rsdp, 20);

    *error = "the ACPI RSDP has an impossible length";
    if (size < RSDP2_SIZE || size > rsdp.size)
        return false;
    *error = "the ACPI RSDP has a wrong extended checksum";
    return checksum_is_good(rsdp.data, size);
}

/* The RSDP at pa as a whole; data is NULL and *error says why if there is none. */
static struct table rsdp_at(const struct parser *parser, uint64_t pa, const char **error)
{
    struct table rsdp = {window_at(parser, pa, RSDP1_SIZE), RSDP1_SIZE};

    *error = "the ACPI RSDP lies in memory that cannot be read";
    if (!rsdp.data)
        return NO_TABLE;
    rsdp.size = rsdp_size(rsdp, error);
    if (rsdp.size <= RSDP1_SIZE)
        return rsdp.size ? rsdp : NO_TABLE;
    *error = "the ACPI RSDP goes on into memory that cannot be read";
    rsdp.data = window_at(parser, pa, RSDP2_SIZE);
    if (!rsdp.data)
        return NO_TABLE;
    if (field32(rsdp, 20) > RSDP2_SIZE && field32(rsdp, 20) <= RSDP2_MAX_SIZE) {
        rsdp.size = field32(rsdp, 20);
        rsdp.data = window_at(parser, pa, rsdp.size);
    }
    if (!rsdp.data || !rsdp2_is_good(rsdp, error))
        return NO_TABLE;
    return rsdp;
}

/* The first RSDP on a 16-byte boundary of [start, end), or 0. */
static uint64_t search(const struct parser *parser, uint64_t start, uint64_t end)
{
    const char *why;

    for (uint64_t pa = start; pa + RSDP1_SIZE <= end; pa += 16)
        if (rsdp_at(parser, pa, &why).data)
            return pa;
    return 0;
}

/* 5.2.5.1: the first KiB of the EBDA, whose segment the BIOS left at 0x40E, or the BIOS's read-only memory. */
static uint64_t search_bios(const struct parser *parser)
{
    struct table segment = {window_at(parser, 0x40e, 2), 2};
    uint64_t ebda = segment.data ? field(segment, 0, 2) << 4 : 0;
    uint64_t found = 0;

    if (ebda >= 0x500 && ebda < 0xa0000)
        found = search(parser, ebda, ebda + 1024);
    return found ? found : search(parser, 0xe0000, 0x100000);
}

static struct parser begin(acpi_window_fn window, struct acpi_info *info)
{
    memset(info, 0, sizeof(*info));
    return (struct parser){.window = window, .info = info};
}

int acpi_parse(uint64_t rsdp_pa, acpi_window_fn window, struct acpi_info *info, const char **error)
{
    struct parser parser = begin(window, info);
    struct table rsdp;

    if (rsdp_pa == 0)
        rsdp_pa = search_bios(&parser);
    if (rsdp_pa == 0) {
        *error = "no ACPI RSDP was found";
        return -1;
    }
    rsdp = rsdp_at(&parser, rsdp_pa, error);
    if (!rsdp.data)
        return -1;
    info->rsdp = rsdp_pa;
    return parse_rsdp(&parser, rsdp, error);
}

int acpi_parse_copy(const void *copy, size_t size, acpi_window_fn window, struct acpi_info *info, const char **error)
{
    struct parser parser = begin(window, info);
    struct table rsdp = {copy, size};
    size_t need;

    *error = "the ACPI RSDP is cut off";
    if (size < RSDP1_SIZE)
        return -1;
    need = rsdp_size(rsdp, error);
    if (need == 0)
        return -1;
    if (need > size) {
        *error = "the ACPI RSDP is cut off";
        return -1;
    }
    if (need == RSDP2_SIZE && !rsdp2_is_good(rsdp, error))
        return -1;
    return parse_rsdp(&parser, rsdp, error);
}
