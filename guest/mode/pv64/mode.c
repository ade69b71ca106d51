/* SPDX-License-Identifier: MIT */
#include "guest/lib/env.h"
#include "guest/lib/verdict.h"

void guest_main(void)
{
    verdict(VERDICT_SKIP, "the word size of a pv domain is fixed when it is built");
}
