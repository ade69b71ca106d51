/* SPDX-License-Identifier: MIT */
#include "guest/lib/verdict.h"

#include <stdarg.h>

#include "common/format.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"

static const char *const verdict_name[] = {
    [VERDICT_SUCCESS] = "success", [VERDICT_SKIP] = "skip",   [VERDICT_ERROR] = "error",
    [VERDICT_FAILURE] = "failure", [VERDICT_CRASH] = "crash",
};

static enum verdict worst;
static char reason[160]; /* of the first verdict as bad as the worst */

void verdict(enum verdict v, const char *fmt, ...)
{
    char text[sizeof(reason)];
    va_list args;

    va_start(args, fmt);
    format_v(text, sizeof(text), fmt, args);
    va_end(args);
    if (v == VERDICT_SUCCESS)
        return;
    guest_printf("%s: %s\n", verdict_name[v], text);
    if (v > worst) {
        worst = v;
        format(reason, sizeof(reason), "%s", text);
    }
}

enum verdict verdict_worst(void)
{
    return worst;
}

bool verdict_check(bool ok, const char *expression, const char *file, int line)
{
    if (!ok)
        verdict(VERDICT_FAILURE, "%s:%d: %s", file, line, expression);
    return ok;
}

bool verdict_check_value(long long value, long long expected, const char *expression, const char *file, int line)
{
    if (value != expected)
        verdict(VERDICT_FAILURE, "%s:%d: %s is %lld, not %lld", file, line, expression, value, expected);
    return value == expected;
}

void guest_report(void)
{
    guest_flush();
    guest_printf("verdict: %s", verdict_name[worst]);
    if (worst != VERDICT_SUCCESS)
        guest_printf(" (%s)", reason);
    guest_printf("\n");
}

void guest_exit(void)
{
    struct sched_shutdown shutdown = {.reason = worst == VERDICT_CRASH ? SHUTDOWN_crash : SHUTDOWN_poweroff};

    guest_report();
    hv_sched_op(SCHEDOP_shutdown, &shutdown);
    env_halt();
}
