/* SPDX-License-Identifier: MIT */
#include "guest/frames/frames.h"

#include "guest/lib/verdict.h"

void frames_answers(void)
{
    verdict(VERDICT_SKIP, "a pvh domain does not know which machine frames it has");
}

void frames_foreign(uint16_t domid)
{
    (void)domid;
    frames_answers();
}

void frames_remembered(unsigned rounds)
{
    (void)rounds;
}
