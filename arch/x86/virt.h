/* SPDX-License-Identifier: MIT */
/*
 * The containers. struct virt_ops is what a back end (svm/, vmx/, pv/) offers to the kernel; struct arch_vcpu and
 * struct arch_domain are what the kernel embeds in its vcpus and domains on behalf of the processor.
 *
 * The life of a vcpu on a CPU:  ops->load(v)  { ops->run(v) }*  ops->unload(v)
 * run() enters the guest again and again, handling exits, until cpu->work is not 0 when it is about to enter.
 */
#ifndef ARCH_X86_VIRT_H
#define ARCH_X86_VIRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/guest_regs.h"

/* Entry of the machine-to-physical table: the frame has no number. */
#define M2P_NO_PFN UINT64_MAX

struct virt_ops;

struct arch_domain {
    const struct virt_ops *ops; /* [I] */
    void *hw;                   /* [I] the back end's own, or NULL */
    uint64_t nested_root;       /* [I] frame of the root of the nested page tables; 0 = none */
    uint16_t domid;             /* [I] */
    uint32_t flush_gen; /* atomic: incremented when a mapping is removed; vcpus flush when they see a new value */
};

struct arch_vcpu {
    struct guest_regs regs;  /* rax, rsp, rip, rflags are current outside run() */
    struct arch_domain *dom; /* [I] */
    uint16_t id;             /* [I] vcpu number in its domain */
    uint32_t cpu;            /* where it runs; changes only while not loaded */
    void *hw;                /* [I] the back end's own (VMCB or VMCS and bitmaps) */
    void *xsave;             /* [I] one or more pages: XSAVE area */
    uint64_t xcr0;           /* guest's XCR0 */
    /*
     * The interrupt line of hvm event delivery: while *upcall_pending is not 0 and upcall_vector is not 0 the guest is
     * interrupted with this vector whenever its interrupt flag allows (level-triggered; event-channels.md, section 7).
     */
    uint8_t *upcall_pending; /* byte 0 of the vcpu_info; never NULL once the vcpu runs. pv: byte 1 is the mask */
    uint8_t upcall_vector;
    bool nmi_pending;   /* inject one NMI (VCPUOP_send_nmi) */
    uint32_t flush_gen; /* last arch_domain.flush_gen that this vcpu flushed for */
    uint64_t exits;     /* statistics */
};

/* Where and how a vcpu starts. */
enum vcpu_mode { VCPU_MODE_PVH_ENTRY, VCPU_MODE_32, VCPU_MODE_64 };

struct vcpu_segment {
    uint64_t base;
    uint32_t limit;
    uint16_t ar; /* as VMX writes access rights: type:4 s:1 dpl:2 p:1 0:4 avl:1 l:1 db:1 g:1; bit 16.. unused */
    uint16_t selector;
};

struct vcpu_start {
    struct guest_regs regs; /* PVH entry: rip = entry point, rbx = physical address of hvm_start_info */
    uint64_t cr0, cr3, cr4, efer;
    struct vcpu_segment cs, ds, es, ss, tr;
};

/* A hypercall that only one container has: as kernel/hypercall.h says of its handlers. */
typedef int64_t (*virt_hypercall_fn)(struct arch_vcpu *v, uint64_t *args);

/* What the machine can do, for messages and the start-up report. */
struct virt_report {
    const char *name; /* "SVM", "VMX" */
    bool usable;
    bool absent;        /* not usable because the processor has nothing of it */
    const char *reason; /* if not usable: one sentence; else NULL. It may be text below: don't copy the structure */
    char text[120];
    char features[160]; /* "NPT, 16 ASIDs, ..." */
};

struct cpu_record;
/* One fact of the start-up report. */
typedef void (*virt_fact_fn)(const char *key, const char *value);

struct virt_ops {
    const char *name;
    /* Boot CPU, first of all calls: can this back end run here? Fills *report; 0 or -XEN_ENODEV. No side effects. */
    int (*probe)(struct virt_report *report);
    /* What a processor with this record has of it: facts, and each capability as needed, present, missing. Pure. */
    void (*describe)(const struct cpu_record *record, virt_fact_fn fact);
    /* Each CPU: turn it on / off. 0 or negative errno (said on the console). */
    int (*cpu_enable)(void);
    void (*cpu_disable)(void);

    int (*domain_init)(struct arch_domain *d);  /* 0 or -XEN_ENOMEM; d->domid is set */
    void (*domain_free)(struct arch_domain *d); /* gives back every page */
    int (*vcpu_init)(struct arch_vcpu *v);      /* v->dom and v->id are set */
    void (*vcpu_free)(struct arch_vcpu *v);
    void (*vcpu_start)(struct arch_vcpu *v, const struct vcpu_start *start); /* hvm: set all architectural state */

    /* Map 2^order guest frames (order 0 or 9) at gfn to machine frames from mfn; unmap one. Domain lock held.
     * After unmap (or a map that replaced something) the caller calls virt_flush(). 0 or -XEN_ENOMEM. */
    int (*map)(struct arch_domain *d, uint64_t gfn, uint64_t mfn, unsigned order, bool writable);
    int (*unmap)(struct arch_domain *d, uint64_t gfn);

    /*
     * What only one kind of container has; NULL in the other. hvm containers name memory by gfn, and the kernel keeps
     * their p2m; pv guests name machine frames, and pv/ knows what these are used for.
     */
    const virt_hypercall_fn *hypercalls; /* pv: [NR_HYPERCALLS] its own, by number */
    /* pv, the builder and VCPUOP_initialise: set all state; context is a struct vcpu_guest_context, whose page tables
     * are validated. 0; -XEN_EINVAL; -XEN_ERESTART: call again. The vcpu is not loaded. */
    int (*vcpu_initialise)(struct arch_vcpu *v, const void *context);
    /* pv: n bytes at a guest address of the calling vcpu, as the guest itself may reach them. 0 or -XEN_EFAULT. */
    int (*copy_in)(struct arch_vcpu *v, void *dst, uint64_t va, size_t n);
    int (*copy_out)(struct arch_vcpu *v, uint64_t va, const void *src, size_t n); /* to it */
    /* pv: a frame of d that the hypervisor may write to (it is no page table, and stays none) until frame_put(). Any
     * number; false: it is not d's, or used otherwise. */
    bool (*frame_get)(struct arch_domain *d, uint64_t mfn);
    void (*frame_put)(struct arch_domain *d, uint64_t mfn);
    /* pv: the frame's entry of the machine-to-physical table that guests read. The caller has a reference, or is the
     * builder. */
    void (*set_m2p)(uint64_t mfn, uint64_t pfn);
    /* pv: PHYSDEVOP_set_iopl, 0 to 3. v is the caller. */
    void (*set_iopl)(struct arch_vcpu *v, unsigned iopl);
    /* pv: the domain's VMASST_TYPE_* bits. */
    uint64_t (*assists)(const struct arch_domain *d);
    /* pv, the builder: a pin by which the guest keeps its first L4 table. 0; -XEN_EINVAL; -XEN_ERESTART: call again. */
    int (*pin_root)(struct arch_domain *d, uint64_t mfn);
    /* pv: may events be delivered now (the mask is off), and SCHEDOP_block: switch the mask off. hvm: rflags say it. */
    bool (*events_open)(const struct arch_vcpu *v);
    void (*open_events)(struct arch_vcpu *v);
    /* pv: give back the frames of a domain that no CPU runs, at most about `budget` of them and from *cursor on. True:
     * all done. */
    bool (*release)(struct arch_domain *d, uint64_t *cursor, unsigned budget);
    /* pv: compare all counts of the frames of a domain that no CPU runs with what they should be, and say what differs.
     * shared_info: a frame that the kernel has one more reference to. */
    bool (*audit)(struct arch_domain *d, uint64_t shared_info);

    void (*load)(struct arch_vcpu *v);
    void (*run)(struct arch_vcpu *v);
    void (*unload)(struct arch_vcpu *v);

    /* Is the vcpu in 64-bit code now? (hypercall argument layout, word size latching) */
    bool (*is_64bit)(const struct arch_vcpu *v);
    unsigned (*cpl)(const struct arch_vcpu *v);
    /* May the guest be interrupted by an upcall now (interrupt flag, no shadow)? For SCHEDOP_block and debug output. */
    bool (*irq_enabled)(const struct arch_vcpu *v);
    /* Guest-virtual to guest-physical through the guest's own page tables; 0, or -XEN_EFAULT. */
    int (*translate)(const struct arch_vcpu *v, uint64_t va, bool write, uint64_t *gpa);
    /* Fill the 4,096 bytes of a guest's hypercall page: slot n (32 bytes) makes hypercall n. */
    void (*fill_hypercall_page)(void *page);
    /* All registers, to the console, for a crash report or debug key. */
    void (*dump)(const struct arch_vcpu *v);
    /* A test of the back end on the processor itself (option selftest=). Boot CPU, enabled, before any domain. 0; or
     * -XEN_ENOENT: there is none of this name; or another negative errno: it failed. NULL: there is none at all. */
    int (*selftest)(const char *name);
};

/* The hvm back ends in order of preference, NULL-terminated. */
extern const struct virt_ops *const virt_backends[];
/* The pv container. */
extern const struct virt_ops *const virt_pv;

/* Has a start state that a guest made up only bits of CR4 and EFER that CPUID lets it use? */
bool virt_start_allowed(const struct vcpu_start *start);

/* Make every vcpu of d forget cached translations before it next runs, and wait until none runs on old ones. */
void virt_flush(struct arch_domain *d);

#endif
