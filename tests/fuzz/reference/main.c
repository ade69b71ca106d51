/* SPDX-License-Identifier: MIT */
/*
 * The differential run: `reference [--operations N] [--seed S] [--workers K] [--world W]`.
 *
 * World W of a seed is the same every time; every third is hostile. Workers are processes that share nothing but their
 * reports. When one dies, its world is done again and again in children with ever fewer steps, and what is left is
 * told.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/fuzz/reference/world.h"

#define MAX_WORKERS 16U

static uint64_t seed = 1;

static bool is_hostile(uint64_t world)
{
    return world % 3 == 2;
}

static void start_world(uint64_t world)
{
    struct evt_config config[REF_DOMAINS];
    script_seed(seed * 1000003 + world);
    script_configs(config);
    options.hostile = is_hostile(world);
    world_begin(config);
}

/* --- A script that is made up on the way. */

static struct step *next_made_up(void)
{
    if (report->script_length == SCRIPT_STEPS)
        return NULL;
    struct step *s = &report->script[report->script_length];
    script_step(s);
    report->script_length++;
    return s;
}

static void run_world(uint64_t world)
{
    report->world = world;
    report->script_length = 0;
    start_world(world);
    world_next = next_made_up;
    for (unsigned i = 1; report->script_length < SCRIPT_STEPS; i++) {
        world_step(next_made_up());
        if (i % 256 == 0)
            compare_everything();
    }
    world_end();
    report->worlds++;
}

/* --- A script that is given. */

static const struct step *given;
static unsigned nr_given, at_given;
static struct step now[8]; /* one for each level of nesting */
static unsigned at_now;

static struct step *next_given(void)
{
    if (at_given == nr_given)
        return NULL;
    struct step *s = &now[at_now++ % 8];
    *s = given[at_given++];
    return s;
}

static void replay(const struct step *script, unsigned n)
{
    given = script;
    nr_given = n;
    at_given = 0;
    options.strict = true;
    start_world(report->world);
    world_next = next_given;
    for (struct step *s; (s = next_given());) {
        struct step one = *s;
        world_step(&one);
    }
    world_end();
}

/* Does the script fail, in a child? */
static bool fails(const struct step *script, unsigned n, bool tell)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        if (!tell && nowhere >= 0)
            dup2(nowhere, 2);
        options.trace = tell;
        alarm(20);
        replay(script, n);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status != 0;
}

/* Leave out ever smaller pieces for as long as it still fails, but not for ever. */
static unsigned shrink(struct step *script, unsigned n)
{
    struct step *shorter = malloc(n * sizeof(*shorter));
    time_t end = time(NULL) + 60;
    for (unsigned piece = n / 2; piece && shorter; piece = piece > 1 ? (piece + 1) / 2 : 0) {
        for (unsigned from = 0; from < n && time(NULL) < end;) {
            unsigned size = piece < n - from ? piece : n - from;
            memcpy(shorter, script, from * sizeof(*script));
            memcpy(shorter + from, script + from + size, (n - from - size) * sizeof(*script));
            if (fails(shorter, n - size, false)) {
                n -= size;
                memcpy(script, shorter, n * sizeof(*script));
            } else {
                from += size;
            }
        }
    }
    free(shorter);
    return n;
}

static void explain(struct report *of)
{
    report = of;
    printf("reference: world %llu of seed %llu (%s) fails after %u steps; again: --seed %llu --world %llu\n",
           (unsigned long long)of->world, (unsigned long long)seed, is_hostile(of->world) ? "hostile" : "compared",
           of->script_length, (unsigned long long)seed, (unsigned long long)of->world);
    options.strict = true;
    if (!fails(of->script, of->script_length, false)) {
        printf("reference: it does not fail again with all memory compared\n");
        return;
    }
    unsigned n = shrink(of->script, of->script_length);
    printf("reference: %u steps are enough:\n", n);
    (void)fails(of->script, n, true);
}

/* --- Workers. */

static struct report *reports;
static pid_t workers[MAX_WORKERS];

static void work(unsigned number, unsigned of, uint64_t operations)
{
    report = &reports[number];
    for (uint64_t world = number; report->calls < operations / of; world += of)
        run_world(world);
    report->finished = true;
    exit(0);
}

static uint64_t calls_so_far(unsigned n)
{
    uint64_t calls = 0;
    for (unsigned i = 0; i < n; i++)
        calls += __atomic_load_n(&reports[i].calls, __ATOMIC_RELAXED);
    return calls;
}

/* Wait for all; the number of the first that failed, or n. */
static unsigned watch(unsigned n, uint64_t operations)
{
    unsigned running = n, failed = n;
    time_t said = time(NULL);
    while (running) {
        int status = 0;
        pid_t done = waitpid(-1, &status, WNOHANG);
        for (unsigned i = 0; done > 0 && i < n; i++) {
            if (workers[i] != done)
                continue;
            running--;
            if (status && failed == n)
                failed = i;
        }
        for (unsigned i = 0; failed < n && i < n; i++) {
            if (workers[i] != done)
                kill(workers[i], SIGTERM);
        }
        if (done <= 0)
            usleep(20000);
        if (time(NULL) - said >= 20 && isatty(1)) {
            said = time(NULL);
            printf("  %llu of %llu operations\n", (unsigned long long)calls_so_far(n), (unsigned long long)operations);
        }
    }
    return failed;
}

static void add_up(struct report *sum, const struct report *one)
{
    sum->calls += one->calls;
    sum->steps += one->steps;
    sum->worlds += one->worlds;
    sum->scribbles += one->scribbles;
    for (unsigned i = 0; i < NR_STEP_KINDS + NR_COMMANDS; i++) {
        for (unsigned e = 0; e < 128; e++)
            sum->result[i][e] += one->result[i][e];
        for (unsigned j = 0; j < NR_PORT_STATES * 3; j++)
            sum->by_state[i][j / 3][j % 3] += one->by_state[i][j / 3][j % 3];
    }
}

static int run(unsigned nr_workers, uint64_t operations)
{
    time_t begin = time(NULL);
    for (unsigned i = 0; i < nr_workers; i++) {
        workers[i] = fork();
        if (workers[i] == 0)
            work(i, nr_workers, operations);
    }
    unsigned failed = watch(nr_workers, operations);
    if (failed < nr_workers) {
        explain(&reports[failed]);
        return 1;
    }
    static struct report sum;
    for (unsigned i = 0; i < nr_workers; i++)
        add_up(&sum, &reports[i]);
    bool complete = steps_print(&sum);
    printf("\nreference: %llu operations in %llu worlds, %llu words scribbled by hostile guests, %lld s: %s\n",
           (unsigned long long)sum.calls, (unsigned long long)sum.worlds, (unsigned long long)sum.scribbles,
           (long long)(time(NULL) - begin), complete ? "clean" : "clean, but not all was tried");
    return !complete;
}

static int run_one(uint64_t world)
{
    workers[0] = fork();
    if (workers[0] == 0) {
        report = &reports[0];
        run_world(world);
        exit(0);
    }
    if (watch(1, 0) == 1) {
        printf("reference: world %llu of seed %llu is clean\n", (unsigned long long)world, (unsigned long long)seed);
        return 0;
    }
    explain(&reports[0]);
    return 1;
}

int main(int argc, char **argv)
{
    static const struct option names[] = {{"operations", required_argument, NULL, 'n'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"workers", required_argument, NULL, 'k'},
                                          {"world", required_argument, NULL, 'w'},
                                          {NULL, 0, NULL, 0}};
    uint64_t operations = 300000, world = UINT64_MAX;
    unsigned nr_workers = 2;
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (c == '?')
            return 2;
        uint64_t value = strtoull(optarg, NULL, 0);
        if (c == 'n')
            operations = value;
        else if (c == 's')
            seed = value;
        else if (c == 'k')
            nr_workers = value ? (unsigned)value : 1;
        else
            world = value;
    }
    nr_workers = nr_workers > MAX_WORKERS ? MAX_WORKERS : nr_workers;
    setvbuf(stdout, NULL, _IOLBF, 0);
    reports = mmap(NULL, MAX_WORKERS * sizeof(*reports), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (reports == MAP_FAILED) {
        perror("reference: no memory");
        return 2;
    }
    return world == UINT64_MAX ? run(nr_workers, operations) : run_one(world);
}
