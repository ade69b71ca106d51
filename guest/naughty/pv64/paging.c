/* SPDX-License-Identifier: MIT */
#include "guest/lib/verdict.h"
#include "guest/naughty/naughty.h"

void abuse_paging(void)
{
    verdict(VERDICT_SKIP, "the control registers of a pv domain are the hypervisor's");
}
