/* SPDX-License-Identifier: MIT */
#include "tests/host/pv_emulate_fake.h"

#include <string.h>

#include "arch/x86/fpu.h"
#include "arch/x86/hvm.h"
#include "arch/x86/pv/emulate.h"

struct fake_ports ports;
unsigned cpuids, cr4_loads, xsetbvs;
uint64_t table_at_va;

uint32_t hvm_io_read(struct arch_vcpu *v, uint16_t port, unsigned size)
{
    (void)v;
    ports.port = port;
    ports.size = size;
    ports.reads++;
    return ports.value;
}

void hvm_io_write(struct arch_vcpu *v, uint16_t port, unsigned size, uint32_t value)
{
    (void)v;
    ports.port = port;
    ports.size = size;
    ports.writes++;
    ports.written = value;
}

bool fpu_xsetbv(struct arch_vcpu *v, uint32_t index, uint64_t value)
{
    (void)v;
    xsetbvs++;
    return index == 0 && value == 7;
}

void pv_cpuid(struct arch_vcpu *v)
{
    cpuids++;
    v->regs.rbx = 0x566e6558;
}

void pv_load_cr4(struct arch_vcpu *v)
{
    (void)v;
    cr4_loads++;
}

void pv_segments_save(struct arch_vcpu *v)
{
    struct pv_guest *p = pv_guest(v);

    p->fs_base = processor.fs_base;
    *(p->kernel_mode ? &p->gs_base_kernel : &p->gs_base_user) = processor.gs_base;
}

uint64_t pv_walk(uint64_t root, uint64_t va, bool write)
{
    if (root != P->mmu.kernel_root || write)
        fake_fail("a walk through other tables, or to write");
    return va >> 12 == ENTRY_VA >> 12 ? table_at_va : 0;
}

bool pv_frame_get(struct arch_domain *d, uint64_t mfn)
{
    (void)d;
    return pv_get_page_and_type(P->mmu.dom, mfn, 1, PV_WRITABLE) == 0;
}

void pv_frame_put(struct arch_domain *d, uint64_t mfn)
{
    (void)d;
    pv_put_page_and_type(P->mmu.dom, mfn);
}

void pv_fill_hypercall_page(void *page)
{
    memset(page, 0xcc, 4096);
}

uint64_t *entry(unsigned index)
{
    return &fake.frame[L1].content[index];
}

int fake_emulate_reset(void **state)
{
    fake_vcpu_reset(state);
    memset(&ports, 0, sizeof ports);
    ports.value = 0x11223344;
    cpuids = cr4_loads = xsetbvs = 0;
    memset(fake.memory, 0, sizeof fake.memory);
    fake.frame[L4].content[0] = fake_entry(L3, PTE_USER | PTE_WRITE);
    fake.frame[L3].content[0] = fake_entry(L2, PTE_USER | PTE_WRITE);
    fake.frame[L2].content[0] = fake_entry(L1, PTE_USER | PTE_WRITE);
    *entry(0) = fake_entry(PAGE, PTE_USER | PTE_WRITE);
    P->mmu.user_root = P->mmu.kernel_root = 0;
    if (pv_new_kernel_root(&P->mmu, L4))
        return 1;
    table_at_va = L1;
    return 0;
}
