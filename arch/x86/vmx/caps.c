/* SPDX-License-Identifier: MIT */
/* VMX capabilities (SDM Vol. 3, appendix A; Vol. 3C, sections 23.6 to 23.8), the controls, turning it on and off. */
#include "arch/x86/vmx/vmx.h"

#include "arch/x86/cpu_record.h"
#include "arch/x86/creg.h"
#include "arch/x86/msr.h"
#include "arch/x86/paging.h"
#include "common/string.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

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

/* An MSR that can't be read is one that nobody has written. */
static uint64_t feature_control(void)
{
    uint64_t value = 0;
    (void)rdmsr_safe(MSR_FEATURE_CONTROL, &value);
    return value;
}

static int refuse(struct virt_report *report, const char *reason)
{
    report->usable = false;
    report->reason = reason;
    return -XEN_ENODEV;
}

/* VMXON faults unless the MSR says VMX and is locked, so it is looked at again. */
static int decide_feature_control(struct virt_report *report)
{
    uint64_t value = feature_control();

    if (vmx_feature_state(value) != VMX_FEATURE_UNDECIDED)
        return 0;
    (void)wrmsr_safe(MSR_FEATURE_CONTROL, vmx_feature_decided(value));
    if (vmx_feature_state(feature_control()) == VMX_FEATURE_ON)
        return 0;
    return refuse(report, "IA32_FEATURE_CONTROL cannot be set: the machine shows VMX and does not let it be used");
}

int vmx_probe(struct virt_report *report)
{
    struct cpu_record record;

    cpu_record_read(&record);
    return vmx_judge(&record, report, &vmx_capability, &vmx_controls);
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

    if (decide_feature_control(&own) || vmx_probe(&own)) {
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
