/* SPDX-License-Identifier: MIT */
/* Memory for a program's tables. It is handed out once and never taken back: a run is short. */
#ifndef GUEST_LIB_MEMORY_H
#define GUEST_LIB_MEMORY_H

#include <stddef.h>

/* nr pages in a row, zeroed, the first aligned to `align` bytes (a power of two, at least a page). Ends the run with
 * VERDICT_ERROR if there are not that many. */
void *memory_pages_aligned(size_t nr, size_t align);
void *memory_pages(size_t nr);

/* `size` bytes in whole pages. */
void *memory_alloc(size_t size);

#endif
