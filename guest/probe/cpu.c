/* SPDX-License-Identifier: MIT */
/* The processor that the guest sees: CPUID leaves, MSRs, I/O ports; calls from ring 3; hypercalls by number. */
#include "guest/lib/cpu.h"

#include "guest/abi/hvm.h"
#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/trap.h"
#include "guest/probe/probe.h"

static void ask_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_result r = env_cpuid(leaf, subleaf);

    note("cpuid %08x.%u -> %08x %08x %08x %08x", leaf, subleaf, r.eax, r.ebx, r.ecx, r.edx);
}

static void ask_leaves(void)
{
    static const uint32_t plain[] = {0, 1, 6, 0xA, 0x15, 0x80000000, 0x80000001, 0x80000007, 0x80000008, 0x8000000A};

    for (unsigned i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        ask_cpuid(plain[i], 0);
    ask_cpuid(7, 0);
    ask_cpuid(0xD, 0);
    for (uint32_t leaf = 0; leaf <= 6; leaf++)
        for (uint32_t subleaf = 0; subleaf < (leaf == 3 || leaf == 4 ? 3U : 1U); subleaf++)
            ask_cpuid(guest_env.cpuid_base + leaf, subleaf);
    ask_cpuid(guest_env.cpuid_base + 0x100, 0);
}

struct msr_name {
    uint32_t msr;
    const char *name;
};

static const struct msr_name msrs[] = {
    {0x10, "TSC"},
    {0x1B, "APIC_BASE"},
    {0x3A, "FEATURE_CONTROL"},
    {0x3B, "TSC_ADJUST"},
    {0x48, "SPEC_CTRL"},
    {0x49, "PRED_CMD"},
    {0x8B, "UCODE_REV"},
    {0xCE, "PLATFORM_INFO"},
    {0xFE, "MTRRCAP"},
    {0x10A, "ARCH_CAPS"},
    {0x174, "SYSENTER_CS"},
    {0x175, "SYSENTER_ESP"},
    {0x176, "SYSENTER_EIP"},
    {0x179, "MCG_CAP"},
    {0x17A, "MCG_STATUS"},
    {0x186, "PERFEVTSEL0"},
    {0x1A0, "MISC_ENABLE"},
    {0x1D9, "DEBUGCTL"},
    {0x200, "MTRR_BASE0"},
    {0x277, "PAT"},
    {0x2FF, "MTRR_DEF"},
    {0x400, "MC0_CTL"},
    {0x480, "VMX_BASIC"},
    {0x6E0, "TSC_DEADLINE"},
    {0x802, "X2APIC_ID"},
    {0xDA0, "XSS"},
    {0xC0000080, "EFER"},
    {0xC0000081, "STAR"},
    {0xC0000082, "LSTAR"},
    {0xC0000083, "CSTAR"},
    {0xC0000084, "SFMASK"},
    {0xC0000100, "FS_BASE"},
    {0xC0000101, "GS_BASE"},
    {0xC0000102, "KERNEL_GS_BASE"},
    {0xC0000103, "TSC_AUX"},
    {0xC0010000, "K7_EVNTSEL0"},
    {0xC0010010, "SYSCFG"},
    {0xC0010015, "HWCR"},
    {0xC001001A, "TOP_MEM"},
    {0xC0010055, "INT_PENDING"},
    {0xC0010114, "VM_CR"},
    {0xC0010117, "VM_HSAVE_PA"},
    {0xC0011029, "DE_CFG"},
    {0x40000000, "hypercall page"},
    {0x40000001, "viridian"},
    {0x40000200, "outside"},
    {0x12345678, "unknown"},
    {0xC0001234, "unknown"},
};

static void ask_msrs(void)
{
    for (unsigned i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
        uint64_t value;
        bool readable = trap_rdmsr(msrs[i].msr, &value);
        bool writable = trap_wrmsr(msrs[i].msr, value);

        if (readable)
            note("msr %08x %s: reads %llx, writing that %s", msrs[i].msr, msrs[i].name, (unsigned long long)value,
                 writable ? "works" : "#GP");
        else
            note("msr %08x %s: reading #GP, writing 0 %s", msrs[i].msr, msrs[i].name, writable ? "works" : "#GP");
    }
}

static void ask_wrmsr(uint32_t msr, uint64_t value)
{
    note("wrmsr %08x = %llx: %s", msr, (unsigned long long)value, trap_wrmsr(msr, value) ? "works" : "#GP");
}

static void ask_bad_msr_writes(void)
{
    uint64_t efer = cpu_rdmsr(0xC0000080);

    ask_wrmsr(0xC0000080, efer | 1ULL << 9);
    ask_wrmsr(0xC0000080, efer | 1ULL << 12); /* SVME */
    ask_wrmsr(0xC0000080, efer & ~(1ULL << 8));
    ask_wrmsr(0xC0000080, efer | 1);
    ask_wrmsr(0xC0000080, efer);
    ask_wrmsr(0xC0000100, 0x800000000000);
    ask_wrmsr(0xC0000082, 0x800000000000);
    ask_wrmsr(0x277, 0x0202020202020202);
    ask_wrmsr(0x40000000, 0xFFFFFFFFFF000);
    ask_wrmsr(0x40000000, guest_address(hypercall_page) | 1);
    ask_wrmsr(0x40000000, guest_address(hypercall_page) | 0xFFF);
    ask_wrmsr(0x40000000, 0xC8000000);
    ask_wrmsr(0x40000000, guest_address(hypercall_page));
}

static void ask_ports(void)
{
    static const uint16_t port[] = {0x20, 0x21, 0x40,  0x60,  0x61,  0x64,   0x70,   0x71,  0x80,   0x92,
                                    0xA1, 0xE9, 0x2F8, 0x3F8, 0x510, 0xB000, 0xB004, 0xCF9, 0x1234, 0xFFFF};

    for (unsigned i = 0; i < sizeof(port) / sizeof(port[0]); i++)
        note("port %04x: in8 %02x in16 %04x in32 %08x", port[i], cpu_in8(port[i]), cpu_in16(port[i]),
             cpu_in32(port[i]));
    note("port 0CF8: in32 %08x", cpu_in32(0xCF8));
}

/* Which slots of the hypercall page differ from the first in more than the number, behind MOV to %eax. */
static void ask_page(void)
{
    const uint8_t *first = hypercall_page;
    unsigned mov = 0;

    while (mov < 27 && first[mov] != 0xB8)
        mov++;
    note("hypercall page slot 0: %02x %02x %02x %02x %02x %02x %02x %02x %02x, then %02x", first[0], first[1], first[2],
         first[3], first[4], first[5], first[6], first[7], first[8], first[9]);
    for (unsigned nr = 0; nr < sizeof(hypercall_page) / 32; nr++) {
        const uint8_t *p = &hypercall_page[nr * 32];
        bool same = p[mov + 1] == nr;

        for (unsigned i = 0; i < 32; i++)
            same &= i == mov + 1 || p[i] == first[i];
        if (!same)
            note("slot %u differs: %02x %02x %02x %02x", nr, p[0], p[1], p[2], p[3]);
    }
}

void probe_cpu(void)
{
    ask_leaves();
    ask_msrs();
    ask_bad_msr_writes();
    ask_ports();
    ask_page();
}

/* --- By number, through the processor's own instruction --- */

static const uint64_t numbers[] = {
    0,  1,  2,  3,  4,  5,  6,   7,   8,   9,   10,         11,         14,         16,          19,    20, 21,
    22, 25, 26, 27, 28, 30, 31,  35,  36,  37,  38,         39,         40,         41,          42,    43, 47,
    48, 49, 55, 56, 63, 64, 100, 127, 128, 255, 0x40000000, 0x80000000, 0xFFFFFFFF, 0x100000011, ~0ULL,
};

void probe_numbers(void)
{
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if ((guest_word)numbers[i] != numbers[i] || probe_spares(numbers[i]))
            continue;
        note("hypercall %llx, arguments 0:", (unsigned long long)numbers[i]);
        answer("that", env_hypercall((guest_word)numbers[i]));
    }
}

/* --- From user mode --- */

static void call_user(void *code)
{
    env_user_call(code);
}

void ask_user(const char *what, const uint8_t *code)
{
    int vector = trap_try(call_user, (void *)(guest_word)code);

    note("ring 3 %s: ended by vector %d at +%llu, rax %lld", what, vector,
         (unsigned long long)(guest_vcpu()->trap_address - guest_address(code)), (long long)guest_vcpu()->trap_result);
}
