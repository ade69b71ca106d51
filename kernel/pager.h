/* SPDX-License-Identifier: MIT */
/*
 * Reading back what has left the screen: pages of the log, folded as the screen folds lines. A page stays as it is
 * while output goes on; the live text is back with any key that turns no page. Pure code; the caller serialises.
 */
#ifndef KERNEL_PAGER_H
#define KERNEL_PAGER_H

#include <stdbool.h>
#include <stdint.h>

struct log_ring;

struct pager {
    bool on;      /* the screen shows a page */
    uint64_t top; /* byte of the log at which the page begins */
};

/* Take a key (arch/x86/scancode.h). False: it is not the pager's, which shows no page, then. */
bool pager_key(struct pager *pager, const struct log_ring *ring, int key);
/* Back to the live text, drawn with the next screen_sync(). */
void pager_end(struct pager *pager);

#endif
