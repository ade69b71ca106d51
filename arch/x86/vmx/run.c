/* SPDX-License-Identifier: MIT */
/* The VMX back end: the loop around the world switch, event injection, cached translations, struct virt_ops. */
#include "arch/x86/vmx/vmx.h"

#include "arch/x86/creg.h"
#include "arch/x86/msr.h"
#include "arch/x86/nested.h"
#include "arch/x86/regs.h"
#include "arch/x86/vmx/events.h"
#include "kernel/door.h"

static const uint8_t vmcall[3] = {0x0F, 0x01, 0xC1};

#define VCPUS_PER_DOMAIN 128
#define EVENT_NMI (2 | INTERRUPT_TYPE_NMI | INTERRUPT_VALID)

struct guest_paging vmx_paging(const struct arch_vcpu *v)
{
    (void)v;
    return (struct guest_paging){vmx_read(VMCS_guest_cr0), vmx_read(VMCS_guest_cr3), vmx_read(VMCS_guest_cr4),
                                 vmx_read(VMCS_guest_efer)};
}

bool vmx_is_64bit(const struct arch_vcpu *v)
{
    (void)v;
    return (vmx_read(VMCS_guest_efer) & EFER_LMA) && (vmx_read(VMCS_cs_ar) & AR_L);
}

/* One identifier a vcpu: domids are below 256. */
uint16_t vmx_vpid(const struct arch_vcpu *v)
{
    return (uint16_t)(1 + v->dom->domid * VCPUS_PER_DOMAIN + v->id);
}

static unsigned vmx_cpl(const struct arch_vcpu *v)
{
    (void)v;
    return AR_DPL((uint32_t)vmx_read(VMCS_ss_ar));
}

static bool vmx_irq_enabled(const struct arch_vcpu *v)
{
    return (v->regs.rflags & RFLAGS_IF) && !(vmx_read(VMCS_interruptibility) & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS));
}

static int vmx_translate(const struct arch_vcpu *v, uint64_t va, bool write, uint64_t *gpa)
{
    struct guest_paging paging = vmx_paging(v);
    return guest_walk(v, &paging, va, write, gpa);
}

static void vmx_fill_hypercall_page(void *page)
{
    hvm_fill_hypercall_page(page, vmcall);
}

/* The VMCS of a vcpu that is loaded elsewhere can't be read here: then what memory holds must do. */
static void vmx_dump(const struct arch_vcpu *v)
{
    const struct vmx_vcpu *vv = vmx_vcpu(v);
    const struct arch_vcpu *mine = this_cpu()->vcpu;
    struct guest_paging paging = {0};

    if (vv->loaded && mine != v) {
        hvm_dump_regs(v, &paging);
        door_dump_line(v, "  (runs on CPU %u now: registers of its last exit, control registers not known here)",
                       v->cpu);
        return;
    }
    if (!vv->loaded && !vmx_make_current(vv->vmcs_pa))
        return;
    paging = vmx_paging(v);
    hvm_dump_regs(v, &paging);
    hvm_dump_tables(v, vv->cr2, vmx_read(VMCS_gdtr_base), vmx_read(VMCS_idtr_base),
                    (unsigned)vmx_read(VMCS_cs_selector), (unsigned)vmx_read(VMCS_ss_selector), vmx_cpl(v));
    if (!vv->loaded) {
        (void)vmx_clear(vv->vmcs_pa);
        if (mine)
            (void)vmx_make_current(vmx_vcpu(mine)->vmcs_pa);
    }
}

void vmx_set_cpu_control(struct vmx_vcpu *vv, uint32_t bit, bool on)
{
    uint32_t value = on ? vv->cpu_controls | bit : vv->cpu_controls & ~bit;

    if (value == vv->cpu_controls)
        return;
    vv->cpu_controls = value;
    vmx_write(VMCS_cpu_controls, value);
}

/* --- Debug registers: DR7 is in the VMCS, the others are not. */
void vmx_debug_load(struct vmx_vcpu *vv)
{
    __asm__ volatile("movq %0, %%dr0" : : "r"(vv->dr[0]));
    __asm__ volatile("movq %0, %%dr1" : : "r"(vv->dr[1]));
    __asm__ volatile("movq %0, %%dr2" : : "r"(vv->dr[2]));
    __asm__ volatile("movq %0, %%dr3" : : "r"(vv->dr[3]));
    __asm__ volatile("movq %0, %%dr6" : : "r"(vv->dr6));
    vv->debug_loaded = true;
    vmx_set_cpu_control(vv, CPU_MOV_DR, false);
}

void vmx_debug_unload(struct vmx_vcpu *vv)
{
    __asm__ volatile("movq %%dr0, %0" : "=r"(vv->dr[0]));
    __asm__ volatile("movq %%dr1, %0" : "=r"(vv->dr[1]));
    __asm__ volatile("movq %%dr2, %0" : "=r"(vv->dr[2]));
    __asm__ volatile("movq %%dr3, %0" : "=r"(vv->dr[3]));
    __asm__ volatile("movq %%dr6, %0" : "=r"(vv->dr6));
}

/* --- A vcpu comes to a CPU and leaves it. */
static void vmx_load(struct arch_vcpu *v)
{
    struct cpu *cpu = this_cpu();
    struct vmx_vcpu *vv = vmx_vcpu(v);

    v->cpu = cpu->id;
    if (!vmx_make_current(vv->vmcs_pa))
        panic("VMPTRLD failed for vcpu %u of domain %u", v->id, v->dom->domid);
    vv->loaded = true;
    __atomic_store_n(&cpu->vcpu, v, __ATOMIC_SEQ_CST);
    vmx_write_host_state();
    for (unsigned i = 0; i < VMX_NR_MSRS; i++)
        wrmsr(vmx_switched_msrs[i], vv->msrs[i]);
    fpu_load(v);
    if (vv->debug_loaded)
        vmx_debug_load(vv);
}

/* VMCLEAR writes the VMCS back to memory, so that another CPU may load it (SDM Vol. 3C, section 24.1). */
static void vmx_unload(struct arch_vcpu *v)
{
    struct vmx_vcpu *vv = vmx_vcpu(v);

    if (vv->debug_loaded)
        vmx_debug_unload(vv);
    fpu_save(v);
    for (unsigned i = 0; i < VMX_NR_MSRS; i++)
        vv->msrs[i] = rdmsr(vmx_switched_msrs[i]);
    __atomic_store_n(&this_cpu()->vcpu, NULL, __ATOMIC_SEQ_CST);
    vv->loaded = vv->launched = false;
    if (!vmx_clear(vv->vmcs_pa))
        panic("VMCLEAR failed for vcpu %u of domain %u", v->id, v->dom->domid);
}

/*
 * Cached translations (SDM Vol. 3C, section 28.3): those of the nested tables are dropped when the domain's have
 * changed since this CPU last did; those of a vcpu when it comes from another CPU.
 */
static void prepare_translations(struct arch_vcpu *v, struct vmx_vcpu *vv, uint32_t cpu)
{
    struct vmx_domain *vd = v->dom->hw;
    uint32_t generation = __atomic_load_n(&v->dom->flush_gen, __ATOMIC_SEQ_CST);

    if (vd->flushed[cpu] != generation) {
        vd->flushed[cpu] = generation;
        vmx_invept(vmx_ept_pointer(v->dom));
    }
    if (vv->last_cpu != cpu) {
        vv->last_cpu = cpu;
        if (vmx_controls.cpu2 & CPU2_VPID)
            vmx_invvpid(vmx_vpid(v));
    }
}

/* --- Events. */
static bool event_queued(void)
{
    return vmx_read(VMCS_entry_interrupt_info) & INTERRUPT_VALID;
}

static void inject_nmi(struct arch_vcpu *v)
{
    uint32_t window = vmx_nmi_window(event_queued(), (uint32_t)vmx_read(VMCS_interruptibility));

    if (window) {
        vmx_set_cpu_control(vmx_vcpu(v), window, true);
        return;
    }
    vmx_write(VMCS_entry_interrupt_info, EVENT_NMI);
    v->nmi_pending = false;
}

/* The upcall is a level: asked for anew at every entry, taken at once if the guest is open, else at its next window. */
static void inject_upcall(struct arch_vcpu *v)
{
    if (!event_queued() && vmx_irq_enabled(v))
        vmx_write(VMCS_entry_interrupt_info, v->upcall_vector | INTERRUPT_TYPE_EXTERNAL | INTERRUPT_VALID);
    else
        vmx_set_cpu_control(vmx_vcpu(v), CPU_INTERRUPT_WINDOW, true);
}

static void prepare_events(struct arch_vcpu *v)
{
    if (__builtin_expect(v->nmi_pending, 0))
        inject_nmi(v);
    if (__atomic_load_n(v->upcall_pending, __ATOMIC_RELAXED) && v->upcall_vector)
        inject_upcall(v);
}

/* Most exits interrupt no delivery, and cost one read. */
static void keep_interrupted_event(struct arch_vcpu *v)
{
    uint32_t info = (uint32_t)vmx_read(VMCS_idt_vectoring_info);

    if (__builtin_expect(!(info & INTERRUPT_VALID), 1))
        return;
    struct vmx_kept kept = vmx_keep(info, (uint32_t)vmx_read(VMCS_interruptibility));
    if (kept.info) {
        vmx_write(VMCS_entry_exception_error, vmx_read(VMCS_idt_vectoring_error));
        vmx_write(VMCS_entry_interrupt_info, kept.info);
    }
    vmx_write(VMCS_interruptibility, kept.interruptibility);
    v->nmi_pending |= kept.nmi;
}

/* In a debug build the checker looks at every entry, so that its rules meet every state that guests get into. */
static void check_entry(struct arch_vcpu *v)
{
    static struct vmcs_snapshot snapshots[MAX_CPUS];
    struct vmcs_snapshot *s = &snapshots[this_cpu()->id];

    vmx_snapshot(s);
    s->host_rip = (uint64_t)vmx_exit; /* as switch.S will write it */
    const struct vmx_rule *rule = vmx_check_entry(s, &vmx_capability);
    if (rule)
        printk(LOG_ERROR, "%s:%d: entry of vcpu %u of domain %u: %s (SDM Vol. 3C, %s)", __FILE__, __LINE__, v->id,
               v->dom->domid, rule->text, rule->section);
}

/* One turn in the guest. False: the processor refused to enter. */
static bool enter(struct arch_vcpu *v, struct vmx_vcpu *vv)
{
    vmx_write(VMCS_guest_rip, v->regs.rip);
    vmx_write(VMCS_guest_rsp, v->regs.rsp);
    vmx_write(VMCS_guest_rflags, v->regs.rflags);
    write_cr2(vv->cr2);
    if (XENOLITH_DEBUG)
        check_entry(v);
    if (vmx_switch(&v->regs, vv->launched))
        return false;
    vv->cr2 = read_cr2();
    vv->launched = true;
    v->regs.rip = vmx_read(VMCS_guest_rip);
    v->regs.rsp = vmx_read(VMCS_guest_rsp);
    v->regs.rflags = vmx_read(VMCS_guest_rflags);
    return true;
}

/* Where an interrupt may wait while its guest has the flag off: how many exits it waits at most. A power of two. */
#define EXITS_BETWEEN_LOOKS 16U

/*
 * Interrupts are off throughout: one that comes before the entry makes the guest exit at once.
 *
 * Not in Bochs 2.7, if the guest's interrupt flag is off, and a guest that exits all the time never gives the
 * preemption timer its time either: two vcpus that did nothing but answer each other's events kept all others off their
 * CPUs. So now and then interrupts are let in here.
 */
static void vmx_run(struct arch_vcpu *v)
{
    struct cpu *cpu = this_cpu();
    struct vmx_vcpu *vv = vmx_vcpu(v);

    while (!__atomic_load_n(&cpu->work, __ATOMIC_RELAXED)) {
        cpu_enter_guest(cpu);
        prepare_translations(v, vv, cpu->id);
        prepare_events(v);
        bool entered = enter(v, vv);
        cpu_leave_guest(cpu);
        v->exits++;
        if (!entered) {
            vmx_entry_failed(v, "VM entry refused the controls or the host's state");
            continue;
        }
        keep_interrupted_event(v);
        vmx_handle_exit(v);
        if (v->exits % EXITS_BETWEEN_LOOKS == 0)
            cpu_take_interrupts();
    }
}

const struct virt_ops vmx_ops = {
    .name = "VMX",
    .probe = vmx_probe,
    .describe = vmx_describe,
    .cpu_enable = vmx_cpu_enable,
    .cpu_disable = vmx_cpu_disable,
    .domain_init = vmx_domain_init,
    .domain_free = vmx_domain_free,
    .vcpu_init = vmx_vcpu_init,
    .vcpu_free = vmx_vcpu_free,
    .vcpu_start = vmx_vcpu_start,
    .map = vmx_map,
    .unmap = nested_unmap,
    .load = vmx_load,
    .run = vmx_run,
    .unload = vmx_unload,
    .is_64bit = vmx_is_64bit,
    .cpl = vmx_cpl,
    .irq_enabled = vmx_irq_enabled,
    .translate = vmx_translate,
    .fill_hypercall_page = vmx_fill_hypercall_page,
    .dump = vmx_dump,
    .selftest = vmx_selftest,
};
