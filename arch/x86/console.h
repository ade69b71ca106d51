/* SPDX-License-Identifier: MIT */
/*
 * The machine's consoles: a serial port (both directions); the screen, VGA text or a framebuffer, with the keyboard.
 * Callers serialise (printk).
 */
#ifndef ARCH_X86_CONSOLE_H
#define ARCH_X86_CONSOLE_H

#include <stddef.h>

#include "arch/x86/serial.h"

struct boot_info;

/* Find the devices. The first call of all: needs nothing, not even a memory map. */
void console_device_init(void);
/* The screen is in text mode, or not: the loader told. VGA text is written to only from now on. */
void console_boot_info(const struct boot_info *info);
/* After arch_memory_init(): the framebuffer, if there is one, shows the console from now on. What the screen is, or why
 * there is none, in a few words. */
const char *console_memory_ready(const struct boot_info *info);
/* For the report: each console, what it is or why it is not used. */
void console_describe(void (*fact)(const char *key, const char *value));
/*
 * Look for the serial port, as serial.h says: what it will be and why. With a choice that is late, after
 * arch_acpi_init(); with another after that or before. note gets a sentence about each port that is passed over.
 */
const char *console_find_serial(enum serial_choice choice, uint32_t baud, void (*note)(const char *sentence));
/* The serial port that was found is used from now on. True if it has seen nothing of the console yet. */
bool console_use_serial(void);
/* Bytes as they are; '\n' becomes "\r\n" on the serial line. Waits a bounded time for a slow line. When
 * a console has failed, a sentence about it for the others, once; else NULL. */
const char *console_write(const char *text, size_t size);
/* The same to the serial line only. */
void console_write_serial(const char *text, size_t size);
/* After arch_acpi_init(): the keyboard is listened to from now on. What there is, or why there is none. */
const char *console_find_keyboard(void);
/* One byte of input from the serial line, or -1 if there is none. */
int console_read(void);
/* One key of the keyboard, as scancode.h has it, or KEY_NONE. */
int console_read_key(void);
/* Wait (bounded) until the serial line has sent all: before power-off, which would lose it. */
void console_drain(void);

#endif
