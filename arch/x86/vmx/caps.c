/* SPDX-License-Identifier: MIT */
/* VMX capabilities (SDM Vol. 3, appendix A; Vol. 3C, sections 23.6 to 23.8), the controls, turning it on and off. */
#include "arch/x86/vmx/vmx.h"

#include "arch/x86/creg.h"
#include "arch/x86/msr.h"
#include "arch/x86/paging.h"
#include "common/format.h"
#include "common/string.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define CPUID_1_ECX_VMX (1U << 5)
#define CR4_VMXE (1U << 13)
#define REVISION_MASK 0x7fffffffU
#define IO_BITMAP_ORDER 1

struct vmx_capability vmx_capability;
struct vmx_controls vmx_controls;
uint64_t vmx_msr_bitmap_pa, vmx_io_bitmap_pa;

const uint32_t vmx_switched_msrs[VMX_NR_MSRS] = {
    [VMX_MSR_STAR] = 0xc0000081,   [VMX_MSR_LSTAR] = 0xc0000082,     [VMX_MSR_CSTAR] = 0xc0000083,
    [VMX_MSR_SFMASK] = 0xc0000084, [VMX_MSR_KERNEL_GS] = 0xc0000102,
};

/* --- The controls: what we must have, may use, never want. Anything else stays as the processor demands. */
enum word { PIN, CPU, CPU2, EXIT, ENTRY, NR_WORDS };
enum need { MUST, MAY, NEVER };

static const struct control {
    enum word word;
    uint32_t bit;
    enum need need;
    const char *name;
} controls[] = {
    {PIN, PIN_EXTERNAL_INTERRUPT, MUST, "external-interrupt exiting"},
    {PIN, PIN_NMI, MUST, "NMI exiting"},
    {PIN, PIN_VIRTUAL_NMIS, MUST, "virtual NMIs"},
    {PIN, PIN_PREEMPTION_TIMER, MAY, "preemption timer"},
    {PIN, PIN_POSTED_INTERRUPTS, NEVER, "posted interrupts"},
    {CPU, CPU_HLT, MUST, "HLT exiting"},
    {CPU, CPU_INVLPG, NEVER, "INVLPG exiting"},
    {CPU, CPU_MWAIT, MUST, "MWAIT exiting"},
    {CPU, CPU_RDPMC, MUST, "RDPMC exiting"},
    {CPU, CPU_RDTSC, NEVER, "RDTSC exiting"},
    {CPU, CPU_CR3_LOAD, NEVER, "CR3-load exiting"},
    {CPU, CPU_CR3_STORE, NEVER, "CR3-store exiting"},
    {CPU, CPU_CR8_LOAD, MUST, "CR8-load exiting"},
    {CPU, CPU_CR8_STORE, MUST, "CR8-store exiting"},
    {CPU, CPU_TPR_SHADOW, NEVER, "TPR shadow"},
    {CPU, CPU_MOV_DR, MUST, "MOV-DR exiting"},
    {CPU, CPU_IO_BITMAPS, MUST, "I/O bitmaps"},
    {CPU, CPU_MSR_BITMAPS, MUST, "MSR bitmaps"},
    {CPU, CPU_MONITOR, MUST, "MONITOR exiting"},
    {CPU, CPU_SECONDARY, MUST, "secondary controls"},
    {CPU2, CPU2_EPT, MUST, "extended page tables (EPT)"},
    {CPU2, CPU2_UNRESTRICTED, MUST, "unrestricted guest"},
    {CPU2, CPU2_VPID, MAY, "VPID"},
    {CPU2, CPU2_WBINVD, MAY, "WBINVD exiting"},
    {CPU2, CPU2_RDTSCP, NEVER, "RDTSCP"},
    {CPU2, CPU2_INVPCID, NEVER, "INVPCID"},
    {CPU2, CPU2_XSAVES, NEVER, "XSAVES"},
    {EXIT, EXIT_SAVE_DEBUG, MUST, "save debug controls"},
    {EXIT, EXIT_HOST_64, MUST, "64-bit host"},
    {EXIT, EXIT_SAVE_PAT, MUST, "save PAT"},
    {EXIT, EXIT_LOAD_PAT, MUST, "load PAT at exit"},
    {EXIT, EXIT_SAVE_EFER, MUST, "save EFER"},
    {EXIT, EXIT_LOAD_EFER, MUST, "load EFER at exit"},
    {EXIT, EXIT_ACK_INTERRUPT, NEVER, "acknowledge interrupt on exit"},
    {ENTRY, ENTRY_LOAD_DEBUG, MUST, "load debug controls"},
    {ENTRY, ENTRY_LOAD_PAT, MUST, "load PAT at entry"},
    {ENTRY, ENTRY_LOAD_EFER, MUST, "load EFER at entry"},
};

/* Low half of a capability: bits that must be 1; high half: bits that may be 1 (appendix A.3). */
static uint32_t must_be_one(uint64_t capability)
{
    return (uint32_t)capability;
}

static uint32_t may_be_one(uint64_t capability)
{
    return (uint32_t)(capability >> 32);
}

static uint64_t capability_of(enum word word)
{
    const uint64_t words[NR_WORDS] = {vmx_capability.pin, vmx_capability.cpu, vmx_capability.cpu2, vmx_capability.exit,
                                      vmx_capability.entry};
    return words[word];
}

/* The name of the first control that can't be as we need it, or NULL; *values gets all five words. */
static const char *resolve_controls(struct vmx_controls *values)
{
    uint32_t word[NR_WORDS];

    for (unsigned w = 0; w < NR_WORDS; w++)
        word[w] = must_be_one(capability_of(w));
    for (unsigned i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
        const struct control *c = &controls[i];
        bool can = may_be_one(capability_of(c->word)) & c->bit;
        if ((c->need == MUST && !can) || (c->need == NEVER && (word[c->word] & c->bit)))
            return c->name;
        if (c->need != NEVER && can)
            word[c->word] |= c->bit;
    }
    *values = (struct vmx_controls){word[PIN], word[CPU], word[CPU2], word[EXIT], word[ENTRY]};
    return NULL;
}

static void read_capability(struct vmx_capability *c)
{
    bool with_true;

    c->basic = rdmsr(MSR_VMX_BASIC);
    with_true = c->basic & VMX_BASIC_TRUE_CONTROLS;
    c->pin = rdmsr(with_true ? MSR_VMX_TRUE_PIN : MSR_VMX_PIN);
    c->cpu = rdmsr(with_true ? MSR_VMX_TRUE_CPU : MSR_VMX_CPU);
    c->exit = rdmsr(with_true ? MSR_VMX_TRUE_EXIT : MSR_VMX_EXIT);
    c->entry = rdmsr(with_true ? MSR_VMX_TRUE_ENTRY : MSR_VMX_ENTRY);
    c->cpu2 = may_be_one(c->cpu) & CPU_SECONDARY ? rdmsr(MSR_VMX_CPU2) : 0;
    c->ept_vpid = may_be_one(c->cpu2) & (CPU2_EPT | CPU2_VPID) ? rdmsr(MSR_VMX_EPT_VPID) : 0;
    c->misc = rdmsr(MSR_VMX_MISC);
    c->cr0_fixed0 = rdmsr(MSR_VMX_CR0_FIXED0);
    c->cr0_fixed1 = rdmsr(MSR_VMX_CR0_FIXED1);
    c->cr4_fixed0 = rdmsr(MSR_VMX_CR4_FIXED0);
    c->cr4_fixed1 = rdmsr(MSR_VMX_CR4_FIXED1);
    c->physical_bits = cpuid(0x80000008, 0).eax & 0xff; /* every processor with EPT has this leaf */
    c->linear_bits = (cpuid(0x80000008, 0).eax >> 8) & 0xff;
}

/* --- IA32_FEATURE_CONTROL (SDM Vol. 3C, section 23.7): four states. */
static const char *feature_control_refusal(uint64_t value)
{
    if (!(value & FEATURE_CONTROL_LOCKED) || (value & FEATURE_CONTROL_VMX))
        return NULL;
    if (value & FEATURE_CONTROL_VMX_IN_SMX)
        return "the firmware allows VMX only inside SMX (trusted execution): switch trusted execution (TXT) off, or "
               "VMX on outside it, in the firmware's set-up";
    return "the firmware has locked VMX off: enable virtualisation (Intel VT-x) in the firmware's set-up";
}

static void unlock_feature_control(void)
{
    uint64_t value;

    if (rdmsr_safe(MSR_FEATURE_CONTROL, &value) && !(value & FEATURE_CONTROL_LOCKED))
        (void)wrmsr_safe(MSR_FEATURE_CONTROL, value | FEATURE_CONTROL_LOCKED | FEATURE_CONTROL_VMX);
}

static int refuse(struct virt_report *report, const char *reason)
{
    report->usable = false;
    report->reason = reason;
    return -XEN_ENODEV;
}

static int refuse_control(struct virt_report *report, const char *name)
{
    static char text[120];
    format(text, sizeof(text), "the processor's VMX lacks %s, which Xenolith needs", name);
    return refuse(report, text);
}

static const struct {
    uint64_t bit;
    const char *name;
} ept_needs[] = {
    {EPT_CAP_WALK_4, "EPT page walks of four levels"},
    {EPT_CAP_WB, "write-back EPT tables"},
    {EPT_CAP_INVEPT, "INVEPT"},
    {EPT_CAP_INVEPT_CONTEXT, "INVEPT of a single context"},
};

int vmx_probe(struct virt_report *report)
{
    uint64_t feature_control = 0;

    report->name = "VMX";
    if (!(cpuid(1, 0).ecx & CPUID_1_ECX_VMX))
        return refuse(report, "the processor has no VMX");
    (void)rdmsr_safe(MSR_FEATURE_CONTROL, &feature_control);
    const char *refusal = feature_control_refusal(feature_control);
    if (refusal)
        return refuse(report, refusal);

    read_capability(&vmx_capability);
    const char *missing = resolve_controls(&vmx_controls);
    if (missing)
        return refuse_control(report, missing);
    for (unsigned i = 0; i < sizeof(ept_needs) / sizeof(ept_needs[0]); i++)
        if (!(vmx_capability.ept_vpid & ept_needs[i].bit))
            return refuse_control(report, ept_needs[i].name);
    /* Without its instruction, VPID would save nothing. */
    if ((vmx_capability.ept_vpid & (VPID_CAP_INVVPID | VPID_CAP_CONTEXT)) != (VPID_CAP_INVVPID | VPID_CAP_CONTEXT))
        vmx_controls.cpu2 &= ~CPU2_VPID;
    report->usable = true;
    report->reason = NULL;
    format(report->features, sizeof(report->features), "EPT%s%s, unrestricted guest%s%s",
           vmx_capability.ept_vpid & EPT_CAP_2M ? " with 2 MiB pages" : "",
           vmx_capability.ept_vpid & EPT_CAP_AD ? " and A/D bits" : "", vmx_controls.cpu2 & CPU2_VPID ? ", VPID" : "",
           vmx_capability.basic & VMX_BASIC_TRUE_CONTROLS ? ", true controls" : "");
    return 0;
}

/* MSRs that a guest reads and writes without an exit: in the VMCS, or switched with the vcpu. */
static const uint32_t direct_msrs[] = {
    0x174,      0x175,      0x176,                  /* SYSENTER_CS, _ESP, _EIP */
    0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, /* STAR, LSTAR, CSTAR, SFMASK */
    0xc0000100, 0xc0000101, 0xc0000102,             /* FS_BASE, GS_BASE, KERNEL_GS_BASE */
};

/* Four bitmaps of 1 KiB (SDM Vol. 3C, section 24.6.9): read low, read high, write low, write high. */
static void msr_bitmap_allow(uint8_t *map, uint32_t msr)
{
    uint32_t index = msr & 0x1fff, half = msr >= 0xc0000000 ? 0x400 : 0;

    map[half + index / 8] &= (uint8_t) ~(1U << index % 8);
    map[0x800 + half + index / 8] &= (uint8_t) ~(1U << index % 8);
}

static int make_bitmaps(void)
{
    uint64_t msr = door_alloc_frames(0), io = door_alloc_frames(IO_BITMAP_ORDER);

    if (!msr || !io)
        return -XEN_ENOMEM;
    memset(mfn_to_virt(msr), 0xFF, PAGE_SIZE);
    memset(mfn_to_virt(io), 0xFF, (size_t)PAGE_SIZE << IO_BITMAP_ORDER);
    for (unsigned i = 0; i < sizeof(direct_msrs) / sizeof(direct_msrs[0]); i++)
        msr_bitmap_allow(mfn_to_virt(msr), direct_msrs[i]);
    vmx_msr_bitmap_pa = msr << PAGE_SHIFT;
    vmx_io_bitmap_pa = io << PAGE_SHIFT;
    return 0;
}

static bool vmxon(void *region)
{
    uint64_t pa = virt_to_phys(region);
    uint32_t revision = (uint32_t)vmx_capability.basic & REVISION_MASK;
    bool failed;

    memcpy(region, &revision, sizeof(revision));
    __asm__ volatile("vmxon %1" : "=@ccbe"(failed) : "m"(pa) : "memory");
    return !failed;
}

int vmx_cpu_enable(void)
{
    struct cpu *cpu = this_cpu();
    struct virt_report own;

    unlock_feature_control();
    if (vmx_probe(&own)) {
        printk(LOG_ERROR, "CPU %u: %s", cpu->id, own.reason);
        return -XEN_ENODEV;
    }
    if (!cpu->virt) {
        uint64_t mfn = door_alloc_frames(0);
        cpu->virt = mfn ? mfn_to_virt(mfn) : NULL;
    }
    if (!cpu->virt || (!vmx_msr_bitmap_pa && make_bitmaps())) {
        printk(LOG_ERROR, "CPU %u: too little memory to turn VMX on", cpu->id);
        return -XEN_ENOMEM;
    }
    write_cr0((read_cr0() | vmx_capability.cr0_fixed0) & vmx_capability.cr0_fixed1);
    write_cr4(read_cr4() | CR4_VMXE);
    if (!vmxon(cpu->virt)) {
        write_cr4(read_cr4() & ~(uint64_t)CR4_VMXE);
        printk(LOG_ERROR, "CPU %u: VMXON failed", cpu->id);
        return -XEN_ENODEV;
    }
    return 0;
}

void vmx_cpu_disable(void)
{
    if (!(read_cr4() & CR4_VMXE))
        return;
    __asm__ volatile("vmxoff" : : : "cc", "memory");
    write_cr4(read_cr4() & ~(uint64_t)CR4_VMXE);
}
