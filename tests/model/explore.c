/* SPDX-License-Identifier: MIT */
#include "tests/model/explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One step of this schedule, and the choice that led to it. Sets of processes are bits. */
struct node {
    uint8_t chosen;
    uint8_t enabled;
    uint8_t backtrack; /* to be tried here */
    uint8_t done;      /* tried before chosen */
    uint8_t sleep;     /* what they would begin has been seen */
    uint8_t preemptions;
    uint8_t current; /* the thread that ran before */
    struct step step;
    struct clock clock; /* after the step */
    int before;         /* the step before this in the same 8 bytes; -1: none */
};

struct explore_state explore;

static struct node node[MODEL_STEPS + 1];
static unsigned replay;    /* so many choices are given */
static unsigned first_new; /* steps before this one have been compared with each other */
static bool redundant;     /* this schedule was left */
#define RACES 64U
static uint8_t sleep_next;       /* for the next node */
static int last_of[MODEL_PROCS]; /* the last step of each process; -1: none */

/* --- The last step in each 8 bytes of memory: a hash table that a new number empties. */

#define SLOTS (1U << 16)
static struct slot {
    uintptr_t granule;
    unsigned schedule;
    int last;
} slots[SLOTS];
static unsigned schedule;

static int *last_at(uintptr_t at)
{
    uintptr_t granule = at >> 3;
    unsigned i = (unsigned)((granule * 0x9E3779B97F4A7C15ULL) >> 48);

    for (;; i = (i + 1) % SLOTS) {
        struct slot *s = &slots[i];
        if (s->schedule != schedule)
            *s = (struct slot){granule, schedule, -1};
        if (s->granule == granule)
            return &s->last;
    }
}

/* --- Steps */

bool step_writes(const struct step *step)
{
    return step->kind != STEP_READ && step->kind != STEP_AWAIT && step->kind != STEP_FENCE;
}

bool step_blocks(const struct step *step)
{
    return step->kind == STEP_LOCK || step->kind == STEP_AWAIT;
}

bool step_drains(const struct step *step)
{
    return step->kind == STEP_UPDATE || step->kind == STEP_FENCE || step->kind == STEP_LOCK;
}

static bool overlap(const struct step *a, const struct step *b)
{
    return a->size && b->size && a->at < b->at + b->size && b->at < a->at + a->size;
}

static bool conflict(const struct step *a, const struct step *b)
{
    return overlap(a, b) && (step_writes(a) || step_writes(b));
}

static bool covers(const struct step *a, const struct step *b)
{
    return a->at <= b->at && b->at + b->size <= a->at + a->size;
}

static unsigned bit(unsigned proc)
{
    return 1U << proc;
}

static unsigned lowest(unsigned set)
{
    return (unsigned)__builtin_ctz(set);
}

/* --- Clocks */

static void join(struct clock *a, const struct clock *b)
{
    for (unsigned i = 0; i < MODEL_PROCS; i++)
        a->of[i] = a->of[i] > b->of[i] ? a->of[i] : b->of[i];
}

/* Is the node's step before what the clock has seen? */
static bool before(const struct node *n, const struct clock *clock)
{
    return clock->of[n->chosen] >= n->clock.of[n->chosen];
}

/* --- Races */

/*
 * Step j could have come before step i: let a process begin at i that leads there. Those that can begin the steps after
 * i which do not depend on it, and j, are the initials; one of them is enough.
 */
static void add_backtrack(unsigned i, unsigned j)
{
    uint16_t first[MODEL_PROCS] = {0};
    unsigned initials = 0;

    for (unsigned k = i + 1; k <= j; k++) {
        const struct node *n = &node[k];
        bool later = false;
        if (k < j && before(&node[i], &n->clock))
            continue;
        for (unsigned p = 0; p < MODEL_PROCS; p++)
            later |= first[p] && n->clock.of[p] >= first[p];
        if (!first[n->chosen])
            first[n->chosen] = n->clock.of[n->chosen];
        if (!later)
            initials |= bit(n->chosen);
    }
    struct node *at = &node[i];
    initials &= at->enabled;
    if (!initials || (initials & (at->backtrack | at->done | at->sleep)))
        return;
    unsigned p = node[j].chosen;
    at->backtrack |= (uint8_t)(initials & bit(p) ? bit(p) : bit(lowest(initials)));
}

/* A waiting step cannot come before the one that ended its wait. */
static bool ended_wait(const struct node *other, const struct step *step, unsigned proc)
{
    if (!step_blocks(step))
        return false;
    if (other->step.kind == STEP_UNLOCK && step->kind == STEP_LOCK)
        return true;
    return last_of[proc] < other - node && !(other->enabled & bit(proc));
}

/* What conflicts with the step and is older than this one of the process' own is before it anyway. */
static bool settles(const struct node *other, const struct step *step, unsigned proc)
{
    return other->chosen == proc && covers(&other->step, step) && (step_writes(&other->step) || !step_writes(step));
}

/*
 * Order step j, which process proc is about to take with this clock, behind those that it conflicts with. Those that it
 * could have overtaken are put into races[]; how many.
 */
static unsigned order(unsigned j, unsigned proc, const struct step *step, struct clock *clock, unsigned *races)
{
    const struct clock own = *clock;
    unsigned nr_races = 0;
    bool joined = false;

    for (int k = node[j].before; k >= 0; k = node[k].before) {
        const struct node *other = &node[k];
        if (settles(other, step, proc))
            break;
        if (other->chosen == proc || !conflict(&other->step, step))
            continue;
        bool covering = step_writes(&other->step) && covers(&other->step, step);
        if (!joined)
            join(clock, &other->clock);
        joined |= covering;
        bool known = before(other, &own);
        if (!known && nr_races < RACES && !ended_wait(other, step, proc))
            races[nr_races++] = (unsigned)k;
        if (covering && (known || !step_blocks(step)))
            break;
    }
    return nr_races;
}

void explore_step(unsigned proc, const struct step *step, const struct step *pending, const struct clock *issued)
{
    unsigned j = explore.depth++;
    struct node *n = &node[j];
    struct clock clock = explore.clock[proc];
    unsigned races[RACES], nr_races = 0;

    if (issued)
        join(&clock, issued);
    if (step_drains(step))
        join(&clock, &explore.clock[buffer_of(proc)]);
    n->step = *step;
    n->before = -1;
    if (step->size) {
        int *last = last_at(step->at);
        n->before = *last;
        *last = (int)j;
        nr_races = order(j, proc, step, &clock, races);
    }
    clock.of[proc]++;
    n->clock = explore.clock[proc] = clock;
    last_of[proc] = (int)j;
    for (unsigned i = 0; i < nr_races && j >= first_new && explore.bound < 0; i++)
        add_backtrack(races[i], j);

    unsigned sleep = (n->sleep | n->done) & ~bit(proc);
    for (unsigned left = sleep; left; left &= left - 1)
        if (conflict(&pending[lowest(left)], step))
            sleep &= ~bit(lowest(left));
    sleep_next = (uint8_t)sleep;
}

/* --- Choices */

void explore_reset(int bound)
{
    explore = (struct explore_state){.bound = bound};
    replay = first_new = 0;
}

void explore_begin(void)
{
    explore.depth = 0;
    memset(explore.clock, 0, sizeof(explore.clock));
    memset(last_of, 0xff, sizeof(last_of));
    redundant = false;
    sleep_next = 0;
    if (++schedule == 0) {
        memset(slots, 0, sizeof(slots));
        schedule = 1;
    }
}

bool explore_is_redundant(void)
{
    return redundant;
}

/* Taking the turn from a thread that could go on costs a preemption; a store buffer takes nobody's turn. */
static unsigned cost(const struct node *n, unsigned proc)
{
    return proc < MODEL_THREADS && proc != n->current && (n->enabled & bit(n->current));
}

static unsigned spent_before(unsigned depth)
{
    return depth ? node[depth - 1].preemptions + cost(&node[depth - 1], node[depth - 1].chosen) : 0;
}

static unsigned affordable(const struct node *n)
{
    unsigned set = 0;

    for (unsigned left = n->enabled; left; left &= left - 1)
        if ((int)(n->preemptions + cost(n, lowest(left))) <= explore.bound)
            set |= bit(lowest(left));
    return set;
}

/* The thread that ran goes on if it may. */
static unsigned prefer(unsigned set, unsigned current)
{
    return set & bit(current) ? current : lowest(set);
}

static int choose_new(struct node *n)
{
    unsigned may = explore.bound < 0 ? n->enabled & ~n->sleep : affordable(n);

    if (!may) {
        redundant = true;
        return -1;
    }
    n->chosen = (uint8_t)prefer(may, n->current);
    n->backtrack = (uint8_t)(explore.bound < 0 ? bit(n->chosen) : may);
    n->done = 0;
    return n->chosen;
}

int explore_choose(unsigned enabled, unsigned current)
{
    struct node *n = &node[explore.depth];

    if (!enabled || explore.depth == MODEL_STEPS)
        return -1;
    if (explore.depth < replay) {
        if (!(enabled & bit(n->chosen))) {
            fprintf(stderr, "model: the same choices led elsewhere (step %u): something is not restored\n",
                    explore.depth);
            abort();
        }
        return n->chosen;
    }
    n->enabled = (uint8_t)enabled;
    n->current = (uint8_t)current;
    n->preemptions = (uint8_t)spent_before(explore.depth);
    n->sleep = sleep_next;
    return choose_new(n);
}

/* Deepest first. */
bool explore_next(void)
{
    explore.schedules += !redundant;
    explore.redundant += redundant;
    for (unsigned i = explore.depth; i-- > 0;) {
        struct node *n = &node[i];
        n->done |= (uint8_t)bit(n->chosen);
        unsigned left = n->backtrack & ~n->done & ~(explore.bound < 0 ? n->sleep : 0U);
        if (!left)
            continue;
        n->chosen = (uint8_t)lowest(left);
        replay = i + 1;
        first_new = i;
        return true;
    }
    return false;
}

static uint8_t kept[MODEL_STEPS];
static unsigned nr_kept;

void explore_keep(void)
{
    nr_kept = explore.depth;
    for (unsigned i = 0; i < nr_kept; i++)
        kept[i] = node[i].chosen;
}

void explore_repeat(void)
{
    replay = first_new = nr_kept;
    for (unsigned i = 0; i < nr_kept; i++)
        node[i].chosen = kept[i];
}

/* --- Questions */

int explore_unordered(unsigned proc, uintptr_t at, unsigned size, bool write)
{
    const struct step step = {.kind = write ? STEP_WRITE : STEP_READ, .at = at, .size = (uint8_t)size};

    for (int k = *last_at(at); k >= 0; k = node[k].before)
        if (thread_of(node[k].chosen) != proc && conflict(&node[k].step, &step) &&
            !before(&node[k], &explore.clock[proc]))
            return (int)thread_of(node[k].chosen);
    return -1;
}

bool explore_is_shared(uintptr_t at, unsigned size)
{
    const struct step bytes = {.at = at, .size = (uint8_t)size};
    bool written = false;
    unsigned threads = 0;

    for (int k = *last_at(at); k >= 0; k = node[k].before) {
        if (!overlap(&node[k].step, &bytes))
            continue;
        threads |= bit(thread_of(node[k].chosen));
        written |= step_writes(&node[k].step);
    }
    return written && (threads & (threads - 1));
}
