/* SPDX-License-Identifier: MIT */
// links: arch/x86/uart.c arch/x86/serial_choice.c common/format.c
/* Which serial port it is, on machines that have them as I/O ports, in memory, on PCI cards, dead, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARCH_X86_IO_H /* the ports are ours */
static uint8_t inb(uint16_t port);
static void outb(uint16_t port, uint8_t value);
static uint32_t inl(uint16_t port);
static void outl(uint16_t port, uint32_t value);

#include "arch/x86/acpi.h"
#include "arch/x86/pci.c"
#include "arch/x86/serial.c"
#include "arch/x86/serial_ports.c"

/* --- a machine's ports: each UART is eight registers that remember, and a transmitter that is always empty */

#define MAX_PORTS 4

struct fake_uart {
    uint16_t base;
    uint8_t regs[8];
    uint8_t divisor_low;
    bool dead; /* its transmitter never empties */
    char sent[64];
    unsigned nr_sent;
};

static struct fake_uart uarts[MAX_PORTS];
static unsigned nr_uarts;

static struct fake_uart *uart_at(uint16_t port)
{
    for (unsigned i = 0; i < nr_uarts; i++)
        if ((port & 0xfff8) == uarts[i].base)
            return &uarts[i];
    return NULL;
}

static uint8_t inb(uint16_t port)
{
    struct fake_uart *u = uart_at(port);
    if (!u)
        return 0xff;
    if ((port & 7) == 5)
        return u->dead ? 0 : 0x60;
    return u->regs[port & 7];
}

static void outb(uint16_t port, uint8_t value)
{
    struct fake_uart *u = uart_at(port);
    if (!u)
        return;
    if ((port & 7) == 0 && u->regs[3] & 0x80)
        u->divisor_low = value;
    else if ((port & 7) == 0)
        u->sent[u->nr_sent++ % sizeof u->sent] = (char)value;
    else
        u->regs[port & 7] = value;
}

static struct fake_uart *add_uart(uint16_t base)
{
    uarts[nr_uarts] = (struct fake_uart){.base = base};
    return &uarts[nr_uarts++];
}

/* --- its PCI devices */

#define MAX_FUNCTIONS 4

struct fake_function {
    struct pci_function at;
    uint32_t config[16];
};

static struct fake_function functions[MAX_FUNCTIONS];
static unsigned nr_functions;
static uint32_t pci_address;
static bool pci_exists;

static uint32_t *pci_register(void)
{
    static uint32_t nobody;
    nobody = 0xffffffff;
    for (unsigned i = 0; i < nr_functions; i++) {
        struct pci_function f = functions[i].at;
        uint32_t address = 0x80000000U | (uint32_t)f.bus << 16 | (uint32_t)f.device << 11 | (uint32_t)f.function << 8;
        if ((pci_address & ~0xfcU) == address && (pci_address & 0xff) < sizeof functions[i].config)
            return &functions[i].config[(pci_address & 0xff) / 4];
    }
    return &nobody;
}

static uint32_t inl(uint16_t port)
{
    if (!pci_exists)
        return 0xffffffff;
    return port == 0xcf8 ? pci_address : *pci_register();
}

static void outl(uint16_t port, uint32_t value)
{
    if (port == 0xcf8)
        pci_address = value;
    else
        *pci_register() = value;
}

static struct fake_function *add_function(uint8_t bus, uint8_t device, uint8_t function, uint32_t class, uint32_t bar)
{
    struct fake_function *f = &functions[nr_functions++];
    *f = (struct fake_function){.at = {bus, device, function}};
    f->config[0] = 0x00021b36;
    f->config[2] = class << 8 | 1;
    f->config[4] = bar;
    pci_exists = true;
    return f;
}

/* --- and its memory: one window, in which the status of an idle transmitter stands where the test puts it */

static _Alignas(8) uint8_t window[64 * 8];
static uint64_t window_pa;
static size_t window_size;

void *map_device(uint64_t pa, size_t size)
{
    window_pa = pa;
    window_size = size;
    return size <= sizeof window ? window : NULL;
}

/* --- */

static struct acpi_info info;
static char notes[1000];

static void note(const char *sentence)
{
    size_t n = strlen(notes);
    snprintf(notes + n, sizeof notes - n, "%s|", sentence);
}

static int setup(void **state)
{
    (void)state;
    nr_uarts = nr_functions = 0;
    pci_exists = false;
    memset(window, 0, sizeof window);
    memset(&info, 0, sizeof info);
    memset(&used, 0, sizeof used);
    memset(&found, 0, sizeof found);
    notes[0] = 0;
    return 0;
}

static struct acpi_serial *add_acpi(enum acpi_serial_table table, uint16_t type, uint8_t space, uint64_t address)
{
    struct acpi_serial *serial = &info.serials[info.nr_serials++];
    *serial = (struct acpi_serial){table, type, {address, space, 8, 0}, 0, 0};
    return serial;
}

static void expect(enum serial_choice choice, const char *text, const char *noted)
{
    notes[0] = 0;
    assert_string_equal(serial_find(choice, 0, &info, note), text);
    assert_string_equal(serial_describe(), text);
    assert_string_equal(notes, noted);
}

static void put(const char *text)
{
    for (; *text; text++)
        serial_put(*text);
}

static void test_com1(void **state)
{
    struct fake_uart *com1 = add_uart(0x3f8);
    (void)state;
    serial_init();
    put("early");
    expect(SERIAL_BEST, "COM1 at port 0x3f8, 115200 baud: the first that answers", "");
    assert_false(serial_use()); /* it has seen all */
    put("late");
    assert_memory_equal(com1->sent, "earlylate", 9);
    assert_int_equal(com1->divisor_low, 1);
}

static void test_none_at_all(void **state)
{
    (void)state;
    serial_init();
    put("early");
    expect(SERIAL_BEST, "none: no UART answers as COM1 to COM4, by ACPI or on PCI", "");
    assert_false(serial_use());
    put("late");
    assert_int_equal(serial_get(), -1);
    serial_drain();
    assert_null(serial_problem());
}

static void test_only_com4(void **state)
{
    struct fake_uart *com4 = add_uart(0x2e8);
    (void)state;
    serial_init();
    expect(SERIAL_BEST, "COM4 at port 0x2e8, 115200 baud: the first that answers", "");
    assert_true(serial_use()); /* give it the log */
    put("late");
    assert_memory_equal(com4->sent, "late", 4);
}

static void test_firmware_console_goes_first(void **state)
{
    struct fake_uart *com1 = add_uart(0x3f8), *com2 = add_uart(0x2f8);
    (void)state;
    add_acpi(ACPI_SERIAL_SPCR, ACPI_SERIAL_16550, ACPI_SPACE_IO, 0x2f8)->baud = 9600;
    serial_init();
    put("early");
    expect(SERIAL_BEST, "SPCR's at port 0x2f8, 9600 baud: the firmware's console", "");
    put("?");
    assert_true(serial_use());
    put("late");
    assert_memory_equal(com1->sent, "early?", 7);
    assert_memory_equal(com2->sent, "late", 5);
    assert_int_equal(com2->divisor_low, 12);
}

/* COM1 under another name, and at another speed: it has the log already. */
static void test_firmware_console_is_com1(void **state)
{
    struct fake_uart *com1 = add_uart(0x3f8);
    (void)state;
    add_acpi(ACPI_SERIAL_SPCR, ACPI_SERIAL_16550, ACPI_SPACE_IO, 0x3f8)->baud = 57600;
    serial_init();
    expect(SERIAL_BEST, "SPCR's at port 0x3f8, 57600 baud: the firmware's console", "");
    assert_false(serial_use());
    assert_int_equal(com1->divisor_low, 2);
}

static void test_option_changes_the_speed(void **state)
{
    struct fake_uart *com1 = add_uart(0x3f8);
    (void)state;
    serial_init();
    assert_string_equal(serial_find(SERIAL_COM1, 9600, &info, note), "COM1 at port 0x3f8, 9600 baud: com=1");
    assert_false(serial_use());
    assert_int_equal(com1->divisor_low, 12);
}

static void test_none_by_option(void **state)
{
    struct fake_uart *com1 = add_uart(0x3f8);
    (void)state;
    serial_init();
    expect(SERIAL_NONE, "none: com=none", "");
    (void)serial_use();
    put("late");
    assert_int_equal(com1->nr_sent, 0);
}

static void test_chosen_port_is_missing(void **state)
{
    (void)state;
    add_uart(0x3f8);
    serial_init();
    expect(SERIAL_COM3, "COM1 at port 0x3f8, 115200 baud: the first that answers",
           "there is no serial port that com=3 could mean; the best of the others is taken|");
    expect(SERIAL_PCI, "COM1 at port 0x3f8, 115200 baud: the first that answers",
           "there is no serial port that com=pci could mean; the best of the others is taken|");
}

static void test_other_types_are_named(void **state)
{
    (void)state;
    add_uart(0x3f8);
    add_acpi(ACPI_SERIAL_SPCR, 0x14, ACPI_SPACE_MEMORY, 0xfe040000);
    expect(SERIAL_BEST, "COM1 at port 0x3f8, 115200 baud: the first that answers",
           "SPCR names a serial port at address 0xfe040000 of type 0x14 (Intel LPSS), which has no driver here|");
    info.serials[0].type = 0x4711;
    expect(SERIAL_BEST, "COM1 at port 0x3f8, 115200 baud: the first that answers",
           "SPCR names a serial port at address 0xfe040000 of type 0x4711 (unknown), which has no driver here|");
    info.serials[0].type = 0x07; /* a hole in the list of types */
    expect(SERIAL_BEST, "COM1 at port 0x3f8, 115200 baud: the first that answers",
           "SPCR names a serial port at address 0xfe040000 of type 0x7 (unknown), which has no driver here|");
    assert_int_equal(window_pa, 0); /* and never touched */
}

/* Registers in memory above 4 GiB: distance and width of accesses from the generic address. */
static void test_memory(void **state)
{
    static const struct {
        uint8_t bits, access;
        unsigned stride;
        bool works;
    } rows[] = {{8, 0, 1, true},  {8, 1, 1, true},   {32, 0, 4, true}, {32, 4, 4, true},
                {32, 1, 4, true}, {16, 2, 2, true},  {64, 4, 8, true}, {0, 0, 1, true},
                {8, 4, 1, false}, {32, 8, 4, false}, {64, 8, 8, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setup(NULL);
        struct acpi_serial *serial =
            add_acpi(ACPI_SERIAL_SPCR, ACPI_SERIAL_16550_GAS, ACPI_SPACE_MEMORY, 0x3c0fe030000);
        serial->regs.bits = rows[i].bits;
        serial->regs.access = rows[i].access;
        window[5 * rows[i].stride] = 0x60;
        expect(SERIAL_BEST,
               rows[i].works ? "SPCR's at address 0x3c0fe030000, the firmware's speed: the firmware's console"
                             : "none: no UART answers as COM1 to COM4, by ACPI or on PCI",
               rows[i].works ? "" : "SPCR names a serial port at address 0x3c0fe030000, where no UART answers|");
        if (!rows[i].works)
            continue;
        assert_int_equal(window_pa, 0x3c0fe030000);
        assert_int_equal(window_size, 8 * rows[i].stride);
        window[0] = 26; /* the firmware's divisor: the latch is not told from the data in this memory */
        assert_true(serial_use());
        put("x");
        assert_int_equal(window[0], 'x');
        assert_int_equal(window[3 * rows[i].stride], 3);
    }
}

/* The clock of a UART in memory may be any; with it, the table's speed can be set. */
static void test_clock(void **state)
{
    struct acpi_serial *serial = add_acpi(ACPI_SERIAL_SPCR, ACPI_SERIAL_16550_GAS, ACPI_SPACE_MEMORY, 0xfe030000);
    (void)state;
    serial->baud = 115200;
    window[5] = 0x60;
    expect(SERIAL_BEST, "SPCR's at address 0xfe030000, the firmware's speed: the firmware's console", "");
    assert_int_equal(found.uart.divisor, 0);
    serial->clock = 48000000;
    expect(SERIAL_SPCR, "SPCR's at address 0xfe030000, 115200 baud: com=spcr", "");
    assert_int_equal(found.uart.divisor, 26);
}

static void test_debug_port(void **state)
{
    (void)state;
    add_uart(0x3f8);
    add_uart(0x220);
    add_acpi(ACPI_SERIAL_DBG2, ACPI_SERIAL_16550, ACPI_SPACE_IO, 0x228); /* where nothing is */
    add_acpi(ACPI_SERIAL_DBG2, ACPI_SERIAL_16550, ACPI_SPACE_IO, 0x220);
    expect(SERIAL_BEST, "COM1 at port 0x3f8, 115200 baud: the first that answers", "");
    expect(SERIAL_DBG2, "DBG2's at port 0x220, the firmware's speed: com=dbg2",
           "DBG2 names a serial port at port 0x228, where no UART answers|");
}

#define CLASS_16550 0x070002

static void test_pci(void **state)
{
    struct fake_uart *card = add_uart(0xc000);
    struct fake_function *f;
    (void)state;
    add_function(0, 31, 0, 0x060100, 0)->config[3] = 1U << 23;
    add_function(0, 31, 2, 0x010601, 0xc001);
    f = add_function(3, 0, 0, CLASS_16550, 0xc001);
    f->config[1] = 0x02900000; /* nothing decoded; bits of the status that a write of ones clears */
    serial_init();
    expect(SERIAL_BEST, "PCI 03:00.0 at port 0xc000, 115200 baud: no other answers", "");
    assert_int_equal(f->config[1], PCI_COMMAND_IO);
    assert_true(serial_use());
    put("card");
    assert_memory_equal(card->sent, "card", 4);
}

static void test_pci_in_memory(void **state)
{
    struct fake_function *f = add_function(0, 22, 3, CLASS_16550, 0xfe03000c);
    (void)state;
    add_function(0, 22, 0, 0x078000, 0)->config[3] = 1U << 23;
    f->config[5] = 0x3c0;
    window[5] = 0x60;
    expect(SERIAL_PCI, "PCI 00:16.3 at address 0x3c0fe030000, 115200 baud: com=pci", "");
    assert_int_equal(f->config[1], PCI_COMMAND_MEMORY);
    assert_int_equal(window_pa, 0x3c0fe030000);
}

static void test_pci_of_no_use(void **state)
{
    static const char none[] = "none: no UART answers as COM1 to COM4, by ACPI or on PCI";
    struct fake_function *f = add_function(0, 1, 0, 0x070200, 0xc001);
    (void)state;
    expect(SERIAL_BEST, none, "PCI 00:01.0 has several serial ports, which cards arrange as they like: it is left|");
    f->config[2] = 0x07000100; /* a 16450 */
    expect(SERIAL_BEST, none, "");
    f->config[2] = CLASS_16550 << 8;
    expect(SERIAL_BEST, none, "PCI 00:01.0 is a serial port, but no UART answers at its address 0xc000|");
    f->config[4] = 1; /* the firmware gave it none */
    f->config[1] = 0;
    expect(SERIAL_BEST, none, "PCI 00:01.0 is a serial port, but no UART answers at its address 0|");
    assert_int_equal(f->config[1], 0);
}

/* It answers, but takes nothing: a sentence for the other consoles, once. */
static void test_dead(void **state)
{
    (void)state;
    add_uart(0x3f8)->dead = true;
    serial_init();
    assert_string_equal(
        serial_problem(),
        "the serial line (COM1 at port 0x3f8) takes no characters: what it does not take is lost there");
    put("more");
    assert_null(serial_problem());
}

#define TEST(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_com1),
        TEST(test_none_at_all),
        TEST(test_only_com4),
        TEST(test_firmware_console_goes_first),
        TEST(test_firmware_console_is_com1),
        TEST(test_option_changes_the_speed),
        TEST(test_none_by_option),
        TEST(test_chosen_port_is_missing),
        TEST(test_other_types_are_named),
        TEST(test_memory),
        TEST(test_clock),
        TEST(test_debug_port),
        TEST(test_pci),
        TEST(test_pci_in_memory),
        TEST(test_pci_of_no_use),
        TEST(test_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
