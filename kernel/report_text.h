/* SPDX-License-Identifier: MIT */
/*
 * The form of the report: sections of lines "key: value" in 80 columns, the values below each other. Pure code.
 *
 *   Timers
 *     TSC:            2100.000 MHz by HPET
 *     features:       a long value goes on in the next line, indented as
 *                     far as the values are
 */
#ifndef KERNEL_REPORT_TEXT_H
#define KERNEL_REPORT_TEXT_H

#define REPORT_COLUMNS 80

typedef void (*report_line_fn)(const char *line);

/* A section begins, after an empty line; the values in it stand in this column. */
void report_section(report_line_fn put, const char *title, unsigned column);
/* A line of it, or several: value is broken at blanks. */
void report_fact(report_line_fn put, const char *key, const char *value);

#endif
