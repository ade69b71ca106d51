/* SPDX-License-Identifier: MIT */
/*
 * SPCR and DBG2: serial ports that the firmware names (Microsoft's Serial Port Console Redirection Table, revisions 1
 * to 4, and Debug Port Table 2). Whether there is a driver for such a port is not decided here.
 */
#include "arch/x86/acpi_parser.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void add(struct acpi_parser *parser, struct acpi_serial serial)
{
    struct acpi_info *info = parser->info;

    if (serial.regs.address == 0)
        return;
    if (serial.regs.space > ACPI_SPACE_IO ||
        (serial.regs.space == ACPI_SPACE_IO && serial.regs.address > UINT16_MAX - 7U * 8)) {
        acpi_warn(parser, "ACPI names a serial port at an impossible address");
        return;
    }
    if (info->nr_serials == ACPI_MAX_SERIALS) {
        acpi_warn(parser, "ACPI names more than 8 serial ports; the others are left");
        return;
    }
    info->serials[info->nr_serials++] = serial;
}

#define SPCR_TYPE 36
#define SPCR_BASE 40
#define SPCR_BAUD 58
#define SPCR_CLOCK 76
#define SPCR_PRECISE_BAUD 80
#define SPCR_MIN_SIZE 59
#define SPCR_REVISION_CLOCK 3
#define SPCR_REVISION_PRECISE_BAUD 4

static uint32_t spcr_baud(struct acpi_table table)
{
    static const uint32_t speeds[] = {[3] = 9600, [4] = 19200, [6] = 57600, [7] = 115200};
    uint8_t code = acpi_field8(table, SPCR_BAUD);
    uint32_t precise = 0;

    if (acpi_field8(table, ACPI_TABLE_REVISION) >= SPCR_REVISION_PRECISE_BAUD)
        precise = acpi_field32(table, SPCR_PRECISE_BAUD);
    return precise ? precise : code < COUNT(speeds) ? speeds[code] : 0;
}

/* An address of zero means that console redirection is off. */
void acpi_take_spcr(struct acpi_parser *parser, struct acpi_table table)
{
    struct acpi_serial serial = {.table = ACPI_SERIAL_SPCR};

    if (table.size < SPCR_MIN_SIZE) {
        acpi_warn(parser, "the ACPI SPCR is too short and was ignored");
        return;
    }
    serial.type = acpi_field8(table, SPCR_TYPE);
    serial.regs = acpi_generic_address(table, SPCR_BASE);
    serial.baud = spcr_baud(table);
    if (acpi_field8(table, ACPI_TABLE_REVISION) >= SPCR_REVISION_CLOCK)
        serial.clock = acpi_field32(table, SPCR_CLOCK);
    add(parser, serial);
}

#define DBG2_OFFSET 36
#define DBG2_COUNT 40
#define DEVICE_LENGTH 1
#define DEVICE_NR_ADDRESSES 3
#define DEVICE_PORT_TYPE 12
#define DEVICE_SUBTYPE 14
#define DEVICE_ADDRESSES 18
#define DEVICE_MIN_SIZE 22
#define PORT_TYPE_SERIAL 0x8000
#define ADDRESS_SIZE 12

/* A port with several addresses is found by the first. */
static void take_device(struct acpi_parser *parser, struct acpi_table device)
{
    size_t at = acpi_field16(device, DEVICE_ADDRESSES);
    struct acpi_serial serial = {.table = ACPI_SERIAL_DBG2, .type = acpi_field16(device, DEVICE_SUBTYPE)};

    if (acpi_field16(device, DEVICE_PORT_TYPE) != PORT_TYPE_SERIAL || acpi_field8(device, DEVICE_NR_ADDRESSES) == 0)
        return;
    if (at < DEVICE_MIN_SIZE || at > device.size || device.size - at < ADDRESS_SIZE) {
        acpi_warn(parser, "a port in the ACPI DBG2 has its address outside of its entry and was ignored");
        return;
    }
    serial.regs = acpi_generic_address(device, at);
    add(parser, serial);
}

void acpi_take_dbg2(struct acpi_parser *parser, struct acpi_table table)
{
    size_t at = acpi_field32(table, DBG2_OFFSET);
    uint32_t n = acpi_field32(table, DBG2_COUNT);

    for (; n; n--) {
        size_t size = at <= table.size ? acpi_field16(table, at + DEVICE_LENGTH) : 0;

        if (at < DBG2_COUNT + 4 || size < DEVICE_MIN_SIZE || size > table.size - at) {
            acpi_warn(parser, "the ACPI DBG2 has an entry with an impossible length; the rest was ignored");
            return;
        }
        take_device(parser, (struct acpi_table){table.data + at, size});
        at += size;
    }
}
