/* SPDX-License-Identifier: MIT */
/* The serial line and the screen as one console. */
#include "arch/x86/console.h"
#include "arch/x86/serial.h"
#include "arch/x86/vga.h"
#include "boot/boot_info.h"

#define FRAMEBUFFER_EGA_TEXT 2

static bool serial;

void console_device_init(void)
{
    serial = serial_init();
    vga_init();
}

/* A UEFI machine has no text mode, and a loader that set a graphics mode says so; the rest is a PC with VGA text. */
void console_boot_info(const struct boot_info *info)
{
    const struct boot_framebuffer *fb = &info->framebuffer;
    if (fb->addr ? fb->type == FRAMEBUFFER_EGA_TEXT : !info->efi)
        vga_show();
}

static void put_serial(char c)
{
    if (c == '\n')
        serial_put('\r');
    serial_put(c);
}

void console_write(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (serial)
            put_serial(text[i]);
        vga_put(text[i]);
    }
    vga_sync_cursor();
}

int console_read(void)
{
    return serial ? serial_get() : -1;
}

void console_drain(void)
{
    if (serial)
        serial_drain();
}
