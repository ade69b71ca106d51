/* SPDX-License-Identifier: MIT */
#include "kernel/log_ring.h"

void log_ring_init(struct log_ring *ring, char *buffer, size_t size)
{
    ring->buffer = buffer;
    ring->size = size;
    ring->written = 0;
}

uint64_t log_ring_oldest(const struct log_ring *ring)
{
    return ring->written > ring->size ? ring->written - ring->size : 0;
}

char log_ring_at(const struct log_ring *ring, uint64_t pos)
{
    return ring->buffer[pos & (ring->size - 1)];
}

void log_ring_write(struct log_ring *ring, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ring->buffer[ring->written++ & (ring->size - 1)] = text[i];
}

size_t log_ring_read(const struct log_ring *ring, uint64_t *pos, char *dst, size_t n)
{
    uint64_t oldest = log_ring_oldest(ring);
    size_t i = 0;
    if (*pos < oldest)
        *pos = oldest;
    while (i < n && *pos < ring->written)
        dst[i++] = log_ring_at(ring, (*pos)++);
    return i;
}
