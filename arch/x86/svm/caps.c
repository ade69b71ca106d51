/* SPDX-License-Identifier: MIT */
/* SVM capabilities (APM Vol. 2, sections 15.4 and 15.30; Vol. 3, CPUID 0x8000000A), turning it on and off. */
#include "arch/x86/svm/svm.h"

#include "arch/x86/cpu_record.h"
#include "arch/x86/creg.h"
#include "arch/x86/msr.h"
#include "arch/x86/paging.h"
#include "common/string.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define MSR_VM_HSAVE_PA 0xc0010117
#define MSR_TSC_AUX 0xc0000103

struct svm_caps svm_caps;
uint64_t svm_iopm_pa, svm_msrpm_pa;

#define IOPM_ORDER 2  /* three pages are used (APM Vol. 2, section 15.10.1) */
#define MSRPM_ORDER 1 /* two pages (section 15.11) */

int svm_probe(struct virt_report *report)
{
    struct cpu_record record;

    cpu_record_read(&record);
    return svm_judge(&record, report, &svm_caps);
}

/* MSRs that a guest reads and writes without an exit: VMLOAD, VMSAVE and VMRUN switch them with the vcpu. */
static const uint32_t direct_msrs[] = {
    0x174,                                          /* SYSENTER_CS, _ESP, _EIP */
    0x175,      0x176,      0xc0000081,             /* STAR, LSTAR, CSTAR, SFMASK */
    0xc0000082, 0xc0000083, 0xc0000084, 0xc0000100, /* FS_BASE, GS_BASE, KERNEL_GS_BASE */
    0xc0000101, 0xc0000102,
};

/* Two bits an MSR, read then write (APM Vol. 2, section 15.11): three ranges of 8,192 MSRs, 2 KiB each. */
static void msrpm_allow(uint8_t *map, uint32_t msr)
{
    uint32_t at = msr < 0x2000 ? msr * 2 : 0x4000 + (msr - 0xc0000000) * 2;
    map[at / 8] &= (uint8_t) ~(3U << at % 8);
}

static int make_permission_maps(void)
{
    uint64_t iopm = door_alloc_frames(IOPM_ORDER);
    uint64_t msrpm = door_alloc_frames(MSRPM_ORDER);

    if (!iopm || !msrpm)
        return -XEN_ENOMEM;
    memset(mfn_to_virt(iopm), 0xFF, (size_t)PAGE_SIZE << IOPM_ORDER);
    memset(mfn_to_virt(msrpm), 0xFF, (size_t)PAGE_SIZE << MSRPM_ORDER);
    for (unsigned i = 0; i < sizeof(direct_msrs) / sizeof(direct_msrs[0]); i++)
        msrpm_allow(mfn_to_virt(msrpm), direct_msrs[i]);
    svm_iopm_pa = iopm << PAGE_SHIFT;
    svm_msrpm_pa = msrpm << PAGE_SHIFT;
    return 0;
}

static int make_cpu_pages(struct cpu *cpu)
{
    uint64_t own = door_alloc_frames(0), host = door_alloc_frames(0), save = door_alloc_frames(0);

    if (!own || !host || !save)
        return -XEN_ENOMEM;
    struct svm_cpu *sc = mfn_to_virt(own);
    sc->host_vmcb_pa = host << PAGE_SHIFT;
    sc->save_area_pa = save << PAGE_SHIFT;
    sc->generation = 1;
    sc->next_asid = 1;
    sc->flush_all = true;
    cpu->virt = sc;
    return 0;
}

int svm_cpu_enable(void)
{
    struct cpu *cpu = this_cpu();
    struct virt_report own;

    if (svm_probe(&own)) {
        printk(LOG_ERROR, "CPU %u: %s", cpu->id, own.reason);
        return -XEN_ENODEV;
    }
    if ((!svm_iopm_pa && make_permission_maps()) || (!cpu->virt && make_cpu_pages(cpu))) {
        printk(LOG_ERROR, "CPU %u: too little memory to turn SVM on", cpu->id);
        return -XEN_ENOMEM;
    }
    struct svm_cpu *sc = cpu->virt;
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
    wrmsr(MSR_VM_HSAVE_PA, sc->save_area_pa);
    (void)wrmsr_safe(MSR_TSC_AUX, 0); /* rdtscp is not offered, but not every processor can refuse it */
    __asm__ volatile("vmsave %0" : : "a"(sc->host_vmcb_pa) : "memory");
    return 0;
}

/* GIF must be set before SVM goes, else interrupts stay off for ever (APM Vol. 2, section 15.17). */
void svm_cpu_disable(void)
{
    __asm__ volatile("stgi" : : : "memory");
    wrmsr(MSR_VM_HSAVE_PA, 0);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~(uint64_t)EFER_SVME);
}
