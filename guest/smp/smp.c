/* SPDX-License-Identifier: MIT */
/*
 * Many vcpus: starting and stopping them, and interrupts between them.
 *
 *      rounds=N     IPIs of each ordered pair (default 1000); 0 = leave the pairs out
 *      times=N      how often all vcpus come up and go down (default 2)
 *      info=all     register a vcpu_info for every vcpu, not only for those beyond the 32 places of shared_info
 *      abi=3level   do it all on three levels
 *      end=down     end by VCPUOP_down of every vcpu at once, instead of a shutdown
 */
#include "guest/smp/smp.h"

#include "guest/lib/args.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"

#define PATIENCE_S 60U

evtchn_port_t smp_ipi(unsigned vcpu, evt_handler *fn, void *arg)
{
    int port = evt_bind_ipi(vcpu);

    if (port < 0) {
        verdict(VERDICT_FAILURE, "no IPI port for vcpu %u: %d", vcpu, port);
        guest_exit();
    }
    evt_set_handler((evtchn_port_t)port, fn, arg);
    CHECK_VALUE(evt_unmask((evtchn_port_t)port), 0);
    return (evtchn_port_t)port;
}

void smp_await(const unsigned *word, unsigned value, const char *what)
{
    uint64_t end = clock_now() + PATIENCE_S * CLOCK_S;

    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value) {
        if (clock_now() > end) {
            verdict(VERDICT_FAILURE, "%s: %u of %u after %u s", what, __atomic_load_n(word, __ATOMIC_SEQ_CST), value,
                    PATIENCE_S);
            guest_exit();
        }
        clock_sleep_until(clock_now() + CLOCK_MS);
    }
}

/* The boot vcpu's too: from then on its place in shared_info is unused. */
static void register_all(void)
{
    for (unsigned id = 0; id < guest_env.nr_vcpus; id++)
        CHECK_VALUE(evt_register_vcpu_info(id), 0);
}

void guest_main(void)
{
    unsigned rounds = (unsigned)args_number("rounds", 1000);

    env_upcalls_on();
    if (guest_env.nr_vcpus < 2) {
        verdict(VERDICT_SKIP, "the domain has one vcpu only");
        return;
    }
    if (args_is("info", "all"))
        register_all();
    if (args_is("abi", "3level"))
        CHECK_VALUE(evt_register_3level(), 0);
    if (rounds)
        smp_pairs(rounds);
    smp_roll_call((unsigned)args_number("times", 2));
    if (args_is("end", "down") && verdict_worst() == VERDICT_SUCCESS)
        smp_down_together();
}
