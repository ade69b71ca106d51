/* SPDX-License-Identifier: MIT */
#include "kernel/ending.h"

#include "arch/x86/cpu.h"
#include "arch/x86/machine.h"

static enum ending chosen;

void ending_set(enum ending ending)
{
    chosen = ending;
}

bool ending_stays(bool ok, bool to_read)
{
    if (chosen == ENDING_STAY)
        return true;
    machine_leave_emulator(ok);
    return chosen == ENDING_BEST && (to_read || !machine_is_virtual());
}
