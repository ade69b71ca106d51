/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include "common/format.h"
#include "common/string.h"
#include "guest/abi/version.h"
#include "guest/conformance/conformance.h"
#include "guest/lib/args.h"
#include "guest/lib/console.h"
#include "guest/lib/error.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"

#define LINE_MAX 200U /* characters of a line; what is longer goes on in a line that begins with "+ " */

const char *const abi_name[NR_ABIS] = {[ABI_2LEVEL] = "2l", [ABI_FIFO] = "fifo"};

static const char *const op_name[] = {
    "bind_interdomain", "bind_virq",    "bind_pirq",  "close",  "send",  "status",
    "alloc_unbound",    "bind_ipi",     "bind_vcpu",  "unmask", "reset", "init_control",
    "expand_array",     "set_priority", "reset_cont",
};

static char text[4096];
static size_t length;
static unsigned steps, cells;
static unsigned upcalls; /* since they were last let in */
static bool changed;     /* what a guest can see, in this cell */

void cell_say(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    format_v(text + length, sizeof(text) - length, fmt, args);
    va_end(args);
    length += strlen(text + length);
}

static void name_cell(enum abi abi, const char *fmt, va_list args)
{
    format_v(text, sizeof(text), fmt, args);
    length = strlen(text);
    cell_say("/%s", abi_name[abi]);
}

/* Whether the command line asks for the cell whose name stands in text. */
static bool is_asked(void)
{
    char prefix[80];

    return !args_string("cell", prefix, sizeof(prefix)) || !strncmp(text, prefix, strlen(prefix));
}

static void print_line(void)
{
    for (size_t at = 0; at < length; at += LINE_MAX)
        guest_printf("%c %.*s\n", at ? '+' : '=', (int)LINE_MAX, text + at);
    cells++;
}

static void on_upcall(void)
{
    upcalls++;
    __atomic_store_n(&guest_vcpu()->info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
}

/* The name stands in text. */
static bool begin(void)
{
    steps = 0;
    changed = false;
    if (!is_asked())
        return false;
    cell_say(":");
    env_upcalls_off();
    evt_set_upcall_hook(on_upcall);
    return true;
}

bool cell_begin(enum abi abi, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    name_cell(abi, fmt, args);
    va_end(args);
    if (!begin())
        return false;
    domain_clean(abi, VCPUS);
    return true;
}

bool cell_begin_as_it_is(enum abi abi, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    name_cell(abi, fmt, args);
    va_end(args);
    return begin();
}

bool cell_begin_plain(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    format_v(text, sizeof(text), fmt, args);
    va_end(args);
    length = strlen(text);
    return begin();
}

void cell_absent(enum abi abi, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    name_cell(abi, fmt, args);
    va_end(args);
    if (!is_asked())
        return;
    cell_say(": absent");
    print_line();
}

void cell_start(void)
{
    look_remember();
    upcalls = 0;
}

void cell_forget(void)
{
    look_remember();
}

/* The hypercall gives the hypervisor a chance to deliver. */
static void let_upcalls_in(void)
{
    upcalls = 0;
    env_upcalls_on();
    hv_xen_version(XENVER_version, NULL);
    env_upcalls_off();
    if (!upcalls)
        return;
    cell_say("; upcalls %u", upcalls);
    look_remember();
}

static void begin_step(void)
{
    cell_say(steps++ ? " | " : " ");
}

static void end_step(guest_result rc)
{
    char error[24];

    cell_say(" -> %s", error_text(rc, error, sizeof(error)));
}

void cell_result(const char *what, guest_result rc)
{
    begin_step();
    cell_say("%s", what);
    end_step(rc);
    changed |= look_changes();
    let_upcalls_in();
}

#define NAMED_MAX 32U

static struct {
    const char *name;
    uint64_t frame;
} named[NAMED_MAX];
static unsigned nr_named;

void cell_name_page(const char *name, const void *page)
{
    for (unsigned i = 0; i < nr_named; i++)
        if (named[i].frame == env_frame(page))
            return;
    if (nr_named < NAMED_MAX) {
        named[nr_named].name = name;
        named[nr_named++].frame = env_frame(page);
    }
}

/* The first 64 bits of the arguments of these operations. false: it is no page with a name. */
static bool say_frame(unsigned cmd, const uint8_t *bytes)
{
    uint64_t frame;

    if (cmd != EVTCHNOP_init_control && cmd != EVTCHNOP_expand_array)
        return false;
    memcpy(&frame, bytes, sizeof(frame));
    for (unsigned i = 0; i < nr_named; i++) {
        if (named[i].frame != frame)
            continue;
        cell_say("@%s", named[i].name);
        return true;
    }
    return false;
}

static void say_arguments(const uint8_t *bytes, size_t size)
{
    uint32_t word;

    for (size_t at = 0; at < size; at += sizeof(word)) {
        word = 0;
        memcpy(&word, bytes + at, size - at < sizeof(word) ? size - at : sizeof(word));
        cell_say("%s%x", at ? "," : "", word);
    }
}

static void say_written(const uint8_t *before, const uint8_t *after, size_t size)
{
    uint32_t word;

    for (size_t at = 0; at + sizeof(word) <= size; at += sizeof(word)) {
        if (!memcmp(before + at, after + at, sizeof(word)))
            continue;
        memcpy(&word, after + at, sizeof(word));
        cell_say(" +%u=%x", (unsigned)at, word);
    }
}

static void begin_op(unsigned cmd, const uint8_t *arg, size_t size)
{
    begin_step();
    if (cmd < sizeof(op_name) / sizeof(op_name[0]))
        cell_say("%s(", op_name[cmd]);
    else
        cell_say("op %x(", cmd);
    if (!say_frame(cmd, arg)) {
        say_arguments(arg, size);
    } else if (size > sizeof(uint64_t)) {
        cell_say(",");
        say_arguments(arg + sizeof(uint64_t), size - sizeof(uint64_t));
    }
}

guest_result cell_op(unsigned cmd, void *arg, size_t size)
{
    uint8_t before[64];
    guest_result rc;

    memcpy(before, arg, size);
    begin_op(cmd, before, size);
    cell_say(")");
    rc = hv_event_channel_op(cmd, arg);
    end_step(rc);
    say_written(before, arg, size);
    changed |= look_changes();
    let_upcalls_in();
    return rc;
}

guest_result cell_op_at(unsigned cmd, uint8_t *at, const void *arg, size_t readable)
{
    guest_result rc;

    memcpy(at, arg, readable);
    begin_op(cmd, arg, readable);
    cell_say(",...)");
    rc = hv_event_channel_op(cmd, at);
    end_step(rc);
    say_written(arg, at, readable);
    changed |= look_changes();
    let_upcalls_in();
    return rc;
}

bool cell_end(void)
{
    print_line();
    return changed;
}

unsigned cell_count(void)
{
    return cells;
}
