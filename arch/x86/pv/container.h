/* SPDX-License-Identifier: MIT */
/*
 * The pv container: a guest kernel in ring 3. What the processor's tables would be to a kernel in ring 0 (descriptor
 * tables, trap table, stack for entries, the pair of roots) is kept here for each vcpu, and played by hand.
 *
 * The guest has two modes, both in ring 3: its kernel's and its users'. They differ in the root of the page tables, in
 * the base of %gs, and in what the hypervisor does for them: hypercalls and emulation are the kernel's alone.
 *
 * The guest's general registers, rip and rflags are in arch_vcpu.regs (rflags as the processor has them: IF is always
 * set; what the guest takes for its interrupt flag is the mask in its vcpu_info). All functions are called on the
 * vcpu's CPU with the vcpu loaded, interrupts off, unless they say otherwise.
 *
 *   entry.S run.c load.c exits.c   the world switch, and where each way out of the guest leads
 *   bounce.c iret.c                into the guest's handlers, and back
 *   callbacks.c segments.c debug.c hypercalls by which a guest sets up what bounce.c uses, and its segments
 *   emulate*.c decode.c            instructions that fault in ring 3 and are played
 *   frame.c table.c update.c ...   memory (docs/design/pv.md); provider.c, m2p.c what that asks of its host
 */
#ifndef ARCH_X86_PV_CONTAINER_H
#define ARCH_X86_PV_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/pv/entry.h"
#include "arch/x86/pv/mmu.h"
#include "arch/x86/virt.h"

/* Selectors that every GDT of a pv guest has from 0xe000 on (public header arch-x86/xen-x86_64.h). */
#define PV_FLAT_CS32 0xe023
#define PV_FLAT_DS32 0xe02b
#define PV_FLAT_SS 0xe02b
#define PV_FLAT_CS64 0xe033

#define PV_NR_TRAPS 256
#define PV_GDT_PAGES 14 /* a guest's; the entries behind them are the hypervisor's */
#define PV_GDT_ENTRIES (PV_GDT_PAGES * 512U)
#define PV_LDT_PAGES 16
#define PV_TABLE_PAGES 16 /* of address space, for each of the two tables; the LDT follows the GDT */

/* One row of the guest's trap table. */
struct pv_gate {
    uint64_t address; /* 0: none */
    uint16_t cs;
    uint8_t dpl; /* who may come here by a software interrupt: 3 both modes, 1 and 2 the kernel, 0 nobody */
    bool disables_events;
};

/* CALLBACKTYPE_* of the ABI, as far as 64-bit guests have them. */
#define PV_NR_CALLBACKS 8

struct pv_callback {
    uint64_t address; /* 0: none */
    bool disables_events;
};

/* The way out that the guest took last. */
struct pv_exit {
    uint32_t vector; /* exception or interrupt; PV_EXIT_* (entry.h) */
    uint32_t error;
    uint64_t cr2; /* of a page fault */
};

/* arch_vcpu.hw */
struct pv_guest {
    struct pv_vcpu mmu; /* its page tables and LDT, for the memory core */
    struct pv_exit exit;
    bool kernel_mode;
    bool debug_loaded;  /* DR0-DR3 and DR7 are in the processor, because DR7 is in use */
    bool segments_lost; /* ds, es, fs, gs are as they should be, but not all could be loaded: the failsafe is due */

    uint16_t cs, ss;
    /* Current in the processor while loaded, here else; but the %gs base of the mode that it is not in is always here.
     */
    uint16_t ds, es, fs, gs;
    uint64_t fs_base, gs_base_kernel, gs_base_user;

    uint64_t kernel_sp; /* stack_switch: where the guest's kernel is entered from its user mode */
    uint16_t kernel_ss;

    struct pv_gate trap[PV_NR_TRAPS];
    struct pv_callback callback[PV_NR_CALLBACKS]; /* [CALLBACKTYPE_*] */

    unsigned gdt_entries; /* rounded up to pages these are held as PV_DESCRIPTORS */
    uint64_t gdt[PV_GDT_PAGES];
    uint64_t *tables;        /* addresses of this vcpu's GDT, with the hypervisor's page behind it; then of its LDT */
    uint64_t *table_entries; /* the entries of the hypervisor's page tables that map these pages */
    uint64_t ldt[PV_LDT_PAGES]; /* frames that are mapped there now, each held as PV_DESCRIPTORS; 0: none yet */

    uint64_t cr0; /* as the guest sees it: TS is the one that changes */
    uint64_t cr4; /* the bits that it chose: DE, TSD, OSXSAVE, FSGSBASE */
    uint64_t dr[8];
    uint8_t iopl;
    bool nmi_masked;
};

/* arch_domain.hw */
struct pv_container {
    struct pv_domain mmu;
    uint32_t held;      /* atomic: frame_get() without frame_put() */
    uint64_t vm_assist; /* atomic: VMASST_TYPE_* bits */
};

static inline struct pv_guest *pv_guest(const struct arch_vcpu *v)
{
    return v->hw;
}

static inline struct pv_container *pv_container(const struct arch_domain *d)
{
    return d->hw;
}

/* VMASST_TYPE_*: what the domain asked for. */
static inline bool pv_assists(const struct arch_vcpu *v, unsigned type)
{
    return __atomic_load_n(&pv_container(v->dom)->vm_assist, __ATOMIC_RELAXED) >> type & 1;
}

static inline bool pv_address_is_canonical(uint64_t va)
{
    return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

/* --- The upcall mask: byte 1 of the vcpu_info (ABI: xen.h, evtchn_upcall_mask). */
static inline bool pv_events_masked(const struct arch_vcpu *v)
{
    return __atomic_load_n(&v->upcall_pending[1], __ATOMIC_SEQ_CST) != 0;
}

static inline void pv_mask_events(struct arch_vcpu *v, bool masked)
{
    __atomic_store_n(&v->upcall_pending[1], masked, __ATOMIC_SEQ_CST);
}

/* --- bounce.c: into the guest's handlers. Each makes a frame on the guest's kernel stack and changes the registers; a
 * guest without the handler, or without a stack that can be written, crashes alone. */
void pv_inject(struct arch_vcpu *v, unsigned vector, uint32_t error); /* an exception; error is used if it has one */
void pv_inject_page_fault(struct arch_vcpu *v, uint64_t cr2, uint32_t error);
/* A software interrupt, from the mode it is in; the instruction has been passed. False: it may not, so it is a #GP. */
bool pv_inject_software(struct arch_vcpu *v, unsigned vector);
void pv_inject_events(struct arch_vcpu *v);  /* the event callback */
void pv_inject_nmi(struct arch_vcpu *v);     /* the NMI callback */
void pv_inject_syscall(struct arch_vcpu *v); /* PV_EXIT_SYSCALL to _SYSENTER, from user mode; rip is behind it */
void pv_inject_failsafe(struct arch_vcpu *v);
/* PV_EXIT_BAD_RETURN: the exception that its own IRET would have met; or nothing, if it only met a page of the LDT that
 * was to be mapped. exit.cr2 is the processor's. */
void pv_inject_bad_return(struct arch_vcpu *v);
/* rflags as the guest's own: IF and IOPL are what it takes for them. */
uint64_t pv_guest_rflags(const struct arch_vcpu *v);

/* --- iret.c: just before the guest goes on, after events: no address that is not canonical gets into rip. */
void pv_check_return(struct arch_vcpu *v);

/* --- load.c: modes. Changes root and %gs base. */
void pv_enter_kernel_mode(struct arch_vcpu *v);
void pv_enter_user_mode(struct arch_vcpu *v); /* user_root is not 0 */
/* Segment registers and bases from the processor into struct pv_guest. Where they could not all be loaded the processor
 * has 0 in all four, struct pv_guest has what was wanted, and pv_inject_failsafe() is due. */
void pv_segments_save(struct arch_vcpu *v);
/* One of them alone. A base is canonical; that of %gs is of the mode that the vcpu is in. */
void pv_load_fs_base(struct arch_vcpu *v, uint64_t base);
void pv_load_gs_base(struct arch_vcpu *v, uint64_t base);
/* The selector in kernel mode, the base that comes with it for user mode (the descriptor's). False: it is 0 now. */
bool pv_load_user_gs(struct arch_vcpu *v, uint16_t selector);
/* What the processor has becomes what struct pv_guest says; load() does so, too. */
void pv_load_task_switched(struct arch_vcpu *v);   /* CR0.TS: cr0 */
void pv_load_cr4(struct arch_vcpu *v);             /* DE, TSD, FSGSBASE: cr4 */
void pv_load_debug_registers(struct arch_vcpu *v); /* DR0 to DR3 and DR7, if DR7 is in use */
/*
 * Page n of the guest's part of the GDT leads to this frame, which the caller holds as PV_DESCRIPTORS; 0: to one of
 * empty descriptors. Page n of the LDT; 0: to nothing. On return this CPU has forgotten where it led before. The vcpu
 * is loaded here, or nowhere.
 */
void pv_map_gdt(struct pv_guest *p, unsigned n, uint64_t mfn);
void pv_map_ldt(struct pv_guest *p, unsigned n, uint64_t mfn);
/* LDTR: mmu.ldt_entries. The GDT's limit never changes: empty descriptors follow the guest's. The vcpu is loaded. */
void pv_load_ldtr(struct pv_guest *p);

/* --- tables.c, besides pv_map_gdt(), pv_map_ldt() and pv_load_ldtr(): a vcpu's part of the hypervisor's address space.
 */
bool pv_tables_prepare(void);            /* before the first; false: no memory */
bool pv_tables_init(struct pv_guest *p); /* false: no memory */
void pv_tables_free(struct pv_guest *p);
void pv_load_gdt(const struct pv_guest *p);

/* --- exits.c: acts on ->exit, which is none by SYSCALL of 64-bit code. */
void pv_handle_exit(struct arch_vcpu *v);
/* --- copy.c: virt_ops.copy_in, copy_out. */
int pv_copy_in(struct arch_vcpu *v, void *dst, uint64_t va, size_t n);
int pv_copy_out(struct arch_vcpu *v, uint64_t va, const void *src, size_t n);

/* --- run.c, load.c, ops.c */
void pv_load(struct arch_vcpu *v);
void pv_run(struct arch_vcpu *v);
void pv_unload(struct arch_vcpu *v);
extern const struct virt_ops pv_ops;
/* hypercall_page.c: fills PAGE_SIZE bytes. */
void pv_fill_hypercall_page(void *page);

/* --- segments.c, which has pv_env_load_ldt() of env.h as well. A page fault of the guest on the LDT, at its address in
 * ->tables: the processor read a descriptor there. Maps the page of it, or gives the guest a page fault at its own
 * address of it. False: it was something else. */
bool pv_ldt_fault(struct arch_vcpu *v, uint64_t cr2, uint32_t error);
/* The same for a fault of the hypervisor's own: 0, the page is mapped now; -XEN_EINVAL; -XEN_ERESTART. */
int pv_ldt_map(struct pv_guest *p, uint64_t cr2) __attribute__((warn_unused_result));

/* Give back the pages of GDT and LDT. The vcpu runs nowhere. */
void pv_release_tables(struct pv_guest *p);

/* --- debug.c: a #DB of the guest's; dr6 is the processor's. Notes it, and injects it. */
void pv_debug_exception(struct arch_vcpu *v, uint64_t dr6);

/* --- emulate.c: called for the vector of the name; the instruction is read from guest memory. True: it was played (or
 * another exception has been injected); false: the exception is the guest's. */
bool pv_emulate_privileged(struct arch_vcpu *v, uint32_t error);                /* #GP in ring 3 */
bool pv_emulate_forced(struct arch_vcpu *v);                                    /* #UD: the forced-emulation prefix */
bool pv_emulate_table_write(struct arch_vcpu *v, uint64_t cr2, uint32_t error); /* #PF: a write to a page table */

/* --- cpuid.c: bits of CR4 that a guest may choose on this machine */
uint64_t pv_cr4_choices(void);

/* --- provider.c: env.h. load() sets cpu->vcpu before it calls pv_write_cr3(). */
/* CR3 on this CPU: a whole flush. */
void pv_write_cr3(uint64_t mfn);

/* --- release.c: virt_ops.release */
bool pv_release(struct arch_domain *d, uint64_t *cursor, unsigned budget);

/* --- audit_domain.c: virt_ops.audit */
bool pv_audit_domain(struct arch_domain *d, uint64_t shared_info);

/* --- m2p.c: before the first domain: the machine-to-physical table. False: there is no memory for it. */
bool pv_m2p_init(void);

/* --- access.c */
/* The frame that va leads to from this root, for a program in ring 3; 0: to none. No entry maps a large page. Others
 * may change the tables meanwhile: the frame exists, and nothing else is known of it. */
uint64_t pv_walk(uint64_t root, uint64_t va, bool write);
/* virt_ops.reach, leave, frame_get, frame_put */
uint8_t *pv_reach(struct arch_vcpu *v, uint64_t va, bool write);
void pv_leave(struct arch_vcpu *v, const void *byte, bool write);
bool pv_frame_get(struct arch_domain *d, uint64_t mfn);
void pv_frame_put(struct arch_domain *d, uint64_t mfn);

/* --- Hypercalls that only this container has, by number: virt_ops.hypercalls (hypercalls.c). */
int64_t pv_set_trap_table(struct arch_vcpu *v, uint64_t *args);
int64_t pv_set_gdt(struct arch_vcpu *v, uint64_t *args);
int64_t pv_stack_switch(struct arch_vcpu *v, uint64_t *args);
int64_t pv_set_callbacks(struct arch_vcpu *v, uint64_t *args);
int64_t pv_fpu_taskswitch(struct arch_vcpu *v, uint64_t *args);
int64_t pv_set_debugreg(struct arch_vcpu *v, uint64_t *args);
int64_t pv_get_debugreg(struct arch_vcpu *v, uint64_t *args);
int64_t pv_update_descriptor(struct arch_vcpu *v, uint64_t *args);
int64_t pv_vm_assist(struct arch_vcpu *v, uint64_t *args);
int64_t pv_iret(struct arch_vcpu *v, uint64_t *args); /* returns the guest's rax */
int64_t pv_set_segment_base(struct arch_vcpu *v, uint64_t *args);
int64_t pv_callback_op(struct arch_vcpu *v, uint64_t *args);
int64_t pv_nmi_op(struct arch_vcpu *v, uint64_t *args);

/* --- context.c: virt_ops.vcpu_initialise. */
int pv_vcpu_initialise(struct arch_vcpu *v, const void *context) __attribute__((warn_unused_result));

#endif
