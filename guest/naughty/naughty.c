/* SPDX-License-Identifier: MIT */
/*
 * A hostile guest, one abuse a run: what=NAME. After those that it survives the verdict is success if every answer was
 * the right one; those under "fatal" must end in this domain being crashed by the hypervisor, and only this domain.
 */
#include "guest/naughty/naughty.h"

#include "guest/lib/args.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/verdict.h"

struct abuse {
    const char *name;
    void (*run)(void);
    bool fatal;
};

static const struct abuse abuses[] = {
    {"pointers", abuse_pointers, false},
    {"hypercalls", abuse_hypercalls, false},
    {"registration", abuse_registration, false},
    {"processor", abuse_processor, false},
    {"paging", abuse_paging, false},
    {"triple", abuse_triple_fault, true},
    {"jump", abuse_wild_jump, true},
    {"nested", abuse_lost_page_tables, true},
    {"unplug", abuse_own_memory, true},
    {"loop", abuse_endless_loop, true},
    {"hog", abuse_hog, false},
    {"vcpus", abuse_vcpus, false},
};

void guest_main(void)
{
    for (unsigned i = 0; i < sizeof(abuses) / sizeof(abuses[0]); i++) {
        if (!args_is("what", abuses[i].name))
            continue;
        guest_printf("naughty: %s\n", abuses[i].name);
        abuses[i].run();
        if (abuses[i].fatal)
            verdict(VERDICT_FAILURE, "%s was survived", abuses[i].name);
        return;
    }
    verdict(VERDICT_ERROR, "what= is none of this program's abuses");
}
