/* SPDX-License-Identifier: MIT */
/*
 * The floating-point and vector state of a guest (SDM Vol. 1, chapter 13). The hypervisor itself uses none, so the
 * processor keeps the state of the loaded vcpu and switches with it. All components that a guest could enable are
 * switched, whatever it has enabled: no guest sees another's.
 */
#include "arch/x86/fpu.h"

#include "arch/x86/cpu.h"
#include "arch/x86/creg.h"
#include "arch/x86/paging.h"
#include "arch/x86/regs.h"
#include "arch/x86/unequal.h"
#include "arch/x86/xsave.h"
#include "common/string.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define XCR0_X87 (1ULL << 0)
#define XCR0_SSE (1ULL << 1)
#define XCR0_AVX (1ULL << 2)
#define XCR0_AVX512 (7ULL << 5)
#define XCR0_PKRU (1ULL << 9)
#define XCR0_OURS (XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512 | XCR0_PKRU)

#define CPUID_80000008_EBX_RESTORES_POINTERS (1U << 2)

#define FXSAVE_SIZE 512

static struct {
    bool known;
    bool keeps_pointers; /* see forget_pointers() */
    uint64_t xcr0;       /* 0: the machine has no XSAVE, or it is off */
    unsigned order;      /* of a save area, in pages */
} fpu;

static bool is_amd(void)
{
    uint32_t name = cpuid(0, 0).ecx;
    return name == 0x444d4163 || name == 0x656e6975; /* AuthenticAMD, HygonGenuine */
}

static void find_features(void)
{
    uint32_t size = FXSAVE_SIZE;

    if (cpuid(1, 0).ecx & CPUID_1_ECX_XSAVE) {
        struct cpuid leaf = cpuid_common(0xD, 0);
        fpu.xcr0 = (leaf.eax | (uint64_t)leaf.edx << 32) & XCR0_OURS;
        if ((fpu.xcr0 & XCR0_AVX512) != XCR0_AVX512)
            fpu.xcr0 &= ~XCR0_AVX512;
        size = leaf.ecx; /* for all that the machine could enable: enough for any part of it */
    }
    fpu.keeps_pointers = is_amd() && !(cpuid(0x80000008, 0).ebx & CPUID_80000008_EBX_RESTORES_POINTERS);
    while ((uint32_t)PAGE_SIZE << fpu.order < size)
        fpu.order++;
    fpu.known = true;
}

uint64_t fpu_xcr0_allowed(void)
{
    if (!fpu.known)
        find_features();
    return fpu.xcr0;
}

static void set_xcr0(uint64_t value)
{
    struct cpu *cpu = this_cpu();

    if (cpu->xcr0 == value)
        return;
    __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
    cpu->xcr0 = value;
}

int fpu_init(struct arch_vcpu *v)
{
    (void)fpu_xcr0_allowed();
    uint64_t mfn = door_alloc_frames(fpu.order);
    if (!mfn)
        return -XEN_ENOMEM;
    v->xsave = phys_to_virt(mfn << PAGE_SHIFT);
    return 0;
}

void fpu_free(struct arch_vcpu *v)
{
    if (v->xsave)
        door_free_frames(virt_to_phys(v->xsave) >> PAGE_SHIFT, fpu.order);
    v->xsave = NULL;
}

void fpu_reset(struct arch_vcpu *v)
{
    struct xsave_area *area = v->xsave;

    memset(area, 0, (size_t)PAGE_SIZE << fpu.order);
    area->fcw = FCW_AT_RESET;
    area->mxcsr = MXCSR_AT_RESET;
    v->xcr0 = XCR0_X87;
}

/*
 * AMD's processors before Zen 2 restore the last x87 instruction's address, operand and opcode only with an exception
 * pending (APM Vol. 2, section 11.4.4.3): the guest would see the one's that ran before it. An instruction of ours
 * replaces them.
 */
static void forget_pointers(void)
{
    static const uint32_t zero;

    __asm__ volatile("fnclex; emms; fildl %0" : : "m"(zero));
}

void fpu_load(struct arch_vcpu *v)
{
    if (fpu.keeps_pointers)
        forget_pointers();
    if (!fpu.xcr0) {
        __asm__ volatile("fxrstor64 (%0)" : : "r"(v->xsave) : "memory");
        return;
    }
    set_xcr0(fpu.xcr0);
    __asm__ volatile("xrstor64 (%0)" : : "r"(v->xsave), "a"(UINT32_MAX), "d"(UINT32_MAX) : "memory");
    set_xcr0(v->xcr0);
}

/*
 * A guest that does not use the x87 is not made to load it. That is faster; and QEMU 7.2 needs it: its XRSTOR (FXRSTOR,
 * FRSTOR, FLDENV) of x87 state changes a word of the first CPU that this one changes at each #VMEXIT, and not
 * atomically. With several host threads nested paging could stay on behind a #VMEXIT there, and the machine was reset.
 */
static void forget_initial_x87(struct xsave_area *area)
{
    if (xsave_x87_is_initial(area))
        area->xstate_bv &= ~XSTATE_X87;
}

void fpu_save(struct arch_vcpu *v)
{
    if (!fpu.xcr0) {
        __asm__ volatile("fxsave64 (%0)" : : "r"(v->xsave) : "memory");
        return;
    }
    set_xcr0(fpu.xcr0);
    __asm__ volatile("xsave64 (%0)" : : "r"(v->xsave), "a"(UINT32_MAX), "d"(UINT32_MAX) : "memory");
    forget_initial_x87(v->xsave);
}

/* SDM Vol. 2D, XSETBV: x87 always; AVX needs SSE; AVX-512 is all or nothing and needs AVX. */
bool fpu_xsetbv(struct arch_vcpu *v, uint32_t index, uint64_t value)
{
    if (index != 0 || !(value & XCR0_X87) || (value & ~fpu_xcr0_allowed()))
        return false;
    if ((value & XCR0_AVX) && !(value & XCR0_SSE))
        return false;
    if ((value & XCR0_AVX512) && ((value & XCR0_AVX512) != XCR0_AVX512 || !(value & XCR0_AVX)))
        return false;
    v->xcr0 = value;
    set_xcr0(value);
    return true;
}
