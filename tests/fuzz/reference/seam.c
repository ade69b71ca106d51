/* SPDX-License-Identifier: MIT */
/*
 * evtchn/shm.h for the differential run (EVT_SHM_EXTERN): plain accesses in one thread. Each touch is noted, for the
 * comparison; in a hostile world a guest's hand comes first, and again after, now and then.
 */
#include "evtchn/shm.h"

#include "tests/fuzz/reference/world.h"

const void *seam_touched[SEAM_TOUCHES];
unsigned seam_nr_touched;

static uint8_t *const *pages;
static unsigned nr_pages, one_in;
static uint32_t noise;

void seam_set_pages(uint8_t *const *all, unsigned n)
{
    pages = all;
    nr_pages = n;
}

void seam_scribble(unsigned rate, uint32_t seed)
{
    one_in = rate;
    noise = seed | 1;
}

static uint32_t random32(void)
{
    noise ^= noise << 13;
    noise ^= noise >> 17;
    noise ^= noise << 5;
    return noise;
}

/* Values that mean something: small ports, edges, flags of an event word. */
static uint32_t nasty32(void)
{
    static const uint32_t value[] = {0, UINT32_MAX, 1, 1U << 29, 7U << 28, 0xe0000001, 0x1ffff, 0x20000};
    uint32_t r = random32();
    return r & 8 ? value[r % 8] : r & 16 ? r >> 24 : random32();
}

static void scribble(uint8_t *word)
{
    uint32_t r = random32();
    if (r % one_in)
        return;
    uint8_t *at = word;
    if (r & 0x10000000)
        at = pages[random32() % nr_pages] + random32() % 1024 * 4;
    uint32_t value = nasty32();
    __builtin_memcpy(at, &value, 4);
    report->scribbles++;
}

static void touch(const void *p)
{
    bool again = seam_nr_touched && ((uintptr_t)seam_touched[seam_nr_touched - 1] ^ (uintptr_t)p) < 64;
    if (!again && seam_nr_touched < SEAM_TOUCHES)
        seam_touched[seam_nr_touched++] = p;
    if (one_in)
        scribble((uint8_t *)((uintptr_t)p & ~(uintptr_t)3));
}

#define SEAM(type, bits)                    \
    type shm_read##bits(const type *p)      \
    {                                       \
        touch(p);                           \
        type v = *(const volatile type *)p; \
        touch(p);                           \
        return v;                           \
    }                                       \
    type shm_xchg##bits(type *p, type v)    \
    {                                       \
        touch(p);                           \
        type old = *p;                      \
        *p = v;                             \
        touch(p);                           \
        return old;                         \
    }

SEAM(uint8_t, 8)
SEAM(uint32_t, 32)
SEAM(uint64_t, 64)

#define SEAM_LOGIC(type, bits)          \
    type shm_or##bits(type *p, type v)  \
    {                                   \
        touch(p);                       \
        type old = *p;                  \
        *p = old | v;                   \
        touch(p);                       \
        return old;                     \
    }                                   \
    type shm_and##bits(type *p, type v) \
    {                                   \
        touch(p);                       \
        type old = *p;                  \
        *p = old & v;                   \
        touch(p);                       \
        return old;                     \
    }

SEAM_LOGIC(uint32_t, 32)
SEAM_LOGIC(uint64_t, 64)

void shm_write8(uint8_t *p, uint8_t v)
{
    touch(p);
    *p = v;
}

bool shm_cas32(uint32_t *p, uint32_t expected, uint32_t desired)
{
    touch(p);
    bool same = *p == expected;
    if (same)
        *p = desired;
    touch(p);
    return same;
}

void shm_barrier(void)
{
}
