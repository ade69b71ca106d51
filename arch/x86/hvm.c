/* SPDX-License-Identifier: MIT */
#include "arch/x86/hvm.h"

#include "arch/x86/layout.h"
#include "common/string.h"
#include "guest/abi/xen.h"
#include "kernel/door.h"

uint64_t *hvm_reg(struct arch_vcpu *v, unsigned number)
{
    uint64_t *regs = &v->regs.rax;
    return &regs[number & 15];
}

void hvm_dump_regs(const struct arch_vcpu *v, const struct guest_paging *paging)
{
    const struct guest_regs *r = &v->regs;
    printk(LOG_ERROR, "  rip %016llx  rsp %016llx  rflags %08llx", (unsigned long long)r->rip,
           (unsigned long long)r->rsp, (unsigned long long)r->rflags);
    printk(LOG_ERROR, "  rax %016llx  rbx %016llx  rcx %016llx  rdx %016llx", (unsigned long long)r->rax,
           (unsigned long long)r->rbx, (unsigned long long)r->rcx, (unsigned long long)r->rdx);
    printk(LOG_ERROR, "  rsi %016llx  rdi %016llx  rbp %016llx  r8  %016llx", (unsigned long long)r->rsi,
           (unsigned long long)r->rdi, (unsigned long long)r->rbp, (unsigned long long)r->r8);
    printk(LOG_ERROR, "  r9  %016llx  r10 %016llx  r11 %016llx  r12 %016llx", (unsigned long long)r->r9,
           (unsigned long long)r->r10, (unsigned long long)r->r11, (unsigned long long)r->r12);
    printk(LOG_ERROR, "  r13 %016llx  r14 %016llx  r15 %016llx", (unsigned long long)r->r13, (unsigned long long)r->r14,
           (unsigned long long)r->r15);
    printk(LOG_ERROR, "  cr0 %08llx  cr3 %016llx  cr4 %08llx  efer %04llx", (unsigned long long)paging->cr0,
           (unsigned long long)paging->cr3, (unsigned long long)paging->cr4, (unsigned long long)paging->efer);
}

/* Slot n: movl $n, %eax; <insn>; ret. iret can't be a hypercall of an hvm guest: its slot is ud2, as on Xen. */
void hvm_fill_hypercall_page(void *page, const uint8_t insn[3])
{
    uint8_t *slot = page;

    memset(page, 0xCC, PAGE_SIZE);
    for (uint32_t n = 0; n < PAGE_SIZE / 32; n++, slot += 32) {
        slot[0] = 0xB8;
        memcpy(slot + 1, &n, sizeof(n));
        memcpy(slot + 5, insn, 3);
        slot[8] = 0xC3;
    }
    slot = (uint8_t *)page + __HYPERVISOR_iret * 32;
    slot[0] = 0x0F;
    slot[1] = 0x0B;
}
