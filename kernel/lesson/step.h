/* SPDX-License-Identifier: MIT */
/* The words for one step on a shared word: a line of the lesson. Pure code. */
#ifndef KERNEL_LESSON_STEP_H
#define KERNEL_LESSON_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "evtchn/evtchn.h"
#include "guest/abi/lesson.h"

#define STEP_LINE_MAX 200
#define STEP_NO_PORT UINT32_MAX

struct step {
    bool guest; /* who makes it: the guest, or the hypervisor */
    enum lesson_op op;
    unsigned bits; /* width of the word */
    unsigned bit;  /* OR, AND, CAS: the lowest bit that it is about */
    struct evt_word word;
    uint64_t before, after;
    uint32_t port; /* whose event the operation is about, or STEP_NO_PORT */
};

/* "  3  xen    test-and-set bit 5 of pending word 0      0x0 -> 0x20             port 5 is pending" */
void step_format(char line[STEP_LINE_MAX], unsigned number, const struct step *s);

/* The same for a step of the hypervisor that touches no shared word. */
void step_format_plain(char line[STEP_LINE_MAX], unsigned number, const char *what, const char *meaning);

/* The port that a step is about, as far as its word tells; else s->port. */
uint32_t step_port(const struct step *s);

#endif
