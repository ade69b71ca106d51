/* SPDX-License-Identifier: MIT */
/*
 * The worlds of tests/fuzz/reference/, with the randomness of a coverage-guided fuzzer: the first byte says whether the
 * guests are hostile, the rest are the dice that the script throws.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
// links: tests/fuzz/reference/reference.c tests/fuzz/reference/reference_ops.c tests/fuzz/reference/reference_abi.c
// links: tests/fuzz/reference/chance.c tests/fuzz/reference/script.c tests/fuzz/reference/script_calls.c
// links: tests/fuzz/reference/seam.c tests/fuzz/reference/guest.c tests/fuzz/reference/world.c
// links: tests/fuzz/reference/steps.c tests/fuzz/reference/compare.c
// runs: 1000
#include "tests/fuzz/reference/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct step step[8]; /* one for each level of nesting */
static unsigned steps;

static struct step *next(void)
{
    if (steps == 400 || script_is_over())
        return NULL;
    struct step *s = &step[steps++ % 8];
    script_step(s);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct report counts;
    struct evt_config config[REF_DOMAINS];
    report = &counts;
    options.hostile = size && data[0] & 1;
    script_bytes(data + (size > 0), size - (size > 0));
    script_configs(config);
    world_begin(config);
    world_next = next;
    steps = 0;
    for (struct step *s; (s = next());) {
        struct step one = *s;
        world_step(&one);
    }
    world_end();
    return 0;
}
