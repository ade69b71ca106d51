/* SPDX-License-Identifier: MIT */
/* Every interleaving of a few operations on the uses of frames (docs/design/model.md is about the explorer itself). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/model/pv/scenario.h"
#include "tests/model/pv/tlb.h"
#include "tests/model/state.h"
#include "tests/model/story.h"

static const struct pv_scenario *scenario;

static void set_up(const struct pv_scenario *s, bool yields)
{
    scenario = s;
    explore_reset(-1);
    pv_world_create();
    if (s->first)
        machine_call(0, s->first);
    pv_world.asked_to_yield = yields;
    memset(pv_world.result, 0, sizeof(pv_world.result));
    memset(pv_world.looks, 0, sizeof(pv_world.looks));
    state_keep();
}

static void check_end(void)
{
    if (!machine.failure && machine_overflowed())
        machine_fail("a thread's stack is too small for the model");
    if (!machine.failure)
        pv_world_check(true);
    if (!machine.failure && scenario->check)
        scenario->check();
}

/* false: it is a bad one. */
static bool run_schedule(void)
{
    struct machine_thread threads[MODEL_THREADS];
    unsigned n = 0;

    for (; n < MODEL_THREADS && scenario->thread[n]; n++)
        threads[n] = (struct machine_thread){n, scenario->thread[n]};
    state_restore();
    machine_run(threads, n);
    if (!machine.failure && !explore_is_redundant())
        check_end();
    return !machine.failure;
}

static void tell(void)
{
    explore_keep();
    explore_reset(-1);
    explore_repeat();
    machine.recorded = true;
    story_begin();
    run_schedule();
    machine.recorded = false;
    printf("  A bad schedule of \"%s\":\n", scenario->name);
    story_print();
    printf("    So: %s.\n", machine.failure);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#define LIMIT 300000U /* schedules; where there are more, all with at most so many preemptions are run instead */
#define BOUND 3

/* Until all are done (true), or a bad one is found, or too many. */
static bool search(uint64_t limit, unsigned *steps)
{
    do {
        if (!run_schedule() || explore.schedules + explore.redundant >= limit)
            return false;
        *steps = explore.depth > *steps ? explore.depth : *steps;
    } while (explore_next());
    return true;
}

static bool run(const struct pv_scenario *s, bool yields)
{
    unsigned steps = 0;
    double start = now();
    const char *how = "complete";

    set_up(s, yields);
    if (!search(LIMIT, &steps) && !machine.failure) {
        how = "bounded";
        explore_reset(BOUND);
        search(UINT64_MAX, &steps);
    }
    if (machine.failure) {
        how = "FAILED";
        tell();
    }
    printf("  %-40s %-5s %6u %10lu %10lu  %-9s %7.1f\n", s->name, yields ? "yes" : "", steps,
           (unsigned long)explore.schedules, (unsigned long)explore.redundant, how, now() - start);
    fflush(stdout);
    return !machine.failure;
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && !strcmp(argv[1], "--quick");
    const char *only = argc > 2 && !strcmp(argv[1], "--only") ? argv[2] : "";
    const struct pv_scenario *const tables[] = {pv_scenarios, tlb_scenarios};
    unsigned rows = 0, failed = 0;

    machine.tso = true;
    printf("  %-40s %-5s %6s %10s %10s  %-9s %7s\n", "scenario", "yield", "steps", "schedules", "redundant", "how",
           "seconds");
    for (unsigned t = 0; t < sizeof(tables) / sizeof(*tables); t++)
        for (const struct pv_scenario *s = tables[t]; s->name && !failed; s++) {
            if ((quick && s->takes_long) || !strstr(s->name, only))
                continue;
            for (unsigned yields = 0; yields <= (s->yields && !quick) && !failed; yields++, rows++)
                failed += !run(s, yields);
        }
    printf("pv model: scenarios %u, failed %u\n", rows, failed);
    return rows && !failed ? EXIT_SUCCESS : EXIT_FAILURE;
}
