/* SPDX-License-Identifier: MIT */
/* Instructions of the guest's kernel: what goes through, what is played, what faults, and how. */
#include "guest/conformance/pv64/code.h"
#include "common/string.h"
#include "guest/abi/physdev.h"
#include "guest/conformance/pv64/ask.h"
#include "guest/lib/trap.h"

#define TABLE_PAGE 11U   /* mapped read-only */
#define EXECUTE_NONE 12U /* mapped without leave to execute */
#define NOWHERE 0xffff880000001000ULL
#define M2P_BEHIND 0xffff803ffffff000ULL
#define HYPERVISOR 0xffff830000000000ULL
#define NOT_CANONICAL 0x0000900000000000ULL

/* Register arguments that stand for addresses. */
#define AT(page) (0xA77E000000000000ULL + (page))

struct code {
    const char *name;
    const char *bytes; /* the first of them is their number */
    uint64_t a, c, d;  /* rax, rcx, rdx */
};

static struct code_registers registers;

static uint64_t meaning(uint64_t value)
{
    return value - AT(0) < POOL ? guest_address(pool[value - AT(0)]) : value;
}

static void call(void *arg)
{
    struct code_registers *r = arg;

    __asm__ volatile("call *%%rbx"
                     : "+a"(r->a), "+c"(r->c), "+d"(r->d)
                     : "b"(pool[CODE])
                     : "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
}

static void say_value(const char *name, uint64_t before, uint64_t after)
{
    if (before != after)
        cell_say(" %s=%llx", name, (unsigned long long)after);
}

static void say_address(uint64_t address)
{
    for (unsigned i = 0; i < POOL; i++)
        if (address - guest_address(pool[i]) < GUEST_PAGE_SIZE) {
            cell_say(" cr2 @%u+%x", i, (unsigned)(address % GUEST_PAGE_SIZE));
            return;
        }
    cell_say(" cr2 %llx", (unsigned long long)address);
}

/* Whether something is mapped in the hypervisor's own range is its affair. */
static uint64_t error_shown(const struct guest_vcpu *v, int vector)
{
    bool hidden =
        vector == TRAP_PF && v->info->arch_cr2 >= MACH2PHYS_VIRT_END && v->info->arch_cr2 < HYPERVISOR_VIRT_END;

    return v->trap_error & ~(uint64_t)hidden;
}

static void say_outcome(int vector, const struct code_registers *before)
{
    const struct guest_vcpu *v = guest_vcpu();

    if (vector == TRAP_NONE) {
        cell_say(" ran");
        say_value("a", before->a, registers.a);
        say_value("c", before->c, registers.c);
        say_value("d", before->d, registers.d);
        return;
    }
    cell_say(" vector %d error %llx", vector, (unsigned long long)error_shown(v, vector));
    if (v->trap_address - guest_address(pool[CODE]) < GUEST_PAGE_SIZE)
        cell_say(" +%u", (unsigned)(v->trap_address - guest_address(pool[CODE])));
    if (vector == TRAP_PF)
        say_address(v->info->arch_cr2);
}

void code_run(const char *bytes, const struct code_registers *r)
{
    memcpy(pool[CODE], bytes + 1, (size_t)bytes[0]);
    ((uint8_t *)pool[CODE])[(size_t)bytes[0]] = 0xC3;
    registers = *r;
    say_outcome(trap_try(call, &registers), r);
}

static void ask_code(const char *group, const struct code *c)
{
    struct code_registers before = {meaning(c->a), meaning(c->c), meaning(c->d)};

    if (!pv_cell("code/%s%s", group, c->name))
        return;
    pool_read_only(TABLE_PAGE, TABLE_PAGE);
    pool_remap(pool[EXECUTE_NONE], WRITABLE | NX);
    code_run(c->bytes, &before);
    hv_fpu_taskswitch(false);
    env_upcalls_off();
    cell_end();
}

static const struct code codes[] = {
    {"nop", CODE_BYTES(B(0x90)), 1, 2, 3},
    {"ud2", CODE_BYTES(B(0x0F), B(0x0B)), 0, 0, 0},
    {"int3", CODE_BYTES(B(0xCC)), 0, 0, 0},
    {"divide", CODE_BYTES(B(0x48), B(0xF7), B(0xF1)), 1, 0, 0},
    {"hlt", CODE_BYTES(B(0xF4)), 0, 0, 0},
    {"clts", CODE_BYTES(B(0x0F), B(0x06)), 0, 0, 0},
    {"invd", CODE_BYTES(B(0x0F), B(0x08)), 0, 0, 0},
    {"wbinvd", CODE_BYTES(B(0x0F), B(0x09)), 0, 0, 0},
    {"invlpg", CODE_BYTES(B(0x0F), B(0x01), B(0x38)), AT(9), 0, 0},
    {"lgdt", CODE_BYTES(B(0x0F), B(0x01), B(0x10)), AT(9), 0, 0},
    {"lidt", CODE_BYTES(B(0x0F), B(0x01), B(0x18)), AT(9), 0, 0},
    {"lldt", CODE_BYTES(B(0x0F), B(0x00), B(0xD0)), 0, 0, 0},
    {"ltr", CODE_BYTES(B(0x0F), B(0x00), B(0xD8)), 0, 0, 0},
    {"lmsw", CODE_BYTES(B(0x0F), B(0x01), B(0xF0)), 0x3b, 0, 0},
    {"swapgs", CODE_BYTES(B(0x0F), B(0x01), B(0xF8)), 0, 0, 0},
    {"sysret", CODE_BYTES(B(0x48), B(0x0F), B(0x07)), 0, 0, 0},
    {"rdpmc", CODE_BYTES(B(0x0F), B(0x33)), 0, 0, 0},
    {"vmmcall", CODE_BYTES(B(0x0F), B(0x01), B(0xD9)), 17, 0, 0},
    {"rsm", CODE_BYTES(B(0x0F), B(0xAA)), 0, 0, 0},

    {"cr0/read", CODE_BYTES(B(0x0F), B(0x20), B(0xC0)), 0, 0, 0},
    {"cr0/same", CODE_BYTES(B(0x0F), B(0x22), B(0xC0)), 0x80050033, 0, 0},
    {"cr0/ts", CODE_BYTES(B(0x0F), B(0x22), B(0xC0), B(0x0F), B(0x20), B(0xC0)), 0x8005003b, 0, 0},
    {"cr0/ts_fpu", CODE_BYTES(B(0x0F), B(0x22), B(0xC0), B(0xDB), B(0xE3)), 0x8005003b, 0, 0},
    {"cr0/ts_clts_fpu", CODE_BYTES(B(0x0F), B(0x22), B(0xC0), B(0x0F), B(0x06), B(0xDB), B(0xE3)), 0x8005003b, 0, 0},
    {"cr0/am", CODE_BYTES(B(0x0F), B(0x22), B(0xC0)), 0x80010033, 0, 0},
    {"cr0/pg", CODE_BYTES(B(0x0F), B(0x22), B(0xC0)), 0x50033, 0, 0},
    {"cr1/read", CODE_BYTES(B(0x0F), B(0x20), B(0xC8)), 0, 0, 0},
    {"cr2/write_read", CODE_BYTES(B(0x0F), B(0x22), B(0xD0), B(0x31), B(0xC0), B(0x0F), B(0x20), B(0xD0)), 0x1234, 0,
     0},
    {"cr3/zero", CODE_BYTES(B(0x0F), B(0x22), B(0xD8)), 0, 0, 0},
    {"cr4/read", CODE_BYTES(B(0x0F), B(0x20), B(0xE0)), 0, 0, 0},
    {"cr4/zero", CODE_BYTES(B(0x0F), B(0x22), B(0xE0), B(0x0F), B(0x20), B(0xE0)), 0, 0, 0},
    {"cr4/de", CODE_BYTES(B(0x0F), B(0x22), B(0xE0), B(0x0F), B(0x20), B(0xE0)), 0x668, 0, 0},
    {"cr4/de_dr4", CODE_BYTES(B(0x0F), B(0x22), B(0xE0), B(0x0F), B(0x21), B(0xE0)), 0x668, 0, 0},
    {"cr4/back", CODE_BYTES(B(0x0F), B(0x22), B(0xE0), B(0x0F), B(0x20), B(0xE0)), 0x660, 0, 0},
    {"cr8/read", CODE_BYTES(B(0x44), B(0x0F), B(0x20), B(0xC0)), 0, 0, 0},
    {"cr8/write", CODE_BYTES(B(0x44), B(0x0F), B(0x22), B(0xC0)), 0, 0, 0},

    {"dr0/write_read", CODE_BYTES(B(0x0F), B(0x23), B(0xC0), B(0x31), B(0xC0), B(0x0F), B(0x21), B(0xC0)), 0x100000, 0,
     0},
    {"dr0/hypervisor", CODE_BYTES(B(0x0F), B(0x23), B(0xC0)), HYPERVISOR, 0, 0},
    {"dr0/zero", CODE_BYTES(B(0x0F), B(0x23), B(0xC0)), 0, 0, 0},
    {"dr4/read", CODE_BYTES(B(0x0F), B(0x21), B(0xE0)), 0, 0, 0},
    {"dr6/read", CODE_BYTES(B(0x0F), B(0x21), B(0xF0)), 0, 0, 0},
    {"dr7/read", CODE_BYTES(B(0x0F), B(0x21), B(0xF8)), 0, 0, 0},
    {"dr7/gd", CODE_BYTES(B(0x0F), B(0x23), B(0xF8)), 0x2400, 0, 0},
    {"dr7/zero", CODE_BYTES(B(0x0F), B(0x23), B(0xF8)), 0, 0, 0},

    {"msr/read/apic_base", CODE_BYTES(B(0x0F), B(0x32), B(0x31), B(0xC0), B(0x31), B(0xD2)), 0, 0x1b, 0},
    {"msr/write/apic_base", CODE_BYTES(B(0x0F), B(0x30)), 0xfee00900, 0x1b, 0},
    {"msr/read/efer", CODE_BYTES(B(0x0F), B(0x32)), 0, 0xc0000080, 0},
    {"msr/write/efer", CODE_BYTES(B(0x0F), B(0x30)), 0xd01, 0xc0000080, 0},
    {"msr/write/efer_none", CODE_BYTES(B(0x0F), B(0x30)), 0, 0xc0000080, 0},
    {"msr/read/star", CODE_BYTES(B(0x0F), B(0x32)), 0, 0xc0000081, 0},
    {"msr/read/lstar", CODE_BYTES(B(0x0F), B(0x32)), 0, 0xc0000082, 0},
    {"msr/write/lstar", CODE_BYTES(B(0x0F), B(0x30)), 0, 0xc0000082, 0},
    {"msr/read/sysenter_cs", CODE_BYTES(B(0x0F), B(0x32)), 0, 0x174, 0},
    {"msr/write/sysenter_eip", CODE_BYTES(B(0x0F), B(0x30)), 0, 0x176, 0},
    {"msr/write/fs_base", CODE_BYTES(B(0x0F), B(0x30), B(0x31), B(0xC0), B(0x0F), B(0x32)), 0x123000, 0xc0000100, 0},
    {"msr/write/fs_base_not_canonical", CODE_BYTES(B(0x0F), B(0x30)), 0, 0xc0000100, 0x9000},
    {"msr/write/fs_base_zero", CODE_BYTES(B(0x0F), B(0x30)), 0, 0xc0000100, 0},
    {"msr/write/kernel_gs", CODE_BYTES(B(0x0F), B(0x30), B(0x31), B(0xC0), B(0x0F), B(0x32)), 0x123000, 0xc0000102, 0},
    {"msr/read/misc_enable", CODE_BYTES(B(0x0F), B(0x32), B(0x31), B(0xC0), B(0x31), B(0xD2)), 0, 0x1a0, 0},
    {"msr/write/pat", CODE_BYTES(B(0x0F), B(0x30)), 0, 0x277, 0},
    {"msr/read/hypercall_page", CODE_BYTES(B(0x0F), B(0x32)), 5, 0x40000000, 5},
    {"msr/write/hypercall_page_bad", CODE_BYTES(B(0x0F), B(0x30)), 1, 0x40000000, 0},
    {"msr/read/40000001", CODE_BYTES(B(0x0F), B(0x32)), 5, 0x40000001, 5},
    {"msr/read/none", CODE_BYTES(B(0x0F), B(0x32)), 0, 0x12345678, 0},
    {"msr/write/none", CODE_BYTES(B(0x0F), B(0x30)), 0, 0x12345678, 0},

    {"cpuid/hypervisor", CODE_BYTES(B(0x0F), B(0x0B), B('x'), B('e'), B('n'), B(0x0F), B(0xA2)), 0x40000000, 0, 0},
    {"cpuid/version", CODE_BYTES(B(0x0F), B(0x0B), B('x'), B('e'), B('n'), B(0x0F), B(0xA2), B(0x31), B(0xDB)),
     0x40000001, 0, 0},
    {"cpuid/features", CODE_BYTES(B(0x0F), B(0x0B), B('x'), B('e'), B('n'), B(0x0F), B(0xA2)), 0x40000002, 0, 0},
    {"cpuid/prefix_alone", CODE_BYTES(B(0x0F), B(0x0B), B('x'), B('e'), B('n'), B(0x90)), 0, 0, 0},

    {"pf/read", CODE_BYTES(B(0x48), B(0x8B), B(0x08)), NOWHERE, 0, 0},
    {"pf/write", CODE_BYTES(B(0x48), B(0x89), B(0x08)), NOWHERE, 0, 0},
    {"pf/execute", CODE_BYTES(B(0xFF), B(0xE0)), NOWHERE, 0, 0},
    {"pf/write_read_only", CODE_BYTES(B(0x48), B(0x89), B(0x08)), AT(TABLE_PAGE), 0, 0},
    {"pf/execute_none", CODE_BYTES(B(0xFF), B(0xE0)), AT(EXECUTE_NONE), 0, 0},
    {"pf/m2p_write", CODE_BYTES(B(0x48), B(0x89), B(0x08)), MACH2PHYS_VIRT_START, 0, 0},
    {"pf/m2p_behind", CODE_BYTES(B(0x48), B(0x8B), B(0x08)), M2P_BEHIND, 0, 0},
    {"pf/hypervisor_read", CODE_BYTES(B(0x48), B(0x8B), B(0x08)), HYPERVISOR, 0, 0},
    {"pf/hypervisor_write", CODE_BYTES(B(0x48), B(0x89), B(0x08)), HYPERVISOR, 0, 0},
    {"gp/not_canonical", CODE_BYTES(B(0x48), B(0x8B), B(0x08)), NOT_CANONICAL, 0, 0},
    {"ss/not_canonical", CODE_BYTES(B(0x48), B(0x8B), B(0x0C), B(0x04), B(0x90)), NOT_CANONICAL, 0, 0},
    {"ds/bad", CODE_BYTES(B(0x8E), B(0xD8)), 0x1230, 0, 0},
    {"ds/flat", CODE_BYTES(B(0x8E), B(0xD8)), FLAT_RING3_DS32, 0, 0},
    {"ds/null", CODE_BYTES(B(0x8E), B(0xD8)), 0, 0, 0},
    {"ds/code", CODE_BYTES(B(0x8E), B(0xD8)), FLAT_RING3_CS64, 0, 0},
    {"ds/ldt", CODE_BYTES(B(0x8E), B(0xD8)), 7, 0, 0},
    {"ss/null", CODE_BYTES(B(0x8E), B(0xD0)), 0, 0, 0},
    {"cs/read", CODE_BYTES(B(0x8C), B(0xC8)), 0, 0, 0},
    {"ss/read", CODE_BYTES(B(0x8C), B(0xD0)), 0, 0, 0},
    {"flags/iopl", CODE_BYTES(B(0x9C), B(0x58), B(0x25), B(0x00), B(0x32), B(0x00), B(0x00)), 0, 0, 0},
};

/* Ports by IOPL, and none by a bitmap. */
static void set_ports(unsigned iopl)
{
    struct physdev_set_iopl level = {.iopl = iopl};
    struct physdev_set_iobitmap none = {.nr_ports = 0};

    hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, guest_address(&level));
    hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, guest_address(&none));
}

static const struct code port_codes[] = {
    {"cli", CODE_BYTES(B(0xFA)), 0, 0, 0},
    {"sti", CODE_BYTES(B(0xFB)), 0, 0, 0},
    {"in8", CODE_BYTES(B(0xEC)), 0, 0, 0x80},
    {"in32", CODE_BYTES(B(0xED)), 0, 0, 0x80},
    {"in8_imm", CODE_BYTES(B(0xE4), B(0x80)), 0, 0, 0},
    {"out8", CODE_BYTES(B(0xEE)), 0, 0, 0x80},
    {"out32", CODE_BYTES(B(0xEF)), 0, 0, 0x80},
};

void pv_ask_code(void)
{
    for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        ask_code("", &codes[i]);
    for (unsigned iopl = 0; iopl <= 3; iopl++)
        for (unsigned i = 0; i < sizeof(port_codes) / sizeof(port_codes[0]); i++) {
            char group[] = {'i', 'o', 'p', 'l', (char)('0' + iopl), '/', 0};
            set_ports(iopl);
            ask_code(group, &port_codes[i]);
        }
}
