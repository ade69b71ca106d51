/* SPDX-License-Identifier: MIT */
/* The FADT (5.2.9): power management and reset; HPET: a timer. */
#include "arch/x86/acpi_parser.h"

#define FADT_DSDT 40
#define FADT_SMI_CMD 48
#define FADT_ACPI_ENABLE 52
#define FADT_PM1A_CNT 64
#define FADT_PM1B_CNT 68
#define FADT_PM_TMR 76
#define FADT_PM_TMR_LEN 91
#define FADT_BOOT_ARCH 109
#define FADT_FLAGS 112
#define FADT_RESET_REG 116
#define FADT_RESET_VALUE 128
#define FADT_X_DSDT 140
#define FADT_X_PM1A_CNT 172
#define FADT_X_PM1B_CNT 184
#define FADT_X_PM_TMR 208
#define FADT_MIN_SIZE 116 /* of ACPI 1.0 */

#define FADT_REVISION_BOOT_ARCH 3 /* the first one with boot architecture flags (5.2.9.3) */
#define FADT_BOOT_8042 (1U << 1)

#define FADT_TMR_VAL_EXT (1U << 8)
#define FADT_RESET_REG_SUP (1U << 10)
#define FADT_HW_REDUCED (1U << 20)

/* A register block: the extended address if there is one, else the port number of ACPI 1.0. */
static struct acpi_address register_block(struct acpi_table table, size_t old, size_t extended, uint8_t bits)
{
    struct acpi_address address = acpi_generic_address(table, extended);

    if (address.address == 0 || address.space > ACPI_SPACE_IO ||
        (address.space == ACPI_SPACE_IO && address.address > UINT16_MAX)) {
        address.address = acpi_field32(table, old);
        address.space = ACPI_SPACE_IO;
        if (address.address > UINT16_MAX)
            address.address = 0;
    }
    address.bits = address.address ? bits : 0;
    return address;
}

static void take_pm_registers(struct acpi_info *info, struct acpi_table table, uint32_t flags)
{
    uint32_t smi_cmd = acpi_field32(table, FADT_SMI_CMD);

    info->smi_cmd = smi_cmd <= UINT16_MAX ? (uint16_t)smi_cmd : 0;
    info->acpi_enable = acpi_field8(table, FADT_ACPI_ENABLE);
    info->pm1a = register_block(table, FADT_PM1A_CNT, FADT_X_PM1A_CNT, 16);
    info->pm1b = register_block(table, FADT_PM1B_CNT, FADT_X_PM1B_CNT, 16);
    if (acpi_field8(table, FADT_PM_TMR_LEN) != 4)
        return;
    info->pm_timer = register_block(table, FADT_PM_TMR, FADT_X_PM_TMR, 32);
    if (info->pm_timer.address)
        info->pm_timer_bits = flags & FADT_TMR_VAL_EXT ? 32 : 24;
}

static void take_reset(struct acpi_parser *parser, struct acpi_table table)
{
    struct acpi_info *info = parser->info;
    struct acpi_address reset = acpi_generic_address(table, FADT_RESET_REG);

    if (reset.address == 0 || reset.space > ACPI_SPACE_PCI ||
        (reset.space == ACPI_SPACE_IO && reset.address > UINT16_MAX)) {
        acpi_warn(parser, "the ACPI reset register has an impossible address and is not used");
        return;
    }
    info->has_reset = true;
    info->reset = reset;
    info->reset_value = acpi_field8(table, FADT_RESET_VALUE);
}

void acpi_take_fadt(struct acpi_parser *parser, struct acpi_table table)
{
    struct acpi_info *info = parser->info;
    uint32_t flags = acpi_field32(table, FADT_FLAGS);

    if (info->has_fadt || table.size < FADT_MIN_SIZE) {
        acpi_warn(parser, "an ACPI FADT is too short, or not the first one, and was ignored");
        return;
    }
    info->has_fadt = true;
    info->hw_reduced = flags & FADT_HW_REDUCED;
    info->no_8042 = acpi_field8(table, ACPI_TABLE_REVISION) >= FADT_REVISION_BOOT_ARCH &&
                    !(acpi_field8(table, FADT_BOOT_ARCH) & FADT_BOOT_8042);
    parser->dsdt[0] = acpi_field(table, FADT_X_DSDT, 8);
    parser->dsdt[1] = acpi_field32(table, FADT_DSDT);
    if (!info->hw_reduced)
        take_pm_registers(info, table, flags);
    if (flags & FADT_RESET_REG_SUP)
        take_reset(parser, table);
}

/* ---- HPET (IA-PC HPET Specification 1.0a, 3.2.4) ---- */

void acpi_take_hpet(struct acpi_parser *parser, struct acpi_table table)
{
    struct acpi_address base = acpi_generic_address(table, ACPI_HEADER_SIZE + 4);

    if (parser->info->hpet == 0 && base.space == ACPI_SPACE_MEMORY)
        parser->info->hpet = base.address;
}
