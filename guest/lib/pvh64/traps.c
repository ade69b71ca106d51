/* SPDX-License-Identifier: MIT */
/* The 64-bit processor's tables and frames. */
#include "guest/lib/pvh/traps.h"

#include "guest/lib/cpu.h"

extern uint64_t pvh64_root[512]; /* entry.S */

const char pvh_name[] = "pvh64";
const uint64_t pvh_mapped_end = 0x100000000;

/* SDM volume 3, 8.7: only the stack for entries from ring 3 and the end of the I/O bitmap are of use here. */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t iomap_base;
} __attribute__((packed));

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

#define GDT_ENTRIES 7
#define GATE_INTERRUPT 0x8E
#define TSS_AVAILABLE 0x89

static struct gate idt[256] __attribute__((aligned(16)));
static uint64_t gdt[GUEST_MAX_VCPUS][GDT_ENTRIES];
static struct tss tss[GUEST_MAX_VCPUS];

static void set_gate(unsigned vector)
{
    guest_word offset = guest_address(trap_stubs[vector]);

    idt[vector] = (struct gate){
        .offset_low = (uint16_t)offset,
        .selector = SELECTOR_KERNEL_CODE,
        .type = GATE_INTERRUPT,
        .offset_middle = (uint16_t)(offset >> 16),
        .offset_high = (uint32_t)(offset >> 32),
    };
}

static void fill_gdt(unsigned id)
{
    uint64_t base = guest_address(&tss[id]);
    uint64_t *d = gdt[id];

    tss[id].iomap_base = sizeof(struct tss);
    d[SELECTOR_KERNEL_CODE / 8] = 0x00AF9B000000FFFF;
    d[SELECTOR_KERNEL_DATA / 8] = 0x00CF93000000FFFF;
    d[SELECTOR_USER_DATA / 8] = 0x00CFF3000000FFFF;
    d[SELECTOR_USER_CODE / 8] = 0x00AFFB000000FFFF;
    d[SELECTOR_TSS / 8] =
        (sizeof(struct tss) - 1) | (base & 0xFFFFFF) << 16 | (uint64_t)TSS_AVAILABLE << 40 | (base >> 24 & 0xFF) << 56;
    d[SELECTOR_TSS / 8 + 1] = base >> 32;
}

void pvh_load_tables(unsigned id)
{
    struct table_pointer gdtr = {sizeof(gdt[id]) - 1, guest_address(gdt[id])};
    struct table_pointer idtr = {sizeof(idt) - 1, guest_address(idt)};

    for (unsigned i = 0; i < 256; i++)
        set_gate(i);
    fill_gdt(id);
    __asm__ volatile("lgdt %[gdtr]\n\t"
                     "push %[code]\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "push %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "mov %[data], %%ss\n\t"
                     "mov %[data], %%ds\n\t"
                     "mov %[data], %%es\n\t"
                     "ltr %w[tss]\n\t"
                     "lidt %[idtr]"
                     :
                     : [gdtr] "m"(gdtr), [idtr] "m"(idtr), [code] "i"(SELECTOR_KERNEL_CODE),
                       [data] "r"(SELECTOR_KERNEL_DATA), [tss] "r"(SELECTOR_TSS)
                     : "rax", "memory");
}

void pvh_set_kernel_stack(unsigned id, guest_word sp)
{
    tss[id].rsp[0] = sp;
}

static guest_word read_cr4(void)
{
    guest_word v;

    __asm__ volatile("mov %%cr4, %0" : "=r"(v));
    return v;
}

void pvh_start_state(struct vcpu_hvm_context *context, void (*fn)(void), guest_word sp)
{
    *context = (struct vcpu_hvm_context){
        .mode = VCPU_HVM_MODE_64B,
        .cpu_regs.x86_64 =
            {
                .rsp = sp,
                .rip = (guest_word)fn,
                .rflags = 2,
                .cr0 = 0x80010001, /* PG, WP, PE */
                .cr3 = guest_address(pvh64_root),
                .cr4 = read_cr4(),
                .efer = 0x500, /* LMA, LME */
            },
    };
}
