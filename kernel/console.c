/* SPDX-License-Identifier: MIT */
#include "kernel/console.h"

#include <stdbool.h>

#include "arch/x86/console.h"
#include "arch/x86/scancode.h"
#include "common/string.h"
#include "evtchn/evtchn.h"
#include "kernel/door.h"
#include "kernel/keys.h"
#include "kernel/printk_internal.h"
#include "kernel/timers.h"
#include "kernel/vcpu.h"

#define POLL_NS 20000000ULL
#define POLL_BYTES 64 /* taken at once at most */
#define CTRL_A 0x01
#define SWITCH_COUNT 3
#define FOCUS_XEN UINT16_MAX
#define INPUT_SIZE 256U

static const char verdict_prefix[] = "verdict: ";

static struct {
    struct spinlock lock;
    uint16_t focus; /* [lock] domid that gets the input, or FOCUS_XEN: debug keys */
    char ring[INPUT_SIZE];
    uint32_t head, tail; /* [lock] */
} input = {.focus = FOCUS_XEN};

static unsigned ctrl_a_seen; /* CPU 0 */

/* The last verdict line counts. Racing vcpus of one domain could mix two, so it is guarded. */
static void note_verdict(struct domain *d, const char *line)
{
    size_t prefix = sizeof verdict_prefix - 1, n;
    if (strncmp(line, verdict_prefix, prefix) != 0)
        return;
    spin_lock(&d->lock);
    n = strnlen(line + prefix, sizeof d->verdict - 1);
    memcpy(d->verdict, line + prefix, n);
    d->verdict[n] = '\0';
    spin_unlock(&d->lock);
}

void console_flush_vcpu(struct vcpu *v)
{
    if (v->line_length == 0)
        return;
    v->line[v->line_length] = '\0';
    v->line_length = 0;
    note_verdict(v->domain, v->line);
    printk_guest_line(v->domain->config.name, v->line);
}

static void put_char(struct vcpu *v, char c)
{
    if (c == '\n') {
        if (v->line_length == 0)
            printk_guest_line(v->domain->config.name, "");
        console_flush_vcpu(v);
        return;
    }
    if (c == '\r' || c == '\0')
        return;
    if (c == '\t')
        c = ' ';
    v->line[v->line_length++] = c >= ' ' && c <= '~' ? c : '?';
    if (v->line_length == sizeof v->line - 1)
        console_flush_vcpu(v);
}

void console_guest_write(struct vcpu *v, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_char(v, text[i]);
}

void door_debug_char(struct arch_vcpu *v, char c)
{
    put_char(arch_to_vcpu(v), c);
}

size_t console_guest_read(struct domain *d, char *text, size_t n)
{
    size_t i = 0;
    spin_lock(&input.lock);
    while (input.focus == d->arch.domid && i < n && input.tail != input.head)
        text[i++] = input.ring[input.tail++ % INPUT_SIZE];
    spin_unlock(&input.lock);
    return i;
}

/* The next one in the circle: Xenolith, then the domains by number. */
static struct domain *next_focus(uint16_t focus)
{
    unsigned from = focus == FOCUS_XEN ? 0 : focus + 1U;
    for (unsigned id = from; id < DOMAIN_MAX_ID; id++) {
        struct domain *d = domain_get((uint16_t)id);
        if (d)
            return d;
    }
    return NULL;
}

static void switch_focus(void)
{
    struct domain *d = next_focus(input.focus);
    spin_lock(&input.lock);
    input.focus = d ? d->arch.domid : FOCUS_XEN;
    input.tail = input.head;
    spin_unlock(&input.lock);
    printk(LOG_INFO, "console input goes to %s (Ctrl-A three times to switch)", d ? d->config.name : "Xenolith");
    if (d)
        domain_put(d);
}

static void give_to_domain(char c)
{
    struct domain *d = domain_get(input.focus);
    if (!d) {
        switch_focus();
        return;
    }
    spin_lock(&input.lock);
    if (input.head - input.tail < INPUT_SIZE)
        input.ring[input.head++ % INPUT_SIZE] = c;
    spin_unlock(&input.lock);
    evt_raise_virq(d->evt, 0, VIRQ_CONSOLE);
    domain_put(d);
}

static void take_input(char c)
{
    ctrl_a_seen = c == CTRL_A ? ctrl_a_seen + 1 : 0;
    if (ctrl_a_seen == SWITCH_COUNT) {
        ctrl_a_seen = 0;
        switch_focus();
    } else if (input.focus == FOCUS_XEN) {
        key_pressed(c);
    } else {
        give_to_domain(c);
    }
}

void console_poll_input(void)
{
    int c;
    for (unsigned i = 0; i < POLL_BYTES && (c = console_read()) >= 0; i++)
        take_input((char)c);
    for (unsigned i = 0; i < POLL_BYTES && (c = console_read_key()) != KEY_NONE; i++)
        if (!printk_page(c) && c <= KEY_CHARACTER_MAX)
            take_input((char)c);
}

static void poll(struct timer *t, uint64_t now)
{
    console_poll_input();
    timer_set(t, 0, now + POLL_NS);
}

void console_input_init(void)
{
    static struct timer poll_timer = {.fire = poll};
    timer_set(&poll_timer, 0, POLL_NS);
}
