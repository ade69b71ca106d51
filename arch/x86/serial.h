/* SPDX-License-Identifier: MIT */
/*
 * The serial line of the console: which UART it is, and its bytes. COM1 at first, if it answers; when the firmware's
 * tables are read, the one that the user or the firmware names. Callers serialise.
 */
#ifndef ARCH_X86_SERIAL_H
#define ARCH_X86_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

#define SERIAL_BAUD_MIN 300
#define SERIAL_BAUD_MAX 115200

enum serial_choice {
    SERIAL_BEST, /* SPCR; COM1 to COM4; DBG2; PCI: the first that answers */
    SERIAL_COM1,
    SERIAL_COM2,
    SERIAL_COM3,
    SERIAL_COM4,
    SERIAL_SPCR, /* the firmware's console, by ACPI */
    SERIAL_DBG2, /* the firmware's debug port, by ACPI */
    SERIAL_PCI,  /* the first 16550 on a PCI card */
    SERIAL_NONE,
    SERIAL_CHOICES,
};

struct acpi_info;
/* A sentence about a port that is passed over. */
typedef void (*serial_note_fn)(const char *sentence);

/* As the command line calls a choice (com=...). */
const char *serial_choice_name(enum serial_choice choice);
/* Does the choice need the firmware's tables, or PCI? */
bool serial_choice_is_late(enum serial_choice choice);

/* COM1 at 115200 baud, if there is one. Needs nothing. */
void serial_init(void);
/*
 * Look for the port. baud 0: what the firmware says, else 115200. If the choice is not there it is as if there had been
 * none. What it will be and why, in a few words; the line in use is still the old one.
 */
const char *serial_find(enum serial_choice choice, uint32_t baud, const struct acpi_info *acpi, serial_note_fn note);
/* The port that was found is the line from now on. True if it has seen nothing of the console yet. */
bool serial_use(void);
/* What it is, as serial_find() put it. */
const char *serial_describe(void);

/* The line takes no characters any more: a sentence, once; else NULL. */
const char *serial_problem(void);
void serial_put(char c);
int serial_get(void);    /* a byte, or -1 */
void serial_drain(void); /* wait, bounded, until the last bit is out */

#endif
