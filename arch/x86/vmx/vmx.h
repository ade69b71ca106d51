/* SPDX-License-Identifier: MIT */
/*
 * What the files of the VMX back end share:
 *   vmcs.c    control structure: its life, the state that a vcpu starts with (check*.c: its rules)
 *   caps.c    capabilities: what the processor has, turning it on and off (resolve.c: the controls)
 *   switch.S  world switch
 *   exits.c   exit handling (events.c: what becomes of events; cr.c: control registers)
 *   ept.c     nested paging (the tables themselves: arch/x86/nested.c)
 * run.c binds them to struct virt_ops.
 */
#ifndef ARCH_X86_VMX_VMX_H
#define ARCH_X86_VMX_VMX_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/cpu.h"
#include "arch/x86/fpu.h"
#include "arch/x86/hvm.h"
#include "arch/x86/virt.h"
#include "arch/x86/vmx/resolve.h"
#include "arch/x86/vmx/vmcs.h"

/* make DEBUG=1: vmx_check_entry() looks at every entry before the processor does. */
#ifndef XENOLITH_DEBUG
#define XENOLITH_DEBUG 0
#endif

extern const struct virt_ops vmx_ops;

extern struct vmx_capability vmx_capability;
extern struct vmx_controls vmx_controls;
extern uint64_t vmx_msr_bitmap_pa; /* which MSRs exit: see caps.c */
extern uint64_t vmx_io_bitmap_pa;  /* two pages: every port exits */

/* MSRs that neither the VMCS nor the hypervisor's own code uses: the processor keeps the loaded vcpu's. */
enum { VMX_MSR_STAR, VMX_MSR_LSTAR, VMX_MSR_CSTAR, VMX_MSR_SFMASK, VMX_MSR_KERNEL_GS, VMX_NR_MSRS };
extern const uint32_t vmx_switched_msrs[VMX_NR_MSRS];

/* Hangs on arch_vcpu.hw. Only the CPU that has the vcpu loaded touches it. */
struct vmx_vcpu {
    uint64_t vmcs_pa;
    bool loaded;           /* its VMCS is current on the vcpu's CPU */
    bool launched;         /* since the last VMCLEAR */
    uint32_t last_cpu;     /* where its translations may be cached; UINT32_MAX = nowhere */
    uint32_t cpu_controls; /* as in the VMCS */
    uint64_t cr2, cr8;
    uint64_t msrs[VMX_NR_MSRS];
    bool debug_loaded; /* the guest uses debug registers: they are switched, accesses do not exit */
    uint64_t dr[4], dr6;
};

/* Hangs on arch_domain.hw. */
struct vmx_domain {
    uint32_t flushed[MAX_CPUS]; /* arch_domain.flush_gen when this CPU last invalidated */
};

static inline struct vmx_vcpu *vmx_vcpu(const struct arch_vcpu *v)
{
    return v->hw;
}

/* Access to the current VMCS (SDM Vol. 3C, section 30.3). Fields that the processor lacks must not be named. */
static inline uint64_t vmx_read(enum vmcs_field field)
{
    uint64_t value;
    __asm__ volatile("vmread %1, %0" : "=r"(value) : "r"((uint64_t)field) : "cc");
    return value;
}

static inline void vmx_write(enum vmcs_field field, uint64_t value)
{
    __asm__ volatile("vmwrite %1, %0" : : "r"((uint64_t)field), "r"(value) : "cc", "memory");
}

/* The same where the field may be absent: 0 then. */
static inline uint64_t vmx_read_if(enum vmcs_field field)
{
    uint64_t value = 0;
    __asm__ volatile("vmread %1, %0" : "+r"(value) : "r"((uint64_t)field) : "cc");
    return value;
}

static inline bool vmx_clear(uint64_t vmcs_pa)
{
    bool failed;
    __asm__ volatile("vmclear %1" : "=@ccbe"(failed) : "m"(vmcs_pa) : "memory");
    return !failed;
}

static inline bool vmx_make_current(uint64_t vmcs_pa)
{
    bool failed;
    __asm__ volatile("vmptrld %1" : "=@ccbe"(failed) : "m"(vmcs_pa) : "memory");
    return !failed;
}

struct invalidate {
    uint64_t what, linear;
};

/* INVEPT type 1: one table; INVVPID type 1: one vcpu (SDM Vol. 3C, section 30.3). */
static inline void vmx_invept(uint64_t ept_pointer)
{
    struct invalidate d = {ept_pointer, 0};
    __asm__ volatile("invept %0, %1" : : "m"(d), "r"(1ULL) : "cc", "memory");
}

static inline void vmx_invvpid(uint16_t vpid)
{
    struct invalidate d = {vpid, 0};
    __asm__ volatile("invvpid %0, %1" : : "m"(d), "r"(1ULL) : "cc", "memory");
}

/* caps.c */
int vmx_probe(struct virt_report *report);
int vmx_cpu_enable(void);
void vmx_cpu_disable(void);

/* vmcs.c */
int vmx_vcpu_init(struct arch_vcpu *v);
void vmx_vcpu_free(struct arch_vcpu *v);
void vmx_vcpu_start(struct arch_vcpu *v, const struct vcpu_start *start);
/* The hypervisor's state on this CPU, into the current VMCS: after every load. */
void vmx_write_host_state(void);
/* All fields of the current VMCS. */
void vmx_snapshot(struct vmcs_snapshot *snapshot);
void vmx_dump_snapshot(const struct vmcs_snapshot *snapshot);

/*
 * switch.S: runs the guest of the current VMCS until the next exit. General registers but rsp are loaded from and
 * stored to *regs. 0: an exit; 1: VMLAUNCH or VMRESUME failed (then instruction_error says why, if there is a current
 * VMCS).
 */
int vmx_switch(struct guest_regs *regs, bool launched);
extern const char vmx_exit[]; /* where an exit arrives */

/* exits.c: acts on the exit. rip, rsp, rflags are in v->regs, before and after. */
void vmx_handle_exit(struct arch_vcpu *v);
void vmx_inject_exception(struct arch_vcpu *v, unsigned vector, uint32_t error);
void vmx_entry_failed(struct arch_vcpu *v, const char *what);

/* cr.c: acts on an exit by an access to a control register. False: it is to end in #GP(0), and nothing has changed. */
bool vmx_access_cr(struct arch_vcpu *v);

/* run.c */
struct guest_paging vmx_paging(const struct arch_vcpu *v);
bool vmx_is_64bit(const struct arch_vcpu *v);
void vmx_debug_load(struct vmx_vcpu *vv);
void vmx_debug_unload(struct vmx_vcpu *vv);
void vmx_set_cpu_control(struct vmx_vcpu *vv, uint32_t bit, bool on);
uint16_t vmx_vpid(const struct arch_vcpu *v);

/* selftest.c */
int vmx_selftest(const char *name);

/* ept.c */
int vmx_domain_init(struct arch_domain *d);
void vmx_domain_free(struct arch_domain *d);
int vmx_map(struct arch_domain *d, uint64_t gfn, uint64_t mfn, unsigned order, bool writable);
uint64_t vmx_ept_pointer(const struct arch_domain *d);

#endif
