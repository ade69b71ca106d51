/* SPDX-License-Identifier: MIT */
/*
 * A 16550 UART, polled, behind any kind of register access (PC16550D data sheet, National Semiconductor). All waits are
 * bounded: a line that takes no characters costs one wait of about a second, and little from then on. Pure code; the
 * caller serialises.
 */
#ifndef ARCH_X86_UART_H
#define ARCH_X86_UART_H

#include <stdbool.h>
#include <stdint.h>

#define UART_CLOCK 1843200U /* Hz: what PCs divide the speed of the line from */

struct uart_bus {
    uint8_t (*read)(uintptr_t at);
    void (*write)(uintptr_t at, uint8_t value);
};

struct uart {
    const struct uart_bus *bus; /* NULL: there is no UART; everything does nothing */
    uintptr_t base;             /* of its registers: a port number or an address */
    uint8_t stride;             /* from one register to the next */
    uint32_t divisor;           /* of its clock; 0: the speed stays what the firmware set */
    unsigned patience;          /* reads of the status that a character is worth while the line moves */
    bool lost;                  /* it has taken no character for too long, or is gone */
};

/* The divisor for this speed, 1 to 65535. clock 0: that of a PC. */
uint32_t uart_divisor(uint32_t clock, uint32_t baud);
/* Is there one? Bytes that wait to be read are left alone. */
bool uart_answers(const struct uart *uart);
/* Set the line up: 8n1, speed, FIFOs on, no interrupts; what the firmware still sends is waited for. */
void uart_init(struct uart *uart);
/* Send. False: the character is lost. */
bool uart_put(struct uart *uart, char c);
/* A byte, or -1. */
int uart_get(const struct uart *uart);
/* Wait until the last bit is out. */
void uart_drain(struct uart *uart);

#endif
