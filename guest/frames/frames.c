/* SPDX-License-Identifier: MIT */
#include "guest/frames/frames.h"

#include "guest/lib/args.h"
#include "guest/lib/env.h"

void guest_main(void)
{
    uint64_t peer = args_number("peer", 0);

    if (peer) {
        frames_foreign((uint16_t)peer);
        return;
    }
    frames_answers();
    if (guest_env.nr_vcpus > 1)
        frames_remembered((unsigned)args_number("rounds", 40));
}
