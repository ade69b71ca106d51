/* SPDX-License-Identifier: MIT */
/* The frame of a handler: PV-TRAP-01 to -06. */
#include "guest/traps/pv64/traps.h"

#define UNDEFINED    \
    (struct want)    \
    {                \
        .vector = UD \
    }

static void both_modes(const char *what, uint64_t rflags, struct want want)
{
    struct iret_context c = kernel(code_ud2);

    c.rflags = rflags;
    shoot(what, c, 0, want);
    c = user(code_ud2);
    c.rflags = rflags;
    shoot(what, c, 0, want);
}

static void masks(void)
{
    for (unsigned gate = 0; gate < 2; gate++) {
        struct want want = {.vector = UD, .masks = gate};
        open_gates(gate ? GUEST_ABI_TI_IF : 0);
        both_modes("events open", 2 | FLAG_IF, want);
        both_modes("events masked", 2, want);
    }
    open_gates(0);
}

static void stacks(void)
{
    struct iret_context c = kernel(code_ud2);

    for (unsigned by = 0; by < 16; by++) {
        c.rsp = kernel_stack() - by;
        shoot("a stack that is not aligned", c, 0, UNDEFINED);
    }
    hv_stack_switch(FLAT_SS, handler_stack() + 9);
    shoot("a kernel stack that is not aligned", user(code_ud2), 0, UNDEFINED);
    hv_stack_switch(0, handler_stack());
    shoot("a kernel stack without a segment", user(code_ud2), 0, UNDEFINED);
    hv_stack_switch(FLAT_SS, handler_stack());
    c = user(code_ud2);
    c.rsp = NOT_CANONICAL;
    shoot("a user stack that can't be", c, 0, UNDEFINED);
}

static void flags(void)
{
    both_modes("all flags", (FLAGS_ALL & ~FLAG_TF) | FLAG_IF, UNDEFINED);
    both_modes("all bits", ~(uint64_t)FLAG_TF, UNDEFINED);
    both_modes("no bits", 0, UNDEFINED);
}

/* A guest's own IOPL is shown to it, if it asks. */
static void iopl(void)
{
    static const uint16_t levels[] = {3, 1, 2, 0};

    both_modes("IOPL 3, and nobody asked", 0x3202, UNDEFINED);
    CHECK_VALUE(hv_vm_assist(VMASST_CMD_enable, VMASST_TYPE_architectural_iopl), 0);
    for (unsigned i = 0; i < 4; i++) {
        struct want want = {.vector = UD, .rflags = 0x202 | (uint64_t)levels[i] << 12};
        both_modes("an IOPL of its own", want.rflags, want);
    }
    CHECK_VALUE(hv_vm_assist(VMASST_CMD_disable, VMASST_TYPE_architectural_iopl), 0);
}

static void selectors(void)
{
    static const uint16_t all[] = {0, FLAT_RING3_CS32, 0x1234};

    for (unsigned i = 0; i < 3; i++) {
        CHECK_VALUE(open_gate(UD, 0, all[i], stub(UD)), 0);
        shoot("a selector of a gate", kernel(code_ud2), 0, UNDEFINED);
    }
}

void frames_run(void)
{
    masks();
    stacks();
    flags();
    iopl();
    selectors();
}
