/* SPDX-License-Identifier: MIT */
/* The control structure: its life, the state that a vcpu starts with, the hypervisor's state in it, its fields by name.
 */
#include "arch/x86/vmx/vmx.h"

#include "arch/x86/creg.h"
#include "arch/x86/descriptors.h"
#include "arch/x86/msr.h"
#include "arch/x86/paging.h"
#include "arch/x86/time.h"
#include "common/string.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define PAT_AT_RESET 0x0007040600070406ULL
#define DR6_AT_RESET 0xffff0ff0ULL
#define DR7_AT_RESET 0x400ULL
#define REVISION_MASK 0x7fffffffU
#define NO_CPU UINT32_MAX
#define NO_LINK UINT64_MAX
#define LONGEST_TURNS_PER_S 500

#define EXCEPTION_DB 1
#define EXCEPTION_AC 17
#define EXCEPTION_MC 18

#define CR4_VMXE (1U << 13)
/* Bits of CR0 that stay ours: NE must be 1 in VMX operation; caching is not the guest's to switch off. */
#define CR0_OWNED (CR0_NE | CR0_NW | CR0_CD)

int vmx_vcpu_init(struct arch_vcpu *v)
{
    uint64_t own = door_alloc_frames(0), vmcs = door_alloc_frames(0);

    if (!own || !vmcs || fpu_init(v)) {
        if (own)
            door_free_frames(own, 0);
        if (vmcs)
            door_free_frames(vmcs, 0);
        return -XEN_ENOMEM;
    }
    struct vmx_vcpu *vv = mfn_to_virt(own);
    uint32_t revision = (uint32_t)vmx_capability.basic & REVISION_MASK;
    memcpy(mfn_to_virt(vmcs), &revision, sizeof(revision));
    vv->vmcs_pa = vmcs << PAGE_SHIFT;
    vv->last_cpu = NO_CPU;
    v->hw = vv;
    return 0;
}

void vmx_vcpu_free(struct arch_vcpu *v)
{
    struct vmx_vcpu *vv = vmx_vcpu(v);

    fpu_free(v);
    if (!vv)
        return;
    door_free_frames(vv->vmcs_pa >> PAGE_SHIFT, 0);
    door_free_frames(virt_to_mfn(vv), 0);
    v->hw = NULL;
}

/*
 * The longest turn in the guest. The field keeps its value, so every entry starts it anew (section 25.5.1), and it
 * costs nothing while the guest exits by itself. Interrupts alone should do; but an emulator may overlook them while
 * the guest's interrupt flag is clear (Bochs 2.7 does), and then this takes the CPU back.
 */
static uint64_t preemption_ticks(void)
{
    unsigned rate = vmx_capability.misc & 31; /* ticks once every 2^rate of the TSC */
    uint64_t ticks = (tsc_hz / LONGEST_TURNS_PER_S) >> rate;

    return ticks ? ticks : 1;
}

/* --- What a vcpu starts with. */
static void write_controls(const struct arch_vcpu *v, bool long_mode)
{
    vmx_write(VMCS_pin_controls, vmx_controls.pin);
    vmx_write(VMCS_cpu_controls, vmx_controls.cpu);
    vmx_write(VMCS_cpu2_controls, vmx_controls.cpu2);
    vmx_write(VMCS_exit_controls, vmx_controls.exit);
    vmx_write(VMCS_entry_controls, vmx_controls.entry | (long_mode ? ENTRY_GUEST_64 : 0));
    /* #DB and #AC are taken so that a guest can't keep the processor in microcode for ever. */
    vmx_write(VMCS_exception_bitmap, 1U << EXCEPTION_DB | 1U << EXCEPTION_AC | 1U << EXCEPTION_MC);
    vmx_write(VMCS_page_fault_error_mask, 0);
    vmx_write(VMCS_page_fault_error_match, 0);
    vmx_write(VMCS_cr3_target_count, 0);
    vmx_write(VMCS_exit_msr_store_count, 0);
    vmx_write(VMCS_exit_msr_load_count, 0);
    vmx_write(VMCS_entry_msr_load_count, 0);
    vmx_write(VMCS_entry_interrupt_info, 0);
    vmx_write(VMCS_io_bitmap_a, vmx_io_bitmap_pa);
    vmx_write(VMCS_io_bitmap_b, vmx_io_bitmap_pa + PAGE_SIZE);
    vmx_write(VMCS_msr_bitmap, vmx_msr_bitmap_pa);
    vmx_write(VMCS_ept_pointer, vmx_ept_pointer(v->dom));
    if (vmx_controls.cpu2 & CPU2_VPID)
        vmx_write(VMCS_vpid, vmx_vpid(v));
    if (vmx_controls.pin & PIN_PREEMPTION_TIMER)
        vmx_write(VMCS_preemption_timer, preemption_ticks());
    vmx_write(VMCS_vmcs_link, NO_LINK);
}

static void write_control_registers(const struct vcpu_start *start)
{
    vmx_write(VMCS_cr0_mask, CR0_OWNED);
    vmx_write(VMCS_cr0_shadow, start->cr0);
    vmx_write(VMCS_guest_cr0, (start->cr0 & ~(uint64_t)(CR0_NW | CR0_CD)) | CR0_NE);
    vmx_write(VMCS_guest_cr3, start->cr3);
    vmx_write(VMCS_cr4_mask, ~hvm_cr4_allowed());
    vmx_write(VMCS_cr4_shadow, start->cr4);
    vmx_write(VMCS_guest_cr4, start->cr4 | CR4_VMXE);
    vmx_write(VMCS_guest_efer, start->efer);
}

/* A segment whose access rights are 0 is not there. */
static uint32_t access_rights(const struct vcpu_segment *s)
{
    return s->ar ? s->ar : AR_UNUSABLE;
}

#define WRITE_SEGMENT(name, s)                            \
    do {                                                  \
        vmx_write(VMCS_##name##_selector, (s)->selector); \
        vmx_write(VMCS_##name##_limit, (s)->limit);       \
        vmx_write(VMCS_##name##_ar, access_rights(s));    \
        vmx_write(VMCS_##name##_base, (s)->base);         \
    } while (0)

static void write_segments(const struct vcpu_start *start)
{
    static const struct vcpu_segment none;

    WRITE_SEGMENT(cs, &start->cs);
    WRITE_SEGMENT(ss, &start->ss);
    WRITE_SEGMENT(ds, &start->ds);
    WRITE_SEGMENT(es, &start->es);
    WRITE_SEGMENT(fs, &none);
    WRITE_SEGMENT(gs, &none);
    WRITE_SEGMENT(ldtr, &none);
    WRITE_SEGMENT(tr, &start->tr);
    vmx_write(VMCS_gdtr_base, 0);
    vmx_write(VMCS_gdtr_limit, 0);
    vmx_write(VMCS_idtr_base, 0);
    vmx_write(VMCS_idtr_limit, 0);
}

static void write_other_state(void)
{
    vmx_write(VMCS_guest_dr7, DR7_AT_RESET);
    vmx_write(VMCS_guest_debugctl, 0);
    vmx_write(VMCS_guest_pat, PAT_AT_RESET);
    vmx_write(VMCS_guest_sysenter_cs, 0);
    vmx_write(VMCS_guest_sysenter_esp, 0);
    vmx_write(VMCS_guest_sysenter_eip, 0);
    vmx_write(VMCS_interruptibility, 0);
    vmx_write(VMCS_activity, ACTIVITY_ACTIVE);
    vmx_write(VMCS_pending_debug, 0);
}

/* The VMCS of the vcpu that this CPU has loaded, if any, is current again afterwards. */
void vmx_vcpu_start(struct arch_vcpu *v, const struct vcpu_start *start)
{
    struct vmx_vcpu *vv = vmx_vcpu(v);
    const struct arch_vcpu *loaded = this_cpu()->vcpu;

    ASSERT(!vv->loaded);
    if (!vmx_clear(vv->vmcs_pa) || !vmx_make_current(vv->vmcs_pa))
        panic("VMCLEAR or VMPTRLD failed for a new vcpu");
    write_controls(v, start->efer & EFER_LMA);
    write_control_registers(start);
    write_segments(start);
    write_other_state();
    (void)vmx_clear(vv->vmcs_pa);
    if (loaded && !vmx_make_current(vmx_vcpu(loaded)->vmcs_pa))
        panic("VMPTRLD failed for a loaded vcpu");

    v->regs = start->regs;
    v->regs.rflags |= RFLAGS_FIXED;
    vv->cpu_controls = vmx_controls.cpu;
    vv->launched = false;
    vv->last_cpu = NO_CPU;
    vv->cr2 = vv->cr8 = 0;
    memset(vv->msrs, 0, sizeof(vv->msrs));
    memset(vv->dr, 0, sizeof(vv->dr));
    vv->dr6 = DR6_AT_RESET;
    vv->debug_loaded = false;
    fpu_reset(v);
}

/* --- The hypervisor's side. */
SELECTOR_READER(cs)
SELECTOR_READER(ss)

static uint16_t task_register(void)
{
    uint16_t value;
    __asm__ volatile("str %0" : "=r"(value));
    return value;
}

void vmx_write_host_state(void)
{
    const struct cpu *cpu = this_cpu();
    struct table_pointer gdtr, idtr;

    __asm__ volatile("sgdt %0" : "=m"(gdtr));
    __asm__ volatile("sidt %0" : "=m"(idtr));
    vmx_write(VMCS_host_cs, selector_cs());
    vmx_write(VMCS_host_ss, selector_ss());
    vmx_write(VMCS_host_ds, 0);
    vmx_write(VMCS_host_es, 0);
    vmx_write(VMCS_host_fs, 0);
    vmx_write(VMCS_host_gs, 0);
    vmx_write(VMCS_host_tr, task_register());
    vmx_write(VMCS_host_cr0, read_cr0());
    vmx_write(VMCS_host_cr3, read_cr3());
    vmx_write(VMCS_host_cr4, read_cr4());
    vmx_write(VMCS_host_fs_base, 0);
    vmx_write(VMCS_host_gs_base, (uint64_t)cpu);
    vmx_write(VMCS_host_tr_base, (uint64_t)cpu->tss);
    vmx_write(VMCS_host_gdtr_base, gdtr.base);
    vmx_write(VMCS_host_idtr_base, idtr.base);
    vmx_write(VMCS_host_pat, rdmsr(MSR_PAT));
    vmx_write(VMCS_host_efer, rdmsr(MSR_EFER));
    vmx_write(VMCS_host_sysenter_cs, 0);
    vmx_write(VMCS_host_sysenter_esp, 0);
    vmx_write(VMCS_host_sysenter_eip, 0);
}

/* --- Looking at it. */
void vmx_snapshot(struct vmcs_snapshot *snapshot)
{
#define F(name, encoding) snapshot->name = vmx_read_if(VMCS_##name);
    VMCS_FIELDS(F)
#undef F
}

void vmx_dump_snapshot(const struct vmcs_snapshot *snapshot)
{
#define F(name, encoding) printk(LOG_ERROR, "  %-26s %016llx", #name, (unsigned long long)snapshot->name);
    VMCS_FIELDS(F)
#undef F
}
