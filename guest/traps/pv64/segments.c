/* SPDX-License-Identifier: MIT */
/* Bases of segments: PV-SEG-01 to -03. */
#include "guest/traps/pv64/traps.h"

static const struct want lands = {.lands = true};

static uint64_t words[4] = {0x1111, 0x2222, 0x3333, 0x4444};

/* %fs is one for both modes, %gs each mode's own. */
static void bases(void)
{
    CHECK_VALUE(hv_set_segment_base(SEGBASE_FS, guest_address(&words[0])), 0);
    CHECK_VALUE(hv_set_segment_base(SEGBASE_GS_KERNEL, guest_address(&words[1])), 0);
    CHECK_VALUE(hv_set_segment_base(SEGBASE_GS_USER, guest_address(&words[2])), 0);
    for (unsigned round = 0; round < 2; round++) {
        shoot("%fs of the kernel", kernel(code_read_fs), 0, lands);
        CHECK_VALUE(shot.rax, 0x1111);
        shoot("%fs of a user", user(code_read_fs), 0, lands);
        CHECK_VALUE(shot.rax, 0x1111);
        shoot("%gs of the kernel", kernel(code_read_gs), 0, lands);
        CHECK_VALUE(shot.rax, 0x2222);
        shoot("%gs of a user", user(code_read_gs), 0, lands);
        CHECK_VALUE(shot.rax, 0x3333);
    }
}

/* A null selector takes the user's base along, and leaves the kernel's. */
static void user_selector(void)
{
    CHECK_VALUE(hv_set_segment_base(SEGBASE_GS_USER_SEL, 0xabcd0000), 0);
    shoot("%gs of the kernel", kernel(code_read_gs), 0, lands);
    CHECK_VALUE(shot.rax, 0x2222);
    CHECK_VALUE(hv_set_segment_base(SEGBASE_GS_USER_SEL, 0x1234), 0);
    CHECK_VALUE(shot.gs, 0);
    CHECK_VALUE(hv_set_segment_base(SEGBASE_GS_USER, guest_address(&words[3])), 0);
    shoot("%gs of a user", user(code_read_gs), 0, lands);
    CHECK_VALUE(shot.rax, 0x4444);
}

static void errors(void)
{
    for (unsigned which = SEGBASE_FS; which <= SEGBASE_GS_KERNEL; which++) {
        CHECK_VALUE(hv_set_segment_base(which, NOT_CANONICAL), -XEN_EINVAL);
        CHECK_VALUE(hv_set_segment_base(which, HYPERVISOR), 0);
        CHECK_VALUE(hv_set_segment_base(which, 0), 0);
    }
    CHECK_VALUE(hv_set_segment_base(SEGBASE_GS_USER_SEL, NOT_CANONICAL), 0);
    CHECK_VALUE(hv_set_segment_base(4, 0), -XEN_EINVAL);
    CHECK_VALUE(hv_set_segment_base(~0U, 0), -XEN_EINVAL);
}

void segments_run(void)
{
    bases();
    user_selector();
    errors();
}
