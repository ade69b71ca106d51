/* SPDX-License-Identifier: MIT */
/*
 * One lock keeps lines whole. A CPU that holds it and is interrupted by NMI or faults inside prints without it: a mixed
 * line is better than silence. A panic waits for the lock only for a bounded time for the same reason.
 */
#include "kernel/printk.h"

#include "arch/x86/arch.h"
#include "arch/x86/backtrace.h"
#include "arch/x86/console.h"
#include "arch/x86/cpu.h"
#include "arch/x86/scancode.h"
#include "arch/x86/time.h"
#include "common/error.h"
#include "common/format.h"
#include "kernel/ending.h"
#include "kernel/log_ring.h"
#include "kernel/pager.h"
#include "kernel/printk_internal.h"

#define RING_SIZE 65536U
#define NOBODY UINT32_MAX
#define PANIC_PATIENCE 100000000U /* rounds of waiting for a lock whose owner may be stopped */

static char ring_buffer[RING_SIZE];
static struct log_ring ring = {.buffer = ring_buffer, .size = RING_SIZE};
static struct pager pager; /* printk's lock */
static enum log_level max_level = LOG_INFO;
static uint32_t lock_owner = NOBODY; /* CPU that prints now; atomic */
static uint32_t panicking = NOBODY;  /* CPU in panic(); atomic */
static bool cpus_ready;
static void (*last_words)(const char *why); /* see printk_on_panic() */

static const char *const level_tag[] = {
    [LOG_ERROR] = "error: ",
    [LOG_WARNING] = "warning: ",
    [LOG_INFO] = "",
    [LOG_DEBUG] = "",
};

static uint32_t my_id(void)
{
    return cpus_ready ? this_cpu()->id : 0;
}

/* True: the lock is ours to release. False: we go without it. */
static bool printk_lock(void)
{
    uint32_t me = my_id(), expected = NOBODY, patience = PANIC_PATIENCE;
    while (!__atomic_compare_exchange_n(&lock_owner, &expected, me, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        if (expected == me)
            return false;
        if (__atomic_load_n(&panicking, __ATOMIC_RELAXED) == me && --patience == 0)
            return false;
        expected = NOBODY;
        __builtin_ia32_pause();
    }
    return true;
}

static void printk_unlock(bool locked)
{
    if (locked)
        __atomic_store_n(&lock_owner, NOBODY, __ATOMIC_RELEASE);
}

/* "[   0.012345] name: ": length of the prefix in line. */
static size_t put_prefix(char *line, const char *name)
{
    uint64_t us = time_now() / 1000;
    return (size_t)format(line, PRINTK_LINE_MAX, "[%4llu.%06llu] %s: ", (unsigned long long)(us / 1000000),
                          (unsigned long long)(us % 1000000), name);
}

/* One line, of a name or of none; all of it with the lock held, so that the times of the lines are in order too. */
__attribute__((format(printf, 3, 0))) static void vprint(const char *tag, const char *name, const char *fmt,
                                                         va_list args)
{
    char line[PRINTK_LINE_MAX];
    bool locked = printk_lock();
    size_t n = name ? put_prefix(line, name) : 0;
    n += (size_t)format(line + n, sizeof line - n, "%s", tag);
    int more = format_v(line + n, sizeof line - n, fmt, args);
    n += more > 0 ? (size_t)more : 0;
    if (n > sizeof line - 2)
        n = sizeof line - 2;
    line[n] = '\n';
    log_ring_write(&ring, line, n + 1);
    const char *problem = console_write(line, n + 1);
    printk_unlock(locked);
    if (problem)
        printk(LOG_WARNING, "%s", problem);
}

void printk(enum log_level level, const char *fmt, ...)
{
    if (level > max_level)
        return;
    va_list args;
    va_start(args, fmt);
    vprint(level_tag[level], "xen", fmt, args);
    va_end(args);
}

void printk_domain(enum log_level level, const char *name, const char *fmt, ...)
{
    if (level > max_level)
        return;
    va_list args;
    va_start(args, fmt);
    vprint(level_tag[level], name, fmt, args);
    va_end(args);
}

__attribute__((format(printf, 2, 3))) static void print_line(const char *name, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vprint("", name, fmt, args);
    va_end(args);
}

void printk_guest_line(const char *name, const char *text)
{
    print_line(name, "%s", text);
}

void printk_plain_line(const char *text)
{
    print_line(NULL, "%s", text);
}

void printk_set_level(enum log_level level)
{
    max_level = level;
}

void printk_cpus_ready(void)
{
    cpus_ready = true;
}

void printk_on_panic(void (*print)(const char *why))
{
    last_words = print;
}

bool printk_page(int key)
{
    bool locked = printk_lock();
    bool taken = pager_key(&pager, &ring, key);
    printk_unlock(locked);
    return taken;
}

static void write_log(void (*write)(const char *text, size_t size))
{
    static char chunk[1024];
    uint64_t pos = 0, end = ring.written;
    bool locked = printk_lock();
    while (pos < end) {
        size_t n = log_ring_read(&ring, &pos, chunk, sizeof chunk);
        if (n == 0)
            break;
        write(chunk, n);
    }
    printk_unlock(locked);
}

static void write_everywhere(const char *text, size_t size)
{
    (void)console_write(text, size);
}

void printk_show_log(void)
{
    write_log(write_everywhere);
}

void printk_log_to_serial(void)
{
    write_log(console_write_serial);
}

/* Nothing but the keys is looked at any more: the log can be read, and the machine be started again. */
static void panic_key(int key)
{
    if (key == 'R')
        machine_reboot();
    if (key != KEY_NONE)
        (void)printk_page(key);
    __builtin_ia32_pause();
}

void panic(const char *fmt, ...)
{
    uint32_t expected = NOBODY;
    if (!__atomic_compare_exchange_n(&panicking, &expected, my_id(), false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
        if (expected == my_id())
            machine_power_off(false); /* a fault inside panic() */
        for (;;)
            __builtin_ia32_pause();
    }
    if (cpus_ready)
        arch_panic_stop_others();
    pager_end(&pager);
    static char why[PRINTK_LINE_MAX];
    va_list args;
    va_start(args, fmt);
    format_v(why, sizeof why, fmt, args);
    va_end(args);
    print_line("xen", "panic: %s", why);
    backtrace((uintptr_t)__builtin_frame_address(0), 0);
    if (last_words)
        last_words(why);
    printk_guest_line("xen", "verdict: failure");
    console_drain();
    if (!ending_stays(false, last_words))
        machine_power_off(false);
    for (;;) {
        panic_key(console_read_key());
        panic_key(console_read());
    }
}

#ifdef XENOLITH_DEBUG
int error_born(const char *file, int line, const char *name, int code)
{
    printk(LOG_DEBUG, "%s:%d: -%s", file, line, name + sizeof("XEN_") - 1);
    return -code;
}
#endif
