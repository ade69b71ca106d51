/* SPDX-License-Identifier: MIT */
/* COM1, 115200 8n1, polled. Everything does nothing if there is no UART. */
#ifndef ARCH_X86_SERIAL_H
#define ARCH_X86_SERIAL_H

#include <stdbool.h>

bool serial_init(void); /* is there one? */
void serial_put(char c);
int serial_get(void);    /* a byte, or -1 */
void serial_drain(void); /* wait, bounded, until the last bit is out */

#endif
