/* SPDX-License-Identifier: MIT */
/* The last bytes of what was printed: a ring. Pure code; the caller serialises. */
#ifndef KERNEL_LOG_RING_H
#define KERNEL_LOG_RING_H

#include <stddef.h>
#include <stdint.h>

struct log_ring {
    char *buffer;
    size_t size;      /* a power of two */
    uint64_t written; /* bytes since the start; the last `size` of them are in the buffer */
};

void log_ring_init(struct log_ring *ring, char *buffer, size_t size);
/* The oldest byte that is still there; `written` if there is none. */
uint64_t log_ring_oldest(const struct log_ring *ring);
/* The byte at pos, from log_ring_oldest() to before `written`. */
char log_ring_at(const struct log_ring *ring, uint64_t pos);
void log_ring_write(struct log_ring *ring, const char *text, size_t n);
/*
 * Copy at most n bytes that were written at *pos or later; *pos moves behind them. A *pos that has been overwritten is
 * moved to the oldest byte first. Returns the number of bytes; 0 = no more.
 */
size_t log_ring_read(const struct log_ring *ring, uint64_t *pos, char *dst, size_t n);

#endif
