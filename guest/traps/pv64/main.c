/* SPDX-License-Identifier: MIT */
/* traps [end=WAY] [failsafe=yes]: all parts; or one way to crash; or the part that needs two vcpus on one processor. */
#include "guest/lib/args.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/traps/pv64/traps.h"

/* Both modes see the same. */
static void set_user_root(void)
{
    struct mmuext_op op = {
        .cmd = MMUEXT_NEW_USER_BASEPTR,
        .arg1.mfn = env_frame((const void *)pv_start_info->pt_base),
    };

    CHECK_VALUE(hv_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
}

static void set_handlers(void)
{
    CHECK_VALUE(hv_stack_switch(FLAT_SS, handler_stack()), 0);
    open_gates(0);
    CHECK_VALUE(hv_set_callbacks(stub(SHOT_CALLBACK), stub(SHOT_CALLBACK + 1), stub(SHOT_CALLBACK + 2)), 0);
}

static void run_all(void)
{
    static const struct {
        const char *name;
        void (*fn)(void);
    } parts[] = {
        {"frames", frames_run},
        {"faults", faults_run},
        {"software interrupts", software_run},
        {"returns", returns_run},
        {"the edge", edge_run},
        {"events", events_run},
        {"setting up", setup_run},
        {"debugging", debug_run},
        {"bases", segments_run},
        {"descriptor tables", tables_run},
    };

    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        set_handlers();
        parts[i].fn();
        guest_printf("traps: %s\n", parts[i].name);
    }
}

void guest_main(void)
{
    char how[32];

    env_upcalls_off();
    set_user_root();
    set_handlers();
    if (args_string("end", how, sizeof(how))) {
        if (!ends_run(how))
            verdict(VERDICT_ERROR, "there is no end=%s", how);
    } else if (args_is("failsafe", "yes")) {
        failsafe_run();
    } else {
        run_all();
    }
    pv_load_traps();
    verdict(VERDICT_SUCCESS, "traps");
}
