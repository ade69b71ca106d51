/* SPDX-License-Identifier: MIT */
/* A bad schedule in words: who did what to which word, and what stood there before and after. */
#ifndef TESTS_MODEL_STORY_H
#define TESTS_MODEL_STORY_H

#include "tests/model/explore.h"

#define STORY_NAME 80U

enum story_verb {
    STORY_LOAD,
    STORY_STORE,
    STORY_EXCHANGE,
    STORY_OR,
    STORY_AND,
    STORY_ADD,
    STORY_CAS,
    STORY_CAS_FAILS,
    STORY_LOCK,
    STORY_UNLOCK,
    STORY_AWAIT,
};

/* Forget what was noted. */
void story_begin(void);
/* Note a step that has been taken. Nothing is noted unless machine.recorded. */
void story_step(unsigned proc, enum story_verb verb, uintptr_t at, unsigned size, uint64_t before, uint64_t after);
/* A store went into the thread's buffer. */
void story_buffered(unsigned thread, uintptr_t at, unsigned size, uint64_t value, bool unlock);
/* The thread that runs does something that is no step. */
void story_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Print it. */
void story_print(void);

/* Nobody can go on: fail, and say who waits for what. */
void story_stuck(const struct step *pending, unsigned nr_threads);

const char *story_actor(unsigned proc);

/* names.c: what lies at an address, and what a value there means. */
void story_name(char *name, uintptr_t at, unsigned size);
void story_value(char *text, uintptr_t at, unsigned size, uint64_t value);

#endif
