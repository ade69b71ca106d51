/* SPDX-License-Identifier: MIT */
/* Instructions that ring 3 must not have, software interrupts, and debug registers as a weapon. */
#include "guest/abi/version.h"
#include "guest/lib/console.h"
#include "guest/lib/memory.h"
#include "guest/naughty-pv/pv64/naughty.h"

struct instruction {
    const char *name;
    uint8_t code[14];
    uint8_t length;
    bool for_domains; /* the initial domain of the real Xen may do this to the machine */
};

/* rax is what the second column of `values` says. */
static const struct instruction instructions[] = {
    {"hlt", {0xF4}, 1, false},
    {"mov to cr0", {0x0F, 0x22, 0xC0}, 3, false},
    {"mov to cr2", {0x0F, 0x22, 0xD0}, 3, false},
    {"mov to cr4", {0x0F, 0x22, 0xE0}, 3, false},
    {"mov to cr8", {0x44, 0x0F, 0x22, 0xC0}, 4, false},
    {"mov to dr0", {0x0F, 0x23, 0xC0}, 3, false},
    {"mov to dr6", {0x0F, 0x23, 0xF0}, 3, false},
    {"lgdt", {0x0F, 0x01, 0x14, 0x24}, 4, false},
    {"lidt", {0x0F, 0x01, 0x1C, 0x24}, 4, false},
    {"lldt", {0x0F, 0x00, 0xD0}, 3, false},
    {"ltr", {0x0F, 0x00, 0xD8}, 3, false},
    {"lmsw", {0x0F, 0x01, 0xF0}, 3, false},
    {"invlpg", {0x0F, 0x01, 0x38}, 3, false},
    {"invd", {0x0F, 0x08}, 2, false},
    {"swapgs", {0x0F, 0x01, 0xF8}, 3, false},
    {"sysret", {0x48, 0x0F, 0x07}, 3, false},
    {"sysexit", {0x48, 0x0F, 0x35}, 3, false},
    {"sysenter", {0x0F, 0x34}, 2, false},
    {"rdpmc", {0x0F, 0x33}, 2, false},
    {"monitor", {0x0F, 0x01, 0xC8}, 3, false},
    {"mwait", {0x0F, 0x01, 0xC9}, 3, false},
    {"xsetbv", {0x0F, 0x01, 0xD1}, 3, false},
    {"vmcall", {0x0F, 0x01, 0xC1}, 3, false},
    {"vmmcall", {0x0F, 0x01, 0xD9}, 3, false},
    {"vmrun", {0x0F, 0x01, 0xD8}, 3, false},
    {"vmload", {0x0F, 0x01, 0xDA}, 3, false},
    {"vmsave", {0x0F, 0x01, 0xDB}, 3, false},
    {"stgi", {0x0F, 0x01, 0xDC}, 3, false},
    {"clgi", {0x0F, 0x01, 0xDD}, 3, false},
    {"invlpga", {0x0F, 0x01, 0xDF}, 3, false},
    {"rdfsbase", {0xF3, 0x48, 0x0F, 0xAE, 0xC0}, 5, false},
    {"wrgsbase", {0xF3, 0x48, 0x0F, 0xAE, 0xD8}, 5, false},
    {"rsm", {0x0F, 0xAA}, 2, false},
    {"icebp", {0xF1}, 1, false},
    {"int3", {0xCC}, 1, false},
    {"into", {0xCE}, 1, false},
    {"ud2", {0x0F, 0x0B}, 2, false},
    {"forced cpuid", {0x0F, 0x0B, 'x', 'e', 'n', 0x0F, 0xA2}, 7, false},
    {"forced something", {0x0F, 0x0B, 'x', 'e', 'n', 0x0F, 0x0B}, 7, false},
    {"forced prefix twice", {0x0F, 0x0B, 'x', 'e', 'n', 0x0F, 0x0B, 'x', 'e', 'n', 0x0F, 0xA2}, 12, false},
    {"many prefixes", {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0xF4}, 14, false},
    {"lock hlt", {0xF0, 0xF4}, 2, false},
    {"lock mov to cr0", {0xF0, 0x0F, 0x22, 0xC0}, 4, false},
    {"lss", {0x48, 0x0F, 0xB2, 0x04, 0x24}, 5, false},
    {"far jump", {0x48, 0xFF, 0x2C, 0x24}, 4, false},
    {"insb", {0xF3, 0x6C}, 2, true},
    {"outsb", {0xF3, 0x6E}, 2, true},
    {"in", {0xED}, 1, true},
    {"clac", {0x0F, 0x01, 0xCA}, 3, false},
    {"stac", {0x0F, 0x01, 0xCB}, 3, false},
};

static const uint64_t values[] = {0, 1, 0xE040, 0x80000000, NON_CANONICAL, HYPERVISOR_VIRT_START, ~0ULL};

/* None may make the code ring 0's, and all must come back: as a trap, or done by the hypervisor. */
static void try_instruction(const struct instruction *i)
{
    static const uint8_t ring[] = {0x8C, 0xC8}; /* mov cs,eax */

    for (unsigned v = 0; v < LENGTH(values); v++) {
        uint64_t a = values[v];

        run_code(i->code, i->length, &a);
        if (run_code(ring, sizeof(ring), &a) != TRAP_NONE || (a & 3) != 3)
            verdict(VERDICT_FAILURE, "after %s of 0x%llx: cs is 0x%llx", i->name, (unsigned long long)values[v],
                    (unsigned long long)a);
    }
}

/* Model-specific registers that hold the machine together. */
static void write_msrs(void)
{
    static const uint32_t msrs[] = {0x1B,       0x10,       0x174,      0x175,      0x176,      0x1D9,      0x277,
                                    0x400,      0x480,      0x800,      0xC0000080, 0xC0000081, 0xC0000082, 0xC0000083,
                                    0xC0000084, 0xC0000102, 0xC0010117, 0xC0010114, 0x40000000, 0xFFFFFFFF};

    for (unsigned i = 0; i < LENGTH(msrs); i++)
        for (unsigned v = 0; v < LENGTH(values); v++)
            trap_wrmsr(msrs[i], values[v]); /* some hypervisors ignore it instead */
    hv_set_segment_base(SEGBASE_GS_USER, 0);
    hv_set_segment_base(SEGBASE_GS_KERNEL, 0);
}

static void ports(void)
{
    static const uint16_t numbers[] = {0x20, 0x21,  0x40,  0x43,   0x60,  0x64,  0x70,  0x80,   0x92,
                                       0xF4, 0x3F8, 0x604, 0xB004, 0xCF8, 0xCF9, 0xCFC, 0x8900, 0xFFFF};
    static const uint8_t out[] = {0x89, 0xC2, 0xB0, 0xFE, 0xEE, 0xB8, 6, 0x20, 0, 0, 0xEF}; /* al, then eax */

    for (unsigned i = 0; i < LENGTH(numbers); i++) {
        uint64_t a = numbers[i];

        if (run_code(out, sizeof(out), &a) == TRAP_NONE)
            verdict(VERDICT_FAILURE, "port 0x%x can be written", numbers[i]);
    }
}

static void flood(void)
{
    static const uint8_t ud2[] = {0x0F, 0x0B};

    for (unsigned i = 0; i < 20000; i++) {
        uint64_t a = i;

        if (run_code(ud2, sizeof(ud2), &a) != TRAP_UD) {
            verdict(VERDICT_FAILURE, "the %uth ud2 did not trap", i);
            return;
        }
    }
}

void attack_instructions(void)
{
    for (unsigned i = 0; i < LENGTH(instructions); i++)
        if (!instructions[i].for_domains || !is_initial())
            try_instruction(&instructions[i]);
    write_msrs();
    if (!is_initial())
        ports();
    flood();
}

/* --- Software interrupts */

void attack_interrupts(void)
{
    for (unsigned n = 0; n < 256; n++) {
        uint8_t code[] = {0xCD, (uint8_t)n, 0x90};
        uint8_t prefixed[] = {0x66, 0x48, 0xCD, (uint8_t)n};
        uint64_t a = n;

        if (run_code(code, sizeof(code), &a) == TRAP_NONE)
            verdict(VERDICT_FAILURE, "int 0x%x led nowhere", n);
        a = n;
        if (run_code(prefixed, sizeof(prefixed), &a) == TRAP_NONE)
            verdict(VERDICT_FAILURE, "int 0x%x with prefixes led nowhere", n);
    }
}

/* --- Debug registers */

#define DR7_ENABLE(n) (3UL << 2 * (n))
#define DR7_WRITE(n) (0x1UL << (16 + 4 * (n)))
#define DR7_ACCESS(n) (0x3UL << (16 + 4 * (n)))
#define DR7_GENERAL_DETECT (1UL << 13)

static void bad_addresses(void)
{
    static const guest_word bad[] = {HYPERVISOR_VIRT_START, HYPERVISOR_VIRT_START + 0x12345, 0xFFFF82D040200000,
                                     0xFFFF830000000000,    HYPERVISOR_VIRT_END - 1,         NON_CANONICAL,
                                     0x1234567800000000};

    for (unsigned reg = 0; reg < 4; reg++)
        for (unsigned i = 0; i < LENGTH(bad); i++)
            CHECK(hv_set_debugreg(reg, bad[i]) < 0);
    for (unsigned reg = 8; reg < 16; reg++)
        CHECK(hv_set_debugreg(reg, 0) < 0);
    CHECK(hv_set_debugreg(~0U, 0) < 0);
    CHECK(hv_set_debugreg(7, DR7_GENERAL_DETECT) < 0 || !(hv_get_debugreg(7) & (guest_result)DR7_GENERAL_DETECT));
    hv_set_debugreg(7, ~0UL);
    hv_set_debugreg(7, 0xFFFFFFFF);
    hv_set_debugreg(7, 0xFFFF0000);
    hv_set_debugreg(7, 0);
    hv_set_debugreg(6, ~0UL);
    hv_set_debugreg(4, ~0UL);
    hv_set_debugreg(5, ~0UL);
    hv_set_debugreg(7, 0);
}

#define CR4_DE 8U
#define DR7_PORT(n) (0x2UL << (16 + 4 * (n)))

/* Breakpoints on the ports of the serial line: the hypervisor uses them, on our behalf. */
static void port_breakpoints(void)
{
    static const uint8_t read_cr4[] = {0x0F, 0x20, 0xE0}, write_cr4[] = {0x0F, 0x22, 0xE0};
    uint64_t before = 0, with_de, control = 0;

    if (run_code(read_cr4, sizeof(read_cr4), &before) != TRAP_NONE)
        return;
    with_de = before | CR4_DE;
    run_code(write_cr4, sizeof(write_cr4), &with_de);
    for (unsigned n = 0; n < 4; n++) {
        hv_set_debugreg(n, 0x3F8 + (n ? 2 * n - 1 : 0));
        control |= DR7_ENABLE(n) | DR7_PORT(n);
    }
    hv_set_debugreg(7, control);
    guest_printf("naughty-pv: ports are watched\n");
    hv_set_debugreg(7, 0);
    run_code(write_cr4, sizeof(write_cr4), &before);
}

/* mov (addr),%ss with a breakpoint on addr, and the next instruction enters the hypervisor: the exception that waits
 * comes there, in ring 0 (CVE-2018-8897). */
static void mov_ss(uint64_t address, const uint8_t *next, unsigned length)
{
    uint8_t code[14] = {0x8E, 0x10}; /* mov (rax),ss */
    uint64_t a = address;

    for (unsigned i = 0; i < length; i++)
        code[2 + i] = next[i];
    run_code(code, 2 + length, &a);
}

void attack_debug(void)
{
    static const uint8_t syscall[] = {0x0F, 0x05}, int3[] = {0xCC}, int80[] = {0xCD, 0x80}, ud2[] = {0x0F, 0x0B},
                         sysenter[] = {0x0F, 0x34}, icebp[] = {0xF1}, fault[] = {0xF4};
    volatile uint64_t *watched = memory_pages(1);

    struct mmu_update *list = (struct mmu_update *)&watched[8];

    bad_addresses();
    watched[0] = FLAT_RING3_SS64;
    *list = (struct mmu_update){pv_machine(&watched[256]), 0};
    for (unsigned i = 0; i < 4; i++) {
        hv_set_debugreg(0, guest_address(watched));
        hv_set_debugreg(7, (i & 1 ? DR7_ACCESS(0) : DR7_WRITE(0)) | DR7_ENABLE(0) | (i & 2 ? 3UL << 18 : 0));
        mov_ss(guest_address(watched), syscall, sizeof(syscall));
        mov_ss(guest_address(watched), int3, sizeof(int3));
        mov_ss(guest_address(watched), int80, sizeof(int80));
        mov_ss(guest_address(watched), ud2, sizeof(ud2));
        mov_ss(guest_address(watched), sysenter, sizeof(sysenter));
        mov_ss(guest_address(watched), icebp, sizeof(icebp));
        mov_ss(guest_address(watched), fault, sizeof(fault));
        /* What the hypervisor reads and writes for us is watched, too. */
        for (unsigned byte = 0; byte < sizeof(*list); byte += 4) {
            hv_set_debugreg(0, guest_address(list) + byte);
            hv_mmu_update(list, 1, NULL, DOMID_SELF);
            hv_set_debugreg(0, guest_address(&watched[64]) + byte);
            hv_xen_version(XENVER_extraversion, (void *)&watched[64]);
        }
    }
    CHECK_VALUE(hv_set_debugreg(7, 0), 0);
    CHECK_VALUE(hv_set_debugreg(0, 0), 0);
    port_breakpoints();
}
