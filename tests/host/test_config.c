/* SPDX-License-Identifier: MIT */
// links: kernel/config.c common/format.c
/* A domain's configuration line: what both loaders make of it, every key, every mistake with its sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/abi/event_channel.h"
#include "kernel/config.h"

#define FIFO EVTCHN_EXTENDED_FIFO
#define LEVEL3 EVTCHN_EXTENDED_3LEVEL

static struct domain_config config;

/* Parse from and into blocks of exactly the right size, so that the sanitizer sees one byte too many. */
static int parse(const char *line, char **error)
{
    size_t n = strlen(line) + 1;
    char *copy = malloc(n);
    int rc;

    assert_non_null(copy);
    memcpy(copy, line, n);
    *error = malloc(CONFIG_ERROR_MAX);
    assert_non_null(*error);
    memset(&config, 0xa5, sizeof(config)); /* the parser must set everything itself */
    memset(*error, 'E', CONFIG_ERROR_MAX);
    rc = config_parse(copy, &config, *error);
    free(copy);
    return rc;
}

static void good(const char *line)
{
    char *error;
    int rc = parse(line, &error);

    if (rc != 0)
        print_message("%s\n", error);
    assert_int_equal(rc, 0);
    assert_string_equal(error, "");
    free(error);
}

static void bad(const char *line, const char *sentence)
{
    char *error;

    assert_int_equal(parse(line, &error), -1);
    assert_true(memchr(error, '\0', CONFIG_ERROR_MAX) != NULL);
    assert_string_equal(error, sentence);
    free(error);
}

static void test_defaults(void **state)
{
    (void)state;
    good("");
    assert_string_equal(config.name, "");
    assert_string_equal(config.file, "");
    assert_int_equal(config.type, CONFIG_TYPE_PVH);
    assert_int_equal(config.memory, 32U << 20);
    assert_int_equal(config.vcpus, 1);
    assert_int_equal(config.event_channels, UINT32_MAX);
    assert_string_equal(config.cmdline, "");
    assert_false(config.privileged);
    assert_int_equal(config.evtchn_extended, FIFO);
    assert_false(config.evtchn_rfc_numbering);
    assert_true(config.cpus == UINT64_MAX);
    assert_true(config.irqs == 0);
    assert_int_equal(config.expect, CONFIG_EXPECT_SUCCESS);
    assert_string_equal(config.ramdisk_of, "");
    assert_string_equal(config.instead_of, "");
    good(" \t\n ");
}

static void test_every_key(void **state)
{
    (void)state;
    good("name=n type=\"pv\" memory=64 vcpus=128 event_channels=4095 cmdline=\"peer=2 port=1\" privileged=yes "
         "evtchn_extended=3level evtchn_numbering=rfc cpus=0-1,3 irqs=[16,18-19] expect=crash ramdisk_of=other");
    assert_string_equal(config.name, "n");
    assert_int_equal(config.type, CONFIG_TYPE_PV);
    assert_int_equal(config.memory, 64U << 20);
    assert_int_equal(config.vcpus, 128);
    assert_int_equal(config.event_channels, 4095);
    assert_string_equal(config.cmdline, "peer=2 port=1");
    assert_true(config.privileged);
    assert_int_equal(config.evtchn_extended, LEVEL3);
    assert_true(config.evtchn_rfc_numbering);
    assert_int_equal(config.cpus, 0xb);
    assert_int_equal(config.irqs, 0xd0000);
    assert_int_equal(config.expect, CONFIG_EXPECT_CRASH);
    assert_string_equal(config.ramdisk_of, "other");
}

/* QEMU passes the file name and leaves the quotes alone; GRUB passes no file name and moves the quotes. */
static void test_both_loaders(void **state)
{
    static const char *const lines[] = {
        "build/guest/hello.pvh64 name=\"x y\" vcpus=2 extra=\"say \\\"hi\\\" \\\\o/ it\\'s\"",
        "\"name=x y\" vcpus=2 \"extra=say \\\"hi\\\" \\\\o/ it\\'s\"",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        good(lines[i]);
        assert_string_equal(config.name, "x y");
        assert_int_equal(config.vcpus, 2);
        assert_string_equal(config.cmdline, "say \"hi\" \\o/ it's");
        assert_string_equal(config.file, i == 0 ? "hello.pvh64" : "");
    }
}

static void test_file_name(void **state)
{
    (void)state;
    good("hello");
    assert_string_equal(config.file, "hello");
    assert_string_equal(config.name, "hello");
    good("/tmp/a=b/hello vcpus=2");
    assert_string_equal(config.file, "hello");
    assert_int_equal(config.vcpus, 2);
    good("dir/ name=n");
    assert_string_equal(config.file, "dir/");
    assert_string_equal(config.name, "n");
    good("cmdline=root=/dev/x");
    assert_string_equal(config.cmdline, "root=/dev/x");
    assert_string_equal(config.file, "");
    good("a-file-name-that-is-longer-than-a-name-may-be.pvh64");
    assert_string_equal(config.file, "a-file-name-that-is-longer-than");
    assert_string_equal(config.name, config.file);
    good("\"my file\" vcpus=3");
    assert_string_equal(config.file, "my file");
    good("bad\033name");
    assert_string_equal(config.file, "bad?name");
}

static void test_quotes(void **state)
{
    (void)state;
    good("cmdline=\"\"");
    assert_string_equal(config.cmdline, "");
    good("cmdline=a\\b");
    assert_string_equal(config.cmdline, "a\\b");
    good("cmdline=a\\\"b\\\\c");
    assert_string_equal(config.cmdline, "a\"b\\c");
    good("cmdline=\"a b\"c vcpus=\"2\"");
    assert_string_equal(config.cmdline, "a bc");
    assert_int_equal(config.vcpus, 2);
    good("cmdline=x\\");
    assert_string_equal(config.cmdline, "x\\");
    bad("cmdline=\"abc def", "the quote in the word that begins with 'cmdline=\"abc def' is never closed");
    bad("cmdline=\"abc\\\"", "the quote in the word that begins with 'cmdline=\"abc\\\"' is never closed");
    bad("\"", "the quote in the word that begins with '\"' is never closed");
}

static void test_words(void **state)
{
    (void)state;
    bad("hello world", "word \"world\": must be key=value");
    bad("hello =5", "word \"=5\": must be key=value");
    bad("hello \"\"", "word \"\": must be key=value");
    bad("hello w\001rld", "word \"w?rld\": must be key=value");
    bad("=5", "word \"=5\": must be key=value");
}

static void test_unknown_keys(void **state)
{
    static const char all[] = "the keys are name, type, memory, vcpus, event_channels, cmdline, extra, privileged, "
                              "evtchn_extended, evtchn_numbering, cpus, irqs, expect, ramdisk_of, instead_of";
    char sentence[300];

    (void)state;
    bad("memry=64", "unknown key \"memry\"; did you mean \"memory\"?");
    bad("vcpu=2", "unknown key \"vcpu\"; did you mean \"vcpus\"?");
    bad("cpu=2", "unknown key \"cpu\"; did you mean \"cpus\"?");
    bad("event_channel=2", "unknown key \"event_channel\"; did you mean \"event_channels\"?");
    bad("Name=2", "unknown key \"Name\"; did you mean \"name\"?");
    strcpy(sentence, "unknown key \"bootloader\"; ");
    bad("bootloader=x", strcat(sentence, all));
    strcpy(sentence, "unknown key \"aaaaaaaaaaaaaaaaaaaaaaa\"; ");
    bad("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=x", strcat(sentence, all));
}

static void test_given_twice(void **state)
{
    (void)state;
    bad("memory=64 memory=64", "memory: is given twice");
    bad("vcpus=1 name=x vcpus=2", "vcpus: is given twice");
    bad("cmdline=a extra=b", "extra: means the same as cmdline, which is given too");
    bad("extra=a cmdline=b", "cmdline: means the same as extra, which is given too");
}

/* The brackets are xl.cfg's; both forms mean the same. */
static void test_irqs(void **state)
{
    static const char *const wrong[] = {"", "[]", "[16", "16]", "[16]]", "16,", "[16,]", "64", "all", "19-16", "[16 ]"};

    (void)state;
    good("irqs=16");
    assert_true(config.irqs == 1ULL << 16);
    good("irqs=\"[16,18-19]\"");
    assert_true(config.irqs == 0xd0000);
    good("irqs=0-63");
    assert_true(config.irqs == UINT64_MAX);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char line[80] = "\"irqs=", sentence[CONFIG_ERROR_MAX] = "irqs=\"";
        strcat(strcat(line, wrong[i]), "\"");
        strcat(sentence, wrong[i]);
        strcat(sentence, "\": must be a list such as [16,18] or 16-19 of interrupt lines from 0 to 63");
        bad(line, sentence);
    }
}

static void test_name(void **state)
{
    (void)state;
    good("name=0123456789012345678901234567890");
    bad("name=01234567890123456789012345678901",
        "name=\"01234567890123456789012345678901\": must be 1 to 31 printable characters");
    bad("name=", "name=\"\": must be 1 to 31 printable characters");
    bad("name=a\033b", "name=\"a?b\": must be 1 to 31 printable characters");
    bad("name=a\xc3\xa4", "name=\"a??\": must be 1 to 31 printable characters");
    bad("ramdisk_of=", "ramdisk_of=\"\": must be the name of a domain, 1 to 31 printable characters");
}

static void test_type(void **state)
{
    (void)state;
    good("type=pvh");
    assert_int_equal(config.type, CONFIG_TYPE_PVH);
    bad("type=hvm", "type=\"hvm\": must be pvh or pv");
    bad("type=", "type=\"\": must be pvh or pv");
    bad("type=\"PV\"", "type=\"PV\": must be pvh or pv");
}

/* The pv image of a pvh domain has nothing of its own to say. */
static void test_instead_of(void **state)
{
    static const char *const others[] = {"name=x",        "memory=16",    "vcpus=2",
                                         "privileged=no", "expect=crash", "ramdisk_of=x"};

    (void)state;
    good("hello.pv64 instead_of=hello");
    assert_string_equal(config.instead_of, "hello");
    assert_int_equal(config.type, CONFIG_TYPE_PV);
    good("instead_of=\"a b\" type=pv");
    bad("instead_of=hello type=pvh", "type: a module with instead_of= is for pv");
    bad("instead_of=", "instead_of=\"\": must be the name of a domain, 1 to 31 printable characters");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char line[80] = "instead_of=hello ", sentence[CONFIG_ERROR_MAX];
        size_t key = strcspn(others[i], "=");

        memcpy(sentence, others[i], key);
        strcpy(sentence + key, ": is not for a module with instead_of=");
        bad(strcat(line, others[i]), sentence);
    }
}

static void test_memory(void **state)
{
    static const struct {
        const char *line;
        uint64_t bytes;
    } cases[] = {
        {"memory=1", 1 << 20},        {"memory=16", 16 << 20},      {"memory=2048K", 2 << 20},
        {"memory=1028k", 1028 << 10}, {"memory=16M", 16 << 20},     {"memory=16m", 16 << 20},
        {"memory=2G", 2ULL << 30},    {"memory=1024g", 1ULL << 40}, {"memory=1048576", 1ULL << 40},
    };
    static const char *const wrong[] = {
        "0",
        "",
        "M",
        "-1",
        "+1",
        "1.5",
        "16MB",
        "16 ",
        "x",
        "0x10",
        "1025G",
        "1048577",
        "1023K",
        "1025K",
        "18446744073709551617",
        "17592186044416",
        "99999999999999999999999999",
        "1\200",
        "1\377",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        good(cases[i].line);
        assert_true(config.memory == cases[i].bytes);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char line[80] = "\"memory=", sentence[CONFIG_ERROR_MAX] = "memory=\"";

        strcat(strcat(line, wrong[i]), "\"");
        strcat(sentence, (unsigned char)wrong[i][0] == '1' && wrong[i][1] < 0 ? "1?" : wrong[i]);
        strcat(sentence, "\": must be a number of MiB, or a number with K, M or G, from 1M to 1024G and a multiple of "
                         "4K");
        bad(line, sentence);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    bad("vcpus=\"0\"", "vcpus=\"0\": must be a number from 1 to 128");
    bad("vcpus=129", "vcpus=\"129\": must be a number from 1 to 128");
    bad("vcpus=two", "vcpus=\"two\": must be a number from 1 to 128");
    bad("vcpus=-1", "vcpus=\"-1\": must be a number from 1 to 128");
    bad("vcpus=4294967297", "vcpus=\"4294967297\": must be a number from 1 to 128");
    bad("vcpus=18446744073709551617", "vcpus=\"18446744073709551617\": must be a number from 1 to 128");
    good("event_channels=4294967295");
    bad("event_channels=4294967296", "event_channels=\"4294967296\": must be a number from 1 to 4294967295");
    bad("event_channels=0", "event_channels=\"0\": must be a number from 1 to 4294967295");
}

static void test_privileged(void **state)
{
    (void)state;
    good("privileged=true");
    assert_true(config.privileged);
    good("privileged=1");
    assert_true(config.privileged);
    good("privileged=no");
    assert_false(config.privileged);
    good("privileged=0");
    good("privileged=false");
    assert_false(config.privileged);
    bad("privileged=maybe", "privileged=\"maybe\": must be yes or no");
}

/*
 * EVT-3L-04
 * By default FIFO; a privileged domain may use both, wherever in the line privileged= stands, unless told otherwise.
 */
static void test_extended(void **state)
{
    static const struct {
        const char *line;
        uint64_t abis;
    } cases[] = {
        {"vcpus=1", FIFO},
        {"privileged=yes", FIFO | LEVEL3},
        {"privileged=no", FIFO},
        {"privileged=yes evtchn_extended=fifo", FIFO},
        {"evtchn_extended=none privileged=yes", 0},
        {"evtchn_extended=none", 0},
        {"evtchn_extended=fifo,3level", FIFO | LEVEL3},
        {"evtchn_extended=\"3level,fifo,fifo\"", FIFO | LEVEL3},
    };
    static const char *const wrong[] = {"", ",", "fifo,", ",fifo", "fifo,none", "4level", "fifofifo", "fifo 3level"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        good(cases[i].line);
        assert_int_equal(config.evtchn_extended, cases[i].abis);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char line[80] = "\"evtchn_extended=", sentence[CONFIG_ERROR_MAX] = "evtchn_extended=\"";

        bad(strcat(strcat(line, wrong[i]), "\""),
            strcat(strcat(sentence, wrong[i]), "\": must be a list of fifo and 3level, or none"));
    }
}

static void test_numbering_and_expect(void **state)
{
    (void)state;
    good("evtchn_numbering=xen");
    assert_false(config.evtchn_rfc_numbering);
    bad("evtchn_numbering=both", "evtchn_numbering=\"both\": must be xen or rfc");
    good("expect=success");
    assert_int_equal(config.expect, CONFIG_EXPECT_SUCCESS);
    good("expect=running");
    assert_int_equal(config.expect, CONFIG_EXPECT_RUNNING);
    bad("expect=fail", "expect=\"fail\": must be success, crash or running");
}

static void test_cpus(void **state)
{
    static const struct {
        const char *line;
        uint64_t cpus;
    } cases[] = {
        {"cpus=all", UINT64_MAX}, {"cpus=0", 1},       {"cpus=63", 1ULL << 63}, {"cpus=0-63", UINT64_MAX},
        {"cpus=1-1", 2},          {"cpus=0-1,3", 0xb}, {"cpus=\"3,0\"", 9},
    };
    static const char *const wrong[] = {"", ",", "64", "0-64", "3-1", "0,", "-1", "1-", "0-1-2", "0 1", "^1", "all,1"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        good(cases[i].line);
        assert_true(config.cpus == cases[i].cpus);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char line[80] = "\"cpus=", sentence[CONFIG_ERROR_MAX] = "cpus=\"";

        bad(strcat(strcat(line, wrong[i]), "\""),
            strcat(strcat(sentence, wrong[i]), "\": must be all, or a list such as 0-1,3 of CPUs from 0 to 63"));
    }
}

static void test_long_lines(void **state)
{
    static char line[5000];

    (void)state;
    strcpy(line, "cmdline=");
    memset(line + 8, 'a', CONFIG_CMDLINE_MAX - 1);
    line[8 + CONFIG_CMDLINE_MAX - 1] = '\0';
    good(line);
    assert_int_equal(strlen(config.cmdline), CONFIG_CMDLINE_MAX - 1);
    strcat(line, "a");
    bad(line,
        "cmdline=\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": must be at most 1023 bytes long");
    memset(line + 8, 'a', sizeof(line) - 9);
    bad(line, "the word that begins with 'cmdline=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' is longer than "
              "1055 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),     cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_both_loaders), cmocka_unit_test(test_file_name),
        cmocka_unit_test(test_quotes),       cmocka_unit_test(test_words),
        cmocka_unit_test(test_unknown_keys), cmocka_unit_test(test_given_twice),
        cmocka_unit_test(test_irqs),         cmocka_unit_test(test_name),
        cmocka_unit_test(test_type),         cmocka_unit_test(test_memory),
        cmocka_unit_test(test_numbers),      cmocka_unit_test(test_privileged),
        cmocka_unit_test(test_extended),     cmocka_unit_test(test_numbering_and_expect),
        cmocka_unit_test(test_cpus),         cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_instead_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
