/* SPDX-License-Identifier: MIT */
/*
 * The keyboard behind a PC's keyboard controller (8042), polled. USB keyboards are seen only where the firmware shows
 * them as one. Callers serialise.
 */
#ifndef ARCH_X86_KEYBOARD_H
#define ARCH_X86_KEYBOARD_H

#include <stdbool.h>

/*
 * Turn the keyboard on, without interrupts and with scancode set 1. absent: the firmware says that there is no
 * controller; no port is touched then. Waits at most about a second. What came of it, in a few words.
 */
const char *keyboard_init(bool absent);
/* The next key, as scancode.h has it, or KEY_NONE. */
int keyboard_get(void);

#endif
