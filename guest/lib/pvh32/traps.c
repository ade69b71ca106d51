/* SPDX-License-Identifier: MIT */
/* The 32-bit processor's tables and frames. */
#include "guest/lib/pvh/traps.h"

#include "guest/lib/console.h"
#include "guest/lib/cpu.h"
#include "guest/lib/frame.h"

extern uint32_t pvh32_directory[1024]; /* entry.S */

const char pvh_name[] = "pvh32";
const uint64_t pvh_mapped_end = 0xFFC00000;

/* SDM volume 3, 8.2.1: only the stack for entries from ring 3 and the end of the I/O bitmap are of use here. */
struct tss {
    uint32_t reserved0;
    uint32_t esp0, ss0;
    uint32_t reserved1[22];
    uint16_t reserved2;
    uint16_t iomap_base;
};

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t reserved;
    uint8_t type;
    uint16_t offset_high;
};

struct table_pointer {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

#define GDT_ENTRIES 6
#define GATE_INTERRUPT 0x8E
#define TSS_AVAILABLE 0x89

static struct gate idt[256] __attribute__((aligned(16)));
static uint64_t gdt[GUEST_MAX_VCPUS][GDT_ENTRIES];
static struct tss tss[GUEST_MAX_VCPUS];

_Static_assert(sizeof(struct tss) == 104, "SDM volume 3, 8.2.1");
_Static_assert(sizeof(struct gate) == 8, "SDM volume 3, 7.11");

static void set_gate(unsigned vector)
{
    guest_word offset = guest_address(trap_stubs[vector]);

    idt[vector] = (struct gate){
        .offset_low = (uint16_t)offset,
        .selector = SELECTOR_KERNEL_CODE,
        .type = GATE_INTERRUPT,
        .offset_high = (uint16_t)(offset >> 16),
    };
}

static void fill_gdt(unsigned id)
{
    uint64_t base = guest_address(&tss[id]);
    uint64_t *d = gdt[id];

    tss[id].ss0 = SELECTOR_KERNEL_DATA;
    tss[id].iomap_base = sizeof(struct tss);
    d[SELECTOR_KERNEL_CODE / 8] = 0x00CF9B000000FFFF;
    d[SELECTOR_KERNEL_DATA / 8] = 0x00CF93000000FFFF;
    d[SELECTOR_USER_DATA / 8] = 0x00CFF3000000FFFF;
    d[SELECTOR_USER_CODE / 8] = 0x00CFFB000000FFFF;
    d[SELECTOR_TSS / 8] =
        (sizeof(struct tss) - 1) | (base & 0xFFFFFF) << 16 | (uint64_t)TSS_AVAILABLE << 40 | (base >> 24 & 0xFF) << 56;
}

void pvh_load_tables(unsigned id)
{
    struct table_pointer gdtr = {sizeof(gdt[id]) - 1, guest_address(gdt[id])};
    struct table_pointer idtr = {sizeof(idt) - 1, guest_address(idt)};

    for (unsigned i = 0; i < 256; i++)
        set_gate(i);
    fill_gdt(id);
    __asm__ volatile("lgdt %[gdtr]\n\t"
                     "ljmp %[code], $1f\n"
                     "1:\n\t"
                     "mov %[data], %%ss\n\t"
                     "mov %[data], %%ds\n\t"
                     "mov %[data], %%es\n\t"
                     "ltr %w[tss]\n\t"
                     "lidt %[idtr]"
                     :
                     : [gdtr] "m"(gdtr), [idtr] "m"(idtr), [code] "i"(SELECTOR_KERNEL_CODE),
                       [data] "r"(SELECTOR_KERNEL_DATA), [tss] "r"(SELECTOR_TSS)
                     : "memory");
}

/* A frame from ring 0 ends before the stack pointer, which was just there. */
void trap_print_registers(const struct trap_frame *f)
{
    bool user = f->cs & 3;

    guest_printf("eip %08x cs %04x eflags %08x esp %08x\n", f->ip, f->cs, f->flags,
                 user ? f->sp : guest_address(&f->sp));
    guest_printf("eax %08x ebx %08x ecx %08x edx %08x\n", f->ax, f->bx, f->cx, f->dx);
    guest_printf("esi %08x edi %08x ebp %08x cr2 %08x\n", f->si, f->di, f->bp, (uint32_t)env_fault_address());
}

void pvh_set_kernel_stack(unsigned id, guest_word sp)
{
    tss[id].esp0 = sp;
}

/* Attributes as the public header hvm/hvm_vcpu.h numbers them: type, S, DPL, P, then AVL, L, D/B, G. */
#define AR_CODE 0xC9B
#define AR_DATA 0xC93
#define AR_TSS 0x08B

void pvh_start_state(struct vcpu_hvm_context *context, void (*fn)(void), guest_word sp)
{
    *context = (struct vcpu_hvm_context){
        .mode = VCPU_HVM_MODE_32B,
        .cpu_regs.x86_32 =
            {
                .esp = sp,
                .eip = (guest_word)fn,
                .eflags = 2,
                .cr0 = 0x80010001, /* PG, WP, PE */
                .cr3 = guest_address(pvh32_directory),
                .cr4 = 0x10, /* PSE */
                .cs_limit = ~0U,
                .ds_limit = ~0U,
                .ss_limit = ~0U,
                .es_limit = ~0U,
                .tr_limit = sizeof(struct tss) - 1,
                .cs_ar = AR_CODE,
                .ds_ar = AR_DATA,
                .ss_ar = AR_DATA,
                .es_ar = AR_DATA,
                .tr_ar = AR_TSS,
            },
    };
}
