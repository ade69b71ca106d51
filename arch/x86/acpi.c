/* SPDX-License-Identifier: MIT */
/* From the RSDP to the tables. Numbers in comments are sections of the ACPI Specification, version 6.4. */
#include "arch/x86/acpi_parser.h"
#include "common/string.h"

#define MAX_TABLE_SIZE (16U << 20)
#define MAX_SUMMED (64U << 20) /* bytes of all tables together */
#define MAX_ROOT_ENTRIES 1024
#define RSDP1_SIZE 20
#define RSDP2_SIZE 36
#define RSDP2_MAX_SIZE 4096
#define NO_TABLE ((struct acpi_table){0})

/* Where the root table lies, and how wide its entries are. */
struct root {
    uint64_t pa;
    unsigned entry_size; /* 4 = RSDT, 8 = XSDT */
};

static bool checksum_is_good(const uint8_t *data, size_t size)
{
    unsigned sum = 0;

    for (size_t i = 0; i < size; i++)
        sum += data[i];
    return (sum & 0xff) == 0;
}

static const uint8_t *window_at(const struct acpi_parser *parser, uint64_t pa, size_t n)
{
    return pa <= UINT64_MAX - n ? parser->window(pa, n) : NULL;
}

/* A warning that names the table, whose header can be read. */
static struct acpi_table warn_of(struct acpi_parser *parser, uint64_t pa, const char *sentence)
{
    struct acpi_info *info = parser->info;
    const uint8_t *name = window_at(parser, pa, ACPI_HEADER_SIZE);

    for (unsigned i = 0; i < 4 && name && !info->warning; i++)
        info->warning_table[i] = name[i] > ' ' && name[i] <= '~' ? (char)name[i] : '?';
    acpi_warn(parser, sentence);
    return NO_TABLE;
}

/* The table at pa: header, length and checksum are good, or data is NULL and there is a warning (5.2.6). */
static struct acpi_table table_at(struct acpi_parser *parser, uint64_t pa)
{
    struct acpi_table table = {window_at(parser, pa, ACPI_HEADER_SIZE), ACPI_HEADER_SIZE};

    if (!table.data) {
        acpi_warn(parser, "an ACPI table lies in memory that cannot be read");
        return NO_TABLE;
    }
    table.size = acpi_field32(table, 4);
    if (table.size < ACPI_HEADER_SIZE || table.size > MAX_TABLE_SIZE)
        return warn_of(parser, pa, "an ACPI table has an impossible length");
    parser->summed += table.size;
    if (parser->summed > MAX_SUMMED)
        return warn_of(parser, pa, "the ACPI tables are larger than 64 MiB together; the others were ignored");
    table.data = window_at(parser, pa, table.size);
    if (!table.data)
        return warn_of(parser, pa, "an ACPI table goes on into memory that cannot be read");
    if (!checksum_is_good(table.data, table.size))
        return warn_of(parser, pa, "an ACPI table has a wrong checksum and was ignored");
    return table;
}

/* Space, width, offset and access size in bytes 0-3, then the address. */
struct acpi_address acpi_generic_address(struct acpi_table table, size_t offset)
{
    uint8_t access = acpi_field8(table, offset + 3);

    return (struct acpi_address){
        .space = acpi_field8(table, offset),
        .bits = acpi_field8(table, offset + 1),
        .access = access >= 1 && access <= 4 ? (uint8_t)(1U << (access - 1)) : 0,
        .address = acpi_field(table, offset + 4, 8),
    };
}

static bool has_signature(struct acpi_table table, const char *signature)
{
    return table.data && memcmp(table.data, signature, 4) == 0;
}

/* ---- root tables (5.2.7, 5.2.8) ---- */

struct table_kind {
    const char *signature;
    void (*handler)(struct acpi_parser *parser, struct acpi_table table);
};

static const struct table_kind table_kinds[] = {
    {"APIC", acpi_take_madt}, {"FACP", acpi_take_fadt}, {"HPET", acpi_take_hpet},
    {"SPCR", acpi_take_spcr}, {"DBG2", acpi_take_dbg2},
};
static const struct table_kind ssdt_kind[] = {{"SSDT", acpi_find_s5}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The window is asked for the signature first, so that tables that nobody needs are not summed up. */
static void take_table(struct acpi_parser *parser, uint64_t pa, const struct table_kind *kinds, size_t nr_kinds)
{
    struct acpi_table head = {window_at(parser, pa, ACPI_HEADER_SIZE), ACPI_HEADER_SIZE};

    if (!head.data) {
        acpi_warn(parser, "an ACPI table lies in memory that cannot be read");
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

static void take_tables(struct acpi_parser *parser, struct root root, size_t nr_entries, const struct table_kind *kinds,
                        size_t nr_kinds)
{
    for (size_t i = 0; i < nr_entries; i++) {
        uint64_t at = root.pa + ACPI_HEADER_SIZE + i * root.entry_size;
        struct acpi_table entry = {window_at(parser, at, root.entry_size), root.entry_size};
        uint64_t pa = acpi_field(entry, 0, entry.data ? root.entry_size : 0);

        if (pa != 0)
            take_table(parser, pa, kinds, nr_kinds);
    }
}

/* How many entries the root table has; 0 if it is not a root table. */
static size_t root_entries(struct acpi_parser *parser, struct root root)
{
    struct acpi_table table = root.pa ? table_at(parser, root.pa) : NO_TABLE;
    size_t n;

    if (!has_signature(table, root.entry_size == 8 ? "XSDT" : "RSDT"))
        return 0;
    n = (table.size - ACPI_HEADER_SIZE) / root.entry_size;
    if (n <= MAX_ROOT_ENTRIES)
        return n;
    acpi_warn(parser, "the ACPI root table has more than 1024 entries; the others were ignored");
    return MAX_ROOT_ENTRIES;
}

/* The FADT has two pointers to it, and firmware may have kept only one of them right. */
static void take_dsdt(struct acpi_parser *parser)
{
    for (unsigned i = 0; i < COUNT(parser->dsdt); i++) {
        struct acpi_table dsdt = parser->dsdt[i] ? table_at(parser, parser->dsdt[i]) : NO_TABLE;

        if (!has_signature(dsdt, "DSDT"))
            continue;
        parser->info->dsdt = parser->dsdt[i];
        acpi_find_s5(parser, dsdt);
        return;
    }
}

/* All that one root table leads to. Returns how many entries it has. */
static size_t parse_root(struct acpi_parser *parser, struct root root)
{
    size_t n = root_entries(parser, root);

    take_tables(parser, root, n, table_kinds, COUNT(table_kinds));
    take_dsdt(parser);
    if (!parser->info->has_s5)
        take_tables(parser, root, n, ssdt_kind, COUNT(ssdt_kind));
    return n;
}

static int parse_roots(struct acpi_parser *parser, struct root xsdt, struct root rsdt, const char **error)
{
    size_t n = parse_root(parser, xsdt);

    if (!parser->info->has_madt && !parser->info->has_fadt)
        n += parse_root(parser, rsdt);
    *error = n ? NULL : "ACPI has no valid root table (XSDT or RSDT)";
    return n ? 0 : -1;
}

/* ---- RSDP (5.2.5) ---- */

/* The first 20 bytes, which are all that ACPI 1.0 knows; *error says why if they are no RSDP. */
static bool rsdp1_is_good(struct acpi_table rsdp, const char **error)
{
    *error = "the ACPI RSDP has no signature";
    if (memcmp(rsdp.data, "RSD PTR ", 8) != 0)
        return false;
    *error = "the ACPI RSDP has a wrong checksum";
    return checksum_is_good(rsdp.data, RSDP1_SIZE);
}

/* What ACPI 2.0 added: a length and a checksum over all of it, which is in rsdp as far as it can be read. */
static bool rsdp2_is_good(struct acpi_parser *parser, struct acpi_table rsdp)
{
    size_t size = acpi_field32(rsdp, 20);

    if (size >= RSDP2_SIZE && size <= rsdp.size && checksum_is_good(rsdp.data, size))
        return true;
    acpi_warn(parser, "the ACPI RSDP is damaged where ACPI 2.0 extends it; the RSDT is used");
    return false;
}

/* Take an RSDP whose first 20 bytes are good. */
static int parse_rsdp(struct acpi_parser *parser, struct acpi_table rsdp, const char **error)
{
    struct root xsdt = {acpi_field(rsdp, 24, 8), 8};
    struct root rsdt = {acpi_field32(rsdp, 16), 4};

    parser->info->revision = acpi_field8(rsdp, 15);
    if (parser->info->revision < 2 || !rsdp2_is_good(parser, rsdp))
        xsdt.pa = 0;
    return parse_roots(parser, xsdt, rsdt, error);
}

/* The RSDP at pa, with as much of its extension as can be read; data is NULL and *error says why if there is none. */
static struct acpi_table rsdp_at(const struct acpi_parser *parser, uint64_t pa, const char **error)
{
    struct acpi_table rsdp = {window_at(parser, pa, RSDP1_SIZE), RSDP1_SIZE}, whole = {NULL, RSDP2_SIZE};
    size_t size;

    *error = "the ACPI RSDP lies in memory that cannot be read";
    if (!rsdp.data || !rsdp1_is_good(rsdp, error))
        return NO_TABLE;
    whole.data = window_at(parser, pa, RSDP2_SIZE);
    size = whole.data ? acpi_field32(whole, 20) : 0;
    if (size > RSDP2_SIZE && size <= RSDP2_MAX_SIZE)
        whole = (struct acpi_table){window_at(parser, pa, size), size};
    if (whole.data)
        return whole;
    rsdp.data = window_at(parser, pa, RSDP1_SIZE); /* the window shows one thing at a time */
    return rsdp;
}

/* The first RSDP on a 16-byte boundary of [start, end), or 0. */
static uint64_t search(const struct acpi_parser *parser, uint64_t start, uint64_t end)
{
    const char *why;

    for (uint64_t pa = start; pa + RSDP1_SIZE <= end; pa += 16)
        if (rsdp_at(parser, pa, &why).data)
            return pa;
    return 0;
}

/* 5.2.5.1: the first KiB of the EBDA, whose segment the BIOS left at 0x40E, or the BIOS's read-only memory. */
static uint64_t search_bios(const struct acpi_parser *parser)
{
    struct acpi_table segment = {window_at(parser, 0x40e, 2), 2};
    uint64_t ebda = segment.data ? acpi_field(segment, 0, 2) << 4 : 0;
    uint64_t found = 0;

    if (ebda >= 0x500 && ebda < 0xa0000)
        found = search(parser, ebda, ebda + 1024);
    return found ? found : search(parser, 0xe0000, 0x100000);
}

static struct acpi_parser begin(acpi_window_fn window, struct acpi_info *info)
{
    memset(info, 0, sizeof(*info));
    return (struct acpi_parser){.window = window, .info = info};
}

int acpi_parse(uint64_t rsdp_pa, acpi_window_fn window, struct acpi_info *info, const char **error)
{
    struct acpi_parser parser = begin(window, info);
    struct acpi_table rsdp;

    if (rsdp_pa == 0)
        rsdp_pa = search_bios(&parser);
    if (rsdp_pa == 0) {
        *error = "no RSDP was found (on a machine with UEFI, boot by multiboot 2, which hands it over)";
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
    struct acpi_parser parser = begin(window, info);
    struct acpi_table rsdp = {copy, size};

    *error = "the ACPI RSDP is cut off";
    if (size < RSDP1_SIZE || !rsdp1_is_good(rsdp, error))
        return -1;
    return parse_rsdp(&parser, rsdp, error);
}
