/* SPDX-License-Identifier: MIT */
// links: arch/x86/uart.c
/* The driver of a 16550 against one that works, one that is slow, dead, gone, or not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/uart.h"

#define BASE 0x2f8
#define HANG 100000000U /* accesses: whoever needs more never ends */

static struct {
    unsigned stride;
    uint8_t regs[8]; /* what was written last */
    uint16_t divisor;
    unsigned busy_for; /* reads of the status until the transmitter is empty again */
    unsigned busy;
    bool absent; /* every read gives 0xff */
    bool dead;   /* the transmitter never empties */
    char sent[4096];
    unsigned nr_sent;
    const char *input;
    unsigned accesses;
    unsigned status_reads;
} fake;

static uint8_t status(void)
{
    uint8_t bits = *fake.input ? 0x01 : 0;
    fake.status_reads++;
    if (fake.busy)
        fake.busy--;
    return fake.dead || fake.busy ? bits : bits | 0x60;
}

static uint8_t fake_read(uintptr_t at)
{
    unsigned reg = (unsigned)(at - BASE) / fake.stride;
    assert_int_equal((at - BASE) % fake.stride, 0);
    assert_true(reg < 8 && fake.accesses++ < HANG);
    if (fake.absent)
        return 0xff;
    if (reg == 5)
        return status();
    if (reg < 2 && fake.regs[3] & 0x80)
        return (uint8_t)(fake.divisor >> 8 * reg);
    if (reg == 0)
        return (uint8_t)*fake.input++;
    return fake.regs[reg];
}

static void transmit(uint8_t value)
{
    assert_int_equal(fake.busy, 0); /* or the last character is overwritten */
    fake.sent[fake.nr_sent++ % sizeof fake.sent] = (char)value;
    fake.busy = fake.busy_for;
}

static void fake_write(uintptr_t at, uint8_t value)
{
    unsigned reg = (unsigned)(at - BASE) / fake.stride;
    assert_true(reg < 8 && fake.accesses++ < HANG);
    if (reg < 2 && fake.regs[3] & 0x80)
        fake.divisor = (uint16_t)(reg ? (fake.divisor & 0x00ff) | value << 8 : (fake.divisor & 0xff00) | value);
    else if (reg == 0)
        transmit(value);
    else
        fake.regs[reg] = value;
}

static const struct uart_bus bus = {fake_read, fake_write};
static struct uart uart;

static int setup(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    fake.stride = 1;
    fake.input = "";
    uart = (struct uart){.bus = &bus, .base = BASE, .stride = 1, .divisor = 1};
    return 0;
}

static bool put(const char *text)
{
    bool all = true;
    for (; *text; text++)
        all = uart_put(&uart, *text) && all;
    return all;
}

static void test_works(void **state)
{
    (void)state;
    fake.input = "hi";
    fake.busy = 1000; /* the loader's last character is under way */
    assert_true(uart_answers(&uart));
    uart_init(&uart);
    assert_int_equal(fake.divisor, 1);
    assert_int_equal(fake.regs[3], 0x03);
    assert_int_equal(fake.regs[1], 0);
    assert_int_equal(uart_get(&uart), 'h');
    assert_int_equal(uart_get(&uart), 'i');
    assert_int_equal(uart_get(&uart), -1);
    assert_true(put("text"));
    uart_drain(&uart);
    assert_memory_equal(fake.sent, "text", 5);
}

/* Registers four bytes apart, as in memory of many boards. */
static void test_stride(void **state)
{
    (void)state;
    fake.stride = uart.stride = 4;
    assert_true(uart_answers(&uart));
    uart_init(&uart);
    assert_true(put("text"));
    assert_memory_equal(fake.sent, "text", 5);
}

static void test_speed(void **state)
{
    (void)state;
    uart.divisor = 0;
    fake.divisor = 0x1234; /* the firmware knows better */
    uart_init(&uart);
    assert_int_equal(fake.divisor, 0x1234);
    fake.divisor = 0; /* it did nothing */
    uart_init(&uart);
    assert_int_equal(fake.divisor, 1);
    uart.divisor = 0x180;
    uart_init(&uart);
    assert_int_equal(fake.divisor, 0x180);
}

static void test_divisors(void **state)
{
    static const struct {
        uint32_t clock, baud, divisor;
    } rows[] = {{0, 115200, 1},         {0, 9600, 12},        {0, 57600, 2},  {0, 300, 384},
                {48000000, 115200, 26}, {0, 4000000, 1},      {0, 1, 65535},  {UINT32_MAX, UINT32_MAX, 1},
                {UINT32_MAX, 1, 65535}, {14745600, 9600, 96}, {1, 115200, 1}, {0, 110, 1047}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(uart_divisor(rows[i].clock, rows[i].baud), rows[i].divisor);
}

static void test_not_there(void **state)
{
    (void)state;
    fake.absent = true;
    assert_false(uart_answers(&uart));
    uart = (struct uart){0};
    assert_true(put("text")); /* nothing is lost of what nobody asked for */
    assert_int_equal(uart_get(&uart), -1);
    uart_drain(&uart);
}

/* A long character is no dead line: 300 baud. */
static void test_slow(void **state)
{
    (void)state;
    fake.busy_for = 40000;
    uart_init(&uart);
    assert_true(put("slow, but whole"));
    assert_memory_equal(fake.sent, "slow, but whole", 16);
    assert_false(uart.lost);
}

/* Every character waited a second for: a boot of three thousand of them never ended. */
static void test_dead(void **state)
{
    (void)state;
    uart_init(&uart);
    fake.dead = true;
    assert_false(put("x"));
    assert_true(uart.lost);
    assert_true(fake.status_reads <= 1100000);
    fake.status_reads = 0;
    for (unsigned i = 0; i < 3000; i++)
        assert_false(put("x"));
    uart_drain(&uart);
    assert_true(fake.status_reads <= 3001);
    assert_int_equal(fake.nr_sent, 0);
}

/* Dead from the start: the wait for the firmware's last character ends, too. */
static void test_born_dead(void **state)
{
    (void)state;
    fake.dead = true;
    assert_true(uart_answers(&uart));
    uart_init(&uart);
    assert_true(uart.lost);
    assert_true(fake.status_reads <= 1100000);
}

/* Somebody reads the other end of the pipe at last. */
static void test_moves_again(void **state)
{
    (void)state;
    uart_init(&uart);
    fake.dead = true;
    assert_false(put("lost"));
    fake.dead = false;
    fake.busy_for = 500;
    assert_true(put("back"));
    assert_memory_equal(fake.sent, "back", 4);
    assert_false(uart.lost);
    fake.dead = true; /* and again nobody: it is worth less */
    fake.status_reads = 0;
    assert_false(put("x"));
    assert_true(fake.status_reads <= 600000);
}

/* A line that takes a character now and then: each cost a second, which is no hang, but no boot either. */
static void test_moves_now_and_then(void **state)
{
    (void)state;
    uart_init(&uart);
    fake.status_reads = 0;
    for (unsigned i = 0; i < 2000; i++) {
        fake.dead = i % 2;
        (void)put("x");
    }
    assert_true(fake.status_reads <= 2200000 + 1000 * 4200);
    fake.dead = false;
    for (unsigned i = 0; i < 100000; i++) /* it works again, and earns its time back */
        assert_true(put("x"));
    fake.busy_for = 40000;
    assert_true(put("slow"));
}

/* A card is pulled out: 0xff has the bits of an idle transmitter and of a byte that waits. */
static void test_gone(void **state)
{
    (void)state;
    uart_init(&uart);
    fake.absent = true;
    fake.accesses = 0;
    assert_false(put("x"));
    assert_true(uart.lost);
    assert_int_equal(uart_get(&uart), -1);
    assert_true(fake.accesses <= 3);
}

#define TEST(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_works),       TEST(test_stride),
        TEST(test_speed),       TEST(test_divisors),
        TEST(test_not_there),   TEST(test_slow),
        TEST(test_dead),        TEST(test_born_dead),
        TEST(test_moves_again), TEST(test_moves_now_and_then),
        TEST(test_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
