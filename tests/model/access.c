/* SPDX-License-Identifier: MIT */
/*
 * How the code under test reaches the machine. It is compiled by `-fsanitize=thread`, but linked with this instead of
 * the sanitizer: the compiler reports each plain access, and hands over each atomic one. So every atomic of the core
 * and of guest/lib is a step without a line of theirs being changed. The seam (evtchn/shm.h) is here by its own names.
 */
#include <string.h>

#include "evtchn/shm.h"
#include "tests/model/machine.h"
#include "tests/model/state.h"

/* Nobody decides by these counters, and additions commute: they are no steps. */
bool access_is_counter(const void *p);

/* --- Atomics */

enum { RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST };

#define HOOKS(bits)                                                                                           \
    uint##bits##_t __tsan_atomic##bits##_load(const uint##bits##_t *p, int order);                            \
    void __tsan_atomic##bits##_store(uint##bits##_t *p, uint##bits##_t v, int order);                         \
    uint##bits##_t __tsan_atomic##bits##_exchange(uint##bits##_t *p, uint##bits##_t v, int order);            \
    uint##bits##_t __tsan_atomic##bits##_fetch_or(uint##bits##_t *p, uint##bits##_t v, int order);            \
    uint##bits##_t __tsan_atomic##bits##_fetch_and(uint##bits##_t *p, uint##bits##_t v, int order);           \
    uint##bits##_t __tsan_atomic##bits##_fetch_add(uint##bits##_t *p, uint##bits##_t v, int order);           \
    uint##bits##_t __tsan_atomic##bits##_fetch_sub(uint##bits##_t *p, uint##bits##_t v, int order);           \
    int __tsan_atomic##bits##_compare_exchange_strong(uint##bits##_t *p, uint##bits##_t *expected,            \
                                                      uint##bits##_t desired, int order, int failed);         \
    int __tsan_atomic##bits##_compare_exchange_weak(uint##bits##_t *p, uint##bits##_t *expected,              \
                                                    uint##bits##_t desired, int order, int failed);           \
    uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(uint##bits##_t *p, uint##bits##_t expected,     \
                                                              uint##bits##_t desired, int order, int failed); \
    uint##bits##_t __tsan_atomic##bits##_load(const uint##bits##_t *p, int order)                             \
    {                                                                                                         \
        (void)order;                                                                                          \
        return access_is_counter(p) ? *p : (uint##bits##_t)machine_load(p, bits / 8);                         \
    }                                                                                                         \
    void __tsan_atomic##bits##_store(uint##bits##_t *p, uint##bits##_t v, int order)                          \
    {                                                                                                         \
        machine_store(p, bits / 8, v, order == SEQ_CST);                                                      \
    }                                                                                                         \
    uint##bits##_t __tsan_atomic##bits##_exchange(uint##bits##_t *p, uint##bits##_t v, int order)             \
    {                                                                                                         \
        (void)order;                                                                                          \
        return (uint##bits##_t)machine_update(p, bits / 8, VERB_EXCHANGE, v);                                 \
    }                                                                                                         \
    uint##bits##_t __tsan_atomic##bits##_fetch_or(uint##bits##_t *p, uint##bits##_t v, int order)             \
    {                                                                                                         \
        (void)order;                                                                                          \
        return (uint##bits##_t)machine_update(p, bits / 8, VERB_OR, v);                                       \
    }                                                                                                         \
    uint##bits##_t __tsan_atomic##bits##_fetch_and(uint##bits##_t *p, uint##bits##_t v, int order)            \
    {                                                                                                         \
        (void)order;                                                                                          \
        return (uint##bits##_t)machine_update(p, bits / 8, VERB_AND, v);                                      \
    }                                                                                                         \
    uint##bits##_t __tsan_atomic##bits##_fetch_add(uint##bits##_t *p, uint##bits##_t v, int order)            \
    {                                                                                                         \
        (void)order;                                                                                          \
        if (!access_is_counter(p))                                                                            \
            return (uint##bits##_t)machine_update(p, bits / 8, VERB_ADD, v);                                  \
        state_touch(p, sizeof(*p));                                                                           \
        *p = (uint##bits##_t)(*p + v);                                                                        \
        return (uint##bits##_t)(*p - v);                                                                      \
    }                                                                                                         \
    uint##bits##_t __tsan_atomic##bits##_fetch_sub(uint##bits##_t *p, uint##bits##_t v, int order)            \
    {                                                                                                         \
        return __tsan_atomic##bits##_fetch_add(p, (uint##bits##_t) - v, order);                               \
    }                                                                                                         \
    int __tsan_atomic##bits##_compare_exchange_strong(uint##bits##_t *p, uint##bits##_t *expected,            \
                                                      uint##bits##_t desired, int order, int failed)          \
    {                                                                                                         \
        uint64_t e = *expected;                                                                               \
        bool done = machine_cas(p, bits / 8, &e, desired);                                                    \
        (void)order;                                                                                          \
        (void)failed;                                                                                         \
        *expected = (uint##bits##_t)e;                                                                        \
        return done;                                                                                          \
    }                                                                                                         \
    int __tsan_atomic##bits##_compare_exchange_weak(uint##bits##_t *p, uint##bits##_t *expected,              \
                                                    uint##bits##_t desired, int order, int failed)            \
    {                                                                                                         \
        return __tsan_atomic##bits##_compare_exchange_strong(p, expected, desired, order, failed);            \
    }                                                                                                         \
    uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(uint##bits##_t *p, uint##bits##_t expected,     \
                                                              uint##bits##_t desired, int order, int failed)  \
    {                                                                                                         \
        (void)__tsan_atomic##bits##_compare_exchange_strong(p, &expected, desired, order, failed);            \
        return expected;                                                                                      \
    }

HOOKS(8)
HOOKS(16)
HOOKS(32)
HOOKS(64)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

void __tsan_atomic_thread_fence(int order)
{
    if (order == SEQ_CST)
        machine_fence();
}

void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}

/* --- Plain accesses */

#define PLAIN(size)                                  \
    void __tsan_read##size(const void *p);           \
    void __tsan_write##size(void *p);                \
    void __tsan_unaligned_read##size(const void *p); \
    void __tsan_unaligned_write##size(void *p);      \
    void __tsan_read##size(const void *p)            \
    {                                                \
        machine_plain(p, size, false);               \
    }                                                \
    void __tsan_write##size(void *p)                 \
    {                                                \
        machine_plain(p, size, true);                \
    }                                                \
    void __tsan_unaligned_read##size(const void *p)  \
    {                                                \
        machine_plain(p, size, false);               \
    }                                                \
    void __tsan_unaligned_write##size(void *p)       \
    {                                                \
        machine_plain(p, size, true);                \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)

void __tsan_init(void);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);
void __tsan_read16(const void *p);
void __tsan_write16(void *p);
void __tsan_read_range(const void *p, size_t size);
void __tsan_write_range(void *p, size_t size);

void __tsan_init(void)
{
}

void __tsan_func_entry(void *pc)
{
    (void)pc;
}

void __tsan_func_exit(void)
{
}

/* In pieces that lie within 8 aligned bytes. */
static void plain_range(const void *p, size_t size, bool write)
{
    uintptr_t at = (uintptr_t)p, end = at + size;

    while (at < end) {
        uintptr_t next = (at | 7) + 1 < end ? (at | 7) + 1 : end;
        machine_plain((const void *)at, (unsigned)(next - at), write);
        at = next;
    }
}

void __tsan_read_range(const void *p, size_t size)
{
    plain_range(p, size, false);
}

void __tsan_write_range(void *p, size_t size)
{
    plain_range(p, size, true);
}

void __tsan_read16(const void *p)
{
    plain_range(p, 16, false);
}

void __tsan_write16(void *p)
{
    plain_range(p, 16, true);
}

/* memset() and memcpy() of the code under test (the Makefile renames them). Large ones are not looked at word by word.
 */
#define LOOK_AT 256U
void *access_memset(void *p, int c, size_t n);
void *access_memcpy(void *dst, const void *src, size_t n);

void *access_memset(void *p, int c, size_t n)
{
    state_touch(p, n);
    if (n <= LOOK_AT)
        plain_range(p, n, true);
    return memset(p, c, n);
}

void *access_memcpy(void *dst, const void *src, size_t n)
{
    state_touch(dst, n);
    if (n <= LOOK_AT) {
        plain_range(src, n, false);
        plain_range(dst, n, true);
    }
    return memcpy(dst, src, n);
}

/* --- The seam */

uint8_t shm_read8(const uint8_t *p)
{
    return (uint8_t)machine_load(p, 1);
}

uint32_t shm_read32(const uint32_t *p)
{
    return (uint32_t)machine_load(p, 4);
}

uint64_t shm_read64(const uint64_t *p)
{
    return machine_load(p, 8);
}

void shm_write8(uint8_t *p, uint8_t v)
{
    (void)machine_update(p, 1, VERB_EXCHANGE, v);
}

uint8_t shm_xchg8(uint8_t *p, uint8_t v)
{
    return (uint8_t)machine_update(p, 1, VERB_EXCHANGE, v);
}

uint32_t shm_xchg32(uint32_t *p, uint32_t v)
{
    return (uint32_t)machine_update(p, 4, VERB_EXCHANGE, v);
}

uint64_t shm_xchg64(uint64_t *p, uint64_t v)
{
    return machine_update(p, 8, VERB_EXCHANGE, v);
}

uint32_t shm_or32(uint32_t *p, uint32_t v)
{
    return (uint32_t)machine_update(p, 4, VERB_OR, v);
}

uint64_t shm_or64(uint64_t *p, uint64_t v)
{
    return machine_update(p, 8, VERB_OR, v);
}

uint32_t shm_and32(uint32_t *p, uint32_t v)
{
    return (uint32_t)machine_update(p, 4, VERB_AND, v);
}

uint64_t shm_and64(uint64_t *p, uint64_t v)
{
    return machine_update(p, 8, VERB_AND, v);
}

bool shm_cas32(uint32_t *p, uint32_t expected, uint32_t desired)
{
    uint64_t e = expected;

    return machine_cas(p, 4, &e, desired);
}

void shm_barrier(void)
{
    machine_fence();
}

/* guest/lib's way to wait (the Makefile renames __builtin_ia32_pause). */
void access_pause(void);

void access_pause(void)
{
    machine_pause();
}
