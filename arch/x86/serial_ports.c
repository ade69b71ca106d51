/* SPDX-License-Identifier: MIT */
#include "arch/x86/serial_ports.h"

#include <stdarg.h>
#include <stddef.h>

#include "arch/x86/acpi.h"
#include "arch/x86/io.h"
#include "arch/x86/paging.h"
#include "arch/x86/pci.h"
#include "common/format.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define REGISTERS 8
#define NOTE_MAX 160

static uint8_t read_port(uintptr_t at)
{
    return inb((uint16_t)at);
}

static void write_port(uintptr_t at, uint8_t value)
{
    outb((uint16_t)at, value);
}

#define MEMORY_ACCESS(bits)                                     \
    static uint8_t read_memory##bits(uintptr_t at)              \
    {                                                           \
        return (uint8_t) * (volatile uint##bits##_t *)at;       \
    }                                                           \
                                                                \
    static void write_memory##bits(uintptr_t at, uint8_t value) \
    {                                                           \
        *(volatile uint##bits##_t *)at = value;                 \
    }

MEMORY_ACCESS(8)
MEMORY_ACCESS(16)
MEMORY_ACCESS(32)

static const struct uart_bus ports = {read_port, write_port};

/* [bytes that are read and written at once] */
static const struct uart_bus memory[] = {
    [1] = {read_memory8, write_memory8},
    [2] = {read_memory16, write_memory16},
    [4] = {read_memory32, write_memory32},
};

void serial_note(const struct serial_search *s, const char *fmt, ...)
{
    char sentence[NOTE_MAX];
    va_list args;
    va_start(args, fmt);
    format_v(sentence, sizeof sentence, fmt, args);
    va_end(args);
    s->note(sentence);
}

/* --- COM1 to COM4 */

static const uint16_t com_ports[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};

bool serial_find_com(struct serial_search *s, enum serial_choice choice)
{
    unsigned n = choice - SERIAL_COM1;
    s->port.baud = s->baud ? s->baud : SERIAL_BAUD_MAX;
    s->port.uart = (struct uart){
        .bus = &ports, .base = com_ports[n], .stride = 1, .divisor = uart_divisor(UART_CLOCK, s->port.baud)};
    format(s->port.name, sizeof s->port.name, "COM%u at port %#x", n + 1, com_ports[n]);
    return uart_answers(&s->port.uart);
}

/* --- what ACPI names */

/* Subtypes of serial ports in DBG2 that are no 16550, as the Debug Port Table's list has them. */
static const char *const other_types[] = {
    [0x02] = "MAX311xE",  [0x03] = "ARM PL011",  [0x04] = "MSM8x60", [0x05] = "Nvidia 16550", [0x06] = "TI OMAP",
    [0x08] = "APM88xxxx", [0x09] = "MSM8974",    [0x0a] = "SAM5250", [0x0b] = "Intel USIF",   [0x0c] = "i.MX 6",
    [0x0d] = "ARM SBSA",  [0x0e] = "ARM SBSA",   [0x0f] = "ARM DCC", [0x10] = "BCM2835",      [0x11] = "SDM845",
    [0x13] = "SDM845",    [0x14] = "Intel LPSS",
};

static const char *table_name(const struct acpi_serial *serial)
{
    return serial->table == ACPI_SERIAL_SPCR ? "SPCR" : "DBG2";
}

static bool is_16550(uint16_t type)
{
    return type == ACPI_SERIAL_16550 || type == ACPI_SERIAL_16450 || type == ACPI_SERIAL_16550_GAS;
}

/* In memory registers are as far apart as they are wide; ports of a plain 16550 follow each other. */
static unsigned stride_of(const struct acpi_serial *serial)
{
    bool wide = serial->regs.space == ACPI_SPACE_MEMORY || serial->type == ACPI_SERIAL_16550_GAS;
    return wide && serial->regs.bits >= 8 ? serial->regs.bits / 8U : 1;
}

static unsigned access_of(const struct acpi_serial *serial)
{
    return serial->regs.access ? serial->regs.access : serial->regs.bits == 32 ? 4 : 1;
}

/* False: the registers cannot be reached. */
static bool reach(const struct acpi_serial *serial, struct uart *uart)
{
    unsigned access = access_of(serial);
    *uart = (struct uart){.bus = &ports, .base = serial->regs.address, .stride = (uint8_t)stride_of(serial)};
    if (serial->regs.space == ACPI_SPACE_IO)
        return true;
    if (access >= COUNT(memory) || !memory[access].read || serial->regs.address % access || uart->stride % access)
        return false;
    uart->bus = &memory[access];
    uart->base = (uintptr_t)map_device(serial->regs.address, (size_t)uart->stride * REGISTERS);
    return uart->base;
}

/* The table's speed is set where the clock is known. In memory it may be any, and the firmware has set the speed. */
static void set_speed(struct serial_search *s, const struct acpi_serial *serial)
{
    struct serial_port *port = &s->port;
    bool clock_is_known = serial->clock || serial->regs.space == ACPI_SPACE_IO;
    port->baud = s->baud ? s->baud : clock_is_known ? serial->baud : 0;
    port->uart.divisor = port->baud ? uart_divisor(serial->clock, port->baud) : 0;
}

static bool try_acpi(struct serial_search *s, const struct acpi_serial *serial)
{
    const char *table = table_name(serial), *where = serial->regs.space == ACPI_SPACE_IO ? "port" : "address";
    unsigned long long at = serial->regs.address;
    const char *type = serial->type < COUNT(other_types) ? other_types[serial->type] : NULL;
    if (!is_16550(serial->type)) {
        serial_note(s, "%s names a serial port at %s %#llx of type %#x (%s), which has no driver here", table, where,
                    at, serial->type, type ? type : "unknown");
        return false;
    }
    if (!reach(serial, &s->port.uart) || !uart_answers(&s->port.uart)) {
        serial_note(s, "%s names a serial port at %s %#llx, where no UART answers", table, where, at);
        return false;
    }
    set_speed(s, serial);
    format(s->port.name, sizeof s->port.name, "%s's at %s %#llx", table, where, at);
    return true;
}

bool serial_find_acpi(struct serial_search *s, enum serial_choice choice)
{
    enum acpi_serial_table table = choice == SERIAL_SPCR ? ACPI_SERIAL_SPCR : ACPI_SERIAL_DBG2;
    for (unsigned i = 0; i < s->acpi->nr_serials; i++)
        if (s->acpi->serials[i].table == table && try_acpi(s, &s->acpi->serials[i]))
            return true;
    return false;
}

/* --- PCI cards */

#define CLASS_SERIAL 0x0700
#define CLASS_MULTIPORT 0x0702
#define INTERFACE_16550 0x02
#define INTERFACE_16950 0x06 /* 03 to 06: larger FIFOs behind the same registers */
#define BAR_IO 0x01
#define BAR_64BIT 0x04

/* The first address of a function, and the decoding of it turned on. 0: it has none. */
static struct acpi_address pci_registers(struct pci_function f)
{
    uint32_t bar = pci_read(f, PCI_BAR0);
    struct acpi_address regs = {.space = ACPI_SPACE_IO, .address = bar & 0xfffc, .bits = 8, .access = 1};
    if (!(bar & BAR_IO)) {
        regs.space = ACPI_SPACE_MEMORY;
        regs.address = bar & 0xfffffff0;
        if (bar & BAR_64BIT)
            regs.address |= (uint64_t)pci_read(f, PCI_BAR0 + 4) << 32;
    }
    if (regs.address)
        pci_write(f, PCI_COMMAND,
                  (pci_read(f, PCI_COMMAND) & 0xffff) | (bar & BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY));
    return regs;
}

static bool try_pci(struct pci_function f, void *data)
{
    struct serial_search *s = data;
    uint32_t class = pci_read(f, PCI_CLASS);
    uint8_t interface = (uint8_t)(class >> 8);
    struct acpi_serial serial = {.type = ACPI_SERIAL_16550};
    if (class >> 16 == CLASS_MULTIPORT)
        serial_note(s, "PCI %02x:%02x.%x has several serial ports, which cards arrange as they like: it is left", f.bus,
                    f.device, f.function);
    if (class >> 16 != CLASS_SERIAL || interface < INTERFACE_16550 || interface > INTERFACE_16950)
        return false;
    serial.regs = pci_registers(f);
    if (!serial.regs.address || !reach(&serial, &s->port.uart) || !uart_answers(&s->port.uart)) {
        serial_note(s, "PCI %02x:%02x.%x is a serial port, but no UART answers at its address %#llx", f.bus, f.device,
                    f.function, (unsigned long long)serial.regs.address);
        return false;
    }
    serial.baud = SERIAL_BAUD_MAX;
    serial.clock = UART_CLOCK;
    set_speed(s, &serial);
    format(s->port.name, sizeof s->port.name, "PCI %02x:%02x.%x at %s %#llx", f.bus, f.device, f.function,
           serial.regs.space == ACPI_SPACE_IO ? "port" : "address", (unsigned long long)serial.regs.address);
    return true;
}

bool serial_find_pci(struct serial_search *s, enum serial_choice choice)
{
    (void)choice;
    return pci_find(try_pci, s);
}
