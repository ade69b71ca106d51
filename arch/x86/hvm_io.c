/* SPDX-License-Identifier: MIT */
/* I/O ports of a guest: a table of what is there; no port reaches the machine's. */
#include "arch/x86/hvm.h"

#include "guest/abi/irq_generator.h"
#include "kernel/door.h"

struct io_rule {
    uint16_t first, last;
    uint32_t (*read)(struct arch_vcpu *v, uint16_t port, unsigned size);
    void (*write)(struct arch_vcpu *v, uint16_t port, unsigned size, uint32_t value);
};

/* Port 0xE9: each byte is a character for the console, before hypercalls work; reads as 0xE9 (the custom of emulators).
 */
static uint32_t debug_port_read(struct arch_vcpu *v, uint16_t port, unsigned size)
{
    (void)v;
    (void)size;
    return port;
}

static void debug_port_write(struct arch_vcpu *v, uint16_t port, unsigned size, uint32_t value)
{
    (void)port;
    if (size == 1)
        door_debug_char(v, (char)value);
}

static const struct io_rule io_rules[] = {
    {0xE9, 0xE9, debug_port_read, debug_port_write},
    {IRQGEN_PORT, IRQGEN_LAST_PORT, door_generator_read, door_generator_write},
};

static const struct io_rule *find_rule(uint16_t port)
{
    for (unsigned i = 0; i < sizeof(io_rules) / sizeof(io_rules[0]); i++)
        if (port >= io_rules[i].first && port <= io_rules[i].last)
            return &io_rules[i];
    return NULL;
}

uint32_t hvm_io_read(struct arch_vcpu *v, uint16_t port, unsigned size)
{
    const struct io_rule *rule = find_rule(port);
    return rule ? rule->read(v, port, size) : UINT32_MAX;
}

void hvm_io_write(struct arch_vcpu *v, uint16_t port, unsigned size, uint32_t value)
{
    const struct io_rule *rule = find_rule(port);
    if (rule)
        rule->write(v, port, size, value);
}
