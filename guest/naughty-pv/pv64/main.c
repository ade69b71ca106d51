/* SPDX-License-Identifier: MIT */
/*
 * A pv guest that tries every way out of its container. what=NAME is one attack, what=all those that the guest
 * survives, one after another; each answer is checked, and what it did is undone. The fatal ones must end in this
 * domain being crashed by the hypervisor, and only this domain.
 */
#include "guest/lib/args.h"
#include "guest/lib/console.h"
#include "guest/naughty-pv/pv64/naughty.h"

struct attack {
    const char *name;
    void (*run)(void);
    bool fatal;
};

static const struct attack attacks[] = {
    {"frames", attack_frames, false},
    {"aliases", attack_aliases, false},
    {"pins", attack_pins, false},
    {"slots", attack_slots, false},
    {"tables", attack_tables, false},
    {"bits", attack_bits, false},
    {"descriptors", attack_descriptors, false},
    {"ldt", attack_ldt, false},
    {"returns", attack_returns, false},
    {"flags", attack_flags, false},
    {"instructions", attack_instructions, false},
    {"interrupts", attack_interrupts, false},
    {"selectors", attack_selectors, false},
    {"debug", attack_debug, false},
    {"pointers", attack_pointers, false},
    {"reservation", attack_reservation, false},
    {"long", attack_long, false},
    {"races", attack_races, false},
    {"walks", attack_walks, false},
    {"random", attack_random, false},
    {"stack-nowhere", fatal_stack_nowhere, true},
    {"stack-hypervisor", fatal_stack_hypervisor, true},
    {"stack-table", fatal_stack_table, true},
    {"stack-non-canonical", fatal_stack_non_canonical, true},
    {"kernel-stack", fatal_kernel_stack, true},
    {"no-handler", fatal_no_handler, true},
    {"handler-nowhere", fatal_handler_nowhere, true},
    {"empty-root", fatal_empty_root, true},
    {"iret-nowhere", fatal_iret_nowhere, true},
    {"own-code", fatal_own_code, true},
    {"wild", fatal_wild, true},
};

static void run(const struct attack *a)
{
    guest_printf("naughty-pv: %s\n", a->name);
    a->run();
    if (a->fatal)
        verdict(VERDICT_FAILURE, "%s was survived", a->name);
}

void guest_main(void)
{
    bool found = false;

    for (unsigned i = 0; i < LENGTH(attacks); i++) {
        const struct attack *a = &attacks[i];

        if (args_is("what", a->name) || (!a->fatal && args_is("what", "all"))) {
            run(a);
            found = true;
        }
    }
    if (!found)
        verdict(VERDICT_ERROR, "what= is none of this program's attacks");
}
