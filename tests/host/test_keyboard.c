/* SPDX-License-Identifier: MIT */
// links: arch/x86/scancode.c
/* The keyboard's driver against a controller that works, that is not there, that is stuck, and that talks nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARCH_X86_IO_H /* the ports are ours */
static uint8_t inb(uint16_t port);
static void outb(uint16_t port, uint8_t value);

#include "arch/x86/keyboard.c"

#define QUEUE 256
#define PATIENCE 10000000 /* accesses of ports: a driver that needs more hangs */

static struct {
    bool there;           /* or reads of its ports give 0xff */
    bool stuck;           /* takes no byte */
    bool silent;          /* gives none */
    bool endless;         /* gives bytes for ever */
    bool deaf;            /* takes commands, but no keyboard is plugged in */
    bool vanishes;        /* with the first command */
    uint8_t queue[QUEUE]; /* bytes for us */
    bool mouse[QUEUE];    /* they come from the second port */
    unsigned head, tail;
    uint8_t mode, command;
    unsigned accesses, writes;
} fake;

static void give(uint8_t byte, bool mouse)
{
    fake.queue[fake.head % QUEUE] = byte;
    fake.mouse[fake.head++ % QUEUE] = mouse;
}

static uint8_t status(void)
{
    uint8_t bits = fake.stuck ? STATUS_INPUT : 0;
    if (fake.endless || (!fake.silent && fake.head != fake.tail))
        bits |= STATUS_OUTPUT;
    if (fake.mouse[fake.tail % QUEUE])
        bits |= STATUS_MOUSE;
    return bits;
}

static uint8_t inb(uint16_t port)
{
    assert_true(fake.accesses++ < PATIENCE);
    if (!fake.there)
        return 0xff;
    if (port == PORT_STATUS)
        return status();
    assert_int_equal(port, PORT_DATA);
    if (fake.head == fake.tail)
        return 0x55;
    fake.mouse[fake.tail % QUEUE] = false;
    return fake.queue[fake.tail++ % QUEUE];
}

static void outb(uint16_t port, uint8_t value)
{
    fake.writes++;
    assert_true(fake.there && !fake.stuck);
    if (fake.vanishes)
        fake.there = false;
    if (port == PORT_COMMAND) {
        fake.command = value;
        if (value == COMMAND_READ_MODE)
            give(fake.mode, false);
    } else if (fake.command == COMMAND_WRITE_MODE) {
        fake.mode = value;
        fake.command = 0;
    } else if (value == KEYBOARD_SCAN && !fake.deaf) {
        give(KEYBOARD_TOOK_IT, false);
    }
}

static int setup(void **unused)
{
    (void)unused;
    memset(&fake, 0, sizeof fake);
    fake.there = true;
    fake.mode = MODE_INTERRUPTS | MODE_KEYBOARD_OFF;
    return 0;
}

static void test_works(void **unused)
{
    (void)unused;
    give(0x99, false); /* left over from the loader */
    assert_memory_equal(keyboard_init(false), "PS/2", 4);
    assert_int_equal(fake.mode, MODE_TRANSLATE | MODE_MOUSE_OFF);
    assert_int_equal(keyboard_get(), KEY_NONE);
    give(0x23, false);
    give(0xa3, false);
    give(0xe0, false);
    give(0x49, false);
    assert_int_equal(keyboard_get(), 'h');
    assert_int_equal(keyboard_get(), KEY_PAGE_UP);
    assert_int_equal(keyboard_get(), KEY_NONE);
}

/* A mouse moves while keys are pressed: its bytes look like keys. */
static void test_mouse(void **unused)
{
    (void)unused;
    (void)keyboard_init(false);
    give(0x1e, true);
    give(0x2a, true);
    give(0x23, false);
    assert_int_equal(keyboard_get(), 'h');
    assert_int_equal(keyboard_get(), KEY_NONE);
}

static void test_firmware_says_no(void **unused)
{
    (void)unused;
    assert_memory_equal(keyboard_init(true), "none", 4);
    assert_int_equal(keyboard_get(), KEY_NONE);
    assert_int_equal(fake.accesses + fake.writes, 0);
}

static void test_nothing_there(void **unused)
{
    (void)unused;
    fake.there = false;
    assert_memory_equal(keyboard_init(false), "none", 4);
    assert_int_equal(keyboard_get(), KEY_NONE);
    assert_int_equal(fake.writes, 0);
}

static void refused(void)
{
    assert_memory_equal(keyboard_init(false), "none", 4);
    fake.accesses = 0;
    assert_int_equal(keyboard_get(), KEY_NONE);
    assert_int_equal(fake.accesses, 0); /* and never asked again */
}

static void test_stuck(void **unused)
{
    (void)unused;
    fake.stuck = true;
    refused();
}

static void test_silent(void **unused)
{
    (void)unused;
    fake.silent = true;
    refused();
}

static void test_endless(void **unused)
{
    (void)unused;
    fake.endless = true;
    refused();
}

static void test_vanishes(void **unused)
{
    (void)unused;
    fake.vanishes = true;
    refused();
}

/* It may be plugged in later. */
static void test_controller_without_keyboard(void **unused)
{
    (void)unused;
    fake.deaf = true;
    assert_memory_equal(keyboard_init(false), "a controller", 12);
    give(0x23, false);
    assert_int_equal(keyboard_get(), 'h');
}

/* Bytes that never end must not keep the hypervisor. */
static void test_endless_later(void **unused)
{
    (void)unused;
    (void)keyboard_init(false);
    fake.endless = true;
    give(0xfe, false);
    for (unsigned i = 0; i < 1000; i++)
        (void)keyboard_get();
}

#define TEST(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_works),         TEST(test_mouse),    TEST(test_firmware_says_no),
        TEST(test_nothing_there), TEST(test_stuck),    TEST(test_silent),
        TEST(test_endless),       TEST(test_vanishes), TEST(test_controller_without_keyboard),
        TEST(test_endless_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
