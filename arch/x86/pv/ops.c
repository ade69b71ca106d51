/* SPDX-License-Identifier: MIT */
/* The pv container as a back end: what it needs of the processor, the life of its domains and vcpus, struct virt_ops.
 */
#include "arch/x86/cpu.h"
#include "arch/x86/cpu_record.h"
#include "arch/x86/creg.h"
#include "arch/x86/fpu.h"
#include "arch/x86/msr.h"
#include "arch/x86/need.h"
#include "arch/x86/paging.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/hypercalls.h"
#include "common/format.h"
#include "guest/abi/errno.h"
#include "kernel/door.h"

#define CPUID_80000001_EDX_SYSCALL (1U << 11)

/* --- Capabilities */
static const struct feature {
    const char *name;
    enum need need;
    uint32_t leaf;
    unsigned reg; /* 0 eax ... 3 edx */
    uint32_t bit;
} features[] = {
    {"SYSCALL", NEED_MUST, 0x80000001, 3, CPUID_80000001_EDX_SYSCALL},
    {"no-execute pages", NEED_MUST, 0x80000001, 3, CPUID_80000001_EDX_NX},
    {"SMEP", NEED_MAY, 7, 1, CPUID_7_EBX_SMEP},
    {"SMAP", NEED_MAY, 7, 1, CPUID_7_EBX_SMAP},
};
#define NR_FEATURES (sizeof features / sizeof features[0])

static bool has(const struct cpu_record *r, const struct feature *f)
{
    struct cpuid c = record_cpuid(r, f->leaf, 0);
    uint32_t regs[] = {c.eax, c.ebx, c.ecx, c.edx};

    return regs[f->reg] & f->bit;
}

static int probe(struct virt_report *report)
{
    const struct cpu_record *r = &boot_cpu_record;

    *report = (struct virt_report){.name = "PV", .usable = true};
    int n = format(report->features, sizeof report->features, "ring 3");
    for (unsigned i = 0; i < NR_FEATURES; i++) {
        if (has(r, &features[i]))
            n += format(report->features + n, sizeof report->features - (size_t)n, ", %s", features[i].name);
        else if (features[i].need == NEED_MUST && report->usable) {
            format(report->text, sizeof report->text, "the processor has no %s", features[i].name);
            report->reason = report->text;
            report->usable = false;
        }
    }
    return report->usable ? 0 : -XEN_ENODEV;
}

static void describe(const struct cpu_record *record, virt_fact_fn fact)
{
    for (unsigned i = 0; i < NR_FEATURES; i++) {
        struct capability_row row = {
            .name = features[i].name, .need = features[i].need, .can = has(record, &features[i])};
        fact(row.name, need_text(&row));
    }
}

/* The boot CPU's is the first call: it makes what all domains share. */
static int cpu_enable(void)
{
    if (this_cpu()->id == 0 && (!pv_m2p_init() || !pv_tables_prepare()))
        return -XEN_ENOMEM;
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
    return 0;
}

static void cpu_disable(void)
{
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~(uint64_t)EFER_SCE);
}

/* --- Domains and vcpus */
static unsigned order_of(size_t size)
{
    unsigned order = 0;

    while ((size_t)PAGE_SIZE << order < size)
        order++;
    return order;
}

static int domain_init(struct arch_domain *d)
{
    uint64_t mfn = door_alloc_frames(order_of(sizeof(struct pv_container)));

    if (!mfn)
        return -XEN_ENOMEM;
    d->hw = mfn_to_virt(mfn);
    pv_container(d)->mmu.domid = d->domid;
    return 0;
}

static void domain_free(struct arch_domain *d)
{
    if (d->hw)
        door_free_frames(virt_to_mfn(d->hw), order_of(sizeof(struct pv_container)));
    d->hw = NULL;
}

static void vcpu_free(struct arch_vcpu *v)
{
    struct pv_guest *p = pv_guest(v);

    fpu_free(v);
    if (!p)
        return;
    pv_tables_free(p);
    door_free_frames(virt_to_mfn(p), order_of(sizeof *p));
    v->hw = NULL;
}

static int vcpu_init(struct arch_vcpu *v)
{
    uint64_t mfn = door_alloc_frames(order_of(sizeof(struct pv_guest)));

    if (!mfn)
        return -XEN_ENOMEM;
    v->hw = mfn_to_virt(mfn);
    if (!pv_tables_init(pv_guest(v)) || fpu_init(v)) {
        vcpu_free(v);
        return -XEN_ENOMEM;
    }
    struct pv_domain *d = &pv_container(v->dom)->mmu;
    pv_guest(v)->mmu.dom = d;
    pv_guest(v)->mmu.id = v->id;
    if (d->nr_vcpus <= v->id)
        d->nr_vcpus = (uint16_t)(v->id + 1);
    fpu_reset(v);
    return 0;
}

/* --- Looking at a vcpu */
static bool is_64bit(const struct arch_vcpu *v)
{
    (void)v;
    return true;
}

static unsigned cpl(const struct arch_vcpu *v)
{
    return pv_guest(v)->kernel_mode ? 0 : 3;
}

static bool events_open(const struct arch_vcpu *v)
{
    return !pv_events_masked(v);
}

static void open_events(struct arch_vcpu *v)
{
    pv_mask_events(v, false);
}

/* --- What the kernel's part of hypercalls, and the builder, ask for */
/* The processor's IOPL stays 0: the emulator asks for this one. */
static void set_iopl(struct arch_vcpu *v, unsigned iopl)
{
    pv_guest(v)->iopl = (uint8_t)iopl;
}

static uint64_t assists(const struct arch_domain *d)
{
    return __atomic_load_n(&pv_container(d)->vm_assist, __ATOMIC_RELAXED);
}

static int pin_root(struct arch_domain *d, uint64_t mfn)
{
    return pv_pin(&pv_container(d)->mmu, mfn, d->domid, PV_L4);
}

#define U(x) ((unsigned long long)(x))

static void dump(const struct arch_vcpu *v)
{
    const struct guest_regs *r = &v->regs;
    const struct pv_guest *p = pv_guest(v);

    door_dump_line(v, "  vcpu %u: rflags %08llx, %s mode, events %s", v->id, U(r->rflags),
                   p->kernel_mode ? "kernel" : "user", pv_events_masked(v) ? "masked" : "open");
    door_dump_line(v, "  rip %016llx  rsp %016llx  rbp %016llx", U(r->rip), U(r->rsp), U(r->rbp));
    door_dump_line(v, "  rax %016llx  rbx %016llx  rcx %016llx", U(r->rax), U(r->rbx), U(r->rcx));
    door_dump_line(v, "  rdx %016llx  rsi %016llx  rdi %016llx", U(r->rdx), U(r->rsi), U(r->rdi));
    door_dump_line(v, "  r8  %016llx  r9  %016llx  r10 %016llx", U(r->r8), U(r->r9), U(r->r10));
    door_dump_line(v, "  r11 %016llx  r12 %016llx  r13 %016llx", U(r->r11), U(r->r12), U(r->r13));
    door_dump_line(v, "  r14 %016llx  r15 %016llx  cr2 %016llx", U(r->r14), U(r->r15), U(p->exit.cr2));
    door_dump_line(v, "  cs %04x  ss %04x  kernel root mfn %llx  user root mfn %llx", p->cs, p->ss,
                   U(p->mmu.kernel_root), U(p->mmu.user_root));
    door_dump_line(v, "  last exit: vector %u, error code 0x%x", p->exit.vector, p->exit.error);
}

const struct virt_ops pv_ops = {
    .name = "PV",
    .probe = probe,
    .describe = describe,
    .cpu_enable = cpu_enable,
    .cpu_disable = cpu_disable,
    .domain_init = domain_init,
    .domain_free = domain_free,
    .vcpu_init = vcpu_init,
    .vcpu_free = vcpu_free,
    .hypercalls = pv_hypercalls,
    .vcpu_initialise = pv_vcpu_initialise,
    .copy_in = pv_copy_in,
    .copy_out = pv_copy_out,
    .frame_get = pv_frame_get,
    .frame_put = pv_frame_put,
    .release = pv_release,
    .audit = pv_audit_domain,
    .set_m2p = pv_env_set_m2p,
    .set_iopl = set_iopl,
    .assists = assists,
    .pin_root = pin_root,
    .events_open = events_open,
    .open_events = open_events,
    .load = pv_load,
    .run = pv_run,
    .unload = pv_unload,
    .is_64bit = is_64bit,
    .cpl = cpl,
    .irq_enabled = events_open,
    .fill_hypercall_page = pv_fill_hypercall_page,
    .dump = dump,
};
