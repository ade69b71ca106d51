/* SPDX-License-Identifier: MIT */
/* The lines of the lesson: a step without a sentence, or with a wrong one, teaches the wrong thing. */
// links: kernel/lesson/step.c common/format.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/lesson/step.h"

#define WORD(k, i)                         \
    {                                      \
        .kind = EVT_WORD_##k, .index = (i) \
    }

static void says(struct step s, const char *expected)
{
    char line[STEP_LINE_MAX];
    step_format(line, 7, &s);
    assert_string_equal(line, expected);
}

static void the_columns(void **state)
{
    (void)state;
    says((struct step){.op = LESSON_OR, .bits = 64, .bit = 5, .word = WORD(PENDING, 1), .before = 1, .after = 33},
         "  7  xen    test-and-set bit 5 of pending word 1       0x1 -> 0x21               port 69 is pending");
    says((struct step){.op = LESSON_READ, .bits = 64, .word = WORD(MASK, 0), .before = 8, .after = 8, .port = 4},
         "  7  xen    read mask word 0                           0x8                       not masked: the vcpu must "
         "be "
         "told");
    says((struct step){.guest = true,
                       .op = LESSON_CAS,
                       .bits = 32,
                       .bit = 29,
                       .word = WORD(EVENT, 5),
                       .before = 0xa0000006,
                       .after = 0x80000000},
         "  7  guest  compare-exchange event word 5              0xa0000006 -> 0x80000000  out of the queue; port 6 "
         "follows");
    char line[STEP_LINE_MAX];
    step_format_plain(line, 12, "kick vcpu 0", "");
    assert_string_equal(line, " 12  xen    kick vcpu 0");
}

/* The second half of the line. */
static void means(struct step s, const char *expected)
{
    char line[STEP_LINE_MAX];
    step_format(line, 1, &s);
    assert_true(strlen(line) > 81);
    assert_string_equal(line + 81, expected);
}

static void what_was_there_decides(void **state)
{
    (void)state;
    struct step s = {.op = LESSON_READ, .bits = 64, .word = WORD(MASK, 0), .before = 8, .port = 67};
    means(s, "masked: the event waits, the vcpu is not told");
    s = (struct step){.op = LESSON_READ, .bits = 64, .word = WORD(PENDING, 0), .before = 8, .port = STEP_NO_PORT};
    means(s, "an event waits: the vcpu must be told");
    s = (struct step){.op = LESSON_READ, .bits = 32, .word = WORD(EVENT, 6), .port = 5};
    means(s, "port 6, the last of the queue, has been taken");
    s.port = 6;
    means(s, "in no queue: it may join another one");
    s.before = 1U << 29;
    means(s, "in a queue: it stays there");
    s = (struct step){.guest = true, .op = LESSON_READ, .bits = 32, .word = WORD(EVENT, 6), .before = 3U << 30};
    means(s, "nothing to do for this port");
    s = (struct step){.op = LESSON_OR, .bits = 64, .bit = 3, .word = WORD(L2, 2)};
    means(s, "pending word 131 is to be scanned");
    s = (struct step){.op = LESSON_EXCHANGE, .bits = 8, .word = WORD(UPCALL, 0), .before = 1, .after = 1};
    means(s, "the vcpu has been told already: stop");
}

static void only_some_steps_name_a_port(void **state)
{
    (void)state;
    struct step s = {.op = LESSON_OR, .bits = 32, .bit = 31, .word = WORD(EVENT, 9), .port = 4};
    assert_int_equal(step_port(&s), 9);
    s.bit = 29;
    assert_int_equal(step_port(&s), 4);
    s = (struct step){.op = LESSON_AND, .bits = 32, .bit = 2, .word = WORD(MASK, 3), .port = 4};
    assert_int_equal(step_port(&s), 98);
    s.op = LESSON_READ;
    assert_int_equal(step_port(&s), 4);
}

/* Records of a guest that makes them up: any of them is a line, or at least no harm. */
static void any_step_is_a_line(void **state)
{
    (void)state;
    char line[STEP_LINE_MAX];
    for (unsigned i = 0; i < 2 * LESSON_OPS * (EVT_WORD_HEAD + 1) * 64U; i++) {
        struct step s = {.guest = i & 1, .op = i / 2 % LESSON_OPS, .bits = 64, .bit = i / 16 % 64};
        s.word.kind = (enum evt_word_kind)(i / 1024 % (EVT_WORD_HEAD + 1));
        s.before = s.after = s.word.index = UINT32_MAX;
        s.before = s.after = UINT64_MAX;
        step_format(line, UINT32_MAX, &s);
        assert_true(strlen(line) < STEP_LINE_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_columns),
        cmocka_unit_test(what_was_there_decides),
        cmocka_unit_test(only_some_steps_name_a_port),
        cmocka_unit_test(any_step_is_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
