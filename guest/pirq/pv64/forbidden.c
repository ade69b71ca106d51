/* SPDX-License-Identifier: MIT */
#include "guest/abi/errno.h"
#include "guest/lib/verdict.h"
#include "guest/pirq/pirq.h"

/* PIRQ-05 */
void check_forbidden(uint32_t irq)
{
    CHECK_VALUE(pirq_bind(irq, 0), -XEN_EPERM);
}
