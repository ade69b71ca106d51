/* SPDX-License-Identifier: MIT */
/*
 * The guest's steps on the words that it shares with the hypervisor: each is one atomic access, and then told to the
 * hypervisor of the lesson, which prints it among its own (guest/abi/lesson.h).
 */
#ifndef GUEST_LESSON_STEPS_H
#define GUEST_LESSON_STEPS_H

#include "guest/lib/word.h"

/* From now on the steps of both sides are printed, numbered from 1; and no longer. */
void steps_on(void);
void steps_off(void);

/* Words of the bitmaps and selectors, and upcall_pending. All but take_* return what was there. */
guest_word step_read(const guest_word *word);
guest_word step_take(guest_word *word); /* exchange with 0 */
guest_word step_set_bit(guest_word *word, unsigned bit);
guest_word step_clear_bit(guest_word *word, unsigned bit);
uint8_t step_take_upcall(uint8_t *upcall);

/* Words of the FIFO ABI. */
uint32_t step_read32(const uint32_t *word);
uint32_t step_take32(uint32_t *word);
uint32_t step_set_bit32(uint32_t *word, unsigned bit);
uint32_t step_clear_bit32(uint32_t *word, unsigned bit);
/* Replace the word by (word & ~clear), by compare-exchange; bit is what this is about. Returns what was there. */
uint32_t step_replace32(uint32_t *word, uint32_t clear, unsigned bit);

#endif
