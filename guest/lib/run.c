/* SPDX-License-Identifier: MIT */
/* The part of start-up that all environments share. */
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/verdict.h"

struct guest_env guest_env;

void guest_run(void)
{
    guest_vcpu()->info = &guest_env.shared->vcpu_info[0];
    evt_init();
    guest_main();
    guest_exit();
}
