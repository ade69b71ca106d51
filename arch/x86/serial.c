/* SPDX-License-Identifier: MIT */
#include "arch/x86/serial.h"

#include <stddef.h>

#include "arch/x86/serial_ports.h"
#include "common/format.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT_MAX (SERIAL_NAME_MAX + 80)

static struct serial_port used, found;
static char description[TEXT_MAX];
static bool told; /* of used, that it takes no characters */

static const struct {
    bool (*find)(struct serial_search *s, enum serial_choice choice);
    const char *why; /* it is the best */
} choices[SERIAL_CHOICES] = {
    [SERIAL_COM1] = {serial_find_com, "the first that answers"},
    [SERIAL_COM2] = {serial_find_com, "the first that answers"},
    [SERIAL_COM3] = {serial_find_com, "the first that answers"},
    [SERIAL_COM4] = {serial_find_com, "the first that answers"},
    [SERIAL_SPCR] = {serial_find_acpi, "the firmware's console"},
    [SERIAL_DBG2] = {serial_find_acpi, "the firmware's debug port; no COM1 to COM4 answers"},
    [SERIAL_PCI] = {serial_find_pci, "no other answers"},
};

static const enum serial_choice best_first[] = {SERIAL_SPCR, SERIAL_COM1, SERIAL_COM2, SERIAL_COM3,
                                                SERIAL_COM4, SERIAL_DBG2, SERIAL_PCI};

static void describe(const struct serial_port *port, const char *why)
{
    char speed[40] = "the firmware's speed";
    if (port->baud)
        format(speed, sizeof speed, "%u baud", port->baud);
    format(description, sizeof description, "%s, %s: %s", port->name, speed, why);
}

static bool find_chosen(struct serial_search *s, enum serial_choice choice)
{
    char why[20];
    format(why, sizeof why, "com=%s", serial_choice_name(choice));
    bool ok = choices[choice].find(s, choice);
    if (ok)
        describe(&s->port, why);
    else
        serial_note(s, "there is no serial port that %s could mean; the best of the others is taken", why);
    return ok;
}

static bool find_best(struct serial_search *s)
{
    for (unsigned i = 0; i < COUNT(best_first); i++)
        if (choices[best_first[i]].find(s, best_first[i])) {
            describe(&s->port, choices[best_first[i]].why);
            return true;
        }
    return false;
}

const char *serial_find(enum serial_choice choice, uint32_t baud, const struct acpi_info *acpi, serial_note_fn note_fn)
{
    struct serial_search s = {.acpi = acpi, .baud = baud, .note = note_fn};
    bool ok = choices[choice].find && find_chosen(&s, choice);
    found = (struct serial_port){0};
    if (choice == SERIAL_NONE)
        format(description, sizeof description, "none: com=none");
    else if (ok || find_best(&s))
        found = s.port;
    else
        format(description, sizeof description, "none: no UART answers as COM1 to COM4, by ACPI or on PCI");
    return description;
}

bool serial_use(void)
{
    bool same = used.uart.bus == found.uart.bus && used.uart.base == found.uart.base;
    if (same && used.uart.divisor == found.uart.divisor)
        return false;
    uart_drain(&used.uart);
    used = found;
    told = false;
    if (used.uart.bus)
        uart_init(&used.uart);
    return !same;
}

static void no_note(const char *sentence)
{
    (void)sentence;
}

void serial_init(void)
{
    struct serial_search s = {.note = no_note};
    found = (struct serial_port){0};
    if (find_chosen(&s, SERIAL_COM1))
        found = s.port;
    (void)serial_use();
}

const char *serial_describe(void)
{
    return description;
}

const char *serial_problem(void)
{
    static char sentence[TEXT_MAX];
    if (told || !used.uart.lost)
        return NULL;
    told = true;
    format(sentence, sizeof sentence, "the serial line (%s) takes no characters: what it does not take is lost there",
           used.name);
    return sentence;
}

void serial_put(char c)
{
    (void)uart_put(&used.uart, c);
}

int serial_get(void)
{
    return uart_get(&used.uart);
}

void serial_drain(void)
{
    uart_drain(&used.uart);
}
