/* SPDX-License-Identifier: MIT */
#include "arch/x86/virt.h"

#include "arch/x86/cpu.h"
#include "arch/x86/hvm.h"
#include "arch/x86/pv/container.h"
#include "arch/x86/svm/svm.h"
#include "arch/x86/vmx/vmx.h"

const struct virt_ops *const virt_backends[] = {
    &vmx_ops,
    &svm_ops,
    NULL,
};

const struct virt_ops *const virt_pv = &pv_ops;

bool virt_start_allowed(const struct vcpu_start *start)
{
    return !(start->cr4 & ~hvm_cr4_allowed()) && !(start->efer & ~hvm_efer_allowed());
}

/*
 * The new generation is published first. A CPU that is in a guest of d now (in_hv even) is interrupted and waited for;
 * one that enters later reads the generation after it has made in_hv even (cpu_enter_guest), so it sees the new one. A
 * CPU in hypervisor code needs no waiting for, so two flushing CPUs can't wait for each other.
 */
void virt_flush(struct arch_domain *d)
{
    __atomic_add_fetch(&d->flush_gen, 1, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < nr_cpus; i++) {
        struct cpu *cpu = &cpus[i];
        uint32_t seen = __atomic_load_n(&cpu->in_hv, __ATOMIC_SEQ_CST);
        const struct arch_vcpu *v = __atomic_load_n(&cpu->vcpu, __ATOMIC_SEQ_CST);

        if (cpu == this_cpu() || (seen & 1) || !v || v->dom != d)
            continue;
        cpu_request_work(i, CPU_WORK_SYNC);
        while (__atomic_load_n(&cpu->in_hv, __ATOMIC_SEQ_CST) == seen)
            __builtin_ia32_pause();
    }
}
