/* SPDX-License-Identifier: MIT */
#include "guest/lib/env.h"
#include "guest/traps/pv64/traps.h"

struct shot shot;

static uint8_t stacks[3][2 * GUEST_PAGE_SIZE] __attribute__((aligned(GUEST_PAGE_SIZE)));

static uint64_t top_of(unsigned n)
{
    return guest_address(stacks[n] + sizeof(stacks[n]) - 256);
}

uint64_t kernel_stack(void)
{
    return top_of(0);
}

uint64_t user_stack(void)
{
    return top_of(1);
}

uint64_t handler_stack(void)
{
    return top_of(2);
}

struct iret_context kernel(const void *code)
{
    return (struct iret_context){
        .rax = 0xaaaa,
        .r11 = 0x1111,
        .rcx = 0xcccc,
        .rip = guest_address(code),
        .cs = KERNEL_CS,
        .rflags = 2 | FLAG_IF,
        .rsp = kernel_stack(),
        .ss = FLAT_SS,
    };
}

struct iret_context user(const void *code)
{
    struct iret_context c = kernel(code);

    c.cs = USER_CS;
    c.rsp = user_stack();
    return c;
}

/* --- Gates */

uint64_t stub(unsigned vector)
{
    return guest_address(shot_stubs[vector]);
}

void open_gates(unsigned flags)
{
    static struct trap_info table[257];

    for (unsigned i = 0; i < 256; i++)
        table[i] = (struct trap_info){
            .vector = (uint8_t)i, .flags = (uint8_t)flags, .cs = FLAT_RING3_CS64, .address = stub(i)};
    CHECK_VALUE(hv_set_trap_table(table), 0);
}

int open_gate(unsigned vector, unsigned flags, uint16_t cs, uint64_t address)
{
    struct trap_info table[2] = {
        {.vector = (uint8_t)vector, .flags = (uint8_t)flags, .cs = cs, .address = address},
        {.address = 0},
    };

    return hv_set_trap_table(table);
}

int open_callback(unsigned type, unsigned flags, uint64_t address)
{
    struct callback_register r = {.type = (uint16_t)type, .flags = (uint16_t)flags, .address = address};

    return hv_callback_op(CALLBACKOP_register, &r);
}

/* --- Shots */

void shoot_only(struct iret_context state, uint64_t rsi)
{
    static struct iret_context on_its_stack;

    on_its_stack = state;
    shot_fire(&on_its_stack, rsi);
    shot.mask = guest_vcpu()->info->evtchn_upcall_mask;
    guest_vcpu()->info->evtchn_upcall_mask = 1;
}

uint64_t frame_word(unsigned n)
{
    return ((const uint64_t *)shot.rsp)[n];
}

static void compare(const char *what, const char *field, uint64_t is, uint64_t wanted)
{
    if (is != wanted)
        verdict(VERDICT_FAILURE, "%s: %s is 0x%llx, not 0x%llx", what, field, (unsigned long long)is,
                (unsigned long long)wanted);
}

/* The state that the iret hypercall makes of what it is given. */
static struct iret_context as_restored(struct iret_context c)
{
    c.rflags = (c.rflags & (FLAGS_ALL | FLAG_IF)) | 2;
    if (c.flags & VGCF_in_syscall) {
        c.rcx = c.rip;
        c.r11 = c.rflags | FLAG_IF;
        c.cs = (c.cs & 3) == 3 ? USER_CS : KERNEL_CS;
        c.ss = FLAT_SS;
    }
    c.cs = (c.cs & 3) == 3 ? c.cs & 0xffff : c.cs & 0xfffc;
    c.ss = (c.ss | 3) & 0xffff;
    return c;
}

/* Processors set RF in the flags of a fault, so that a breakpoint there is not met twice; emulators may not. What is
 * done, as INT n, has none. */
static uint64_t comparable(uint64_t rflags, const struct want *want)
{
    bool is_done = !want->lands && (want->vector == BP || want->vector == OF || want->vector >= 32);

    return is_done ? rflags : rflags & ~(uint64_t)FLAG_RF;
}

static void compare_frame(const char *what, const struct iret_context *c, const struct want *want)
{
    bool from_user = (c->cs & 3) == 3, was_masked = !(c->rflags & FLAG_IF);
    uint64_t top = (from_user ? handler_stack() : c->rsp) & ~15ULL;
    unsigned n = want->has_error ? 3 : 2;

    compare(what, "end of the frame", shot.rsp + (n + 5) * 8, top);
    if (!want->clobbers) {
        compare(what, "rcx", frame_word(0), c->rcx);
        compare(what, "r11", frame_word(1), c->r11);
    }
    if (want->has_error)
        compare(what, "the error code", frame_word(2) & ~(uint64_t)want->ignored, want->error);
    compare(what, "rip", frame_word(n), want->lands ? guest_address(shot_land) : c->rip + want->length);
    compare(what, "cs", frame_word(n + 1), c->cs | (uint64_t)was_masked << 32);
    compare(what, "rflags", comparable(frame_word(n + 2), want),
            comparable(want->rflags ? want->rflags : c->rflags, want));
    compare(what, "rsp", frame_word(n + 3), c->rsp);
    compare(what, "ss", frame_word(n + 4), c->ss);
    compare(what, "the mask in the handler", shot.mask, was_masked || want->masks);
}

/* TF, IOPL, NT, RF, VM and AC are clear, IF is set. */
static void compare_handler(const char *what, unsigned vector)
{
    compare(what, "the vector", shot.vector, vector);
    compare(what, "rflags in the handler", shot.rflags & 0x77302, 0x202);
    compare(what, "cs in the handler", shot.cs, FLAT_RING3_CS64);
    compare(what, "ss in the handler", shot.ss, FLAT_RING3_SS64);
}

void shoot(const char *what, struct iret_context state, uint64_t rsi, struct want want)
{
    struct iret_context restored = as_restored(state);

    shoot_only(state, rsi);
    compare_handler(what, want.lands ? UD : want.vector);
    if (shot.vector == (want.lands ? UD : want.vector))
        compare_frame(what, &restored, &want);
}
