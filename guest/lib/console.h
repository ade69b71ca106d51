/* SPDX-License-Identifier: MIT */
/* Output to the hypervisor's console. A line is written when it is complete; each vcpu collects its own. */
#ifndef GUEST_LIB_CONSOLE_H
#define GUEST_LIB_CONSOLE_H

#include <stdarg.h>
#include <stddef.h>

/* As printf (the conversions of common/format.h). At most 511 characters a call. */
void guest_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void guest_vprintf(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));

/* Write out what this vcpu has collected, if anything. */
void guest_flush(void);

/* From now on the output goes into this memory, which is all zero, and not to the console: for a domain that may not
 * write there. One byte stays zero, and what does not fit is lost. Only while a single vcpu writes. */
void guest_console_to(char *to, size_t size);

#endif
