/* SPDX-License-Identifier: MIT */
/*
 * Exit handling: a table [reason] = {handler, completes}. A row that completes its instruction goes on behind it,
 * unless the handler has queued an exception. The processor tells the length of the instruction (SDM Vol. 3C,
 * section 27.2.5).
 */
#include "arch/x86/vmx/vmx.h"

#include "arch/x86/regs.h"
#include "kernel/door.h"

#define EXCEPTION_DB 1
#define EXCEPTION_NMI 2
#define EXCEPTION_UD 6
#define EXCEPTION_GP 13
#define EXCEPTION_AC 17
#define EXCEPTION_MC 18
#define VECTORS_WITH_ERROR 0x27d00U /* 8, 10-14, 17 */

#define MSR_EFER_GUEST 0xc0000080U
#define MSR_PAT_GUEST 0x277U

#define DR6_FIXED 0xffff0ff0ULL
#define PENDING_DEBUG_BS (1ULL << 14)
#define CR0_KEPT ((uint64_t)(CR0_NW | CR0_CD)) /* only in the shadow */

/* Done: go on behind the instruction. Again: execute it once more, or take what was injected. */
enum exit_result { EXIT_DONE, EXIT_AGAIN };

void vmx_inject_exception(struct arch_vcpu *v, unsigned vector, uint32_t error)
{
    uint32_t info = vector | INTERRUPT_TYPE_EXCEPTION | INTERRUPT_VALID;

    (void)v;
    /* Real mode pushes no error codes (section 26.2.1.3). */
    if ((VECTORS_WITH_ERROR >> vector & 1) && (vmx_read(VMCS_guest_cr0) & CR0_PE)) {
        info |= INTERRUPT_ERROR_VALID;
        vmx_write(VMCS_entry_exception_error, error);
    }
    vmx_write(VMCS_entry_interrupt_info, info);
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
    uint64_t blocked = vmx_read(VMCS_interruptibility);

    v->regs.rip += vmx_read(VMCS_exit_instruction_length);
    if (!vmx_is_64bit(v))
        v->regs.rip = (uint32_t)v->regs.rip;
    if (blocked & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS))
        vmx_write(VMCS_interruptibility, blocked & ~(uint64_t)(BLOCKED_BY_STI | BLOCKED_BY_MOV_SS));
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

/* INT1 is an instruction to be passed over, and says nothing in DR6. */
static void reflect_int1(void)
{
    vmx_write(VMCS_entry_instruction_length, vmx_read(VMCS_exit_instruction_length));
    vmx_write(VMCS_entry_interrupt_info, EXCEPTION_DB | INTERRUPT_TYPE_PRIV_EXCEPTION | INTERRUPT_VALID);
}

/*
 * The qualification holds what DR6 would have said (section 27.2.1). What blocked events ends with the delivery; left
 * there, it would demand a pending single step where RFLAGS.TF is set (section 26.3.1.5), and none is.
 */
static void reflect_debug(struct arch_vcpu *v)
{
    struct vmx_vcpu *vv = vmx_vcpu(v);
    uint64_t blocked = vmx_read(VMCS_interruptibility);

    vv->dr6 = DR6_FIXED | vmx_read(VMCS_exit_qualification);
    if (vv->debug_loaded)
        __asm__ volatile("movq %0, %%dr6" : : "r"(vv->dr6));
    vmx_write(VMCS_interruptibility, blocked & ~(uint64_t)(BLOCKED_BY_STI | BLOCKED_BY_MOV_SS));
    vmx_inject_exception(v, EXCEPTION_DB, 0);
}

/* An IRET that faults has unblocked NMIs already, and is executed again: they are blocked until then (27.2.3). */
static void block_nmis_again(uint32_t info)
{
    if ((info & IRET_UNBLOCKED_NMI) && !(vmx_read(VMCS_idt_vectoring_info) & INTERRUPT_VALID))
        vmx_write(VMCS_interruptibility, vmx_read(VMCS_interruptibility) | BLOCKED_BY_NMI);
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
        if ((info & INTERRUPT_TYPE_MASK) == INTERRUPT_TYPE_PRIV_EXCEPTION)
            reflect_int1();
        else
            reflect_debug(v);
        break;
    case EXCEPTION_AC:
        block_nmis_again(info);
        vmx_inject_exception(v, EXCEPTION_AC, 0);
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

    return hvm_xsetbv(v, (uint32_t)v->regs.rcx, value) ? EXIT_DONE : inject_gp(v);
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

/* --- Control registers. */
static uint64_t guest_view(enum vmcs_field value, enum vmcs_field mask, enum vmcs_field shadow)
{
    uint64_t ours = vmx_read(mask);
    return (vmx_read(value) & ~ours) | (vmx_read(shadow) & ours);
}

/* PG goes on or off by an instruction that we complete: long mode with it (SDM Vol. 3A, section 9.8.5). */
static void set_long_mode(bool paging)
{
    uint64_t efer = vmx_read(VMCS_guest_efer), entry = vmx_read(VMCS_entry_controls);
    bool active = paging && (efer & EFER_LME);

    vmx_write(VMCS_guest_efer, active ? efer | EFER_LMA : efer & ~(uint64_t)EFER_LMA);
    vmx_write(VMCS_entry_controls, active ? entry | ENTRY_GUEST_64 : entry & ~(uint64_t)ENTRY_GUEST_64);
}

/* PAE paging keeps four entries in the processor, loaded when paging changes (SDM Vol. 3A, section 4.4.1). */
static void load_pdptes(struct arch_vcpu *v)
{
    static const enum vmcs_field fields[] = {VMCS_pdpte0, VMCS_pdpte1, VMCS_pdpte2, VMCS_pdpte3};
    uint64_t cr3 = vmx_read(VMCS_guest_cr3) & 0xffffffe0U;
    const uint8_t *frame = door_guest_frame(v, cr3 >> PAGE_SHIFT);

    for (unsigned i = 0; i < 4; i++) {
        const uint64_t *entry = frame ? (const uint64_t *)(const void *)(frame + (cr3 & 0xfff)) + i : NULL;
        vmx_write(fields[i], entry ? *entry : 0);
    }
}

static void paging_changed(struct arch_vcpu *v)
{
    uint64_t cr0 = vmx_read(VMCS_guest_cr0), cr4 = vmx_read(VMCS_guest_cr4);

    if ((cr0 & CR0_PG) && (cr4 & CR4_PAE) && !(vmx_read(VMCS_guest_efer) & EFER_LMA))
        load_pdptes(v);
    if (vmx_controls.cpu2 & CPU2_VPID)
        vmx_invvpid(vmx_vpid(v));
}

/* SDM Vol. 3A, section 2.5, and Vol. 2, MOV to control registers. */
static bool cr0_valid(uint64_t value)
{
    if (value >> 32 || ((value & CR0_PG) && !(value & CR0_PE)) || ((value & CR0_NW) && !(value & CR0_CD)))
        return false;
    if ((value & CR0_PG) && (vmx_read(VMCS_guest_efer) & EFER_LME))
        return vmx_read(VMCS_guest_cr4) & CR4_PAE;
    return true;
}

static bool write_cr0_of(struct arch_vcpu *v, uint64_t value)
{
    uint64_t old = vmx_read(VMCS_guest_cr0);

    if (!cr0_valid(value) || (vmx_is_64bit(v) && !(value & CR0_PG)))
        return false;
    if (!(value & CR0_PG) && (vmx_read(VMCS_guest_cr4) & CR4_PCIDE))
        return false;
    vmx_write(VMCS_cr0_shadow, value);
    vmx_write(VMCS_guest_cr0, (value & ~CR0_KEPT) | CR0_NE | CR0_ET);
    if ((old ^ value) & CR0_PG)
        set_long_mode(value & CR0_PG);
    if ((old ^ value) & (CR0_PG | CR0_WP | CR0_PE))
        paging_changed(v);
    return true;
}

static bool write_cr4_of(struct arch_vcpu *v, uint64_t value)
{
    uint64_t old = vmx_read(VMCS_guest_cr4);
    bool lma = vmx_read(VMCS_guest_efer) & EFER_LMA;

    if ((value & ~hvm_cr4_allowed()) || (lma && !(value & CR4_PAE)))
        return false;
    if ((value & ~old & CR4_PCIDE) && (!lma || (vmx_read(VMCS_guest_cr3) & 0xfff)))
        return false;
    vmx_write(VMCS_cr4_shadow, value);
    vmx_write(VMCS_guest_cr4, value | (vmx_capability.cr4_fixed0 & vmx_capability.cr4_fixed1));
    paging_changed(v);
    return true;
}

static bool write_cr(struct arch_vcpu *v, unsigned cr, uint64_t value)
{
    switch (cr) {
    case 0:
        return write_cr0_of(v, value);
    case 4:
        return write_cr4_of(v, value);
    case 8:
        vmx_vcpu(v)->cr8 = value & 15;
        return value < 16;
    default:
        return false;
    }
}

/* rsp is in the VMCS, but run.c keeps it in v->regs as well. Table 27-3: register in 3:0, kind in 5:4, general register
 * in 11:8, LMSW's source in 31:16. */
static enum exit_result exit_cr(struct arch_vcpu *v)
{
    uint64_t q = vmx_read(VMCS_exit_qualification);
    unsigned cr = q & 15;
    uint64_t *reg = hvm_reg(v, (q >> 8) & 15);
    uint64_t cr0 = guest_view(VMCS_guest_cr0, VMCS_cr0_mask, VMCS_cr0_shadow);

    switch ((q >> 4) & 3) {
    case 0: /* mov to */
        return write_cr(v, cr, vmx_is_64bit(v) ? *reg : (uint32_t)*reg) ? EXIT_DONE : inject_gp(v);
    case 1: /* mov from: only CR8 exits */
        *reg = vmx_vcpu(v)->cr8;
        return EXIT_DONE;
    case 2: /* clts */
        return write_cr0_of(v, cr0 & ~(uint64_t)CR0_TS) ? EXIT_DONE : inject_gp(v);
    default: /* lmsw can set PE but not clear it */
        return write_cr0_of(v, (cr0 & ~0xeULL) | ((q >> 16) & 0xf)) ? EXIT_DONE : inject_gp(v);
    }
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
