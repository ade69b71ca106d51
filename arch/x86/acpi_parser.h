/* SPDX-License-Identifier: MIT */
/*
 * The ACPI parser inside: acpi.c finds the tables, one file for each kind takes from them what struct acpi_info has a
 * place for. Nobody else includes this. Numbers in comments are sections of the ACPI Specification, version 6.4.
 */
#ifndef ARCH_X86_ACPI_PARSER_H
#define ARCH_X86_ACPI_PARSER_H

#include "arch/x86/acpi.h"

#define ACPI_HEADER_SIZE 36
#define ACPI_TABLE_REVISION 8 /* offset in the header */

struct acpi_parser {
    acpi_window_fn window; /* at most one pointer from it is in use at any time */
    struct acpi_info *info;
    uint64_t dsdt[2]; /* physical: by the FADT's extended field, and by the one of ACPI 1.0; 0 = none */
    size_t summed;    /* bytes of tables so far: what is wild must not take minutes */
};

/* A whole table, or a part of one, inside the window. */
struct acpi_table {
    const uint8_t *data;
    size_t size;
};

/* The first odd thing is what the user hears of. */
static inline void acpi_warn(struct acpi_parser *parser, const char *sentence)
{
    if (!parser->info->warning)
        parser->info->warning = sentence;
}

/* The little-endian number of n bytes at offset, or 0 if the table is too short for it. */
static inline uint64_t acpi_field(struct acpi_table table, size_t offset, unsigned n)
{
    uint64_t value = 0;

    if (offset > table.size || n > table.size - offset)
        return 0;
    for (unsigned i = 0; i < n; i++)
        value |= (uint64_t)table.data[offset + i] << 8 * i;
    return value;
}

static inline uint8_t acpi_field8(struct acpi_table table, size_t offset)
{
    return (uint8_t)acpi_field(table, offset, 1);
}

static inline uint16_t acpi_field16(struct acpi_table table, size_t offset)
{
    return (uint16_t)acpi_field(table, offset, 2);
}

static inline uint32_t acpi_field32(struct acpi_table table, size_t offset)
{
    return (uint32_t)acpi_field(table, offset, 4);
}

/* The generic address structure at offset (5.2.3.2). */
struct acpi_address acpi_generic_address(struct acpi_table table, size_t offset);

/* Each takes one table whose header, length and checksum are good. */
void acpi_take_madt(struct acpi_parser *parser, struct acpi_table table); /* acpi_madt.c */
void acpi_take_fadt(struct acpi_parser *parser, struct acpi_table table); /* acpi_fadt.c */
void acpi_take_hpet(struct acpi_parser *parser, struct acpi_table table);
void acpi_take_spcr(struct acpi_parser *parser, struct acpi_table table); /* acpi_serial.c */
void acpi_take_dbg2(struct acpi_parser *parser, struct acpi_table table);
void acpi_find_s5(struct acpi_parser *parser, struct acpi_table aml); /* acpi_aml.c: of a DSDT or SSDT */

#endif
