/* SPDX-License-Identifier: MIT */
#include "guest/lib/verdict.h"
#include "guest/pirq/pirq.h"

/* An hvm domain may bind it, and hears nothing (PIRQ-01). */
void check_forbidden(uint32_t irq)
{
    int port = pirq_bind(irq, 0);

    CHECK(port > 0);
    CHECK_VALUE(evt_close((evtchn_port_t)port), 0);
}
