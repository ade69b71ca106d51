/* SPDX-License-Identifier: MIT */
#include "tests/model/story.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/model/machine.h"
#include "tests/model/world.h"

#define LINES 16384U
#define TEXT 220U

static struct line {
    uint8_t proc;
    uint8_t size; /* 0: it is no step; else it is printed only if other threads are at this word too */
    uintptr_t at;
    char text[TEXT];
} lines[LINES];
static unsigned nr_lines;

static const char *const formats[] = {
    /* name, before, after */
    [STORY_LOAD] = "reads %1$s: %2$s",
    [STORY_STORE] = "writes %1$s: %2$s -> %3$s",
    [STORY_EXCHANGE] = "exchanges %1$s: %2$s -> %3$s",
    [STORY_OR] = "sets bits of %1$s: %2$s -> %3$s",
    [STORY_AND] = "clears bits of %1$s: %2$s -> %3$s",
    [STORY_ADD] = "adds to %1$s: %2$s -> %3$s",
    [STORY_CAS] = "compares and exchanges %1$s: %2$s -> %3$s",
    [STORY_CAS_FAILS] = "compares and exchanges %1$s, which has changed to %2$s: no effect",
    [STORY_LOCK] = "locks %1$s",
    [STORY_UNLOCK] = "unlocks %1$s",
    [STORY_AWAIT] = "has waited for %1$s: %2$s",
};

const char *story_actor(unsigned proc)
{
    return world_actor_name(thread_of(proc));
}

void story_begin(void)
{
    nr_lines = 0;
}

static struct line *add(unsigned proc, uintptr_t at, unsigned size)
{
    static struct line last;

    struct line *l = nr_lines < LINES ? &lines[nr_lines++] : &last;
    l->proc = (uint8_t)proc;
    l->at = at;
    l->size = (uint8_t)size;
    return l;
}

void story_step(unsigned proc, enum story_verb verb, uintptr_t at, unsigned size, uint64_t before, uint64_t after)
{
    char name[STORY_NAME], old[STORY_NAME], new[STORY_NAME];

    if (!machine.recorded)
        return;
    story_name(name, at, size);
    story_value(old, at, size, before);
    story_value(new, at, size, after);
    struct line *l = add(proc, at, size);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(l->text, TEXT, formats[verb], name, old, new);
#pragma GCC diagnostic pop
}

void story_buffered(unsigned thread, uintptr_t at, unsigned size, uint64_t value, bool unlock)
{
    char name[STORY_NAME], text[STORY_NAME];

    if (!machine.recorded)
        return;
    story_name(name, at, size);
    story_value(text, at, size, value);
    struct line *l = add(thread, at, size);
    if (unlock)
        snprintf(l->text, TEXT, "unlocks %s, in its store buffer", name);
    else
        snprintf(l->text, TEXT, "writes %s into its store buffer for %s", text, name);
}

void story_note(const char *format, ...)
{
    va_list args;

    if (!machine.recorded || !machine.running)
        return;
    va_start(args, format);
    vsnprintf(add(machine.current, 0, 0)->text, TEXT, format, args);
    va_end(args);
}

/* Waits of threads, in words. */
void story_stuck(const struct step *pending, unsigned nr_threads)
{
    char text[120] = "", name[STORY_NAME];
    size_t at = 0;

    for (unsigned t = 0; t < nr_threads; t++) {
        if (pending[t].kind == STEP_NONE || at >= sizeof(text))
            continue;
        story_name(name, pending[t].at, pending[t].size);
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s waits for ever for %s", at ? ", " : "",
                               story_actor(t), name);
    }
    machine_fail("%s", text);
}

/* Steps at words that only one thread touches in this schedule explain nothing. */
void story_print(void)
{
    unsigned number = 0;

    for (unsigned i = 0; i < nr_lines; i++) {
        const struct line *l = &lines[i];
        if (l->size && !explore_is_shared(l->at, l->size))
            continue;
        printf("    %3u. %-8s %s%s\n", ++number, story_actor(l->proc),
               l->proc >= MODEL_THREADS ? "(store buffer) " : "", l->text);
    }
}
