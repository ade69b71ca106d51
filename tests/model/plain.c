/* SPDX-License-Identifier: MIT */
#include "tests/model/plain.h"

#include <string.h>

#include "tests/model/explore.h"
#include "tests/model/machine.h"
#include "tests/model/story.h"

/* Per 8 bytes and thread: which bytes it has read and written plainly, and when it did last, in its own steps. */
#define SLOTS (1U << 16)
static struct slot {
    uintptr_t granule;
    unsigned schedule;
    uint8_t read[MODEL_THREADS], written[MODEL_THREADS];
    uint16_t read_when[MODEL_THREADS], written_when[MODEL_THREADS];
} slots[SLOTS];
static unsigned schedule;

void plain_begin(void)
{
    schedule++;
}

static struct slot *slot_of(uintptr_t at)
{
    uintptr_t granule = at >> 3;
    unsigned i = (unsigned)((granule * 0x9E3779B97F4A7C15ULL) >> 48);

    for (;; i = (i + 1) % SLOTS) {
        struct slot *s = &slots[i];
        if (s->schedule != schedule) {
            memset(s, 0, sizeof(*s));
            s->granule = granule;
            s->schedule = schedule;
        }
        if (s->granule == granule)
            return s;
    }
}

static uint8_t bytes_of(uintptr_t at, unsigned size)
{
    return (uint8_t)(((1U << size) - 1) << (at & 7));
}

/* What the other thread did then is not before what this one does now. */
static bool unordered(unsigned other, uint16_t when, unsigned thread)
{
    return other != thread && explore.clock[thread].of[other] <= when;
}

static void complain(unsigned thread, unsigned other, uintptr_t at, unsigned size, bool write)
{
    char name[STORY_NAME];

    story_name(name, at, size);
    machine_fail("%s %s %s while %s may be at it too, and one of the two is not atomic", story_actor(thread),
                 write ? "writes" : "reads", name, story_actor(other));
}

static void check(unsigned thread, const struct slot *s, uintptr_t at, unsigned size, bool write)
{
    uint8_t bytes = bytes_of(at, size);

    for (unsigned t = 0; t < MODEL_THREADS; t++)
        if (((s->written[t] & bytes) && unordered(t, s->written_when[t], thread)) ||
            (write && (s->read[t] & bytes) && unordered(t, s->read_when[t], thread)))
            complain(thread, t, at, size, write);
}

void plain_check(unsigned thread, uintptr_t at, unsigned size, bool write)
{
    struct slot *s = slot_of(at);
    uint16_t now = explore.clock[thread].of[thread];

    check(thread, s, at, size, write);
    int other = explore_unordered(thread, at, size, write);
    if (other >= 0)
        complain(thread, (unsigned)other, at, size, write);
    if (write) {
        s->written[thread] |= bytes_of(at, size);
        s->written_when[thread] = now;
    } else {
        s->read[thread] |= bytes_of(at, size);
        s->read_when[thread] = now;
    }
}

void plain_check_atomic(unsigned thread, uintptr_t at, unsigned size, bool write)
{
    check(thread, slot_of(at), at, size, write);
}
