/* SPDX-License-Identifier: MIT */
// links: arch/x86/acpi*.c
/* ACPI tables as firmware writes them, and as no firmware should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/x86/acpi.h"
#include "tests/host/exact_window.h"

#define BASE 0x7fe0000U /* where the tables lie; one every 4 KiB */
#define SIZE 0x20000U
#define RSDP (BASE + 0)
#define ROOT (BASE + 0x1000)
#define XROOT (BASE + 0x2000)
#define MADT (BASE + 0x3000)
#define FADT (BASE + 0x4000)
#define DSDT (BASE + 0x5000)
#define SSDT (BASE + 0x6000)
#define HPET (BASE + 0x7000)
#define SPCR (BASE + 0x8000)
#define BIOS 0xe0000U
#define BIOS_SIZE 0x20000U
#define EBDA 0x9fc00U

static uint8_t mem[SIZE], bios[BIOS_SIZE], ebda[1024], bda[0x1000];
static struct acpi_info info;
static const char *error;

static uint8_t *at(uint32_t pa)
{
    return mem + (pa - BASE);
}

static void put(uint32_t pa, uint64_t value, unsigned n)
{
    memcpy(at(pa), &value, n);
}

static void sum(uint8_t *data, size_t size, size_t where)
{
    uint8_t total = 0;

    data[where] = 0;
    for (size_t i = 0; i < size; i++)
        total = (uint8_t)(total + data[i]);
    data[where] = (uint8_t)-total;
}

static uint32_t size_of(uint32_t pa)
{
    uint32_t size;

    memcpy(&size, at(pa) + 4, 4);
    return size;
}

/* Make the checksum right again. */
static void fix(uint32_t pa)
{
    sum(at(pa), size_of(pa), 9);
}

static void table(uint32_t pa, const char *signature, uint32_t size)
{
    memset(at(pa), 0, 0x1000);
    memcpy(at(pa), signature, 4);
    put(pa + 4, size, 4);
    fix(pa);
}

/* Append bytes to a table. */
static void append(uint32_t pa, const void *data, size_t n)
{
    uint32_t size = size_of(pa);

    memcpy(at(pa) + size, data, n);
    put(pa + 4, size + n, 4);
    fix(pa);
}

static void rsdp_fix(uint8_t *rsdp)
{
    sum(rsdp, 20, 8);
    if (rsdp[15] >= 2)
        sum(rsdp, 36, 32);
}

static void rsdp_write(uint8_t *rsdp, uint8_t revision)
{
    static const uint32_t rsdt = ROOT, length = 36;
    static const uint64_t xsdt = XROOT;

    memset(rsdp, 0, revision >= 2 ? 36 : 20);
    memcpy(rsdp, "RSD PTR ", 8);
    rsdp[15] = revision;
    memcpy(rsdp + 16, &rsdt, 4);
    if (revision >= 2) {
        memcpy(rsdp + 20, &length, 4);
        memcpy(rsdp + 24, &xsdt, 8);
    }
    rsdp_fix(rsdp);
}

static void list(uint32_t pa)
{
    append(ROOT, &(uint32_t){pa}, 4);
    append(XROOT, &(uint64_t){pa}, 8);
}

static void lapic(uint8_t uid, uint8_t id, uint32_t flags)
{
    const uint8_t entry[8] = {0, 8, uid, id, (uint8_t)flags};

    append(MADT, entry, sizeof(entry));
}

static void x2apic(uint32_t uid, uint32_t id, uint32_t flags)
{
    uint32_t entry[4] = {9 | 16 << 8, id, flags, uid};

    append(MADT, entry, sizeof(entry));
}

static void gas(uint32_t pa, uint8_t space, uint8_t bits, uint64_t address)
{
    put(pa, space, 1);
    put(pa + 1, bits, 1);
    put(pa + 4, address, 8);
}

/* The FADT of a machine like QEMU's q35. */
static void fadt(uint32_t size)
{
    table(FADT, "FACP", size);
    put(FADT + 40, DSDT, 4);
    put(FADT + 48, 0xb2, 4);
    put(FADT + 52, 2, 1);
    put(FADT + 64, 0x604, 4);
    put(FADT + 76, 0x608, 4);
    put(FADT + 91, 4, 1);
    if (size > 128) {
        put(FADT + 112, 1U << 10, 4);
        gas(FADT + 116, ACPI_SPACE_IO, 8, 0xcf9);
        put(FADT + 128, 0xf, 1);
    }
    fix(FADT);
}

static void dsdt(uint32_t pa, const char *signature, const void *aml, size_t n)
{
    table(pa, signature, 36);
    append(pa, "noise _S5_ ", 11);
    append(pa, aml, n);
    append(pa, "behind", 6);
}

static const uint8_t s5_qemu[] = {0x08, '_', 'S', '5', '_', 0x12, 6, 4, 0, 0, 0, 0};
static const uint8_t s5_bytes[] = {0x08, '\\', '_', 'S', '5', '_', 0x12, 10, 4, 0x0a, 5, 0x0a, 7, 0x0a, 0, 0};

static int begin(void **state)
{
    (void)state;
    exact_clear();
    memset(mem, 0, sizeof(mem));
    memset(bios, 0, sizeof(bios));
    memset(ebda, 0, sizeof(ebda));
    memset(bda, 0, sizeof(bda));
    memset(&info, 0xa5, sizeof(info));
    exact_add(BASE, mem, sizeof(mem));
    exact_add(BIOS, bios, sizeof(bios));
    exact_add(EBDA, ebda, sizeof(ebda));
    exact_add(0, bda, sizeof(bda));
    rsdp_write(at(RSDP), 2);
    table(ROOT, "RSDT", 36);
    table(XROOT, "XSDT", 36);
    table(MADT, "APIC", 44);
    put(MADT + 36, 0xfee00000, 4);
    fix(MADT);
    fadt(244);
    dsdt(DSDT, "DSDT", s5_bytes, sizeof(s5_bytes));
    list(MADT);
    list(FADT);
    return 0;
}

static int end(void **state)
{
    (void)state;
    exact_clear();
    return 0;
}

static int parse(void)
{
    error = "not set";
    return acpi_parse(RSDP, exact_window, &info, &error);
}

static void good(void)
{
    int rc = parse();

    if (rc != 0)
        print_message("%s\n", error);
    assert_int_equal(rc, 0);
    assert_null(error);
    if (info.warning)
        print_message("%s\n", info.warning);
    assert_null(info.warning);
}

static void odd(const char *sentence)
{
    assert_int_equal(parse(), 0);
    assert_non_null(info.warning);
    assert_string_equal(info.warning, sentence);
}

static void bad(const char *sentence)
{
    assert_int_equal(parse(), -1);
    assert_string_equal(error, sentence);
}

static void test_whole_machine(void **state)
{
    static const uint8_t ioapic[12] = {1, 12, 7, 0, 0, 0, 0xc0, 0xfe, 16, 0, 0, 0};
    static const uint8_t override[10] = {2, 10, 0, 9, 20, 0, 0, 0, 0xf, 0};
    static const uint8_t nmi[6] = {4, 6, 0xff, 0, 0, 1};

    (void)state;
    put(MADT + 40, 1, 4);
    lapic(0, 0, 1);
    lapic(1, 1, 1);
    append(MADT, ioapic, sizeof(ioapic));
    append(MADT, override, sizeof(override));
    append(MADT, nmi, sizeof(nmi));
    table(HPET, "HPET", 56);
    gas(HPET + 40, ACPI_SPACE_MEMORY, 64, 0xfed00000);
    fix(HPET);
    list(HPET);
    table(SPCR, "SPCR", 80);
    gas(SPCR + 40, ACPI_SPACE_IO, 8, 0x3f8);
    fix(SPCR);
    list(SPCR);
    table(SSDT, "WXYZ", 36); /* a table that we do not know */
    list(SSDT);
    good();
    assert_int_equal(info.rsdp, RSDP);
    assert_int_equal(info.revision, 2);
    assert_true(info.has_madt);
    assert_true(info.has_8259);
    assert_false(info.has_x2apic_cpus);
    assert_int_equal(info.lapic_address, 0xfee00000);
    assert_int_equal(info.nr_cpus, 2);
    assert_int_equal(info.cpus[1].apic_id, 1);
    assert_int_equal(info.cpus[1].uid, 1);
    assert_true(info.cpus[1].enabled);
    assert_int_equal(info.nr_ioapics, 1);
    assert_int_equal(info.ioapics[0].id, 7);
    assert_int_equal(info.ioapics[0].address, 0xfec00000);
    assert_int_equal(info.ioapics[0].gsi_base, 16);
    assert_int_equal(info.nr_overrides, 1);
    assert_int_equal(info.overrides[0].isa_irq, 9);
    assert_int_equal(info.overrides[0].gsi, 20);
    assert_int_equal(info.overrides[0].flags, 0xf);
    assert_true(info.has_fadt);
    assert_int_equal(info.smi_cmd, 0xb2);
    assert_int_equal(info.acpi_enable, 2);
    assert_int_equal(info.pm1a.address, 0x604);
    assert_int_equal(info.pm1a.space, ACPI_SPACE_IO);
    assert_int_equal(info.pm1b.address, 0);
    assert_true(info.has_reset);
    assert_int_equal(info.reset.address, 0xcf9);
    assert_int_equal(info.reset_value, 0xf);
    assert_int_equal(info.pm_timer.address, 0x608);
    assert_int_equal(info.pm_timer_bits, 24);
    assert_int_equal(info.dsdt, DSDT);
    assert_true(info.has_s5);
    assert_int_equal(info.slp_typa, 5);
    assert_int_equal(info.slp_typb, 7);
    assert_int_equal(info.hpet, 0xfed00000);
    assert_int_equal(info.nr_serials, 1);
    assert_int_equal(info.serials[0].regs.address, 0x3f8);
}

/* The same through the RSDT, from an RSDP of ACPI 1.0; its bytes behind the 20th mean nothing. */
static void test_acpi1(void **state)
{
    (void)state;
    rsdp_write(at(RSDP), 0);
    memset(at(RSDP) + 20, 0xff, 16);
    table(XROOT, "none", 36);
    fadt(116);
    lapic(0, 0, 1);
    good();
    assert_int_equal(info.revision, 0);
    assert_int_equal(info.nr_cpus, 1);
    assert_int_equal(info.pm1a.address, 0x604);
    assert_false(info.has_reset);
    assert_true(info.has_s5);
}

static void test_root_fallback(void **state)
{
    (void)state;
    put(XROOT + 9, 0x5a, 1);
    odd("an ACPI table has a wrong checksum and was ignored");
    assert_true(info.has_madt);
    at(ROOT)[9]++;
    bad("ACPI has no valid root table (XSDT or RSDT)");
    begin(state);
    memset(at(RSDP) + 24, 0, 8); /* no XSDT at all */
    rsdp_fix(at(RSDP));
    good();
    begin(state);
    table(XROOT, "XSDT", 36);
    table(ROOT, "RSDT", 39); /* both have no entry */
    bad("ACPI has no valid root table (XSDT or RSDT)");
    memset(at(RSDP) + 24, 0xff, 8);
    rsdp_fix(at(RSDP));
    bad("ACPI has no valid root table (XSDT or RSDT)");
    assert_string_equal(info.warning, "an ACPI table lies in memory that cannot be read");
}

static void test_rsdp_broken(void **state)
{
    (void)state;
    assert_int_equal(acpi_parse(0x12345, exact_window, &info, &error), -1);
    assert_string_equal(error, "the ACPI RSDP lies in memory that cannot be read");
    assert_int_equal(acpi_parse(UINT64_MAX - 4, exact_window, &info, &error), -1);
    assert_string_equal(error, "the ACPI RSDP lies in memory that cannot be read");
    at(RSDP)[0] = 'X';
    bad("the ACPI RSDP has no signature");
    begin(state);
    at(RSDP)[10]++;
    bad("the ACPI RSDP has a wrong checksum");
}

static const char damaged[] = "the ACPI RSDP is damaged where ACPI 2.0 extends it; the RSDT is used";

/* The machine is there by the RSDT, and the XSDT is not looked at. */
static void odd_extension(void)
{
    memset(at(XROOT), 0, 4);
    odd(damaged);
    assert_true(info.has_madt);
    assert_true(info.has_s5);
}

/* The RSDP lies where memory that can be read ends after n bytes of it. */
static void cut_off_rsdp(size_t n)
{
    exact_clear();
    exact_add(RSDP, mem, n);
    exact_add(ROOT, at(ROOT), SIZE - (ROOT - BASE));
}

/* Firmware that filled in the part of ACPI 1.0 only, and a revision that promises more. */
static void test_rsdp_extension_broken(void **state)
{
    static const uint32_t lengths[] = {0, 20, 35, 4097, UINT32_MAX};

    at(RSDP)[33]++;
    odd_extension();
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        begin(state);
        put(RSDP + 20, lengths[i], 4);
        odd_extension();
    }
    begin(state);
    cut_off_rsdp(35);
    odd_extension();
    put(RSDP + 20, 41, 4);
    cut_off_rsdp(40);
    odd_extension();
}

static void test_long_rsdp(void **state)
{
    (void)state;
    put(RSDP + 20, 100, 4);
    at(RSDP)[99] = 0x77;
    sum(at(RSDP), 100, 32);
    good();
}

static int parse_copy(const void *copy, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);
    int rc;

    assert_non_null(exact);
    memcpy(exact, copy, size);
    rc = acpi_parse_copy(exact, size, exact_window, &info, &error);
    free(exact);
    return rc;
}

static void test_copy(void **state)
{
    uint8_t rsdp[36];

    (void)state;
    rsdp_write(rsdp, 2);
    assert_int_equal(parse_copy(rsdp, 36), 0);
    assert_int_equal(info.rsdp, 0);
    assert_true(info.has_madt);
    assert_int_equal(parse_copy(rsdp, 35), 0);
    assert_string_equal(info.warning, damaged);
    assert_true(info.has_madt);
    assert_int_equal(parse_copy(rsdp, 19), -1);
    assert_string_equal(error, "the ACPI RSDP is cut off");
    assert_int_equal(parse_copy(rsdp, 0), -1);
    assert_string_equal(error, "the ACPI RSDP is cut off");
    rsdp[20] = 37;
    assert_int_equal(parse_copy(rsdp, 36), 0);
    assert_string_equal(info.warning, damaged);
    rsdp[0] = 0;
    assert_int_equal(parse_copy(rsdp, 36), -1);
    assert_string_equal(error, "the ACPI RSDP has no signature");
    rsdp_write(rsdp, 0);
    assert_int_equal(parse_copy(rsdp, 20), 0);
    assert_true(info.has_madt);
}

static const char no_rsdp[] = "no RSDP was found (on a machine with UEFI, boot by multiboot 2, which hands it over)";

static void test_search(void **state)
{
    (void)state;
    assert_int_equal(acpi_parse(0, exact_window, &info, &error), -1);
    assert_string_equal(error, no_rsdp);
    rsdp_write(bios + 0x15a8, 0); /* not on a 16-byte boundary */
    assert_int_equal(acpi_parse(0, exact_window, &info, &error), -1);
    memset(bios, 0, sizeof(bios));
    memcpy(bios + 0x1000, "RSD PTR ", 8); /* a signature without the rest */
    bios[0x100f] = 7;
    rsdp_write(bios + sizeof(bios) - 32, 0);
    assert_int_equal(acpi_parse(0, exact_window, &info, &error), 0);
    assert_int_equal(info.rsdp, 0xfffe0);
    memcpy(bda + 0x40e, &(uint16_t){EBDA >> 4}, 2);
    rsdp_write(ebda + 1008 - 16, 0);
    assert_int_equal(acpi_parse(0, exact_window, &info, &error), 0);
    assert_int_equal(info.rsdp, EBDA + 1008 - 16);
    memcpy(bda + 0x40e, &(uint16_t){0xffff}, 2); /* no EBDA there can be */
    assert_int_equal(acpi_parse(0, exact_window, &info, &error), 0);
    assert_int_equal(info.rsdp, 0xfffe0);
    exact_clear();
    assert_int_equal(acpi_parse(0, exact_window, &info, &error), -1);
    assert_string_equal(error, no_rsdp);
}

static void test_table_lengths(void **state)
{
    static const uint32_t lengths[] = {0, 35, (16U << 20) + 1, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        put(MADT + 4, lengths[i], 4);
        odd("an ACPI table has an impossible length");
        assert_false(info.has_madt);
        assert_true(info.has_fadt);
    }
    put(MADT + 4, SIZE, 4);
    odd("an ACPI table goes on into memory that cannot be read");
    begin(state);
    at(MADT)[41] = 9;
    odd("an ACPI table has a wrong checksum and was ignored");
    assert_int_equal(info.lapic_address, 0);
    begin(state);
    list(BASE + SIZE - 35);
    odd("an ACPI table lies in memory that cannot be read");
    begin(state);
    append(XROOT, &(uint64_t){UINT64_MAX}, 8);
    append(XROOT, &(uint64_t){0}, 8);
    odd("an ACPI table lies in memory that cannot be read");
}

/* The sentence names the table, and only in letters. */
static void test_warning_names_the_table(void **state)
{
    (void)state;
    at(MADT)[41] = 9;
    odd("an ACPI table has a wrong checksum and was ignored");
    assert_string_equal(info.warning_table, "APIC");
    begin(state);
    list(BASE + SIZE - 35);
    odd("an ACPI table lies in memory that cannot be read");
    assert_string_equal(info.warning_table, "");
    begin(state);
    at(MADT)[41] = 9; /* the first warning stays, and so does its table */
    put(FADT + 4, 0, 4);
    odd("an ACPI table has a wrong checksum and was ignored");
    assert_string_equal(info.warning_table, "APIC");
    begin(state);
    memcpy(at(XROOT), "\x80\n\x1b ", 4);
    put(XROOT + 4, 0, 4);
    odd("an ACPI table has an impossible length");
    assert_string_equal(info.warning_table, "????");
}

/* An XSDT whose 64-bit pointers nobody has tried: the RSDT leads to the same tables. */
static void test_xsdt_of_nothing(void **state)
{
    (void)state;
    table(XROOT, "XSDT", 36);
    append(XROOT, &(uint64_t){0x4000000000}, 8);
    append(XROOT, &(uint64_t){XROOT}, 8); /* to itself */
    append(XROOT, &(uint64_t){ROOT}, 8);
    odd("an ACPI table lies in memory that cannot be read");
    assert_true(info.has_madt);
    assert_true(info.has_s5);
}

/* Listed twice is no harm, nor are pointers that lead in a circle. */
static void test_circles(void **state)
{
    (void)state;
    lapic(0, 0, 1);
    put(FADT + 40, FADT, 4); /* the DSDT is the FADT */
    put(FADT + 140, XROOT, 8);
    fix(FADT);
    list(ROOT);
    list(XROOT);
    good();
    assert_int_equal(info.nr_cpus, 1);
    assert_false(info.has_s5);
    assert_int_equal(info.dsdt, 0);
    list(FADT);
    list(MADT);
    assert_int_equal(parse(), 0);
    assert_int_equal(info.nr_cpus, 1);
}

/* Tables above 4 GiB, which only the XSDT and the FADT's extended fields can name. */
static void test_tables_above_4_gib(void **state)
{
    const uint64_t high = 0x123400000000;

    (void)state;
    lapic(0, 0, 1);
    table(XROOT, "XSDT", 36);
    append(XROOT, &(uint64_t){high + MADT}, 8);
    append(XROOT, &(uint64_t){high + FADT}, 8);
    put(FADT + 40, 0, 4);
    put(FADT + 140, high + DSDT, 8);
    fix(FADT);
    put(RSDP + 16, 0, 4); /* no RSDT */
    put(RSDP + 24, high + XROOT, 8);
    rsdp_fix(at(RSDP));
    exact_clear();
    exact_add(RSDP, mem, 36);
    exact_add(high + BASE, mem, sizeof(mem));
    good();
    assert_int_equal(info.nr_cpus, 1);
    assert_true(info.dsdt == high + DSDT);
    assert_true(info.has_s5);
    memset(at(RSDP), 0, 36);
    rsdp_write(at(RSDP + 64), 2);
    put(RSDP + 64 + 24, high + XROOT, 8);
    rsdp_fix(at(RSDP + 64));
    assert_int_equal(acpi_parse(high + RSDP + 64, exact_window, &info, &error), 0);
    assert_true(info.rsdp == high + RSDP + 64);
    assert_true(info.has_s5);
}

/* Of the two pointers to the DSDT the other one is taken when one is wrong. */
static void test_dsdt_twice(void **state)
{
    (void)state;
    put(FADT + 140, UINT64_MAX - 99, 8);
    fix(FADT);
    odd("an ACPI table lies in memory that cannot be read");
    assert_true(info.has_s5);
    assert_int_equal(info.dsdt, DSDT);
    put(FADT + 140, MADT, 8); /* a table, but not that one */
    fix(FADT);
    good();
    assert_int_equal(info.dsdt, DSDT);
}

/* Pointers to one table of 16 MiB, over and over, would be summed up for minutes. */
static void test_sum_is_bounded(void **state)
{
    uint8_t *big = calloc(1, 16U << 20);

    (void)state;
    assert_non_null(big);
    memcpy(big, at(DSDT), 36);
    memcpy(big, "SSDT", 4);
    memcpy(big + 4, &(uint32_t){16U << 20}, 4);
    sum(big, 16U << 20, 9);
    exact_add(1ULL << 32, big, 16U << 20);
    put(FADT + 40, 0, 4); /* no DSDT, so SSDTs are asked */
    fix(FADT);
    for (unsigned i = 0; i < 4; i++)
        append(XROOT, &(uint64_t){1ULL << 32}, 8);
    odd("the ACPI tables are larger than 64 MiB together; the others were ignored");
    assert_string_equal(info.warning_table, "SSDT");
    assert_true(info.has_madt);
    exact_clear();
    free(big);
}

static void test_many_tables(void **state)
{
    (void)state;
    table(XROOT, "XSDT", 36);
    memset(at(XROOT) + 36, 0, 0x2500); /* runs over the tables behind it, which nothing names */
    put(XROOT + 4, 36 + 1025 * 8, 4);
    fix(XROOT);
    odd("the ACPI root table has more than 1024 entries; the others were ignored");
}

/* Listed as local APIC and as x2APIC is one CPU; disabled ones and the broadcast address are none. */
static void test_cpus(void **state)
{
    (void)state;
    lapic(0, 4, 1);
    lapic(1, 5, 0);
    lapic(2, 0xff, 1);
    lapic(3, 6, 2);
    x2apic(0, 4, 1);
    x2apic(9, 0x12345, 1);
    x2apic(10, UINT32_MAX, 1);
    x2apic(11, 300, 3);
    lapic(3, 6, 0);
    good();
    assert_true(info.has_x2apic_cpus);
    assert_int_equal(info.nr_cpus, 4);
    assert_int_equal(info.cpus[0].apic_id, 4);
    assert_false(info.cpus[0].x2apic);
    assert_int_equal(info.cpus[1].apic_id, 0x12345);
    assert_int_equal(info.cpus[1].uid, 9);
    assert_true(info.cpus[1].x2apic);
    assert_int_equal(info.cpus[2].apic_id, 300);
    assert_true(info.cpus[2].online_capable);
    assert_int_equal(info.cpus[3].apic_id, 6); /* may be plugged in, so it comes last */
    assert_false(info.cpus[3].enabled);
    assert_true(info.cpus[3].online_capable);
    x2apic(3, 6, 1); /* now it is there after all */
    good();
    assert_int_equal(info.nr_cpus, 4);
    assert_int_equal(info.cpus[3].apic_id, 6);
    assert_true(info.cpus[3].enabled);
}

/* As firmware of servers writes it: every CPU twice, sockets in turn, the boot CPU last, and slots that are empty. */
static void test_cpus_of_a_server(void **state)
{
    static const uint8_t order[] = {16, 0, 18, 2};

    (void)state;
    for (uint8_t i = 0; i < 4; i++)
        lapic(i, order[i], 1);
    for (uint8_t i = 4; i < 8; i++)
        lapic(i, 0xff, 0);
    for (uint8_t i = 0; i < 4; i++)
        x2apic(i, order[i], 1);
    for (uint8_t i = 4; i < 8; i++)
        x2apic(i, UINT32_MAX, 0);
    x2apic(8, 0, 0); /* an empty slot may have the id of a CPU that is there */
    good();
    assert_int_equal(info.nr_cpus, 4);
    for (uint8_t i = 0; i < 4; i++) {
        assert_int_equal(info.cpus[i].apic_id, order[i]);
        assert_true(info.cpus[i].enabled);
    }
}

static void test_too_many_cpus(void **state)
{
    static const char sentence[] = "there are more than 64 CPUs; the others stay unused";

    (void)state;
    for (uint32_t i = 0; i < 64; i++)
        x2apic(i, i, i < 2 ? 2 : 1);
    good();
    assert_int_equal(info.nr_cpus, 64);
    assert_int_equal(info.cpus[62].apic_id, 0);
    assert_int_equal(info.cpus[63].apic_id, 1);
    x2apic(64, 64, 2);
    odd(sentence);
    assert_int_equal(info.cpus[63].apic_id, 1);
    x2apic(65, 65, 1); /* takes the place of one that is not there yet */
    odd(sentence);
    assert_int_equal(info.nr_cpus, 64);
    assert_int_equal(info.cpus[62].apic_id, 65);
    assert_int_equal(info.cpus[63].apic_id, 0);
    x2apic(66, 66, 1);
    x2apic(67, 67, 1);
    odd(sentence);
    assert_int_equal(info.cpus[63].apic_id, 66);
    assert_true(info.cpus[63].enabled);
}

static void test_madt_entries_broken(void **state)
{
    static const uint8_t types[] = {0, 1, 2, 5, 9};
    static const uint8_t lengths[] = {0, 1, 9, 255};

    (void)state;
    for (size_t i = 0; i < sizeof(types); i++) {
        const uint8_t entry[7] = {types[i], 7};

        begin(state);
        append(MADT, entry, sizeof(entry));
        lapic(3, 3, 1);
        odd("an entry of the ACPI MADT is too short and was ignored");
        assert_int_equal(info.nr_cpus, 1);
    }
    for (size_t i = 0; i < sizeof(lengths); i++) {
        const uint8_t entry[8] = {0, lengths[i], 0, 0, 1};

        begin(state);
        append(MADT, entry, sizeof(entry));
        odd("an entry of the ACPI MADT has an impossible length; the rest was ignored");
        assert_int_equal(info.nr_cpus, 0);
    }
    begin(state);
    append(MADT, "", 1); /* half of an entry's head */
    odd("an entry of the ACPI MADT has an impossible length; the rest was ignored");
    begin(state);
    table(MADT, "APIC", 40);
    good();
    assert_int_equal(info.nr_cpus, 0);
    begin(state);
    list(MADT);
    odd("there is more than one ACPI MADT; the first one counts");
}

static void test_madt_limits(void **state)
{
    static const uint8_t ioapic[12] = {1, 12}, override[10] = {2, 10};
    uint8_t address[12] = {5, 12, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0};

    (void)state;
    append(MADT, address, sizeof(address));
    for (unsigned i = 0; i < 16; i++)
        append(MADT, ioapic, sizeof(ioapic));
    for (unsigned i = 0; i < 16; i++)
        append(MADT, override, sizeof(override));
    good();
    assert_true(info.lapic_address == 0x1000000000);
    append(MADT, override, sizeof(override));
    odd("there are more than 16 interrupt source overrides; the others are ignored");
    assert_int_equal(info.nr_overrides, 16);
    begin(state);
    for (unsigned i = 0; i < 17; i++)
        append(MADT, ioapic, sizeof(ioapic));
    odd("there are more than 16 I/O APICs; the others stay unused");
    assert_int_equal(info.nr_ioapics, 16);
}

static void test_fadt_extended(void **state)
{
    (void)state;
    gas(FADT + 172, ACPI_SPACE_IO, 16, 0x1804);
    gas(FADT + 184, ACPI_SPACE_MEMORY, 16, 0x123456789a);
    gas(FADT + 208, ACPI_SPACE_IO, 32, 0x1808);
    gas(FADT + 116, ACPI_SPACE_PCI, 8, 0x1f00000044);
    put(FADT + 112, 1U << 10 | 1U << 8, 4);
    put(FADT + 140, DSDT, 8);
    put(FADT + 40, 0x1000, 4); /* the old pointer leads nowhere */
    fix(FADT);
    good();
    assert_int_equal(info.pm1a.address, 0x1804);
    assert_int_equal(info.pm1a.bits, 16);
    assert_true(info.pm1b.address == 0x123456789a);
    assert_int_equal(info.pm1b.space, ACPI_SPACE_MEMORY);
    assert_int_equal(info.pm_timer.address, 0x1808);
    assert_int_equal(info.pm_timer_bits, 32);
    assert_int_equal(info.reset.space, ACPI_SPACE_PCI);
    assert_true(info.has_s5);
}

static void test_fadt_odd(void **state)
{
    static const char reset[] = "the ACPI reset register has an impossible address and is not used";

    (void)state;
    gas(FADT + 116, ACPI_SPACE_IO, 8, 0x10000);
    fix(FADT);
    odd(reset);
    assert_false(info.has_reset);
    gas(FADT + 116, 3, 8, 0x64);
    fix(FADT);
    odd(reset);
    gas(FADT + 116, ACPI_SPACE_MEMORY, 8, 0);
    fix(FADT);
    odd(reset);
    begin(state);
    put(FADT + 48, 0x10000, 4);                  /* no port */
    put(FADT + 64, 0x10000, 4);                  /* no port */
    gas(FADT + 172, ACPI_SPACE_IO, 16, 0x10004); /* no port either */
    put(FADT + 91, 0, 1);                        /* no PM timer */
    fix(FADT);
    good();
    assert_int_equal(info.smi_cmd, 0);
    assert_int_equal(info.pm1a.address, 0);
    assert_int_equal(info.pm_timer.address, 0);
    assert_int_equal(info.pm_timer_bits, 0);
    begin(state);
    put(FADT + 112, 1U << 20, 4);
    fix(FADT);
    good();
    assert_true(info.hw_reduced);
    assert_int_equal(info.pm1a.address, 0);
    assert_false(info.has_reset);
    begin(state);
    table(FADT, "FACP", 115);
    odd("an ACPI FADT is too short, or not the first one, and was ignored");
    assert_false(info.has_fadt);
    begin(state);
    list(FADT);
    odd("an ACPI FADT is too short, or not the first one, and was ignored");
}

/* A flag of a FADT that is older than the flag means nothing: the field was reserved, and zero. */
static void test_keyboard_controller(void **state)
{
    static const struct {
        uint8_t revision, boot_arch;
        bool absent;
    } rows[] = {{1, 0, false}, {2, 0, false}, {3, 0, true}, {3, 2, false}, {3, 0xfd, true}, {6, 0xff, false}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(state);
        put(FADT + 8, rows[i].revision, 1);
        put(FADT + 109, rows[i].boot_arch, 1);
        fix(FADT);
        good();
        assert_int_equal(info.no_8042, rows[i].absent);
    }
}

static void test_s5_shapes(void **state)
{
    static const struct {
        uint8_t aml[24];
        size_t n;
        uint8_t a, b;
    } shapes[] = {
        {{0x12, 6, 4, 0, 1, 0, 0}, 7, 0, 1},
        {{0x12, 4, 2, 1, 1}, 5, 1, 1},
        {{0x12, 9, 2, 0x0b, 5, 0, 0x0b, 6, 0}, 10, 5, 6},
        {{0x12, 0x40, 0, 0, 0}, 5, 0xff, 0xff},                 /* two bytes that say 0 */
        {{0x12, 0x48, 0, 2, 0x0a, 3, 0x0a, 4}, 8, 0xff, 0xff},  /* 8 bytes: the last is cut off */
        {{0x12, 0x47, 0, 2, 0x0a, 3, 0x0a, 4}, 8, 3, 4},        /* length in two bytes */
        {{0x12, 0x88, 0, 0, 2, 0x0a, 3, 0x0a, 4}, 9, 3, 4},     /* in three */
        {{0x12, 0xc9, 0, 0, 0, 2, 0x0a, 3, 0x0a, 4}, 10, 3, 4}, /* in four */
        {{0x12, 16, 2, 0x0c, 1, 0, 0, 0, 0x0e, 2, 0, 0, 0, 0, 0, 0, 0}, 17, 1, 2},
        {{0x12, 0xcf, 0xff, 0xff, 0xff, 2, 0, 0}, 8, 0xff, 0xff}, /* far beyond the table */
        {{0x12, 63, 2, 0, 0}, 5, 0xff, 0xff},                     /* beyond the table */
        {{0x12, 0, 2, 0, 0}, 5, 0xff, 0xff},
        {{0x12, 2, 2, 0, 0}, 5, 0xff, 0xff}, /* elements behind the package's end */
        {{0x12, 3, 2, 0, 0}, 5, 0xff, 0xff},
        {{0x12, 3, 1, 0}, 4, 0xff, 0xff},                /* one element */
        {{0x12, 6, 2, 0x0a, 8, 0x0a, 0}, 7, 0xff, 0xff}, /* 8 does not fit in 3 bits */
        {{0x12, 6, 2, 0x0a, 0, 0x0a, 8}, 7, 0xff, 0xff},
        {{0x12, 4, 2, 0xff, 0}, 5, 0xff, 0xff},            /* Ones */
        {{0x12, 8, 2, 0x0d, '5', 0, 0, 0}, 8, 0xff, 0xff}, /* a string */
        {{0x12, 5, 2, 0x0a, 5, 0x0b}, 6, 0xff, 0xff},      /* a word cut off by the package's end */
        {{0x11, 4, 2, 0, 0}, 5, 0xff, 0xff},               /* not a package */
    };

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        static const uint8_t name[] = {0x08, '_', 'S', '5', '_'};

        begin(state);
        table(DSDT, "DSDT", 36);
        append(DSDT, name, sizeof(name));
        append(DSDT, shapes[i].aml, shapes[i].n);
        if (shapes[i].a == 0xff) {
            odd("the ACPI object _S5_ is not a package of two constants from 0 to 7");
            assert_false(info.has_s5);
            continue;
        }
        if (parse() != 0 || !info.has_s5)
            fail_msg("shape %zu is not understood", i);
        assert_int_equal(info.slp_typa, shapes[i].a);
        assert_int_equal(info.slp_typb, shapes[i].b);
    }
}

/* The table may end anywhere in the object. */
static void test_s5_cut_off(void **state)
{
    for (size_t n = 0; n < sizeof(s5_bytes); n++) {
        begin(state);
        table(DSDT, "DSDT", 36);
        append(DSDT, s5_bytes, n);
        assert_int_equal(parse(), 0);
        assert_false(info.has_s5);
    }
}

static void test_s5_elsewhere(void **state)
{
    static const uint8_t other[] = {'_', 'S', '5', '_', 0x12, 6, 4, 0, 0, 0, 0}; /* no NameOp in front */

    (void)state;
    dsdt(DSDT, "DSDT", other, sizeof(other));
    good();
    assert_false(info.has_s5);
    dsdt(SSDT, "SSDT", s5_qemu, sizeof(s5_qemu));
    list(SSDT);
    good();
    assert_true(info.has_s5);
    assert_int_equal(info.slp_typa, 0);
    dsdt(DSDT, "DSDT", s5_bytes, sizeof(s5_bytes)); /* the DSDT's comes first */
    good();
    assert_int_equal(info.slp_typa, 5);
    memcpy(at(DSDT), "NONE", 4);
    fix(DSDT);
    good();
    assert_int_equal(info.slp_typa, 0);
}

static void test_hpet_and_spcr_odd(void **state)
{
    (void)state;
    table(HPET, "HPET", 40); /* too short for an address */
    list(HPET);
    table(SPCR, "SPCR", 80);
    gas(SPCR + 40, ACPI_SPACE_IO, 8, 0x10000);
    fix(SPCR);
    list(SPCR);
    odd("ACPI names a serial port at an impossible address");
    assert_int_equal(info.hpet, 0);
    assert_int_equal(info.nr_serials, 0);
    table(HPET, "HPET", 56);
    gas(HPET + 40, ACPI_SPACE_IO, 64, 0x100);
    fix(HPET);
    odd("ACPI names a serial port at an impossible address");
    assert_int_equal(info.hpet, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_whole_machine),
        TEST(test_acpi1),
        TEST(test_root_fallback),
        TEST(test_rsdp_broken),
        TEST(test_rsdp_extension_broken),
        TEST(test_long_rsdp),
        TEST(test_copy),
        TEST(test_search),
        TEST(test_table_lengths),
        TEST(test_warning_names_the_table),
        TEST(test_xsdt_of_nothing),
        TEST(test_circles),
        TEST(test_tables_above_4_gib),
        TEST(test_dsdt_twice),
        TEST(test_sum_is_bounded),
        TEST(test_many_tables),
        TEST(test_cpus),
        TEST(test_cpus_of_a_server),
        TEST(test_too_many_cpus),
        TEST(test_madt_entries_broken),
        TEST(test_madt_limits),
        TEST(test_fadt_extended),
        TEST(test_fadt_odd),
        TEST(test_keyboard_controller),
        TEST(test_s5_shapes),
        TEST(test_s5_cut_off),
        TEST(test_s5_elsewhere),
        TEST(test_hpet_and_spcr_odd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
