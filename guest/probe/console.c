/* SPDX-License-Identifier: MIT */
#include "guest/lib/console.h"

#include "guest/lib/hypercall.h"
#include "guest/probe/probe.h"

void probe_console(void)
{
    static char buffer[64];

    ASK(hv_console_io(CONSOLEIO_write, 0, NULL));
    ASK(hv_console_io(CONSOLEIO_write, 0, UNMAPPED));
    ASK(hv_console_io(CONSOLEIO_write, 1, NULL));
    guest_printf("\n");
    ASK(hv_console_io(CONSOLEIO_write, 1, UNMAPPED));
    ASK(hv_console_io(CONSOLEIO_write, 5, "four\n"));
    ASK(hv_console_io(CONSOLEIO_write, 0x7FFFFFFF, UNMAPPED));
    ASK(hv_console_io(CONSOLEIO_write, 0xFFFFFFFF, UNMAPPED));
    ASK(hv_console_io(CONSOLEIO_write, ABOVE_32_BITS, UNMAPPED));
    ASK(hv_console_io(CONSOLEIO_read, 0, buffer));
    ASK(hv_console_io(CONSOLEIO_read, sizeof(buffer), buffer));
    ASK(hv_console_io(CONSOLEIO_read, sizeof(buffer), UNMAPPED));
    ASK(hv_console_io(CONSOLEIO_read, 0xFFFFFFFF, UNMAPPED));
    ASK(hv_console_io(2, 0, NULL));
    ASK(hv_console_io(99, 5, buffer));
    ASK(hv_console_io(0xFFFFFFFF, 5, buffer));
}
