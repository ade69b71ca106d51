/* SPDX-License-Identifier: MIT */
/*
 * Asks the hypervisor everything that docs/abi/hypercalls.md states, good and bad, and prints the answers. It judges
 * nothing: two transcripts, of the real Xen and of Xenolith, are compared by eye or by diff. `only=sched` asks one
 * part.
 */
#include "guest/probe/probe.h"

#include <stdarg.h>

#include "guest/lib/args.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/error.h"

void answer(const char *question, guest_result rc)
{
    char text[24];

    guest_printf("probe: %s -> %s\n", question, error_text(rc, text, sizeof(text)));
}

void note(const char *fmt, ...)
{
    va_list args;

    guest_printf("probe:   ");
    va_start(args, fmt);
    guest_vprintf(fmt, args);
    va_end(args);
    guest_printf("\n");
}

struct part {
    const char *name;
    void (*ask)(void);
};

static const struct part parts[] = {
    {"cpu", probe_cpu},       {"numbers", probe_numbers}, {"version", probe_version},     {"console", probe_console},
    {"memory", probe_memory}, {"events", probe_events},   {"sched", probe_sched},         {"vcpu", probe_vcpu},
    {"timer", probe_timer},   {"hvm", probe_hvm},         {"multicall", probe_multicall}, {"physdev", probe_physdev},
    {"pirq", probe_pirq},     {"domctl", probe_domctl},   {"user", probe_user},           {"block", probe_block},
    {"sleep", probe_sleep},
};

void guest_main(void)
{
    char only[16];
    bool all = !args_string("only", only, sizeof(only));

    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (all ? parts[i].ask == probe_sleep : !args_is("only", parts[i].name))
            continue;
        guest_printf("probe: --- %s\n", parts[i].name);
        parts[i].ask();
    }
}
