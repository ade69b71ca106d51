/* SPDX-License-Identifier: MIT */
#include "guest/lib/memory.h"

#include "common/string.h"
#include "guest/lib/env.h"
#include "guest/lib/verdict.h"

/* Vcpus may allocate at the same time: whoever moves heap_start on owns what it passed. */
void *memory_pages_aligned(size_t nr, size_t align)
{
    size_t size = nr * GUEST_PAGE_SIZE;
    guest_word old = __atomic_load_n(&guest_env.heap_start, __ATOMIC_RELAXED), start;

    do {
        start = (old + align - 1) & ~((guest_word)align - 1);
        if (start > guest_env.heap_end || size > guest_env.heap_end - start) {
            verdict(VERDICT_ERROR, "out of memory: %zu pages wanted, the heap is 0x%llx to 0x%llx", nr,
                    (unsigned long long)old, (unsigned long long)guest_env.heap_end);
            guest_exit();
        }
    } while (!__atomic_compare_exchange_n(&guest_env.heap_start, &old, start + size, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_SEQ_CST));
    return memset((void *)start, 0, size);
}

void *memory_pages(size_t nr)
{
    return memory_pages_aligned(nr, GUEST_PAGE_SIZE);
}

void *memory_alloc(size_t size)
{
    return memory_pages((size + GUEST_PAGE_SIZE - 1) / GUEST_PAGE_SIZE);
}
