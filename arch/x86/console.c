/* SPDX-License-Identifier: MIT */
/* The serial line and the screen as one console. */
#include "arch/x86/console.h"

#include "arch/x86/acpi.h"
#include "arch/x86/framebuffer.h"
#include "arch/x86/keyboard.h"
#include "arch/x86/machine.h"
#include "arch/x86/paging.h"
#include "arch/x86/screen.h"
#include "arch/x86/serial.h"
#include "arch/x86/vga.h"
#include "boot/boot.h"
#include "boot/boot_info.h"
#include "common/format.h"

#define FRAMEBUFFER_EGA_TEXT 2

static struct framebuffer fb;
static char screen_text[80];
static const char *keyboard_text = "not looked for yet";

static void draw(unsigned row, unsigned column, const char *text, unsigned n)
{
    framebuffer_draw(&fb, row, column, text, n);
}

static struct screen_device fb_device = {.draw = draw};

void console_device_init(void)
{
    serial_init();
    screen_init();
}

static void show_framebuffer(void)
{
    framebuffer_clear(&fb);
    fb_device.columns = fb.columns;
    fb_device.rows = fb.rows;
    screen_show(&fb_device);
}

/* A UEFI machine has no text mode, and a loader that set a graphics mode says so; the rest is a PC with VGA text. */
void console_boot_info(const struct boot_info *info)
{
    const struct boot_framebuffer *f = &info->framebuffer;
    if (f->addr ? f->type == FRAMEBUFFER_EGA_TEXT : !info->efi)
        screen_show(&vga_text);
    else if (framebuffer_describe(f, &fb)) {
        fb.base = phys_to_virt(f->addr);
        if (f->addr + framebuffer_size(&fb) <= EARLY_MAPPED) /* arch_memory_init() maps what is above */
            show_framebuffer();
    }
}

const char *console_memory_ready(const struct boot_info *info)
{
    if (fb.base && !screen_is_shown())
        show_framebuffer();
    if (fb.base)
        format(screen_text, sizeof screen_text, "%u x %u pixels of %u bits at %#llx, %u x %u characters", fb.width,
               fb.height, 8 * fb.bytes, (unsigned long long)info->framebuffer.addr, fb.columns, fb.rows);
    else
        format(screen_text, sizeof screen_text, "%s",
               screen_is_shown() ? "VGA text, 80 x 25 characters" : "none that the loader told of");
    return screen_text;
}

void console_describe(void (*fact)(const char *key, const char *value))
{
    fact("serial port", serial_describe());
    fact("screen", screen_text);
    fact("keyboard", keyboard_text);
}

static void put_serial(char c)
{
    if (c == '\n')
        serial_put('\r');
    serial_put(c);
}

void console_write_serial(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        put_serial(text[i]);
}

const char *console_write(const char *text, size_t size)
{
    console_write_serial(text, size);
    for (size_t i = 0; i < size; i++)
        screen_put(text[i]);
    screen_sync();
    return serial_problem();
}

int console_read(void)
{
    return serial_get();
}

const char *console_find_serial(enum serial_choice choice, uint32_t baud, void (*note)(const char *sentence))
{
    return serial_find(choice, baud, acpi, note);
}

bool console_use_serial(void)
{
    return serial_use();
}

const char *console_find_keyboard(void)
{
    keyboard_text = keyboard_init(acpi->no_8042);
    return keyboard_text;
}

int console_read_key(void)
{
    return keyboard_get();
}

void console_drain(void)
{
    serial_drain();
}
