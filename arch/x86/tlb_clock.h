/* SPDX-License-Identifier: MIT */
/*
 * When has a processor forgotten all its translations? Pure code (host-tested): tlb.c has the clock and the processors
 * of the machine.
 *
 * The clock goes on when somebody asks for the time, which is rare (a frame has lost its use), and not when a processor
 * flushes, which pv guests do with each change between kernel and user mode: a flush only reads the clock. It reads
 * first and flushes then; so if what it has read is later than some time, it had not begun to flush when that time was
 * given out.
 *
 * Times are kept in 32 bits by those who ask (arch/x86/pv/frame.h), and the clock in 64. A flush in another round of
 * the 32 bits than the present one proves nothing; one in the present round is compared as if the time were of this
 * round too, although it may be of an earlier one: then a flush may be asked for that was not needed.
 */
#ifndef ARCH_X86_TLB_CLOCK_H
#define ARCH_X86_TLB_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct tlb_clock {
    uint64_t now; /* atomic */
};

#define TLB_CLOCK_START 1 /* a processor that never flushed has 0 */

/* A flush that begins from now on is later than the result. */
static inline uint32_t tlb_clock_time(struct tlb_clock *clock)
{
    return (uint32_t)__atomic_fetch_add(&clock->now, 1, __ATOMIC_SEQ_CST);
}

/* What a processor reads before it flushes, and notes when it has. */
static inline uint64_t tlb_clock_read(const struct tlb_clock *clock)
{
    return __atomic_load_n(&clock->now, __ATOMIC_SEQ_CST);
}

/* Was the flush of which `flushed` was noted later than time? */
static inline bool tlb_clock_is_later(const struct tlb_clock *clock, uint64_t flushed, uint32_t time)
{
    return flushed >> 32 == tlb_clock_read(clock) >> 32 && (uint32_t)flushed > time;
}

#endif
