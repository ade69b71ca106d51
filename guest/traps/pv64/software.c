/* SPDX-License-Identifier: MIT */
/* INT n and system calls: PV-TRAP-09, -12, -13. */
#include "guest/lib/console.h"
#include "guest/traps/pv64/traps.h"

/* --- INT */

/* Gates that nobody guards: breakpoints, overflow, and the system calls of old. */
static void unguarded(void)
{
    static const struct {
        const char *name;
        const uint8_t *code;
        unsigned vector, length;
    } rows[] = {
        {"int3", code_int3, BP, 1},
        {"int $3", code_int3_long, BP, 2},
        {"int $4", code_int4, OF, 2},
        {"int $0x80", code_int80, 0x80, 2},
    };

    for (unsigned i = 0; i < 4; i++)
        for (unsigned dpl = 0; dpl < 4; dpl++) {
            struct want want = {.vector = rows[i].vector, .length = rows[i].length, .masks = dpl & 1};
            CHECK_VALUE(open_gate(rows[i].vector, dpl | (dpl & 1 ? GUEST_ABI_TI_IF : 0), 0, stub(rows[i].vector)), 0);
            shoot(rows[i].name, kernel(rows[i].code), 0, want);
            shoot(rows[i].name, user(rows[i].code), 0, want);
        }
    struct iret_context c = user(code_int80_32);
    c.cs = FLAT_RING3_CS32;
    shoot("int $0x80 of 32-bit code", c, 0, (struct want){.vector = 0x80, .length = 2, .masks = true});
}

/* QEMU 7.2 tells of vector n as 2n. A hypervisor that believes it can't be asked. */
static bool emulator_doubles(void)
{
    CHECK_VALUE(open_gate(BR, 3, 0, stub(BR)), 0);
    shoot_only(kernel(code_int5), 0);
    return shot.vector != BR;
}

static void guarded(void)
{
    static const struct want refused = {.vector = GP, .has_error = true, .error = 0x81 * 8 + 2};
    static const struct want done = {.vector = 0x81, .length = 2};

    for (unsigned dpl = 0; dpl < 4; dpl++) {
        CHECK_VALUE(open_gate(0x81, dpl, 0, stub(0x81)), 0);
        shoot("int $0x81 of the kernel", kernel(code_int81), 0, dpl >= 1 ? done : refused);
        shoot("int $0x81 of a user", user(code_int81), 0, dpl >= 3 ? done : refused);
    }
}

/* The only way to take a row out is to take all. */
static void no_gate(void)
{
    static const struct want refused = {.vector = GP, .has_error = true, .error = 0x80 * 8 + 2};

    CHECK_VALUE(hv_set_trap_table(NULL), 0);
    CHECK_VALUE(open_gate(GP, 0, 0, stub(GP)), 0);
    shoot("int $0x80 without a gate", kernel(code_int80), 0, refused);
    shoot("int $0x80 without a gate", user(code_int80), 0, refused);
    open_gates(0);
}

/* --- System calls. rcx and r11 in the frame are rip and rflags, as the instruction left them. */

static void check_registers(void)
{
    CHECK_VALUE(frame_word(0), frame_word(2));
    CHECK_VALUE(frame_word(1), frame_word(4));
}

static void syscall_64(void)
{
    struct want want = {.vector = SHOT_CALLBACK + CALLBACKTYPE_syscall, .length = 2, .clobbers = true};

    CHECK_VALUE(open_callback(CALLBACKTYPE_syscall, 0, stub(want.vector)), 0);
    shoot("syscall", user(code_syscall), 0, want);
    check_registers();
    want.masks = true;
    CHECK_VALUE(open_callback(CALLBACKTYPE_syscall, CALLBACKF_mask_events, stub(want.vector)), 0);
    shoot("syscall, masking", user(code_syscall), 0, want);
    want.masks = false;
    CHECK_VALUE(hv_set_callbacks(stub(SHOT_CALLBACK), stub(SHOT_CALLBACK + 1), stub(want.vector)), 0);
    shoot("syscall, set with others", user(code_syscall), 0, want);
}

/* Compatibility mode, by a user and, as the real Xen has it, by the kernel. On processors that have no such thing it is
 * a #UD like any other. */
static void syscall_32(void)
{
    struct iret_context c = user(code_syscall_32);
    struct want want = {.vector = SHOT_CALLBACK + CALLBACKTYPE_syscall32, .length = 2, .clobbers = true};

    CHECK_VALUE(open_callback(CALLBACKTYPE_syscall32, 0, stub(want.vector)), 0);
    c.cs = FLAT_RING3_CS32;
    shoot_only(c, 0);
    if (shot.vector == UD) {
        guest_printf("traps: this processor has no 32-bit syscall\n");
        return;
    }
    shoot("32-bit syscall", c, 0, want);
    check_registers();
    c.cs = FLAT_RING3_CS32 & ~3;
    shoot("32-bit syscall of the kernel", c, 0, want);
    CHECK_VALUE(open_callback(CALLBACKTYPE_syscall32, 0, 0), 0);
    c.cs = FLAT_RING3_CS32;
    shoot("32-bit syscall without a callback", c, 0, (struct want){.vector = UD, .clobbers = true});
}

static void no_callback(void)
{
    CHECK_VALUE(open_callback(CALLBACKTYPE_syscall, 0, 0), 0);
    shoot("syscall without a callback", user(code_syscall), 0, (struct want){.vector = UD, .clobbers = true});
    CHECK_VALUE(open_callback(CALLBACKTYPE_syscall, 0, stub(SHOT_CALLBACK + CALLBACKTYPE_syscall)), 0);
}

void software_run(void)
{
    unguarded();
    if (emulator_doubles())
        guest_printf("traps: INT n can't be asked about on this emulator\n");
    else
        guarded();
    no_gate();
    syscall_64();
    syscall_32();
    no_callback();
}
