/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's console output. One line a call, no newline at the end of fmt; kept whole among CPUs.
 *
 *   [   0.012345] xen: text          the hypervisor itself
 *   [   0.012345] d1: text           a domain's own output and what concerns it (name instead of d1 if it has one)
 *
 * Formats: %d %i %u %x %X %p %s %c %% with l, ll, z, h, hh; width, 0, -, +, #, .precision (see common/format.h).
 */
#ifndef KERNEL_PRINTK_H
#define KERNEL_PRINTK_H

#include <stdarg.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

__attribute__((format(printf, 2, 3))) void printk(enum log_level level, const char *fmt, ...);
/* The same for a domain: the prefix is its name. */
__attribute__((format(printf, 3, 4))) void printk_domain(enum log_level level, const char *name, const char *fmt, ...);

/* Our own mistake: message, registers, backtrace; the run ends with a failing exit code. */
__attribute__((noreturn, format(printf, 1, 2))) void panic(const char *fmt, ...);

#define ASSERT(cond)                                                          \
    do {                                                                      \
        if (__builtin_expect(!(cond), 0))                                     \
            panic("assertion failed: %s (%s:%d)", #cond, __FILE__, __LINE__); \
    } while (0)

#endif
