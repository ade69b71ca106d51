/* SPDX-License-Identifier: MIT */
#include "tests/model/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/model/plain.h"
#include "tests/model/state.h"
#include "tests/model/story.h"

#define CANARY 0x5AFE57ACC0FFEE00ULL
#define CANARY_AT 2048U /* behind the struct at the lowest address of a stack */
#define BUFFERED 56U

/* Stores in program order that other threads do not see yet. */
struct buffer {
    unsigned first, end;
    struct entry {
        enum step_kind kind;
        uint8_t size;
        uintptr_t at;
        uint64_t value;
        struct clock clock;
    } entry[BUFFERED];
};

struct machine_state machine;

static uint8_t stacks[MACHINE_STACKS][MACHINE_STACK_SIZE] __attribute__((aligned(16384)));
static void *main_context, *context[MODEL_THREADS];
static struct step pending[MODEL_PROCS];
static struct buffer buffers[MODEL_THREADS];
static void (*entry_function)(void);
static const struct machine_thread *thread;
static unsigned nr_threads;
static bool starting; /* threads run to their first step, one after another */

/* The last load of each thread, for machine_pause. */
static struct {
    uintptr_t at;
    uint64_t value;
    bool paused;
} loaded[MODEL_THREADS];

/* --- Stacks */

void *machine_stack(unsigned i)
{
    return stacks[i];
}

bool machine_on_stack(const void *p)
{
    return (uintptr_t)p - (uintptr_t)stacks < sizeof(stacks);
}

bool machine_overflowed(void)
{
    for (unsigned i = 0; i < MACHINE_STACKS; i++) {
        const uint64_t *word = (void *)(stacks[i] + CANARY_AT);
        if (*word != CANARY)
            return true;
    }
    return false;
}

/* A stack as machine_switch leaves one, whose thread begins at fn. */
static void *fresh(unsigned stack, void (*fn)(void))
{
    uint64_t *top = (void *)(stacks[stack] + MACHINE_STACK_SIZE);

    top[-2] = (uintptr_t)fn; /* the return address leaves the stack as a call would */
    memset(top - 8, 0, 6 * sizeof(*top));
    return top - 8;
}

static void call_entry(void)
{
    static void *dead;

    entry_function();
    machine_switch(&dead, main_context);
}

void machine_call(unsigned stack, void (*fn)(void))
{
    entry_function = fn;
    machine_switch(&main_context, fresh(stack, call_entry));
}

/* --- Who goes on */

static const uint8_t *memory(uintptr_t at)
{
    return (const uint8_t *)at;
}

static uint64_t peek(uintptr_t at, unsigned size)
{
    uint64_t value = 0;
    memcpy(&value, memory(at), size);
    return value;
}

static void poke(uintptr_t at, unsigned size, uint64_t value)
{
    state_touch((void *)at, size);
    memcpy((void *)at, &value, size);
}

/* What the thread itself would load: its own stores count already. */
static uint64_t view(unsigned t, uintptr_t at, unsigned size)
{
    uint64_t value = peek(at, size);
    const struct buffer *b = &buffers[t];

    for (unsigned i = b->first; i < b->end; i++)
        for (unsigned j = 0; j < b->entry[i].size; j++) {
            uintptr_t byte = b->entry[i].at + j;
            if (byte >= at && byte < at + size)
                ((uint8_t *)&value)[byte - at] = ((const uint8_t *)&b->entry[i].value)[j];
        }
    return value;
}

static bool has_stores(unsigned t)
{
    return buffers[t].first != buffers[t].end;
}

static bool may_step(unsigned t)
{
    const struct step *s = &pending[t];

    if (s->kind == STEP_NONE || (step_drains(s) && has_stores(t)))
        return false;
    if (s->kind == STEP_LOCK)
        return peek(s->at, 4) == 0;
    return s->kind != STEP_AWAIT || s->ready(s);
}

static unsigned enabled(void)
{
    unsigned set = 0;

    for (unsigned t = 0; t < nr_threads; t++) {
        set |= (unsigned)may_step(t) << t;
        set |= (unsigned)has_stores(t) << buffer_of(t);
    }
    return set;
}

/* The oldest store of a buffer is the next step of that process. */
static void show_oldest(unsigned t)
{
    const struct buffer *b = &buffers[t];
    const struct entry *e = &b->entry[b->first];

    pending[buffer_of(t)] =
        has_stores(t) ? (struct step){.kind = e->kind, .size = e->size, .at = e->at} : (struct step){0};
}

static void write_oldest(unsigned t)
{
    struct buffer *b = &buffers[t];
    const struct entry *e = &b->entry[b->first];

    explore_step(buffer_of(t), &pending[buffer_of(t)], pending, &e->clock);
    uint64_t old = peek(e->at, e->size);
    poke(e->at, e->size, e->value);
    story_step(buffer_of(t), e->kind == STEP_UNLOCK ? STORY_UNLOCK : STORY_STORE, e->at, e->size, old, e->value);
    if (++b->first == b->end)
        b->first = b->end = 0;
    show_oldest(t);
}

/* The thread that takes the next step, when store buffers have taken theirs; -1: none. */
static int choose_thread(void)
{
    int p;

    while ((p = explore_choose(enabled(), machine.current)) >= MODEL_THREADS)
        write_oldest(thread_of((unsigned)p));
    return p;
}

/* Returns when it is the running thread's turn. */
static void next_turn(void)
{
    unsigned self = machine.current;

    if (starting) {
        machine_switch(&context[self], main_context);
        return;
    }
    int p = choose_thread();
    if (p < 0) {
        machine_switch(&context[self], main_context);
    } else if ((unsigned)p != self) {
        machine.current = (unsigned)p;
        machine_switch(&context[self], context[p]);
    }
}

/* The thread's next step: returns when it has been taken. */
static void take(struct step step)
{
    unsigned t = machine.current;

    pending[t] = step;
    next_turn();
    explore_step(t, &pending[t], pending, NULL);
}

static void call_thread(void)
{
    thread[machine.current].body();
    pending[machine.current] = (struct step){0};
    next_turn();
    abort();
}

static bool all_ended(void)
{
    for (unsigned t = 0; t < nr_threads; t++)
        if (pending[t].kind != STEP_NONE || has_stores(t))
            return false;
    return true;
}

static void begin(const struct machine_thread *threads, unsigned n)
{
    thread = threads;
    nr_threads = n;
    machine.failure = NULL;
    for (unsigned i = 0; i < MACHINE_STACKS; i++)
        *(uint64_t *)(void *)(stacks[i] + CANARY_AT) = CANARY;
    memset(pending, 0, sizeof(pending));
    memset(loaded, 0, sizeof(loaded));
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        buffers[t].first = buffers[t].end = 0;
    explore_begin();
    plain_begin();
}

/* Every thread goes to its first step; from there they pass the turn to each other. */
void machine_run(const struct machine_thread *threads, unsigned n)
{
    begin(threads, n);
    machine.running = starting = true;
    for (machine.current = 0; machine.current < n && !machine.failure; machine.current++)
        machine_switch(&main_context, fresh(threads[machine.current].stack, call_thread));
    starting = false;
    machine.current = 0;
    int p = machine.failure ? -1 : choose_thread();
    if (p >= 0) {
        machine.current = (unsigned)p;
        machine_switch(&main_context, context[p]);
    }
    machine.running = false;
    if (machine.failure || explore_is_redundant())
        return;
    if (explore.depth == MODEL_STEPS)
        machine_fail("the schedule does not end");
    else if (!all_ended())
        story_stuck(pending, nr_threads);
}

void machine_fail(const char *format, ...)
{
    static void *dead;
    va_list args;

    va_start(args, format);
    if (!machine.failure)
        vsnprintf(machine.failure_text, sizeof(machine.failure_text), format, args);
    va_end(args);
    machine.failure = machine.failure_text;
    if (machine.running)
        machine_switch(&dead, main_context);
}

/* --- Accesses */

static struct step step_of(enum step_kind kind, const void *p, unsigned size)
{
    return (struct step){.kind = kind, .size = (uint8_t)size, .at = (uintptr_t)p};
}

#define NOTHING 65536U /* no object lies below */

/* Nobody else can see it, or nobody else runs. */
static bool is_private(const void *p)
{
    if (machine.running && (uintptr_t)p < NOTHING)
        machine_fail("%s follows a pointer that is not there", story_actor(machine.current));
    return !machine.running || machine_on_stack(p);
}

static bool has_changed(const struct step *step)
{
    return peek(step->at, step->size) != step->expected;
}

uint64_t machine_load(const void *p, unsigned size)
{
    unsigned t = machine.current;

    if (is_private(p))
        return peek((uintptr_t)p, size);
    plain_check_atomic(t, (uintptr_t)p, size, false);
    struct step step = step_of(STEP_READ, p, size);
    if (loaded[t].paused && loaded[t].at == (uintptr_t)p) {
        step = step_of(STEP_AWAIT, p, size);
        step.ready = has_changed;
        step.expected = loaded[t].value;
    }
    take(step);
    uint64_t value = view(t, (uintptr_t)p, size);
    loaded[t].at = (uintptr_t)p;
    loaded[t].value = value;
    loaded[t].paused = false;
    story_step(t, STORY_LOAD, (uintptr_t)p, size, value, value);
    return value;
}

static void buffer_store(const void *p, unsigned size, uint64_t value, enum step_kind kind)
{
    unsigned t = machine.current;
    struct buffer *b = &buffers[t];

    if (b->end == BUFFERED)
        machine_fail("more than %u stores without a locked instruction", BUFFERED);
    plain_check_atomic(t, (uintptr_t)p, size, true);
    explore.clock[t].of[t]++;
    b->entry[b->end++] = (struct entry){kind, (uint8_t)size, (uintptr_t)p, value, explore.clock[t]};
    show_oldest(t);
    story_buffered(t, (uintptr_t)p, size, value, kind == STEP_UNLOCK);
}

static void store_now(void *p, unsigned size, uint64_t value, enum step_kind kind)
{
    unsigned t = machine.current;

    plain_check_atomic(t, (uintptr_t)p, size, true);
    take(step_of(kind, p, size));
    uint64_t old = peek((uintptr_t)p, size);
    poke((uintptr_t)p, size, value);
    story_step(t, kind == STEP_UNLOCK ? STORY_UNLOCK : STORY_STORE, (uintptr_t)p, size, old, value);
}

static void store(void *p, unsigned size, uint64_t value, enum step_kind kind)
{
    if (is_private(p))
        poke((uintptr_t)p, size, value);
    else if (machine.tso)
        buffer_store(p, size, value, kind);
    else
        store_now(p, size, value, kind);
}

void machine_store(void *p, unsigned size, uint64_t value, bool ordered)
{
    if (ordered)
        (void)machine_update(p, size, VERB_EXCHANGE, value);
    else
        store(p, size, value, STEP_WRITE);
}

void machine_write(void *p, unsigned size, uint64_t value)
{
    if (is_private(p))
        poke((uintptr_t)p, size, value);
    else
        store_now(p, size, value, STEP_WRITE);
}

static uint64_t result(enum machine_verb verb, uint64_t old, uint64_t operand)
{
    switch (verb) {
    case VERB_OR:
        return old | operand;
    case VERB_AND:
        return old & operand;
    case VERB_ADD:
        return old + operand;
    default:
        return operand;
    }
}

static const enum story_verb told[] = {
    [VERB_LOAD] = STORY_LOAD, [VERB_STORE] = STORY_STORE, [VERB_EXCHANGE] = STORY_EXCHANGE, [VERB_OR] = STORY_OR,
    [VERB_AND] = STORY_AND,   [VERB_ADD] = STORY_ADD,     [VERB_CAS] = STORY_CAS,
};

uint64_t machine_update(void *p, unsigned size, enum machine_verb verb, uint64_t operand)
{
    unsigned t = machine.current;
    bool alone = is_private(p);

    if (!alone) {
        plain_check_atomic(t, (uintptr_t)p, size, true);
        take(step_of(STEP_UPDATE, p, size));
    }
    uint64_t old = peek((uintptr_t)p, size);
    poke((uintptr_t)p, size, result(verb, old, operand));
    if (!alone)
        story_step(t, told[verb], (uintptr_t)p, size, old, peek((uintptr_t)p, size));
    return old;
}

bool machine_cas(void *p, unsigned size, uint64_t *expected, uint64_t desired)
{
    unsigned t = machine.current;
    bool alone = is_private(p);

    if (!alone) {
        plain_check_atomic(t, (uintptr_t)p, size, true);
        take(step_of(STEP_UPDATE, p, size));
    }
    uint64_t old = peek((uintptr_t)p, size);
    bool same = old == *expected;
    if (same)
        poke((uintptr_t)p, size, desired);
    *expected = old;
    if (!alone)
        story_step(t, same ? STORY_CAS : STORY_CAS_FAILS, (uintptr_t)p, size, old, same ? desired : old);
    return same;
}

void machine_fence(void)
{
    if (machine.running && machine.tso)
        take((struct step){.kind = STEP_FENCE});
}

void machine_lock(uint32_t *lock)
{
    unsigned t = machine.current;

    if (!is_private(lock)) {
        take(step_of(STEP_LOCK, lock, 4));
        story_step(t, STORY_LOCK, (uintptr_t)lock, 4, 0, 1);
    }
    poke((uintptr_t)lock, 4, 1);
}

void machine_unlock(uint32_t *lock)
{
    store(lock, 4, 0, STEP_UNLOCK);
}

void machine_await(const void *p, unsigned size, bool (*ready)(const struct step *), uint64_t expected)
{
    struct step step = step_of(STEP_AWAIT, p, size);

    if (!machine.running)
        return;
    step.ready = ready;
    step.expected = expected;
    take(step);
    uint64_t value = peek((uintptr_t)p, size);
    story_step(machine.current, STORY_AWAIT, (uintptr_t)p, size, value, value);
}

void machine_pause(void)
{
    loaded[machine.current].paused = true;
}

/* The compiler's own load or store does not see the buffer: what overlaps must reach memory first. */
static bool is_buffered(unsigned t, uintptr_t at, unsigned size)
{
    const struct buffer *b = &buffers[t];

    for (unsigned i = b->first; i < b->end; i++)
        if (b->entry[i].at < at + size && at < b->entry[i].at + b->entry[i].size)
            return true;
    return false;
}

void machine_plain(const void *p, unsigned size, bool write)
{
    if (write)
        state_touch(p, size);
    if (is_private(p))
        return;
    if (is_buffered(machine.current, (uintptr_t)p, size))
        machine_fence();
    plain_check(machine.current, (uintptr_t)p, size, write);
}
