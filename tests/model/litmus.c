/* SPDX-License-Identifier: MIT */
#include "tests/model/litmus.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/model/machine.h"
#include "tests/model/state.h"
#include "tests/model/world.h"

#define OPS 5
#define THREADS 3
#define OUTCOMES 512U

enum op_kind { END, LOAD, STORE, EXCHANGE, ADD, FENCE, LOCK, UNLOCK, AWAIT };

/* On word 0, 1, ...; a load's result goes to the thread's next register. */
struct op {
    enum op_kind kind;
    uint8_t word, value;
};

typedef struct op program[THREADS][OPS];

struct litmus {
    const char *name;
    program threads;
    unsigned sc, tso; /* different outcomes */
    bool stuck;       /* some schedules end with threads that wait for ever: these have no outcome */
};

#define X 0
#define Y 1

static const struct litmus classics[] = {
    {"store buffering", {{{STORE, X, 1}, {LOAD, Y, 0}}, {{STORE, Y, 1}, {LOAD, X, 0}}}, 3, 4, false},
    {"store buffering, fences",
     {{{STORE, X, 1}, {FENCE, 0, 0}, {LOAD, Y, 0}}, {{STORE, Y, 1}, {FENCE, 0, 0}, {LOAD, X, 0}}},
     3,
     3,
     false},
    {"store buffering, locked", {{{EXCHANGE, X, 1}, {LOAD, Y, 0}}, {{EXCHANGE, Y, 1}, {LOAD, X, 0}}}, 3, 3, false},
    {"message passing", {{{STORE, X, 1}, {STORE, Y, 1}}, {{LOAD, Y, 0}, {LOAD, X, 0}}}, 3, 3, false},
    {"message passing, awaited", {{{STORE, X, 1}, {STORE, Y, 1}}, {{AWAIT, Y, 0}, {LOAD, X, 0}}}, 1, 1, false},
    {"load buffering", {{{LOAD, X, 0}, {STORE, Y, 1}}, {{LOAD, Y, 0}, {STORE, X, 1}}}, 3, 3, false},
    {"own stores seen early",
     {{{STORE, X, 1}, {LOAD, X, 0}, {LOAD, Y, 0}}, {{STORE, Y, 1}, {LOAD, Y, 0}, {LOAD, X, 0}}},
     3,
     4,
     false},
    {"independent reads",
     {{{STORE, X, 1}, {STORE, Y, 1}}, {{LOAD, X, 0}, {LOAD, Y, 0}}, {{LOAD, Y, 0}, {LOAD, X, 0}}},
     12,
     12,
     false},
    {"a lock", {{{LOCK, Y, 0}, {ADD, X, 1}, {UNLOCK, Y, 0}}, {{LOCK, Y, 0}, {ADD, X, 1}, {UNLOCK, Y, 0}}}, 2, 2, false},
    {"two locks, crosswise",
     {{{LOCK, X, 0}, {LOCK, Y, 0}, {UNLOCK, Y, 0}, {UNLOCK, X, 0}},
      {{LOCK, Y, 0}, {LOCK, X, 0}, {UNLOCK, X, 0}, {UNLOCK, Y, 0}}},
     1,
     1,
     true},
};

/* --- One program. The words are 8 bytes each, in the arena; registers are no memory of the machine. */

static const program *running;
static uint64_t outcome;

static uint64_t *word(unsigned i)
{
    return (uint64_t *)(void *)state_arena + i;
}

static bool is_set(const struct step *step)
{
    return *(const uint64_t *)step->at != 0;
}

static void see(uint64_t value)
{
    unsigned shift = 16 * machine.current;
    uint64_t registers = outcome >> shift & 0xffff;

    outcome &= ~(0xffffULL << shift);
    outcome |= (registers * 5 + value + 1) % 0xffff << shift;
}

static void execute(const struct op *op)
{
    uint64_t *p = word(op->word);

    switch (op->kind) {
    case LOAD:
        see(machine_load(p, 8));
        break;
    case STORE:
        machine_store(p, 8, op->value, false);
        break;
    case EXCHANGE:
        see(machine_update(p, 8, VERB_EXCHANGE, op->value));
        break;
    case ADD:
        see(machine_update(p, 8, VERB_ADD, op->value));
        break;
    case FENCE:
        machine_fence();
        break;
    case LOCK:
        machine_lock((uint32_t *)(void *)p);
        break;
    case UNLOCK:
        machine_unlock((uint32_t *)(void *)p);
        break;
    case AWAIT:
        machine_await(p, 8, is_set, 0);
        break;
    case END:
        break;
    }
}

static void body(void)
{
    const struct op *op = (*running)[machine.current];

    for (unsigned i = 0; i < OPS && op[i].kind != END; i++)
        execute(&op[i]);
}

/* --- Its outcomes */

struct outcomes {
    uint64_t seen[OUTCOMES];
    unsigned n;
    bool stuck;
    uint64_t schedules;
};

static void add(struct outcomes *o, uint64_t value)
{
    for (unsigned i = 0; i < o->n; i++)
        if (o->seen[i] == value)
            return;
    if (o->n < OUTCOMES)
        o->seen[o->n++] = value;
}

static unsigned nr_threads(const program *p)
{
    unsigned n = 0;

    while (n < THREADS && (*p)[n][0].kind != END)
        n++;
    return n;
}

/* finals: what is left in memory belongs to the outcome. */
static void explore_program(const program *p, int bound, bool finals, struct outcomes *o)
{
    static const struct machine_thread threads[THREADS] = {{0, body}, {1, body}, {2, body}};

    *o = (struct outcomes){.n = 0};
    running = p;
    explore_reset(bound);
    do {
        state_restore();
        outcome = 0;
        machine_run(threads, nr_threads(p));
        o->stuck |= machine.failure != NULL;
        if (!machine.failure && !explore_is_redundant())
            add(o, outcome ^ (finals ? (*word(0) * 9 + *word(1) * 3 + *word(2)) << 48 : 0));
    } while (explore_next());
    o->schedules = explore.schedules;
}

/* --- Programs by chance */

static uint32_t seed = 1;

static unsigned draw(unsigned n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16) % n;
}

/* Loads and stores more often than the rest; at most one critical section a thread, by the lock in word 3. */
static void draw_thread(struct op *op, unsigned n)
{
    static const enum op_kind kinds[] = {LOAD, LOAD, LOAD, STORE, STORE, STORE, EXCHANGE, FENCE};

    for (unsigned i = 0; i < n; i++)
        op[i] = (struct op){kinds[draw(8)], (uint8_t)draw(3), (uint8_t)(1 + draw(2))};
    if (n > 2 && draw(4) == 0) {
        op[0] = (struct op){LOCK, 3, 0};
        op[n - 1] = (struct op){UNLOCK, 3, 0};
    }
}

static bool same_outcomes(const program *p, uint64_t *all, uint64_t *reduced)
{
    static struct outcomes every, few;

    explore_program(p, 1000, true, &every);
    explore_program(p, -1, true, &few);
    *all += every.schedules;
    *reduced += few.schedules;
    bool same = every.n == few.n && every.stuck == few.stuck;
    for (unsigned i = 0; i < every.n; i++)
        add(&few, every.seen[i]);
    return same && few.n == every.n;
}

static unsigned compare_random(unsigned programs, uint64_t *all, uint64_t *reduced)
{
    unsigned wrong = 0;

    for (unsigned i = 0; i < programs; i++) {
        program p = {{{END, 0, 0}}};
        bool three = i % 3 == 0;
        machine.tso = i % 4 != 0;
        for (unsigned t = 0; t < (three ? 3U : 2U); t++)
            draw_thread(p[t], three ? 2 + draw(2) : 3 + draw(3));
        if (!same_outcomes(&p, all, reduced)) {
            printf("  random program %u: the reduced search has other outcomes than the whole one\n", i);
            wrong++;
        }
    }
    return wrong;
}

static unsigned check_classic(const struct litmus *l, bool tso)
{
    static struct outcomes o;
    unsigned expected = tso ? l->tso : l->sc;

    machine.tso = tso;
    explore_program(&l->threads, -1, false, &o);
    if (o.n == expected && o.stuck == l->stuck)
        return 0;
    printf("  %s (%s): %u outcomes, not %u%s\n", l->name, tso ? "x86-TSO" : "SC", o.n, expected,
           o.stuck == l->stuck ? ""
           : o.stuck           ? "; threads wait for ever"
                               : "; no thread waits for ever");
    return 1;
}

int litmus_run(void)
{
    uint64_t all = 0, reduced = 0;
    unsigned wrong = 0, programs = 3000, n = sizeof(classics) / sizeof(*classics);

    world_create();
    state_pristine();
    state_keep();
    for (unsigned i = 0; i < n; i++)
        wrong += check_classic(&classics[i], false) + check_classic(&classics[i], true);
    wrong += compare_random(programs, &all, &reduced);
    printf("litmus: classics %u, random programs %u, schedules %lu (reduced to %lu), wrong %u\n", 2 * n, programs,
           (unsigned long)all, (unsigned long)reduced, wrong);
    return wrong != 0;
}
