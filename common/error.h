/* SPDX-License-Identifier: MIT */
/*
 * Where errors are born. A hypercall that fails goes through a few functions, each of which passes the number on; what
 * helps is the line that made it. `make DEBUG=1` has it on the console (option log=debug); otherwise xen_error() is its
 * argument with a minus, and costs nothing.
 *
 * -XEN_ERESTART is no error, and is returned as it is.
 */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

#ifdef XENOLITH_DEBUG
/* -code. Logs "file:line: -name"; name begins with XEN_. Any locks (kernel/printk.c). */
int error_born(const char *file, int line, const char *name, int code);
#define xen_error(code) error_born(__FILE__, __LINE__, #code, code)
#else
#define xen_error(code) (-(code))
#endif

#endif
