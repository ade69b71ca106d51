/* SPDX-License-Identifier: MIT */
/* The SVM back end: the loop around the world switch, event injection, address space identifiers, struct virt_ops. */
#include "arch/x86/svm/svm.h"

#include "arch/x86/nested.h"
#include "arch/x86/regs.h"
#include "kernel/door.h"

static const uint8_t vmmcall[3] = {0x0F, 0x01, 0xD9};

#define EVENT_NMI (2 | SVM_EVENT_TYPE_NMI | SVM_EVENT_VALID)

static inline void clgi(void)
{
    __asm__ volatile("clgi" : : : "memory");
}

static inline void stgi(void)
{
    __asm__ volatile("stgi" : : : "memory");
}

struct guest_paging svm_paging(const struct arch_vcpu *v)
{
    const struct vmcb *vmcb = svm_vmcb(v);
    return (struct guest_paging){vmcb->cr0, vmcb->cr3, vmcb->cr4, vmcb->efer};
}

bool svm_is_64bit(const struct arch_vcpu *v)
{
    const struct vmcb *vmcb = svm_vmcb(v);
    return (vmcb->efer & EFER_LMA) && (vmcb->cs.attrib & 0x200);
}

static unsigned svm_cpl(const struct arch_vcpu *v)
{
    return svm_vmcb(v)->cpl;
}

static bool svm_irq_enabled(const struct arch_vcpu *v)
{
    return (v->regs.rflags & RFLAGS_IF) && !(svm_vmcb(v)->interrupt_shadow & SVM_INTERRUPT_SHADOW);
}

static int svm_translate(const struct arch_vcpu *v, uint64_t va, bool write, uint64_t *gpa)
{
    struct guest_paging paging = svm_paging(v);
    return guest_walk(v, &paging, va, write, gpa);
}

static void svm_fill_hypercall_page(void *page)
{
    hvm_fill_hypercall_page(page, vmmcall);
}

static void svm_dump(const struct arch_vcpu *v)
{
    struct guest_paging paging = svm_paging(v);
    const struct vmcb *vmcb = svm_vmcb(v);

    hvm_dump_regs(v, &paging);
    hvm_dump_tables(v, vmcb->cr2, vmcb->gdtr.base, vmcb->idtr.base, vmcb->cs.selector, vmcb->ss.selector, vmcb->cpl);
}

/* --- Debug registers: DR6 and DR7 are in the VMCB, DR0-DR3 are not. */
void svm_debug_load(struct svm_vcpu *sv)
{
    __asm__ volatile("movq %0, %%dr0" : : "r"(sv->dr[0]));
    __asm__ volatile("movq %0, %%dr1" : : "r"(sv->dr[1]));
    __asm__ volatile("movq %0, %%dr2" : : "r"(sv->dr[2]));
    __asm__ volatile("movq %0, %%dr3" : : "r"(sv->dr[3]));
    sv->debug_loaded = true;
    sv->vmcb->intercept[1] = 0;
}

void svm_debug_unload(struct svm_vcpu *sv)
{
    __asm__ volatile("movq %%dr0, %0" : "=r"(sv->dr[0]));
    __asm__ volatile("movq %%dr1, %0" : "=r"(sv->dr[1]));
    __asm__ volatile("movq %%dr2, %0" : "=r"(sv->dr[2]));
    __asm__ volatile("movq %%dr3, %0" : "=r"(sv->dr[3]));
}

static void svm_load(struct arch_vcpu *v)
{
    struct cpu *cpu = this_cpu();

    v->cpu = cpu->id;
    __atomic_store_n(&cpu->vcpu, v, __ATOMIC_SEQ_CST);
    fpu_load(v);
    if (svm_vcpu(v)->debug_loaded)
        svm_debug_load(svm_vcpu(v));
}

static void svm_unload(struct arch_vcpu *v)
{
    if (svm_vcpu(v)->debug_loaded)
        svm_debug_unload(svm_vcpu(v));
    fpu_save(v);
    __atomic_store_n(&this_cpu()->vcpu, NULL, __ATOMIC_SEQ_CST);
}

/* --- Address space identifiers (APM Vol. 2, section 15.16): a vcpu that must flush takes a new one; when they run out
 * a new generation begins with a flush of all. */
static void take_asid(struct svm_vcpu *sv, struct svm_cpu *sc, uint32_t cpu)
{
    if (sc->next_asid >= svm_caps.nr_asids) {
        sc->generation++;
        sc->next_asid = 1;
        sc->flush_all = true;
    }
    sv->vmcb->asid = sc->next_asid++;
    sv->asid_generation = sc->generation;
    sv->asid_cpu = cpu;
}

static void prepare_translations(struct arch_vcpu *v, struct svm_vcpu *sv, struct svm_cpu *sc, uint32_t cpu)
{
    uint32_t generation = __atomic_load_n(&v->dom->flush_gen, __ATOMIC_SEQ_CST);

    if (v->flush_gen != generation) {
        v->flush_gen = generation;
        sv->asid_generation = 0;
    }
    if (sv->asid_generation != sc->generation || sv->asid_cpu != cpu)
        take_asid(sv, sc, cpu);
    sv->vmcb->tlb_control = sc->flush_all ? SVM_TLB_FLUSH_ALL : 0;
    sc->flush_all = false;
}

/* --- Events. */
static void inject_nmi(struct arch_vcpu *v, struct vmcb *vmcb)
{
    if (svm_vcpu(v)->nmi_blocked || (vmcb->interrupt_shadow & SVM_INTERRUPT_SHADOW))
        return;
    vmcb->event_inject = EVENT_NMI;
    vmcb->intercept[3] |= SVM_INTERCEPT_IRET;
    svm_vcpu(v)->nmi_blocked = true;
    v->nmi_pending = false;
}

/* The upcall is a level: asked for anew at every entry, taken at once if the guest is open, else at its next window. */
static void inject_upcall(struct arch_vcpu *v, struct vmcb *vmcb)
{
    if (!(vmcb->event_inject & SVM_EVENT_VALID) && svm_irq_enabled(v)) {
        vmcb->event_inject = v->upcall_vector | SVM_EVENT_TYPE_INTR | SVM_EVENT_VALID;
        return;
    }
    vmcb->vintr |= SVM_V_IRQ | SVM_V_INTR_PRIO(15) | SVM_V_IGN_TPR;
    vmcb->intercept[3] |= SVM_INTERCEPT_VINTR;
}

static void prepare_events(struct arch_vcpu *v, struct vmcb *vmcb)
{
    if (__builtin_expect(v->nmi_pending, 0) && !(vmcb->event_inject & SVM_EVENT_VALID))
        inject_nmi(v, vmcb);
    if (__atomic_load_n(v->upcall_pending, __ATOMIC_RELAXED) && v->upcall_vector)
        inject_upcall(v, vmcb);
}

/*
 * An exit can cut the delivery of an event short (section 15.7.2). An exception must be delivered again; an NMI too;
 * the upcall is still pending by itself, and a software interrupt is raised again by its instruction.
 */
static void keep_interrupted_event(struct arch_vcpu *v, struct vmcb *vmcb)
{
    uint64_t event = vmcb->exit_int_info;

    vmcb->event_inject = 0;
    if (__builtin_expect(!(event & SVM_EVENT_VALID), 1))
        return;
    if ((event & SVM_EVENT_TYPE_MASK) == SVM_EVENT_TYPE_EXCEPTION) {
        vmcb->event_inject = event;
    } else if ((event & SVM_EVENT_TYPE_MASK) == SVM_EVENT_TYPE_NMI) {
        svm_vcpu(v)->nmi_blocked = false;
        v->nmi_pending = true;
    }
}

/* One turn in the guest, GIF = 0 around it. */
static void enter(struct arch_vcpu *v, struct vmcb *vmcb, uint64_t vmcb_pa, uint64_t host_vmcb_pa)
{
    vmcb->rax = v->regs.rax;
    vmcb->rsp = v->regs.rsp;
    vmcb->rip = v->regs.rip;
    vmcb->rflags = v->regs.rflags;
    svm_switch(&v->regs, vmcb_pa, host_vmcb_pa);
    v->regs.rax = vmcb->rax;
    v->regs.rsp = vmcb->rsp;
    v->regs.rip = vmcb->rip;
    v->regs.rflags = vmcb->rflags;
}

static void svm_run(struct arch_vcpu *v)
{
    struct cpu *cpu = this_cpu();
    struct svm_cpu *sc = cpu->virt;
    struct svm_vcpu *sv = svm_vcpu(v);
    struct vmcb *vmcb = sv->vmcb;

    for (;;) {
        clgi();
        if (__atomic_load_n(&cpu->work, __ATOMIC_RELAXED)) {
            stgi();
            return;
        }
        cpu_enter_guest(cpu);
        prepare_translations(v, sv, sc, cpu->id);
        prepare_events(v, vmcb);
        enter(v, vmcb, sv->vmcb_pa, sc->host_vmcb_pa);
        cpu_leave_guest(cpu);
        stgi();
        if (vmcb->exit_code == SVM_EXIT_INTR)
            cpu_take_interrupts();
        v->exits++;
        keep_interrupted_event(v, vmcb);
        svm_handle_exit(v);
    }
}

const struct virt_ops svm_ops = {
    .name = "SVM",
    .probe = svm_probe,
    .describe = svm_describe,
    .cpu_enable = svm_cpu_enable,
    .cpu_disable = svm_cpu_disable,
    .domain_init = nested_init,
    .domain_free = nested_free,
    .vcpu_init = svm_vcpu_init,
    .vcpu_free = svm_vcpu_free,
    .vcpu_start = svm_vcpu_start,
    .map = svm_map,
    .unmap = nested_unmap,
    .load = svm_load,
    .run = svm_run,
    .unload = svm_unload,
    .is_64bit = svm_is_64bit,
    .cpl = svm_cpl,
    .irq_enabled = svm_irq_enabled,
    .translate = svm_translate,
    .fill_hypercall_page = svm_fill_hypercall_page,
    .dump = svm_dump,
};
