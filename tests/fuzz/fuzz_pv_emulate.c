/* SPDX-License-Identifier: MIT */
// links: arch/x86/pv/emulate.c arch/x86/pv/decode.c arch/x86/pv/play_io.c arch/x86/pv/play_system.c
// links: arch/x86/pv/play_store.c arch/x86/pv/arithmetic.c arch/x86/pv/msr.c
// links: arch/x86/pv/bounce.c arch/x86/pv/debug.c arch/x86/pv/segments.c
// links: arch/x86/pv/descriptor.c arch/x86/pv/frame.c arch/x86/pv/list.c arch/x86/pv/mmu_update.c arch/x86/pv/mmuext.c
// links: arch/x86/pv/table.c arch/x86/pv/update.c arch/x86/pv/va_mapping.c arch/x86/pv/vcpu_set.c arch/x86/pv/audit.c
// links: tests/host/pv_emulate_fake.c tests/host/pv_fake.c tests/host/pv_vcpu_fake.c tests/host/pv_check.c
/*
 * A hostile guest: any instructions, with any registers, that fault in any way. Each step is 32 bytes: what happens,
 * the guest's mode and IOPL, its registers, and 15 bytes of code. Whatever it does, the memory core's invariant must
 * hold.
 */
#include <assert.h>
#include <string.h>

#include "tests/host/pv_emulate_fake.h"

#define STEP 32U
#define STEPS 8U
#define CODE 0x100U

/* Numbers that lead somewhere: memory, its end, the mapped table, entries, and what a byte says. */
static uint64_t value_of(uint8_t byte)
{
    static const uint64_t values[] = {
        0,
        1,
        2048,
        4092,
        4096,
        ENTRY_VA,
        ENTRY_VA + 8,
        NOWHERE,
        NOT_CANONICAL,
        HYPERVISOR,
        PAGE << 12 | 7,
        L1 << 12 | 5,
        L1 << 12 | 7,
        (uint64_t)PAGE2 << 12 | 3,
        40 << 12 | 5,
        UINT64_MAX,
    };

    return byte < 0x80 ? values[byte & 15] + (byte >> 4 == 7 ? 8 : 0) : (uint64_t)(int8_t)byte * 0x0101010101010101;
}

static void set_registers(const uint8_t *bytes)
{
    uint64_t *regs = &vcpu.regs.rax;

    for (unsigned i = 0; i < 12; i++)
        if (i != 4)
            regs[i] = value_of(bytes[i]);
    vcpu.regs.rsp = STACK;
    vcpu.regs.rip = CODE;
    vcpu.regs.rflags = 0x202 | (bytes[11] & 0x80 ? 0x100 : 0) | (bytes[10] & 0x80 ? 0x400 : 0);
}

static void step(const uint8_t *bytes)
{
    uint64_t rip = CODE;
    bool done;

    P->iopl = bytes[0] >> 2 & 3;
    P->kernel_mode = !(bytes[0] & 0x10);
    P->cs = bytes[0] & 0x20 ? PV_FLAT_CS32 : PV_FLAT_CS64;
    set_registers(bytes + 4);
    memcpy(fake.memory + CODE, bytes + 17, 15);
    switch (bytes[0] & 3) {
    case 0:
        done = pv_emulate_privileged(&vcpu, 0);
        break;
    case 1:
        done = pv_emulate_privileged(&vcpu, bytes[1] * 8U + 2);
        break;
    case 2:
        done = pv_emulate_forced(&vcpu);
        break;
    default:
        done = pv_emulate_table_write(&vcpu, ENTRY_VA + (bytes[1] & 0x7fU), 7);
        break;
    }
    assert(done || vcpu.regs.rip == rip);
    assert(vcpu.regs.rip - rip <= 15 || vcpu.regs.rip >= HANDLER(0));
    fake_drain(P->mmu.dom);
    fake_check(false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fake_emulate_reset(NULL);
    for (unsigned i = 0; i < STEPS && size >= STEP && !crashed; i++, data += STEP, size -= STEP)
        step(data);
    return 0;
}
