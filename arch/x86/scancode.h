/* SPDX-License-Identifier: MIT */
/*
 * From what a PC keyboard sends to characters: scancode set 1, as the keyboard controller translates it, with the keys
 * where a US keyboard has them. Pure code.
 */
#ifndef ARCH_X86_SCANCODE_H
#define ARCH_X86_SCANCODE_H

#include <stdbool.h>
#include <stdint.h>

#define KEY_NONE (-1)
/* Keys that are no characters; the others are ASCII, as a terminal sends them (Enter is '\r'). */
#define KEY_CHARACTER_MAX 0x7f
#define KEY_PAGE_UP 0x100
#define KEY_PAGE_DOWN 0x101
#define KEY_HOME 0x102
#define KEY_END 0x103

struct scancode_state {
    uint8_t held;   /* which of the shift and control keys are down, a bit each */
    uint8_t passed; /* bytes still to come of a sequence that means nothing */
    bool extended;  /* the last byte was 0xe0 */
    bool caps, num; /* locks; both are off at first */
};

/* Take the next byte: the key that it completes, or KEY_NONE. Keys that are let go complete none. */
int scancode_decode(struct scancode_state *state, uint8_t byte);

#endif
