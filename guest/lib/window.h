/* SPDX-License-Identifier: MIT */
/*
 * Windows: addresses at which a program maps one page each, with nothing mapped before and behind. For arguments that
 * begin in memory and end in nothing, or that can be read and not written.
 */
#ifndef GUEST_LIB_WINDOW_H
#define GUEST_LIB_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/lib/word.h"

#define WINDOWS 64U

/* Map the page of memory at `page` in window 0 to WINDOWS - 1, in place of what was there (NULL: nothing); the window's
 * first byte. The window reads and, if writable, writes that page. Other vcpus may see the old page for a while. */
uint8_t *window_map(unsigned window, const void *page, bool writable);

/* Map a frame of the guest's choice, whether or not there is memory behind it. */
uint8_t *window_map_frame(unsigned window, uint64_t frame, bool writable);

#endif
