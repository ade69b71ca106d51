/* SPDX-License-Identifier: MIT */
/*
 * How a program says whether all went well. There are five verdicts; every one reported counts, the worst is the
 * run's. It is the last line on the console: "verdict: success", or "verdict: failure (the first reason)".
 */
#ifndef GUEST_LIB_VERDICT_H
#define GUEST_LIB_VERDICT_H

#include <stdbool.h>

enum verdict {
    VERDICT_SUCCESS,
    VERDICT_SKIP,    /* could not be tested here, and that is no fault */
    VERDICT_ERROR,   /* the test itself could not be carried out */
    VERDICT_FAILURE, /* what is tested does not do what it should */
    VERDICT_CRASH,   /* an exception that nobody expected */
};

/* Report one verdict. Anything but success is also printed at once. */
void verdict(enum verdict v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The worst so far. */
enum verdict verdict_worst(void);

/* Print the last line, for a program that ends in another way than by guest_exit(). */
void guest_report(void);

/* Print the last line and shut the domain down (crash, if the worst is VERDICT_CRASH; else power off). */
void guest_exit(void) __attribute__((noreturn));

bool verdict_check(bool ok, const char *expression, const char *file, int line);
bool verdict_check_value(long long value, long long expected, const char *expression, const char *file, int line);

/* VERDICT_FAILURE, with the place, unless cond holds. The value is whether it did. */
#define CHECK(cond) verdict_check((cond), #cond, __FILE__, __LINE__)

/* VERDICT_FAILURE, with both values, unless they are equal. */
#define CHECK_VALUE(value, expected) \
    verdict_check_value((long long)(value), (long long)(expected), #value, __FILE__, __LINE__)

#endif
