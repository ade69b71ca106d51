/* SPDX-License-Identifier: MIT */
/* `make model`: every scenario on every ABI, one line each. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/model/litmus.h"
#include "tests/model/run.h"

static const struct scenario *const lists[] = {
    scenarios_send,     scenarios_poll,  scenarios_ports, scenarios_switch,
    scenarios_register, scenarios_reset, scenarios_fifo,  scenarios_kernel_poll,
};

static struct {
    unsigned scenarios, complete, bounded, failed;
    uint64_t schedules;
} total;

static const char *only;
static bool quick;
static unsigned left_out;

static unsigned nr_threads(const struct scenario *s)
{
    unsigned n = 0;

    while (n < MODEL_THREADS && s->thread[n].body)
        n++;
    return n;
}

static void report(const struct scenario *s, enum abi abi, const struct run_result *r, const struct run_options *o)
{
    char how[32];

    if (r->failed)
        snprintf(how, sizeof(how), "FAILED");
    else if (r->complete)
        snprintf(how, sizeof(how), "complete");
    else
        snprintf(how, sizeof(how), r->cut ? "cut" : "bounded(%d)", o->bound);
    printf("  %-44s %-8s %7u %6u %10lu %10lu  %-10s %7.1f\n", s->name, run_abi_name(abi), nr_threads(s), r->steps,
           (unsigned long)r->schedules, (unsigned long)r->redundant, how, r->seconds);
    fflush(stdout);
}

static void run(const struct scenario *s, enum abi abi, const struct run_options *o)
{
    struct run_result r = run_scenario(s, abi, o);

    report(s, abi, &r, o);
    total.scenarios++;
    total.schedules += r.schedules;
    total.failed += r.failed;
    total.complete += !r.failed && r.complete;
    total.bounded += !r.failed && !r.complete;
}

/* What --only and --quick leave. */
static bool is_wanted(const struct scenario *s, enum abi abi)
{
    if (!(s->abis >> abi & 1) || (only && !strstr(s->name, only)))
        return false;
    if (quick && (s->flags & LONG)) {
        left_out++;
        return false;
    }
    return true;
}

static void run_all(const struct run_options *o)
{
    for (unsigned i = 0; i < sizeof(lists) / sizeof(*lists); i++)
        for (const struct scenario *s = lists[i]; s->name; s++)
            for (enum abi abi = 0; abi < NR_ABIS; abi++)
                if (is_wanted(s, abi))
                    run(s, abi, o);
}

static void usage(void)
{
    puts("Usage: model [--only TEXT] [--quick] [--memory sc|tso] [--limit N] [--bound N]\n"
         "  --only TEXT   the scenarios whose names contain TEXT\n"
         "  --quick       not those that take seconds each\n"
         "  --litmus      the explorer's own test, and nothing else\n"
         "  --memory      tso (the default): stores wait in buffers, as on x86; sc: they do not\n"
         "  --limit N     schedules of a complete search (10000000); where there are more, a bounded one follows\n"
         "  --bound N     preemptions of the bounded search (3)");
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        {"only", required_argument, NULL, 'o'},  {"memory", required_argument, NULL, 'm'},
        {"limit", required_argument, NULL, 'l'}, {"bound", required_argument, NULL, 'b'},
        {"quick", no_argument, NULL, 'q'},       {"litmus", no_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},        {0},
    };
    struct run_options options = {.tso = true, .limit = 10000000, .bound = 3, .bounded_limit = UINT64_MAX};
    int c;

    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (c) {
        case 'o':
            only = optarg;
            break;
        case 't':
            return litmus_run();
        case 'q':
            quick = true;
            break;
        case 'm':
            options.tso = strcmp(optarg, "sc") != 0;
            break;
        case 'l':
            options.limit = strtoull(optarg, NULL, 0);
            break;
        case 'b':
            options.bound = atoi(optarg);
            break;
        default:
            usage();
            return c == 'h' ? 0 : 2;
        }
    }
    printf("  %-44s %-8s %7s %6s %10s %10s  %-10s %7s\n", "scenario", "ABI", "threads", "steps", "schedules",
           "redundant", "how", "seconds");
    run_all(&options);
    if (left_out)
        printf("  %u that take longer are left out: make model\n", left_out);
    printf("model: scenarios %u, schedules %lu, complete %u, bounded %u, failed %u\n", total.scenarios,
           (unsigned long)total.schedules, total.complete, total.bounded, total.failed);
    return total.scenarios && !total.failed ? 0 : 1;
}
