/* SPDX-License-Identifier: MIT */
#include "arch/x86/scancode.h"

#include <stddef.h>

#define PREFIX_E0 0xe0 /* one byte follows: a key that the first PC did not have */
#define PREFIX_E1 0xe1 /* two follow: they are sent for Pause only, twice */
#define RELEASED 0x80
#define CAPS_LOCK 0x3a
#define NUM_LOCK 0x45

#define HELD_SHIFT 0x03 /* left, right */
#define HELD_CONTROL 0x0c

struct key {
    char plain, shifted;
};

#define LETTER(c)            \
    {                        \
        (c), (c) - 'a' + 'A' \
    }

/* [code] = characters of the key; a zero: the key has none. */
static const struct key keys[RELEASED] = {
    [0x01] = {'\033', '\033'}, [0x02] = {'1', '!'},   [0x03] = {'2', '@'},   [0x04] = {'3', '#'},
    [0x05] = {'4', '$'},       [0x06] = {'5', '%'},   [0x07] = {'6', '^'},   [0x08] = {'7', '&'},
    [0x09] = {'8', '*'},       [0x0a] = {'9', '('},   [0x0b] = {'0', ')'},   [0x0c] = {'-', '_'},
    [0x0d] = {'=', '+'},       [0x0e] = {'\b', '\b'}, [0x0f] = {'\t', '\t'}, [0x10] = LETTER('q'),
    [0x11] = LETTER('w'),      [0x12] = LETTER('e'),  [0x13] = LETTER('r'),  [0x14] = LETTER('t'),
    [0x15] = LETTER('y'),      [0x16] = LETTER('u'),  [0x17] = LETTER('i'),  [0x18] = LETTER('o'),
    [0x19] = LETTER('p'),      [0x1a] = {'[', '{'},   [0x1b] = {']', '}'},   [0x1c] = {'\r', '\r'},
    [0x1e] = LETTER('a'),      [0x1f] = LETTER('s'),  [0x20] = LETTER('d'),  [0x21] = LETTER('f'),
    [0x22] = LETTER('g'),      [0x23] = LETTER('h'),  [0x24] = LETTER('j'),  [0x25] = LETTER('k'),
    [0x26] = LETTER('l'),      [0x27] = {';', ':'},   [0x28] = {'\'', '"'},  [0x29] = {'`', '~'},
    [0x2b] = {'\\', '|'},      [0x2c] = LETTER('z'),  [0x2d] = LETTER('x'),  [0x2e] = LETTER('c'),
    [0x2f] = LETTER('v'),      [0x30] = LETTER('b'),  [0x31] = LETTER('n'),  [0x32] = LETTER('m'),
    [0x33] = {',', '<'},       [0x34] = {'.', '>'},   [0x35] = {'/', '?'},   [0x37] = {'*', '*'},
    [0x39] = {' ', ' '},       [0x4a] = {'-', '-'},   [0x4e] = {'+', '+'},   [0x56] = {'\\', '|'},
};

/* The keypad: what num lock makes of it, and what the key is without. */
#define KEYPAD_FIRST 0x47
#define KEYPAD_LAST 0x53
static const char keypad_digits[] = "789-456+1230.";

/* [code] = the key, whether it comes with 0xe0 (of its own) or without (on the keypad). */
static const uint16_t moves[RELEASED] = {
    [0x47] = KEY_HOME,
    [0x49] = KEY_PAGE_UP,
    [0x4f] = KEY_END,
    [0x51] = KEY_PAGE_DOWN,
};

/* [code] = the bit in scancode_state.held. */
static const uint8_t plain_held[RELEASED] = {[0x2a] = 0x01, [0x36] = 0x02, [0x1d] = 0x04};
/* With 0xe0 the codes of the shift keys are sent around other keys, and mean nothing. */
static const uint8_t extended_held[RELEASED] = {[0x1d] = 0x08};

/* Of the keys with 0xe0, those of the keypad's right edge and the moves mean something here. */
static int extended_key(uint8_t code)
{
    if (code == 0x1c || code == 0x35) /* Enter, slash */
        return keys[code].plain;
    return moves[code] ? moves[code] : KEY_NONE;
}

/* Control makes 1-26 of letters, and 27-31 of the characters that follow them in ASCII. */
static int with_control(char c)
{
    return c >= '@' && c <= '~' ? c & 0x1f : c;
}

static int character(const struct scancode_state *state, struct key key)
{
    bool letter = key.plain >= 'a' && key.plain <= 'z';
    bool shifted = !!(state->held & HELD_SHIFT) != (letter && state->caps);
    char c = shifted ? key.shifted : key.plain;
    if (!c)
        return KEY_NONE;
    return state->held & HELD_CONTROL ? with_control(c) : c;
}

static int plain_key(const struct scancode_state *state, uint8_t code)
{
    if (code >= KEYPAD_FIRST && code <= KEYPAD_LAST && state->num)
        return keypad_digits[code - KEYPAD_FIRST];
    return moves[code] ? moves[code] : character(state, keys[code]);
}

static int pressed(struct scancode_state *state, uint8_t code, bool extended)
{
    if (extended)
        return extended_key(code);
    state->caps ^= code == CAPS_LOCK;
    state->num ^= code == NUM_LOCK;
    return plain_key(state, code);
}

/* The bytes 0x00 and 0xff, with which a keyboard says that keys were lost, are no codes either. */
int scancode_decode(struct scancode_state *state, uint8_t byte)
{
    uint8_t code = byte & ~RELEASED & 0xff;
    bool extended = state->extended;

    state->extended = byte == PREFIX_E0;
    if (state->passed) {
        state->passed--;
        state->extended = false;
        return KEY_NONE;
    }
    if (byte == PREFIX_E1)
        state->passed = 2;
    if (byte == PREFIX_E0 || byte == PREFIX_E1 || byte == 0 || byte == 0xff)
        return KEY_NONE;
    uint8_t bit = extended ? extended_held[code] : plain_held[code];
    if (byte & RELEASED) {
        state->held &= (uint8_t)~bit;
        return KEY_NONE;
    }
    state->held |= bit;
    return pressed(state, code, extended);
}
