/* SPDX-License-Identifier: MIT */
/*
 * Exit handling: a table [reason] = {handler, completes}. A row that completes its instruction goes on behind it,
 * unless the handler has queued an exception. The processor tells the length of the instruction (SDM Vol. 3C,
 * section 27.2.5).
 */
#include "arch/x86/vmx/vmx.h"

#include "arch/x86/regs.h"
#include "arch/x86/vmx/events.h"
#include "kernel/door.h"

#define MSR_EFER_GUEST 0xc0000080U
#define MSR_PAT_GUEST 0x277U

#define DR6_FIXED 0xffff0ff0ULL
#define PENDING_DEBUG_BS (1ULL << 14)

/* Done: go on behind the instruction. Again: execute it once more, or take what was injected. */
enum exit_result { EXIT_DONE, EXIT_AGAIN };

static bool in_protected_mode(void)
{
    return vmx_read(VMCS_guest_cr0) & CR0_PE;
}

void vmx_inject_exception(struct arch_vcpu *v, unsigned vector, uint32_t error)
{
    (void)v;
    vmx_write(VMCS_entry_exception_error, error);
    vmx_write(VMCS_entry_interrupt_info, vmx_exception_info(vector, in_protected_mode()));
}

static enum exit_result inject_gp(struct arch_vcpu *v)
{
    vmx_inject_exception(v, EXCEPTION_GP, 0);
    return EXIT_AGAIN;
}

static enum exit_result inject_ud(struct arch_vcpu *v)
{
    vmx_inject_exception(v, EXCEPTION_UD, 0);
    return EXIT_AGAIN;
}

static void advance(struct arch_vcpu *v)
{
    uint32_t blocked = (uint32_t)vmx_read(VMCS_interruptibility);

    v->regs.rip += vmx_read(VMCS_exit_instruction_length);
    if (!vmx_is_64bit(v))
        v->regs.rip = (uint32_t)v->regs.rip;
    if (blocked != vmx_unblocked(blocked))
        vmx_write(VMCS_interruptibility, vmx_unblocked(blocked));
    if (v->regs.rflags & RFLAGS_TF) /* single-stepping: the trap after the instruction that we completed */
        vmx_write(VMCS_pending_debug, vmx_read(VMCS_pending_debug) | PENDING_DEBUG_BS);
}

/* --- Interrupts and exceptions. */
static enum exit_result exit_interrupt(struct arch_vcpu *v)
{
    (void)v;
    cpu_take_interrupts();
    return EXIT_AGAIN;
}

static enum exit_result exit_interrupt_window(struct arch_vcpu *v)
{
    vmx_set_cpu_control(vmx_vcpu(v), CPU_INTERRUPT_WINDOW, false);
    return EXIT_AGAIN;
}

static enum exit_result exit_nmi_window(struct arch_vcpu *v)
{
    vmx_set_cpu_control(vmx_vcpu(v), CPU_NMI_WINDOW, false);
    return EXIT_AGAIN;
}

static void set_dr6(struct vmx_vcpu *vv, uint64_t value)
{
    vv->dr6 = value;
    if (vv->debug_loaded)
        __asm__ volatile("movq %0, %%dr6" : : "r"(value));
}

static void reflect(struct arch_vcpu *v, uint32_t info)
{
    struct vmx_reflection r = vmx_reflect(info, (uint32_t)vmx_read(VMCS_idt_vectoring_info),
                                          (uint32_t)vmx_read(VMCS_interruptibility), in_protected_mode());

    if (r.has_dr6)
        set_dr6(vmx_vcpu(v), DR6_FIXED | vmx_read(VMCS_exit_qualification));
    if (r.passes_over)
        vmx_write(VMCS_entry_instruction_length, vmx_read(VMCS_exit_instruction_length));
    vmx_write(VMCS_interruptibility, r.interruptibility);
    vmx_write(VMCS_entry_exception_error, 0);
    vmx_write(VMCS_entry_interrupt_info, r.info);
}

/* #DB and #AC are the guest's; NMI and #MC the machine's: NMIs stay blocked until the handler's IRET. */
static enum exit_result exit_exception(struct arch_vcpu *v)
{
    uint32_t info = (uint32_t)vmx_read(VMCS_exit_interrupt_info);

    switch (INTERRUPT_VECTOR(info)) {
    case EXCEPTION_NMI:
        __asm__ volatile("int $2" : : : "memory");
        break;
    case EXCEPTION_MC:
        __asm__ volatile("int $18" : : : "memory");
        break;
    case EXCEPTION_DB:
    case EXCEPTION_AC:
        reflect(v, info);
        break;
    default:
        door_guest_crash(v, "an exception that is not intercepted");
        break;
    }
    return EXIT_AGAIN;
}

static enum exit_result exit_entry_machine_check(struct arch_vcpu *v)
{
    (void)v;
    __asm__ volatile("int $18" : : : "memory");
    return EXIT_AGAIN;
}

/* --- Instructions. */
static enum exit_result exit_cpuid(struct arch_vcpu *v)
{
    hvm_cpuid(v, vmx_read(VMCS_guest_cr4));
    return EXIT_DONE;
}

static enum exit_result exit_nothing(struct arch_vcpu *v)
{
    (void)v;
    return EXIT_DONE;
}

static enum exit_result exit_ud(struct arch_vcpu *v)
{
    return inject_ud(v);
}

static enum exit_result exit_gp(struct arch_vcpu *v)
{
    return inject_gp(v);
}

static enum exit_result exit_hlt(struct arch_vcpu *v)
{
    door_halt(v);
    return EXIT_DONE;
}

static enum exit_result exit_vmcall(struct arch_vcpu *v)
{
    return door_hypercall(v) ? EXIT_DONE : EXIT_AGAIN;
}

static enum exit_result exit_xsetbv(struct arch_vcpu *v)
{
    uint64_t value = (uint32_t)v->regs.rax | v->regs.rdx << 32;

    return fpu_xsetbv(v, (uint32_t)v->regs.rcx, value) ? EXIT_DONE : inject_gp(v);
}

static enum exit_result exit_rdmsr(struct arch_vcpu *v)
{
    uint32_t msr = (uint32_t)v->regs.rcx;
    uint64_t value;

    if (msr == MSR_EFER_GUEST)
        value = vmx_read(VMCS_guest_efer);
    else if (msr == MSR_PAT_GUEST)
        value = vmx_read(VMCS_guest_pat);
    else if (!hvm_rdmsr(v, msr, &value))
        return inject_gp(v);
    v->regs.rax = (uint32_t)value;
    v->regs.rdx = value >> 32;
    return EXIT_DONE;
}

static bool write_efer(uint64_t value)
{
    uint64_t old = vmx_read(VMCS_guest_efer);

    if (!hvm_efer_valid(old, value, vmx_read(VMCS_guest_cr0)))
        return false;
    vmx_write(VMCS_guest_efer, (value & ~(uint64_t)EFER_LMA) | (old & EFER_LMA)); /* LMA is read-only */
    return true;
}

static enum exit_result exit_wrmsr(struct arch_vcpu *v)
{
    uint32_t msr = (uint32_t)v->regs.rcx;
    uint64_t value = (uint32_t)v->regs.rax | v->regs.rdx << 32;
    bool good;

    if (msr == MSR_EFER_GUEST)
        good = write_efer(value);
    else if (msr == MSR_PAT_GUEST && (good = hvm_pat_valid(value)))
        vmx_write(VMCS_guest_pat, value);
    else if (msr != MSR_PAT_GUEST)
        good = hvm_wrmsr(v, msr, value);
    else
        good = false;
    return good ? EXIT_DONE : inject_gp(v);
}

/* Table 27-5: size - 1 in bits 2:0, direction in 3, string in 4, port in 31:16. */
static enum exit_result exit_io(struct arch_vcpu *v)
{
    uint64_t q = vmx_read(VMCS_exit_qualification);
    uint16_t port = (uint16_t)(q >> 16);
    unsigned size = (q & 7) + 1;

    if (q & 16) /* INS, OUTS: nothing there deals in strings */
        return inject_gp(v);
    if (!(q & 8)) {
        hvm_io_write(v, port, size, (uint32_t)v->regs.rax);
        return EXIT_DONE;
    }
    uint32_t value = hvm_io_read(v, port, size);
    if (size == 4)
        v->regs.rax = value;
    else
        v->regs.rax = (v->regs.rax & ~((1ULL << size * 8) - 1)) | (value & ((1U << size * 8) - 1));
    return EXIT_DONE;
}

static enum exit_result exit_cr(struct arch_vcpu *v)
{
    return vmx_access_cr(v) ? EXIT_DONE : inject_gp(v);
}

static enum exit_result exit_debug_register(struct arch_vcpu *v)
{
    vmx_debug_load(vmx_vcpu(v));
    return EXIT_AGAIN;
}

/* --- Nested paging and ends. */
static enum exit_result exit_ept_violation(struct arch_vcpu *v)
{
    uint64_t q = vmx_read(VMCS_exit_qualification);
    door_nested_fault(v, vmx_read(VMCS_guest_physical_address), q & 2, q & 4);
    return EXIT_AGAIN;
}

static enum exit_result exit_ept_misconfiguration(struct arch_vcpu *v)
{
    printk(LOG_ERROR, "EPT misconfiguration at guest-physical 0x%llx",
           (unsigned long long)vmx_read(VMCS_guest_physical_address));
    door_guest_crash(v, "its nested page table is wrong, which is a mistake of the hypervisor");
    return EXIT_AGAIN;
}

static enum exit_result exit_triple_fault(struct arch_vcpu *v)
{
    door_guest_crash(v, "triple fault");
    return EXIT_AGAIN;
}

static enum exit_result exit_task_switch(struct arch_vcpu *v)
{
    door_guest_crash(v, "hardware task switch, which is not supported");
    return EXIT_AGAIN;
}

void vmx_entry_failed(struct arch_vcpu *v, const char *what)
{
    static struct vmcs_snapshot snapshot;

    vmx_snapshot(&snapshot);
    const struct vmx_rule *rule = vmx_check_entry(&snapshot, &vmx_capability);
    if (rule)
        printk(LOG_ERROR, "%s: %s (SDM Vol. 3C, %s)", what, rule->text, rule->section);
    else
        printk(LOG_ERROR, "%s: no rule known to us is broken", what);
    vmx_dump_snapshot(&snapshot);
    door_guest_crash(v, "failed VM entry");
}

static enum exit_result exit_invalid_guest_state(struct arch_vcpu *v)
{
    vmx_entry_failed(v, "VM entry refused the guest's state");
    return EXIT_AGAIN;
}

static const struct {
    enum exit_result (*handler)(struct arch_vcpu *v);
} exit_table[] = {
    /* SDM Vol. 3, appendix C */
    [0] = {exit_exception},
    [1] = {exit_interrupt},
    [2] = {exit_triple_fault},
    [7] = {exit_interrupt_window},
    [8] = {exit_nmi_window},
    [9] = {exit_task_switch},
    [10] = {exit_cpuid},
    [11] = {exit_ud}, /* GETSEC */
    [12] = {exit_hlt},
    [13] = {exit_nothing}, /* INVD */
    [15] = {exit_gp},      /* RDPMC */
    [17] = {exit_ud},      /* RSM */
    [18] = {exit_vmcall},
    [19 ... 27] = {exit_ud}, /* VMCLEAR to VMXON */
    [28] = {exit_cr},
    [29] = {exit_debug_register},
    [30] = {exit_io},
    [31] = {exit_rdmsr},
    [32] = {exit_wrmsr},
    [33] = {exit_invalid_guest_state},
    [34] = {exit_invalid_guest_state}, /* MSR loading: there is none */
    [36] = {exit_ud},                  /* MWAIT */
    [39] = {exit_ud},                  /* MONITOR */
    [40] = {exit_nothing},             /* PAUSE */
    [41] = {exit_entry_machine_check},
    [48] = {exit_ept_violation},
    [49] = {exit_ept_misconfiguration},
    [50] = {exit_ud},        /* INVEPT */
    [51] = {exit_ud},        /* RDTSCP */
    [52] = {exit_interrupt}, /* preemption timer: let in what the processor may have overlooked */
    [53] = {exit_ud},        /* INVVPID */
    [54] = {exit_nothing},   /* WBINVD */
    [55] = {exit_xsetbv},
    [58] = {exit_ud}, /* INVPCID */
    [59] = {exit_ud}, /* VMFUNC */
    [63] = {exit_ud}, /* XSAVES, XRSTORS */
    [64] = {exit_ud},
};

void vmx_handle_exit(struct arch_vcpu *v)
{
    uint32_t reason = (uint32_t)vmx_read(VMCS_exit_reason) & 0xffff;

    if (reason >= sizeof(exit_table) / sizeof(exit_table[0]) || !exit_table[reason].handler) {
        printk(LOG_ERROR, "unexpected exit %u, qualification 0x%llx", reason,
               (unsigned long long)vmx_read(VMCS_exit_qualification));
        door_guest_crash(v, "an exit that should not occur");
    } else if (exit_table[reason].handler(v) == EXIT_DONE) {
        advance(v);
    }
}
