/* SPDX-License-Identifier: MIT */
/* What the test programs of the event-channel core share. */
#ifndef TESTS_HOST_TEST_EVTCHN_H
#define TESTS_HOST_TEST_EVTCHN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/host/env_fake.h"

/* The operation fails with this error and leaves no trace. */
#define REFUSED(error, call)                     \
    do {                                         \
        uint64_t before_ = fake_snapshot();      \
        assert_int_equal(call, -(error));        \
        assert_true(before_ == fake_snapshot()); \
        SOUND();                                 \
    } while (0)

#define SOUND() assert_string_equal(fake_check() ? fake_check() : "sound", "sound")

static inline int world_begin(void **state)
{
    (void)state;
    fake_begin();
    return 0;
}

static inline int world_end(void **state)
{
    (void)state;
    fake_end();
    return 0;
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_begin, world_end)

#endif
