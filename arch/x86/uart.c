/* SPDX-License-Identifier: MIT */
#include "arch/x86/uart.h"

#include <stddef.h>

#define REG_DATA 0       /* low byte of the divisor while LINE_DIVISOR is set */
#define REG_INTERRUPTS 1 /* high byte */
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
#define STATUS_GONE 0xff /* nobody drives the bus */

/*
 * A character takes 87 us at 115200 baud and 33 ms at 300; reading the status takes 1 us on a real bus, and less in an
 * emulator. A line that is stuck (nobody reads the other end of an emulator's pipe) is given one look a character until
 * it moves again. Then it is worth half the patience that it was; what it takes earns the rest back, so that a line
 * that moves now and then costs little more than one that does not.
 */
#define PATIENCE_MAX 1000000
#define PATIENCE_MIN 2000
#define PATIENCE_EARNED 16

static uint8_t get_reg(const struct uart *uart, unsigned reg)
{
    return uart->bus->read(uart->base + reg * uart->stride);
}

static void put_reg(const struct uart *uart, unsigned reg, uint8_t value)
{
    uart->bus->write(uart->base + reg * uart->stride, value);
}

uint32_t uart_divisor(uint32_t clock, uint32_t baud)
{
    uint64_t divisor = ((clock ? clock : UART_CLOCK) + 8ULL * baud) / (16ULL * baud);
    return divisor < 1 ? 1 : divisor > UINT16_MAX ? UINT16_MAX : (uint32_t)divisor;
}

static void moves(struct uart *uart)
{
    uart->lost = false;
    if (uart->patience < PATIENCE_MAX)
        uart->patience += PATIENCE_EARNED;
}

static void is_stuck(struct uart *uart)
{
    if (!uart->lost && uart->patience > 2 * PATIENCE_MIN)
        uart->patience /= 2;
    uart->lost = true;
}

static bool wait_for(struct uart *uart, uint8_t bit)
{
    for (unsigned turns = uart->lost ? 1 : uart->patience; turns; turns--) {
        uint8_t status = get_reg(uart, REG_STATUS);
        if (status == STATUS_GONE)
            break;
        if (status & bit) {
            moves(uart);
            return true;
        }
    }
    is_stuck(uart);
    return false;
}

/* A missing UART reads 0xff everywhere, and forgets what is written to the scratch register. */
bool uart_answers(const struct uart *uart)
{
    static const uint8_t patterns[] = {0x5a, 0xa5};
    for (unsigned i = 0; i < sizeof patterns; i++) {
        put_reg(uart, REG_SCRATCH, patterns[i]);
        if (get_reg(uart, REG_SCRATCH) != patterns[i])
            return false;
    }
    return get_reg(uart, REG_STATUS) != STATUS_GONE;
}

/* Firmware may name a port that it has not set up: a divisor of 0 stops the line. */
static void set_speed(const struct uart *uart)
{
    uint32_t divisor = uart->divisor;
    put_reg(uart, REG_LINE, LINE_DIVISOR);
    if (!divisor)
        divisor = (uint32_t)(get_reg(uart, REG_DATA) | get_reg(uart, REG_INTERRUPTS) << 8);
    if (!divisor)
        divisor = 1;
    put_reg(uart, REG_DATA, (uint8_t)divisor);
    put_reg(uart, REG_INTERRUPTS, (uint8_t)(divisor >> 8));
    put_reg(uart, REG_LINE, LINE_8N1);
}

void uart_init(struct uart *uart)
{
    uart->patience = PATIENCE_MAX;
    uart->lost = false;
    uart_drain(uart);
    put_reg(uart, REG_LINE, LINE_8N1);
    put_reg(uart, REG_INTERRUPTS, 0);
    set_speed(uart);
    put_reg(uart, REG_FIFO, FIFO_ON_EMPTY);
    put_reg(uart, REG_MODEM, MODEM_DTR_RTS);
}

bool uart_put(struct uart *uart, char c)
{
    if (!uart->bus)
        return true;
    bool ready = wait_for(uart, STATUS_THR_EMPTY);
    if (ready)
        put_reg(uart, REG_DATA, (uint8_t)c);
    return ready;
}

int uart_get(const struct uart *uart)
{
    if (!uart->bus)
        return -1;
    uint8_t status = get_reg(uart, REG_STATUS);
    return status != STATUS_GONE && (status & STATUS_DATA) ? get_reg(uart, REG_DATA) : -1;
}

void uart_drain(struct uart *uart)
{
    if (uart->bus)
        (void)wait_for(uart, STATUS_IDLE);
}
