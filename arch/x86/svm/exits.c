/* SPDX-License-Identifier: MIT */
/*
 * Exit handling: a table [code] = {handler, opcode}. A row with an opcode completes that instruction: before its
 * handler runs the length is known (from the processor, or by decoding), and after it the guest goes on behind the
 * instruction, unless the handler has queued an exception. If the bytes are no longer that instruction the guest simply
 * runs on: it executes whatever is there now.
 */
#include "arch/x86/svm/svm.h"

#include "arch/x86/regs.h"
#include "kernel/door.h"

#define EXCEPTION_DB 1
#define EXCEPTION_UD 6
#define EXCEPTION_GP 13
#define EXCEPTION_AC 17
#define EXCEPTION_MC 18
#define VECTORS_WITH_ERROR 0x27d00U /* 8, 10-14, 17 */

#define MSR_EFER_GUEST 0xc0000080U
#define MSR_PAT_GUEST 0x277U

/* Done: go on behind the instruction. Again: execute it once more, or take what was injected. */
enum exit_result { EXIT_DONE, EXIT_AGAIN };

void svm_inject_exception(struct arch_vcpu *v, unsigned vector, uint32_t error)
{
    uint64_t event = vector | SVM_EVENT_TYPE_EXCEPTION | SVM_EVENT_VALID;

    if (VECTORS_WITH_ERROR >> vector & 1)
        event |= SVM_EVENT_ERROR_VALID | (uint64_t)error << 32;
    svm_vmcb(v)->event_inject = event;
}

static enum exit_result inject_gp(struct arch_vcpu *v)
{
    svm_inject_exception(v, EXCEPTION_GP, 0);
    return EXIT_AGAIN;
}

static enum exit_result inject_ud(struct arch_vcpu *v)
{
    svm_inject_exception(v, EXCEPTION_UD, 0);
    return EXIT_AGAIN;
}

static void step_over(struct arch_vcpu *v, unsigned length)
{
    v->regs.rip += length;
    if (!svm_is_64bit(v))
        v->regs.rip = (uint32_t)v->regs.rip;
    svm_vmcb(v)->interrupt_shadow = 0;
}

/* A guest that single-steps wants its trap after the instruction that we completed, too (APM Vol. 2, section 13.1.4).
 */
static void trap_if_stepping(struct arch_vcpu *v)
{
    struct vmcb *vmcb = svm_vmcb(v);

    if (__builtin_expect(!(v->regs.rflags & RFLAGS_TF), 1))
        return;
    vmcb->dr6 |= DR6_SINGLE_STEP;
    svm_inject_exception(v, EXCEPTION_DB, 0);
}

static void advance(struct arch_vcpu *v, unsigned length)
{
    step_over(v, length);
    trap_if_stepping(v);
}

static bool fetch(struct arch_vcpu *v, struct hvm_insn *insn)
{
    const struct vmcb *vmcb = svm_vmcb(v);
    struct guest_paging paging = svm_paging(v);
    bool is64 = svm_is_64bit(v);
    uint64_t linear = is64 ? v->regs.rip : (uint32_t)(vmcb->cs.base + v->regs.rip);

    return hvm_insn_fetch(v, &paging, linear, is64, insn);
}

/* 0: the bytes at rip are not this instruction. */
static unsigned instruction_length(struct arch_vcpu *v, const uint8_t *opcode, unsigned n)
{
    struct hvm_insn insn;

    if (svm_caps.nrips)
        return (unsigned)(svm_vmcb(v)->next_rip - v->regs.rip);
    return fetch(v, &insn) ? hvm_insn_match(&insn, opcode, n) : 0;
}

/* --- Interrupts: run.c has taken them by now. */
static enum exit_result exit_interrupt(struct arch_vcpu *v)
{
    (void)v;
    return EXIT_AGAIN;
}

/*
 * The guest can take an interrupt now: the next entry injects it if it is still there.
 *
 * QEMU 7.2 opens the window, now and then, within the shadow of STI. At STI; HLT that is one instruction too early: the
 * guest would handle the event and then go to sleep, waiting for it. So a HLT that comes next is stepped over, as if
 * the interrupt had come just after its start. No guest can tell the difference, whatever the processor.
 */
static enum exit_result exit_window(struct arch_vcpu *v)
{
    static const uint8_t hlt = 0xF4;
    struct vmcb *vmcb = svm_vmcb(v);
    struct hvm_insn insn;

    if (vmcb->cpl == 0 && fetch(v, &insn))
        step_over(v, hvm_insn_match(&insn, &hlt, 1));
    vmcb->vintr &= ~SVM_V_IRQ;
    vmcb->intercept[3] &= ~SVM_INTERCEPT_VINTR;
    return EXIT_AGAIN;
}

/* IRET is about to end the guest's NMI handler: one more instruction, and the next NMI may come. */
static enum exit_result exit_iret(struct arch_vcpu *v)
{
    struct vmcb *vmcb = svm_vmcb(v);

    svm_vcpu(v)->nmi_blocked = false;
    vmcb->intercept[3] &= ~SVM_INTERCEPT_IRET;
    vmcb->interrupt_shadow |= SVM_INTERRUPT_SHADOW;
    return EXIT_AGAIN;
}

/* #DB and #AC are intercepted only so that a guest can't keep the processor in microcode for ever: give them back. */
static enum exit_result exit_debug(struct arch_vcpu *v)
{
    svm_inject_exception(v, EXCEPTION_DB, 0);
    return EXIT_AGAIN;
}

static enum exit_result exit_alignment(struct arch_vcpu *v)
{
    svm_inject_exception(v, EXCEPTION_AC, 0);
    return EXIT_AGAIN;
}

/* The machine's, not the guest's. */
static enum exit_result exit_machine_check(struct arch_vcpu *v)
{
    (void)v;
    __asm__ volatile("int $18");
    return EXIT_AGAIN;
}

/* --- Instructions. */
static enum exit_result exit_cpuid(struct arch_vcpu *v)
{
    hvm_cpuid(v, svm_vmcb(v)->cr4);
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

static enum exit_result exit_xsetbv(struct arch_vcpu *v)
{
    uint64_t value = (uint32_t)v->regs.rax | v->regs.rdx << 32;

    if (svm_vmcb(v)->cpl != 0 || !fpu_xsetbv(v, (uint32_t)v->regs.rcx, value))
        return inject_gp(v);
    return EXIT_DONE;
}

static bool read_msr(struct arch_vcpu *v, uint32_t msr, uint64_t *value)
{
    const struct vmcb *vmcb = svm_vmcb(v);

    switch (msr) {
    case MSR_EFER_GUEST:
        *value = vmcb->efer & ~(uint64_t)EFER_SVME;
        return true;
    case MSR_PAT_GUEST:
        *value = vmcb->g_pat;
        return true;
    default:
        return hvm_rdmsr(v, msr, value);
    }
}

static bool write_efer(struct arch_vcpu *v, uint64_t value)
{
    struct vmcb *vmcb = svm_vmcb(v);

    if (!hvm_efer_valid(vmcb->efer, value, vmcb->cr0))
        return false;
    vmcb->efer = (value & ~(uint64_t)EFER_LMA) | (vmcb->efer & EFER_LMA) | EFER_SVME; /* LMA is read-only */
    svm_vcpu(v)->asid_generation = 0; /* NXE changes what cached translations mean */
    return true;
}

static bool write_msr(struct arch_vcpu *v, uint32_t msr, uint64_t value)
{
    switch (msr) {
    case MSR_EFER_GUEST:
        return write_efer(v, value);
    case MSR_PAT_GUEST:
        if (hvm_pat_valid(value))
            svm_vmcb(v)->g_pat = value;
        return hvm_pat_valid(value);
    default:
        return hvm_wrmsr(v, msr, value);
    }
}

static enum exit_result exit_msr(struct arch_vcpu *v)
{
    static const uint8_t opcodes[2][2] = {{0x0F, 0x32}, {0x0F, 0x30}};
    bool write = svm_vmcb(v)->exit_info1 & 1;
    unsigned length = instruction_length(v, opcodes[write], 2);
    uint32_t msr = (uint32_t)v->regs.rcx;
    uint64_t value = (uint32_t)v->regs.rax | v->regs.rdx << 32;

    if (!length)
        return EXIT_AGAIN;
    if (write ? !write_msr(v, msr, value) : !read_msr(v, msr, &value))
        return inject_gp(v);
    if (!write) {
        v->regs.rax = (uint32_t)value;
        v->regs.rdx = value >> 32;
    }
    advance(v, length);
    return EXIT_AGAIN;
}

/* APM Vol. 2, section 15.10.2: the exit tells port, size, direction and the address of the next instruction. */
static enum exit_result exit_io(struct arch_vcpu *v)
{
    const struct vmcb *vmcb = svm_vmcb(v);
    uint64_t info = vmcb->exit_info1;
    uint16_t port = (uint16_t)(info >> 16);
    unsigned size = (info >> 4) & 7;

    if (info & 4) /* INS, OUTS: nothing there deals in strings */
        return inject_gp(v);
    if (info & 1) {
        uint32_t value = hvm_io_read(v, port, size);
        if (size == 4)
            v->regs.rax = value;
        else
            v->regs.rax = (v->regs.rax & ~((1ULL << size * 8) - 1)) | (value & ((1U << size * 8) - 1));
    } else {
        hvm_io_write(v, port, size, (uint32_t)v->regs.rax);
    }
    v->regs.rip = vmcb->exit_info2;
    svm_vmcb(v)->interrupt_shadow = 0;
    trap_if_stepping(v);
    return EXIT_AGAIN;
}

static enum exit_result exit_hlt(struct arch_vcpu *v)
{
    door_halt(v);
    return EXIT_DONE;
}

static unsigned vmmcall_length(struct arch_vcpu *v)
{
    static const uint8_t opcode[] = {0x0F, 0x01, 0xD9};
    struct svm_vcpu *sv = svm_vcpu(v);

    if (svm_caps.nrips || sv->vmmcall_rip != v->regs.rip || sv->vmmcall_cr3 != sv->vmcb->cr3 || !sv->vmmcall_length) {
        sv->vmmcall_length = instruction_length(v, opcode, sizeof(opcode));
        sv->vmmcall_rip = v->regs.rip;
        sv->vmmcall_cr3 = sv->vmcb->cr3;
    }
    return sv->vmmcall_length;
}

static enum exit_result exit_vmmcall(struct arch_vcpu *v)
{
    unsigned length = vmmcall_length(v);

    if (length && door_hypercall(v))
        advance(v, length);
    return EXIT_AGAIN;
}

/* Writes to CR4 are checked against what CPUID shows (SDM Vol. 3A, section 2.5; APM Vol. 2, section 3.1.3). */
static bool cr4_valid(const struct vmcb *vmcb, uint64_t value)
{
    if (value & ~hvm_cr4_allowed())
        return false;
    if ((vmcb->efer & EFER_LMA) && !(value & CR4_PAE))
        return false;
    return !(value & ~vmcb->cr4 & CR4_PCIDE) || ((vmcb->efer & EFER_LMA) && !(vmcb->cr3 & 0xfff));
}

static enum exit_result exit_write_cr4(struct arch_vcpu *v)
{
    struct vmcb *vmcb = svm_vmcb(v);
    struct hvm_insn insn;
    unsigned length;
    int reg = fetch(v, &insn) ? hvm_insn_mov_to_cr(&insn, 4, &length) : -1;

    if (reg < 0)
        return EXIT_AGAIN;
    uint64_t value = *hvm_reg(v, (unsigned)reg);
    if (!svm_is_64bit(v))
        value = (uint32_t)value;
    if (!cr4_valid(vmcb, value))
        return inject_gp(v);
    if (value != vmcb->cr4)
        svm_vcpu(v)->asid_generation = 0; /* the processor would have flushed */
    vmcb->cr4 = value;
    advance(v, length);
    return EXIT_AGAIN;
}

/* The first access to a debug register: from now on they are switched with the vcpu. */
static enum exit_result exit_debug_register(struct arch_vcpu *v)
{
    svm_debug_load(svm_vcpu(v));
    return EXIT_AGAIN;
}

/* --- Ends. */
static enum exit_result exit_shutdown(struct arch_vcpu *v)
{
    door_guest_crash(v, "triple fault");
    return EXIT_AGAIN;
}

static enum exit_result exit_task_switch(struct arch_vcpu *v)
{
    door_guest_crash(v, "hardware task switch, which is not supported");
    return EXIT_AGAIN;
}

/* EXITINFO1 is a page-fault error code (APM Vol. 2, section 15.25.6). */
static void exit_nested_fault(struct arch_vcpu *v)
{
    const struct vmcb *vmcb = svm_vmcb(v);
    door_nested_fault(v, vmcb->exit_info2, vmcb->exit_info1 & 2, vmcb->exit_info1 & 16);
}

static void exit_invalid(struct arch_vcpu *v)
{
    const struct vmcb *vmcb = svm_vmcb(v);
    const char *rule = vmcb_broken_rule(vmcb);

    printk(LOG_ERROR, "VMRUN refused the VMCB: %s", rule ? rule : "no rule known to us is broken");
    vmcb_dump(vmcb);
    door_guest_crash(v, "failed VM entry");
}

#define INSN(handler, ...)                                       \
    {                                                            \
        handler, {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}) \
    }

static const struct {
    enum exit_result (*handler)(struct arch_vcpu *v);
    uint8_t opcode[3]; /* of the instruction that EXIT_DONE completes */
    uint8_t opcode_length;
} exit_table[SVM_NR_EXITS] = {
    [SVM_EXIT_CR_WRITE(4)] = {.handler = exit_write_cr4},
    [SVM_EXIT_DR_READ(0)... SVM_EXIT_DR_READ(15)] = {.handler = exit_debug_register},
    [SVM_EXIT_DR_WRITE(0)... SVM_EXIT_DR_WRITE(15)] = {.handler = exit_debug_register},
    [SVM_EXIT_EXCEPTION(EXCEPTION_DB)] = {.handler = exit_debug},
    [SVM_EXIT_EXCEPTION(EXCEPTION_AC)] = {.handler = exit_alignment},
    [SVM_EXIT_EXCEPTION(EXCEPTION_MC)] = {.handler = exit_machine_check},
    [SVM_EXIT_INTR] = {.handler = exit_interrupt},
    [SVM_EXIT_NMI] = {.handler = exit_interrupt},
    [SVM_EXIT_SMI] = {.handler = exit_interrupt},
    [SVM_EXIT_INIT] = {.handler = exit_interrupt},
    [SVM_EXIT_VINTR] = {.handler = exit_window},
    [SVM_EXIT_IRET] = {.handler = exit_iret},
    [SVM_EXIT_RDTSC] = {.handler = exit_ud}, /* rdtscp, on an emulator that confuses the two */
    [SVM_EXIT_RDPMC] = {.handler = exit_gp},
    [SVM_EXIT_CPUID] = INSN(exit_cpuid, 0x0F, 0xA2),
    [SVM_EXIT_RSM] = {.handler = exit_ud},
    [SVM_EXIT_INVD] = INSN(exit_nothing, 0x0F, 0x08),
    [SVM_EXIT_HLT] = INSN(exit_hlt, 0xF4),
    [SVM_EXIT_INVLPGA] = {.handler = exit_ud},
    [SVM_EXIT_IOIO] = {.handler = exit_io},
    [SVM_EXIT_MSR] = {.handler = exit_msr},
    [SVM_EXIT_TASK_SWITCH] = {.handler = exit_task_switch},
    [SVM_EXIT_SHUTDOWN] = {.handler = exit_shutdown},
    [SVM_EXIT_VMRUN] = {.handler = exit_ud},
    [SVM_EXIT_VMMCALL] = {.handler = exit_vmmcall},
    [SVM_EXIT_VMLOAD] = {.handler = exit_ud},
    [SVM_EXIT_VMSAVE] = {.handler = exit_ud},
    [SVM_EXIT_STGI] = {.handler = exit_ud},
    [SVM_EXIT_CLGI] = {.handler = exit_ud},
    [SVM_EXIT_SKINIT] = {.handler = exit_ud},
    [SVM_EXIT_RDTSCP] = {.handler = exit_ud},
    [SVM_EXIT_WBINVD] = INSN(exit_nothing, 0x0F, 0x09),
    [SVM_EXIT_MONITOR] = {.handler = exit_ud},
    [SVM_EXIT_MWAIT] = {.handler = exit_ud},
    [SVM_EXIT_MWAIT_ARMED] = {.handler = exit_ud},
    [SVM_EXIT_XSETBV] = INSN(exit_xsetbv, 0x0F, 0x01, 0xD1),
    [SVM_EXIT_RDPRU] = {.handler = exit_ud},
};

static void exit_unknown(struct arch_vcpu *v)
{
    const struct vmcb *vmcb = svm_vmcb(v);

    printk(LOG_ERROR, "unexpected exit 0x%llx, info 0x%llx 0x%llx", (unsigned long long)vmcb->exit_code,
           (unsigned long long)vmcb->exit_info1, (unsigned long long)vmcb->exit_info2);
    door_guest_crash(v, "an exit that should not occur");
}

void svm_handle_exit(struct arch_vcpu *v)
{
    uint64_t code = svm_vmcb(v)->exit_code;
    unsigned length = 0;

    if (code >= SVM_NR_EXITS || !exit_table[code].handler) {
        if (code == SVM_EXIT_NPF)
            exit_nested_fault(v);
        else if (code == SVM_EXIT_INVALID)
            exit_invalid(v);
        else
            exit_unknown(v);
        return;
    }
    if (exit_table[code].opcode_length) {
        length = instruction_length(v, exit_table[code].opcode, exit_table[code].opcode_length);
        if (!length)
            return;
    }
    if (exit_table[code].handler(v) == EXIT_DONE)
        advance(v, length);
}
