/* SPDX-License-Identifier: MIT */
/* The object _S5_ (7.4.2.6) out of AML (20.2), without an interpreter. */
#include "arch/x86/acpi_parser.h"
#include "common/string.h"

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
static size_t package_end(struct acpi_table aml, size_t *at)
{
    size_t start = *at;
    uint8_t lead = acpi_field8(aml, start);
    unsigned more = lead >> 6;
    size_t size = more ? (lead & 0x0f) | (size_t)acpi_field(aml, start + 1, more) << 4 : lead & 0x3f;

    *at = start + 1 + more;
    if (size < 1 + more || size > aml.size - start)
        return 0;
    return start + size;
}

/* A constant integer at *at (20.2.3), before end. */
static bool constant(struct acpi_table aml, size_t *at, size_t end, uint64_t *value)
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
    *value = acpi_field(aml, *at, bytes[op]);
    *at += bytes[op];
    return true;
}

/* The package behind the name: its first two elements are SLP_TYPa and SLP_TYPb. */
static bool take_s5_package(struct acpi_info *info, struct acpi_table aml, size_t at)
{
    uint64_t a, b;
    size_t end;

    if (acpi_field8(aml, at++) != AML_PACKAGE || at >= aml.size)
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

void acpi_find_s5(struct acpi_parser *parser, struct acpi_table aml)
{
    for (size_t at = ACPI_HEADER_SIZE + 1; at + 4 < aml.size && !parser->info->has_s5; at++) {
        const uint8_t *name = aml.data + at;

        if (memcmp(name, "_S5_", 4) != 0)
            continue;
        if (name[-1] != AML_NAME && !(name[-1] == AML_ROOT && at > ACPI_HEADER_SIZE + 1 && name[-2] == AML_NAME))
            continue;
        if (!take_s5_package(parser->info, aml, at + 4))
            acpi_warn(parser, "the ACPI object _S5_ is not a package of two constants from 0 to 7");
    }
}
