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

#define U(x) ((unsigned long long)(x))

static void dump_three(const struct arch_vcpu *v, const char *names[3], uint64_t a, uint64_t b, uint64_t c)
{
    door_dump_line(v, "  %-3s %016llx  %-3s %016llx  %-3s %016llx", names[0], U(a), names[1], U(b), names[2], U(c));
}

#define THREE(v, r, a, b, c) dump_three(v, (const char *[3]){#a, #b, #c}, (r)->a, (r)->b, (r)->c)

void hvm_dump_regs(const struct arch_vcpu *v, const struct guest_paging *paging)
{
    const struct guest_regs *r = &v->regs;
    door_dump_line(v, "  vcpu %u: rflags %08llx", v->id, U(r->rflags));
    THREE(v, r, rip, rsp, rbp);
    THREE(v, r, rax, rbx, rcx);
    THREE(v, r, rdx, rsi, rdi);
    THREE(v, r, r8, r9, r10);
    THREE(v, r, r11, r12, r13);
    door_dump_line(v, "  r14 %016llx  r15 %016llx  cr3 %016llx", U(r->r14), U(r->r15), U(paging->cr3));
    door_dump_line(v, "  cr0 %08llx  cr4 %08llx  efer %04llx", U(paging->cr0), U(paging->cr4), U(paging->efer));
}

void hvm_dump_tables(const struct arch_vcpu *v, uint64_t cr2, uint64_t gdt, uint64_t idt, unsigned cs, unsigned ss,
                     unsigned cpl)
{
    dump_three(v, (const char *[3]){"cr2", "gdt", "idt"}, cr2, gdt, idt);
    door_dump_line(v, "  cs %04x  ss %04x  cpl %u", cs, ss, cpl);
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
