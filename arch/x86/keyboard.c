/* SPDX-License-Identifier: MIT */
/*
 * Where no controller is, every read gives 0xff, which looks like one that is busy for ever: all waits are bounded, and
 * a controller that does not answer is not asked again.
 */
#include "arch/x86/keyboard.h"

#include <stddef.h>
#include <stdint.h>

#include "arch/x86/io.h"
#include "arch/x86/scancode.h"

#define PORT_DATA 0x60
#define PORT_STATUS 0x64 /* read */
#define PORT_COMMAND 0x64

#define STATUS_OUTPUT 0x01 /* a byte waits for us */
#define STATUS_INPUT 0x02  /* the controller has not taken our last byte */
#define STATUS_MOUSE 0x20  /* what waits is from the second port */
#define NOTHING_THERE 0xff

#define COMMAND_READ_MODE 0x20
#define COMMAND_WRITE_MODE 0x60
#define COMMAND_MOUSE_OFF 0xa7
#define COMMAND_KEYBOARD_OFF 0xad
#define COMMAND_KEYBOARD_ON 0xae

#define MODE_INTERRUPTS 0x03
#define MODE_KEYBOARD_OFF 0x10
#define MODE_MOUSE_OFF 0x20
#define MODE_TRANSLATE 0x40 /* set 2, which keyboards speak, to set 1 */

#define KEYBOARD_SCAN 0xf4 /* to the keyboard: send what is pressed */
#define KEYBOARD_TOOK_IT 0xfa

/* Reading the status takes about 1 us on a real bus; a keyboard answers within 20 ms. */
#define WAIT_TURNS 50000
#define LEFT_OVER 64 /* bytes that may wait from before; more come only from what is no controller */

static bool present;
static struct scancode_state state;

static bool wait_for(uint8_t bit, uint8_t value)
{
    for (unsigned turns = WAIT_TURNS; turns; turns--) {
        uint8_t status = inb(PORT_STATUS);
        if (status == NOTHING_THERE)
            return false;
        if ((status & bit) == value)
            return true;
    }
    return false;
}

static bool put(uint16_t port, uint8_t value)
{
    bool ready = wait_for(STATUS_INPUT, 0);
    if (ready)
        outb(port, value);
    return ready;
}

static bool get(uint8_t *value)
{
    bool ready = wait_for(STATUS_OUTPUT, STATUS_OUTPUT);
    if (ready)
        *value = inb(PORT_DATA);
    return ready;
}

static bool flush(void)
{
    for (unsigned i = 0; i < LEFT_OVER; i++) {
        if (!(inb(PORT_STATUS) & STATUS_OUTPUT))
            return true;
        (void)inb(PORT_DATA);
    }
    return false;
}

static bool set_mode(void)
{
    uint8_t mode;
    if (!put(PORT_COMMAND, COMMAND_KEYBOARD_OFF) || !put(PORT_COMMAND, COMMAND_MOUSE_OFF) || !flush() ||
        !put(PORT_COMMAND, COMMAND_READ_MODE) || !get(&mode))
        return false;
    mode &= (uint8_t) ~(MODE_INTERRUPTS | MODE_KEYBOARD_OFF);
    mode |= MODE_MOUSE_OFF | MODE_TRANSLATE;
    return put(PORT_COMMAND, COMMAND_WRITE_MODE) && put(PORT_DATA, mode) && put(PORT_COMMAND, COMMAND_KEYBOARD_ON);
}

/* Keys that were pressed before may come in front of the answer. */
static bool keyboard_answers(void)
{
    uint8_t byte;
    if (!put(PORT_DATA, KEYBOARD_SCAN))
        return false;
    for (unsigned i = 0; i < LEFT_OVER && get(&byte); i++)
        if (byte == KEYBOARD_TOOK_IT)
            return true;
    return false;
}

const char *keyboard_init(bool absent)
{
    present = !absent && inb(PORT_STATUS) != NOTHING_THERE && set_mode();
    if (absent)
        return "none: the firmware's tables say that there is no keyboard controller";
    if (!present)
        return "none: no keyboard controller answers";
    state = (struct scancode_state){0};
    return keyboard_answers() ? "PS/2, or what the firmware shows as one" : "a controller, but no keyboard answers yet";
}

int keyboard_get(void)
{
    for (unsigned i = 0; present && i < LEFT_OVER; i++) {
        uint8_t status = inb(PORT_STATUS);
        if (status == NOTHING_THERE || !(status & STATUS_OUTPUT))
            return KEY_NONE;
        uint8_t byte = inb(PORT_DATA);
        int key = status & STATUS_MOUSE ? KEY_NONE : scancode_decode(&state, byte);
        if (key != KEY_NONE)
            return key;
    }
    return KEY_NONE;
}
