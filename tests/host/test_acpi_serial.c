/* SPDX-License-Identifier: MIT */
// links: arch/x86/acpi*.c
/* SPCR and DBG2 as firmware writes them, and as no firmware should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86/acpi.h"
#include "tests/host/exact_window.h"

#define RSDP 0x1000U
#define XSDT 0x2000U
#define SPCR 0x3000U
#define DBG2 0x4000U
#define SIZE 0x1000U

static uint8_t rsdp[36], xsdt[SIZE], spcr[SIZE], dbg2[SIZE];
static struct acpi_info info;

static void put(uint8_t *at, uint64_t value, unsigned n)
{
    memcpy(at, &value, n);
}

static void sum(uint8_t *data, size_t size, size_t where)
{
    uint8_t total = 0;

    data[where] = 0;
    for (size_t i = 0; i < size; i++)
        total = (uint8_t)(total + data[i]);
    data[where] = (uint8_t)-total;
}

static uint32_t size_of(const uint8_t *table)
{
    uint32_t size;

    memcpy(&size, table + 4, 4);
    return size;
}

static void fix(uint8_t *table)
{
    sum(table, size_of(table), 9);
}

static void begin_table(uint8_t *table, const char *signature, uint32_t size, uint8_t revision)
{
    memset(table, 0, SIZE);
    memcpy(table, signature, 4);
    put(table + 4, size, 4);
    table[8] = revision;
    fix(table);
}

static void gas(uint8_t *at, uint8_t space, uint8_t bits, uint8_t access, uint64_t address)
{
    put(at, space, 1);
    put(at + 1, bits, 1);
    put(at + 2, 0, 1);
    put(at + 3, access, 1);
    put(at + 4, address, 8);
}

/* A PC's SPCR: COM1 at 115200 baud; revision 1, 80 bytes. */
static void pc_spcr(void)
{
    begin_table(spcr, "SPCR", 80, 1);
    gas(spcr + 40, ACPI_SPACE_IO, 8, 0, 0x3f8);
    spcr[58] = 7;
    fix(spcr);
}

/* An entry of DBG2 with one address, at an offset in the table; its size. */
static uint16_t device(size_t at, uint16_t type, uint16_t subtype, uint64_t address)
{
    uint8_t *d = dbg2 + at;

    memset(d, 0, 40);
    put(d + 1, 40, 2);
    d[3] = 1;
    put(d + 4, 2, 2); /* the name, "." */
    put(d + 6, 38, 2);
    memcpy(d + 38, ".", 2);
    put(d + 12, type, 2);
    put(d + 14, subtype, 2);
    put(d + 18, 22, 2);
    put(d + 20, 34, 2);
    gas(d + 22, ACPI_SPACE_MEMORY, 32, 3, address);
    put(d + 34, 0x1000, 4);
    return 40;
}

static void begin_dbg2(uint32_t devices)
{
    begin_table(dbg2, "DBG2", 44 + devices * 40, 0);
    put(dbg2 + 36, 44, 4);
    put(dbg2 + 40, devices, 4);
}

static int begin(void **state)
{
    (void)state;
    memset(rsdp, 0, sizeof rsdp);
    memcpy(rsdp, "RSD PTR ", 8);
    rsdp[15] = 2;
    put(rsdp + 20, 36, 4);
    put(rsdp + 24, XSDT, 8);
    sum(rsdp, 20, 8);
    sum(rsdp, 36, 32);
    begin_table(xsdt, "XSDT", 36 + 16, 1);
    put(xsdt + 36, SPCR, 8);
    put(xsdt + 44, DBG2, 8);
    fix(xsdt);
    begin_table(spcr, "none", 36, 1);
    begin_table(dbg2, "none", 36, 1);
    exact_clear();
    exact_add(RSDP, rsdp, sizeof rsdp);
    exact_add(XSDT, xsdt, SIZE);
    exact_add(SPCR, spcr, SIZE);
    exact_add(DBG2, dbg2, SIZE);
    return 0;
}

static int end(void **state)
{
    (void)state;
    exact_clear();
    return 0;
}

/* Ports found, with this warning; NULL: without any. */
static void parse(unsigned serials, const char *warning)
{
    const char *error;

    assert_int_equal(acpi_parse(RSDP, exact_window, &info, &error), 0);
    if (warning)
        assert_string_equal(info.warning, warning);
    else
        assert_null(info.warning);
    assert_int_equal(info.nr_serials, serials);
}

static void test_spcr_of_a_pc(void **state)
{
    (void)state;
    pc_spcr();
    parse(1, NULL);
    assert_int_equal(info.serials[0].table, ACPI_SERIAL_SPCR);
    assert_int_equal(info.serials[0].type, ACPI_SERIAL_16550);
    assert_int_equal(info.serials[0].regs.space, ACPI_SPACE_IO);
    assert_int_equal(info.serials[0].regs.address, 0x3f8);
    assert_int_equal(info.serials[0].regs.access, 0);
    assert_int_equal(info.serials[0].baud, 115200);
    assert_int_equal(info.serials[0].clock, 0);
}

/* A server's: revision 4, registers in memory above 4 GiB, four bytes apart, with a clock and a speed of its own. */
static void test_spcr_in_memory(void **state)
{
    (void)state;
    begin_table(spcr, "SPCR", 90, 4);
    spcr[36] = ACPI_SERIAL_16550_GAS;
    gas(spcr + 40, ACPI_SPACE_MEMORY, 32, 3, 0x3c0fe030000);
    put(spcr + 76, 48000000, 4);
    put(spcr + 80, 1500000, 4);
    fix(spcr);
    parse(1, NULL);
    assert_int_equal(info.serials[0].type, ACPI_SERIAL_16550_GAS);
    assert_int_equal(info.serials[0].regs.address, 0x3c0fe030000);
    assert_int_equal(info.serials[0].regs.bits, 32);
    assert_int_equal(info.serials[0].regs.access, 4);
    assert_int_equal(info.serials[0].clock, 48000000);
    assert_int_equal(info.serials[0].baud, 1500000);
}

/* Fields of later revisions were reserved before, and need not be zero. */
static void test_spcr_old_revisions(void **state)
{
    (void)state;
    begin_table(spcr, "SPCR", 90, 2);
    gas(spcr + 40, ACPI_SPACE_IO, 8, 1, 0x2f8);
    spcr[58] = 3;
    memset(spcr + 76, 0xff, 8);
    fix(spcr);
    parse(1, NULL);
    assert_int_equal(info.serials[0].clock, 0);
    assert_int_equal(info.serials[0].baud, 9600);
}

static void test_spcr_speeds(void **state)
{
    static const uint32_t speeds[] = {0, 0, 0, 9600, 19200, 0, 57600, 115200, 0};

    (void)state;
    for (uint8_t code = 0; code < sizeof speeds / sizeof speeds[0]; code++) {
        pc_spcr();
        spcr[58] = code;
        fix(spcr);
        parse(1, NULL);
        assert_int_equal(info.serials[0].baud, speeds[code]);
    }
    spcr[58] = 0xff;
    fix(spcr);
    parse(1, NULL);
    assert_int_equal(info.serials[0].baud, 0);
}

static void test_spcr_broken(void **state)
{
    (void)state;
    pc_spcr();
    put(spcr + 4, 58, 4); /* ends in front of the speed */
    fix(spcr);
    parse(0, "the ACPI SPCR is too short and was ignored");
    pc_spcr();
    spcr[9]++;
    parse(0, "an ACPI table has a wrong checksum and was ignored");
    pc_spcr();
    put(spcr + 4, 0x10000, 4);
    parse(0, "an ACPI table goes on into memory that cannot be read");
    pc_spcr();
    gas(spcr + 40, ACPI_SPACE_IO, 8, 0, 0xfff8); /* its last register would be port 0x10000 */
    fix(spcr);
    parse(0, "ACPI names a serial port at an impossible address");
    gas(spcr + 40, 9, 8, 0, 0x3f8); /* no memory and no port */
    fix(spcr);
    parse(0, "ACPI names a serial port at an impossible address");
}

/* Console redirection is off in the firmware's setup: the table is there, with an address of zero. */
static void test_spcr_off(void **state)
{
    (void)state;
    pc_spcr();
    gas(spcr + 40, ACPI_SPACE_MEMORY, 0, 0, 0);
    fix(spcr);
    parse(0, NULL);
}

/* Kinds that nobody drives are told all the same: the user hears of them. */
static void test_spcr_other_kind(void **state)
{
    (void)state;
    pc_spcr();
    spcr[36] = 3;
    fix(spcr);
    parse(1, NULL);
    assert_int_equal(info.serials[0].type, 3);
}

static void test_dbg2(void **state)
{
    (void)state;
    pc_spcr();
    begin_dbg2(3);
    device(44, 0x8002, 0, 0xfed20000); /* USB */
    device(84, 0x8000, ACPI_SERIAL_16550_GAS, 0xfe030000);
    device(124, 0x8000, 0x14, 0xfe040000);
    fix(dbg2);
    parse(3, NULL);
    assert_int_equal(info.serials[0].table, ACPI_SERIAL_SPCR);
    assert_int_equal(info.serials[1].table, ACPI_SERIAL_DBG2);
    assert_int_equal(info.serials[1].type, ACPI_SERIAL_16550_GAS);
    assert_int_equal(info.serials[1].regs.address, 0xfe030000);
    assert_int_equal(info.serials[1].regs.access, 4);
    assert_int_equal(info.serials[1].baud, 0);
    assert_int_equal(info.serials[2].type, 0x14);
}

static void test_dbg2_broken(void **state)
{
    static const char length[] = "the ACPI DBG2 has an entry with an impossible length; the rest was ignored";
    static const struct {
        unsigned at, bytes;
        uint64_t value;
        unsigned found;
        const char *warning;
    } rows[] = {
        {36, 4, 36, 0, length},         /* entries inside of the header */
        {36, 4, 0xffffffff, 0, length}, /* behind the end */
        {36, 4, 123, 0, length},        /* at its last byte */
        {40, 4, 3, 2, length},          /* more of them than there are */
        {40, 4, 0xffffffff, 2, length},
        {40, 4, 0, 0, NULL},
        {45, 2, 0, 0, length}, /* an entry of no bytes: no end */
        {45, 2, 21, 0, length},
        {45, 2, 81, 0, length}, /* one that is longer than what is left */
        {85, 2, 41, 1, length},
        {44 + 3, 1, 0, 1, NULL}, /* no address */
        {44 + 18, 2, 29, 1, "a port in the ACPI DBG2 has its address outside of its entry and was ignored"},
        {44 + 18, 2, 0xffff, 1, "a port in the ACPI DBG2 has its address outside of its entry and was ignored"},
        {44 + 18, 2, 0, 1, "a port in the ACPI DBG2 has its address outside of its entry and was ignored"},
        {44 + 26, 8, 0, 1, NULL}, /* an address of zero */
        {44 + 22, 1, 7, 1, "ACPI names a serial port at an impossible address"},
        {44 + 12, 2, 0x8001, 1, NULL}, /* FireWire */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin_dbg2(2);
        device(44, 0x8000, 0, 0xfe030000);
        device(84, 0x8000, 0, 0xfe040000);
        put(dbg2 + rows[i].at, rows[i].value, rows[i].bytes);
        fix(dbg2);
        parse(rows[i].found, rows[i].warning);
    }
    begin_dbg2(0);
    put(dbg2 + 4, 40, 4); /* ends in front of the count */
    fix(dbg2);
    parse(0, NULL);
}

static void test_too_many(void **state)
{
    (void)state;
    pc_spcr();
    begin_dbg2(9);
    for (unsigned i = 0; i < 9; i++)
        device(44 + i * 40, 0x8000, 0, 0xfe030000 + i * 0x1000);
    fix(dbg2);
    parse(ACPI_MAX_SERIALS, "ACPI names more than 8 serial ports; the others are left");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_spcr_of_a_pc), TEST(test_spcr_in_memory), TEST(test_spcr_old_revisions), TEST(test_spcr_speeds),
        TEST(test_spcr_broken),  TEST(test_spcr_off),       TEST(test_spcr_other_kind),    TEST(test_dbg2),
        TEST(test_dbg2_broken),  TEST(test_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
