/* SPDX-License-Identifier: MIT */
#include "guest/lib/console.h"

#include "common/format.h"
#include "common/string.h"
#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"

static char *memory; /* takes the output instead; NULL: the console does */
static size_t memory_left;

void guest_console_to(char *to, size_t size)
{
    guest_flush();
    memory = to;
    memory_left = size - 1;
}

static void to_memory(const char *line, size_t length)
{
    length = length < memory_left ? length : memory_left;
    memcpy(memory, line, length);
    memory += length;
    memory_left -= length;
}

void guest_flush(void)
{
    struct guest_vcpu *v = guest_vcpu();

    if (v->line_length && memory)
        to_memory(v->line, v->line_length);
    else if (v->line_length)
        hv_console_io(CONSOLEIO_write, v->line_length, v->line);
    v->line_length = 0;
}

static void put_char(struct guest_vcpu *v, char c)
{
    v->line[v->line_length++] = c;
    if (c == '\n' || v->line_length == sizeof(v->line))
        guest_flush();
}

void guest_vprintf(const char *fmt, va_list args)
{
    char text[512];

    format_v(text, sizeof(text), fmt, args);
    for (const char *p = text; *p; p++)
        put_char(guest_vcpu(), *p);
}

void guest_printf(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    guest_vprintf(fmt, args);
    va_end(args);
}
