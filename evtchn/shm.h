/* SPDX-License-Identifier: MIT */
/*
 * The seam: every touch of memory that a guest can write too goes through these functions. On metal each is one atomic
 * instruction. A binary that defines EVT_SHM_EXTERN supplies them itself: in the model each is a scheduling point, in
 * the lesson a printed line (kernel/lesson/trace.c), on the teaching page a step of the animation. Widths are exact: a
 * 32-bit word is never touched as 64 bits.
 *
 * All are sequentially consistent, but shm_read*, which is a plain single load. Bits and words of bitmaps, of either
 * width, are in evtchn/bits.h.
 */
#ifndef EVTCHN_SHM_H
#define EVTCHN_SHM_H

#include <stdbool.h>
#include <stdint.h>

#ifdef EVT_SHM_EXTERN

uint8_t shm_read8(const uint8_t *p);
uint32_t shm_read32(const uint32_t *p);
uint64_t shm_read64(const uint64_t *p);
void shm_write8(uint8_t *p, uint8_t v);
uint8_t shm_xchg8(uint8_t *p, uint8_t v);
uint32_t shm_xchg32(uint32_t *p, uint32_t v);
uint64_t shm_xchg64(uint64_t *p, uint64_t v);
uint32_t shm_or32(uint32_t *p, uint32_t v); /* returns the value before */
uint64_t shm_or64(uint64_t *p, uint64_t v);
uint32_t shm_and32(uint32_t *p, uint32_t v);
uint64_t shm_and64(uint64_t *p, uint64_t v);
bool shm_cas32(uint32_t *p, uint32_t expected, uint32_t desired);
void shm_barrier(void);

#else

static inline uint8_t shm_read8(const uint8_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline uint32_t shm_read32(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline uint64_t shm_read64(const uint64_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline void shm_write8(uint8_t *p, uint8_t v)
{
    __atomic_store_n(p, v, __ATOMIC_SEQ_CST);
}

static inline uint8_t shm_xchg8(uint8_t *p, uint8_t v)
{
    return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
}

static inline uint32_t shm_xchg32(uint32_t *p, uint32_t v)
{
    return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
}

static inline uint64_t shm_xchg64(uint64_t *p, uint64_t v)
{
    return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
}

static inline uint32_t shm_or32(uint32_t *p, uint32_t v)
{
    return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST);
}

static inline uint64_t shm_or64(uint64_t *p, uint64_t v)
{
    return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST);
}

static inline uint32_t shm_and32(uint32_t *p, uint32_t v)
{
    return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST);
}

static inline uint64_t shm_and64(uint64_t *p, uint64_t v)
{
    return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST);
}

static inline bool shm_cas32(uint32_t *p, uint32_t expected, uint32_t desired)
{
    return __atomic_compare_exchange_n(p, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline void shm_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
#endif
