/* SPDX-License-Identifier: MIT */
/* The groups of cells, one after the other; conformance.h says what this program is. */
#include "guest/conformance/conformance.h"

#include "guest/lib/args.h"
#include "guest/lib/console.h"
#include "guest/lib/verdict.h"

struct group {
    const char *name;
    void (*ask)(void);
};

static const struct group groups[] = {
    {"pv", conformance_pv},           {"rights", conformance_rights},
    {"matrix", conformance_matrix},   {"rights_once", conformance_rights_once},
    {"ports", conformance_ports},     {"other", conformance_other},
    {"deliver", conformance_deliver}, {"move", conformance_move},
    {"poll", conformance_poll},       {"timer", conformance_timer},
    {"fifo", conformance_fifo},       {"pointers", conformance_pointers},
    {"width", conformance_width},     {"switch", conformance_switch},
    {"info", conformance_info},
};

void guest_main(void)
{
    char only[16];
    bool all = !args_string("only", only, sizeof(only));

    if (args_is("role", "second"))
        conformance_second();
    if (args_is("role", "unprivileged"))
        conformance_unprivileged();
    if (guest_env.nr_vcpus < VCPUS) {
        verdict(VERDICT_ERROR, "the domain needs %u vcpus", VCPUS);
        return;
    }
    if (conformance_map_pirqs)
        conformance_map_pirqs();
    for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        if (groups[i].ask && (all || args_is("only", groups[i].name)))
            groups[i].ask();
    guest_printf("= end: %u cells\n", cell_count());
}
