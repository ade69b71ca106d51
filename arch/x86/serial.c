/* SPDX-License-Identifier: MIT */
/*
 * A 16550 at the first PC serial port. All waits are bounded: a line that gets stuck (nobody reads the other end of an
 * emulator's pipe) costs one long wait; then text is lost until it moves again.
 */
#include "arch/x86/serial.h"
#include "arch/x86/io.h"

#define COM1 0x3f8
#define REG_DATA 0
#define REG_INTERRUPTS 1
#define REG_FIFO 2
#define REG_LINE 3
#define REG_MODEM 4
#define REG_STATUS 5
#define REG_SCRATCH 7

#define LINE_DIVISOR 0x80
#define LINE_8N1 0x03
#define FIFO_ON_EMPTY 0x07
#define MODEM_DTR_RTS 0x03
#define STATUS_DATA 0x01
#define STATUS_THR_EMPTY 0x20
#define STATUS_IDLE 0x40

#define DIVISOR_115200 1
/* A character takes 87 us at 115200 baud; reading the status takes 1 us on a real bus, and less in an emulator. */
#define WAIT_TURNS 1000000

static bool present, stuck;

static bool wait_for(uint8_t bit)
{
    unsigned turns = stuck ? 1 : WAIT_TURNS;
    for (stuck = true; stuck && turns; turns--)
        stuck = !(inb(COM1 + REG_STATUS) & bit);
    return !stuck;
}

/* A missing UART reads 0xff everywhere, and forgets what is written to the scratch register. */
static bool probe(void)
{
    outb(COM1 + REG_SCRATCH, 0x5a);
    if (inb(COM1 + REG_SCRATCH) != 0x5a)
        return false;
    outb(COM1 + REG_SCRATCH, 0xa5);
    return inb(COM1 + REG_SCRATCH) == 0xa5 && inb(COM1 + REG_STATUS) != 0xff;
}

bool serial_init(void)
{
    present = probe();
    if (!present)
        return false;
    serial_drain(); /* what the loader wrote last */
    outb(COM1 + REG_INTERRUPTS, 0);
    outb(COM1 + REG_LINE, LINE_DIVISOR);
    outb(COM1 + REG_DATA, DIVISOR_115200);
    outb(COM1 + REG_INTERRUPTS, 0); /* high byte of the divisor */
    outb(COM1 + REG_LINE, LINE_8N1);
    outb(COM1 + REG_FIFO, FIFO_ON_EMPTY);
    outb(COM1 + REG_MODEM, MODEM_DTR_RTS);
    return true;
}

void serial_put(char c)
{
    if (present && wait_for(STATUS_THR_EMPTY))
        outb(COM1 + REG_DATA, (uint8_t)c);
}

int serial_get(void)
{
    if (!present)
        return -1;
    uint8_t status = inb(COM1 + REG_STATUS);
    return status != 0xff && (status & STATUS_DATA) ? inb(COM1 + REG_DATA) : -1;
}

void serial_drain(void)
{
    if (present)
        (void)wait_for(STATUS_IDLE);
}
