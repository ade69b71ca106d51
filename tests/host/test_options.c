/* SPDX-License-Identifier: MIT */
// links: kernel/options.c common/format.c arch/x86/serial_choice.c
/* The hypervisor's own command line: each word is understood or named in one sentence, never half taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/layout.h"
#include "kernel/options.h"

static char warnings[1000];

static void warn(const char *sentence)
{
    size_t n = strlen(warnings);
    snprintf(warnings + n, sizeof warnings - n, "%s|", sentence);
}

static struct options parse(const char *line)
{
    struct options o;
    warnings[0] = '\0';
    options_parse(line, &o, warn);
    return o;
}

static void defaults(void **state)
{
    struct options o = parse("");
    (void)state;
    assert_int_equal(o.log, LOG_INFO);
    assert_int_equal(o.maxcpus, MAX_CPUS);
    assert_int_equal(o.timeslice, 10);
    assert_int_equal(o.clock, TIME_CLOCK_BEST);
    assert_int_equal(o.ending, ENDING_BEST);
    assert_string_equal(warnings, "");
}

static void every_option(void **state)
{
    struct options o = parse("  log=debug maxcpus=3\ttimeslice=25  noreboot clock=pm");
    (void)state;
    assert_int_equal(o.log, LOG_DEBUG);
    assert_int_equal(o.maxcpus, 3);
    assert_int_equal(o.timeslice, 25);
    assert_int_equal(o.ending, ENDING_STAY);
    assert_int_equal(parse("poweroff").ending, ENDING_OFF);
    assert_int_equal(o.clock, TIME_CLOCK_PM);
    assert_int_equal(o.x2apic, APIC_BEST);
    assert_int_equal(parse("x2apic=no").x2apic, APIC_XAPIC);
    assert_int_equal(parse("x2apic=yes").x2apic, APIC_X2APIC);
    assert_int_equal(parse("clock=hpet").clock, TIME_CLOCK_HPET);
    assert_int_equal(parse("clock=pit").clock, TIME_CLOCK_PIT);
    assert_string_equal(warnings, "");
}

static void serial_ports(void **state)
{
    static const char *const names[SERIAL_CHOICES] = {"best", "1", "2", "3", "4", "spcr", "dbg2", "pci", "none"};
    char line[20];
    (void)state;
    assert_int_equal(parse("").com, SERIAL_BEST);
    assert_int_equal(parse("").baud, 0);
    for (unsigned i = 0; i < SERIAL_CHOICES; i++) {
        snprintf(line, sizeof line, "com=%s", names[i]);
        assert_int_equal(parse(line).com, i);
    }
    assert_int_equal(parse("com=2 baud=9600").baud, 9600);
    assert_string_equal(warnings, "");
    assert_int_equal(parse("com=5 baud=200").com, SERIAL_BEST);
    assert_string_equal(warnings, "option com=5 is ignored: it takes best, 1, 2, 3, 4, spcr, dbg2, pci or none|"
                                  "option baud=200 is ignored: it takes a speed from 300 to 115200|");
}

/* QEMU puts the image's file name in front, GRUB does not. A file name further on is a mistake. */
static void file_name_first(void **state)
{
    (void)state;
    assert_int_equal(parse("build/xenolith log=error").log, LOG_ERROR);
    assert_string_equal(warnings, "");
    assert_int_equal(parse("xenolith log=error").log, LOG_ERROR);
    assert_string_equal(warnings, "");
    assert_int_equal(parse("log=error build/xenolith").log, LOG_ERROR);
    assert_string_equal(warnings, "unknown option \"build/xenolith\" is ignored|");
}

static void mistakes_are_named(void **state)
{
    struct options o;
    (void)state;
    parse("lgo=info");
    assert_string_equal(warnings, "unknown option \"lgo\" is ignored|");
    o = parse("log=loud");
    assert_int_equal(o.log, LOG_INFO);
    assert_string_equal(warnings, "option log=loud is ignored: it takes error, warning, info or debug|");
    parse("clock=sun");
    assert_string_equal(warnings, "option clock=sun is ignored: it takes hpet, pm or pit|");
    parse("x2apic=1");
    assert_string_equal(warnings, "option x2apic=1 is ignored: it takes yes or no|");
    parse("noreboot=1");
    assert_string_equal(warnings, "option noreboot=1 is ignored: noreboot takes no value|");
    parse("maxcpus");
    assert_string_equal(warnings, "option maxcpus= is ignored: it takes a number from 1|");
}

/* A number that would wrap round, or trails off into letters, must not become another number. */
static void bad_numbers(void **state)
{
    static const char *const bad[] = {"maxcpus=0",     "maxcpus=-1", "maxcpus=2x",     "maxcpus=4294967297",
                                      "timeslice=0",   "timeslice=", "timeslice=1001", "maxcpus=18446744073709551617",
                                      "timeslice=0x10"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct options o = parse(bad[i]);
        assert_int_equal(o.maxcpus, MAX_CPUS);
        assert_int_equal(o.timeslice, 10);
        assert_string_not_equal(warnings, "");
    }
}

/* A word longer than the buffer is cut, not written past it. */
static void long_words(void **state)
{
    char line[5000];
    (void)state;
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    parse(line);
    assert_non_null(strstr(warnings, "unknown option"));
    memcpy(line, "log=", 4);
    assert_int_equal(parse(line).log, LOG_INFO);
    assert_non_null(strstr(warnings, "is ignored"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),        cmocka_unit_test(every_option),       cmocka_unit_test(serial_ports),
        cmocka_unit_test(file_name_first), cmocka_unit_test(mistakes_are_named), cmocka_unit_test(bad_numbers),
        cmocka_unit_test(long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
