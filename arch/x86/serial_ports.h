/* SPDX-License-Identifier: MIT */
/* Serial ports of each kind: serial.c decides which one it is, and nobody else includes this. */
#ifndef ARCH_X86_SERIAL_PORTS_H
#define ARCH_X86_SERIAL_PORTS_H

#include "arch/x86/serial.h"
#include "arch/x86/uart.h"

#define SERIAL_NAME_MAX 80

struct serial_port {
    struct uart uart; /* not set up yet */
    uint32_t baud;    /* 0: the firmware's */
    char name[SERIAL_NAME_MAX];
};

struct serial_search {
    const struct acpi_info *acpi;
    uint32_t baud; /* that the user wants, or 0 */
    serial_note_fn note;
    struct serial_port port; /* found */
};

/* A sentence for s->note. */
__attribute__((format(printf, 2, 3))) void serial_note(const struct serial_search *s, const char *fmt, ...);

/* Each looks for a port of its kind that answers. False: there is none; those that were passed over are noted. */
bool serial_find_com(struct serial_search *s, enum serial_choice choice);  /* COM1 to COM4 */
bool serial_find_acpi(struct serial_search *s, enum serial_choice choice); /* SPCR or DBG2 */
bool serial_find_pci(struct serial_search *s, enum serial_choice choice);

#endif
