/* SPDX-License-Identifier: MIT */
/* The guests' share of the console: lines out, bytes in. */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stddef.h>

struct domain;
struct vcpu;

/* Start listening for input. Boot CPU, when its timers work. */
void console_input_init(void);
/* Look for input now. CPU 0, run loop, or with nothing else running any more. */
void console_poll_input(void);

/* Output of v: printed line by line with the domain's name; what is not printable is shown as '?'. v is current. */
void console_guest_write(struct vcpu *v, const char *text, size_t n);
/* Print what v has written without a newline. v does not run. */
void console_flush_vcpu(struct vcpu *v);
/* Input for d, at most n bytes: how many there were. 0 when the input goes elsewhere. */
size_t console_guest_read(struct domain *d, char *text, size_t n);

#endif
