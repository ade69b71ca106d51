/* SPDX-License-Identifier: MIT */
#include "guest/lesson/steps.h"

#include "common/string.h"
#include "guest/abi/hvm.h"
#include "guest/abi/lesson.h"
#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"

static void tell(uint16_t event, const struct lesson_step *step)
{
    struct xen_hvm_xentrace record = {.event = event};

    if (step) {
        record.extra_bytes = sizeof(*step);
        memcpy(record.extra, step, sizeof(*step));
    }
    hv_hvm_op(HVMOP_xentrace, &record);
}

static void tell_step(enum lesson_op op, const void *word, size_t bytes, unsigned bit, uint64_t before, uint64_t after)
{
    struct lesson_step step = {
        .address = env_frame(word) * GUEST_PAGE_SIZE + guest_address(word) % GUEST_PAGE_SIZE,
        .before = before,
        .after = after,
        .op = (uint8_t)op,
        .bytes = (uint8_t)bytes,
        .bit = (uint8_t)bit,
    };

    tell(LESSON_STEP, &step);
}

void steps_on(void)
{
    tell(LESSON_ON, NULL);
}

void steps_off(void)
{
    tell(LESSON_OFF, NULL);
}

guest_word step_read(const guest_word *word)
{
    guest_word v = __atomic_load_n(word, __ATOMIC_SEQ_CST);

    tell_step(LESSON_READ, word, sizeof(v), 0, v, v);
    return v;
}

guest_word step_take(guest_word *word)
{
    guest_word v = __atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST);

    tell_step(LESSON_EXCHANGE, word, sizeof(v), 0, v, 0);
    return v;
}

guest_word step_set_bit(guest_word *word, unsigned bit)
{
    guest_word mask = (guest_word)1 << bit, v = __atomic_fetch_or(word, mask, __ATOMIC_SEQ_CST);

    tell_step(LESSON_OR, word, sizeof(v), bit, v, v | mask);
    return v;
}

guest_word step_clear_bit(guest_word *word, unsigned bit)
{
    guest_word mask = (guest_word)1 << bit, v = __atomic_fetch_and(word, ~mask, __ATOMIC_SEQ_CST);

    tell_step(LESSON_AND, word, sizeof(v), bit, v, v & ~mask);
    return v;
}

uint8_t step_take_upcall(uint8_t *upcall)
{
    uint8_t v = __atomic_exchange_n(upcall, 0, __ATOMIC_SEQ_CST);

    tell_step(LESSON_EXCHANGE, upcall, sizeof(v), 0, v, 0);
    return v;
}

uint32_t step_read32(const uint32_t *word)
{
    uint32_t v = __atomic_load_n(word, __ATOMIC_SEQ_CST);

    tell_step(LESSON_READ, word, sizeof(v), 0, v, v);
    return v;
}

uint32_t step_take32(uint32_t *word)
{
    uint32_t v = __atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST);

    tell_step(LESSON_EXCHANGE, word, sizeof(v), 0, v, 0);
    return v;
}

uint32_t step_set_bit32(uint32_t *word, unsigned bit)
{
    uint32_t mask = 1U << bit, v = __atomic_fetch_or(word, mask, __ATOMIC_SEQ_CST);

    tell_step(LESSON_OR, word, sizeof(v), bit, v, v | mask);
    return v;
}

uint32_t step_clear_bit32(uint32_t *word, unsigned bit)
{
    uint32_t mask = 1U << bit, v = __atomic_fetch_and(word, ~mask, __ATOMIC_SEQ_CST);

    tell_step(LESSON_AND, word, sizeof(v), bit, v, v & ~mask);
    return v;
}

uint32_t step_replace32(uint32_t *word, uint32_t clear, unsigned bit)
{
    uint32_t v = __atomic_load_n(word, __ATOMIC_SEQ_CST);

    while (!__atomic_compare_exchange_n(word, &v, v & ~clear, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        ;
    tell_step(LESSON_CAS, word, sizeof(v), bit, v, v & ~clear);
    return v;
}
