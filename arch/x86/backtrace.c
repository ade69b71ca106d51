/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stddef.h>

#include "arch/x86/backtrace.h"
#include "arch/x86/cpu.h"
#include "arch/x86/creg.h"
#include "arch/x86/msr.h"
#include "arch/x86/sections.h"
#include "arch/x86/stacks.h"
#include "arch/x86/symbols.h"
#include "arch/x86/traps.h"
#include "kernel/printk.h"

#define MAX_FRAMES 32
#define MSR_MCG_CAP 0x179
#define MSR_MC_STATUS(bank) (0x401 + 4 * (bank))
#define MC_VALID (1ULL << 63)

/* What `push %rbp; mov %rsp, %rbp` leaves at %rbp. */
struct stack_frame {
    uint64_t rbp, rip;
};

/* Do the bytes [p, p + size) lie in one of this CPU's stacks? */
static bool in_stack(uint64_t p, uint64_t size)
{
    uint64_t low = this_cpu()->stacks;
    uint64_t first = (p - low) >> PAGE_SHIFT, last = (p + size - 1 - low) >> PAGE_SHIFT;
    return p >= low && p % 8 == 0 && last < STACKS_PAGES && stacks_is_stack((unsigned)first) &&
           stacks_is_stack((unsigned)last) && last - first <= 1;
}

static bool in_text(uint64_t rip)
{
    return rip >= (uint64_t)text_start && rip < (uint64_t)text_end;
}

/* The last symbol that starts at or before rip, or NULL. */
static const struct symbol *find_symbol(uint64_t rip)
{
    uint64_t offset = rip - IMAGE_BASE;
    uint32_t low = 0, high = symbols_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (symbols[middle].offset_from_IMAGE_BASE <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &symbols[low - 1] : NULL;
}

static void print_address(uint64_t rip)
{
    const struct symbol *s = in_text(rip) ? find_symbol(rip) : NULL;
    if (s)
        printk(LOG_ERROR, "  %016llx %s+0x%llx", (unsigned long long)rip, &symbol_names[s->name_offset],
               (unsigned long long)(rip - IMAGE_BASE - s->offset_from_IMAGE_BASE));
    else
        printk(LOG_ERROR, "  %016llx", (unsigned long long)rip);
}

/* Over a trap: the frame that trap_entry.S made lies right above the return address of trap_dispatch(). */
static void print_trap(uint64_t rbp)
{
    uint64_t at = rbp + sizeof(struct stack_frame);
    if (!in_stack(at, sizeof(struct trap_frame)))
        return;
    const struct trap_frame *trap = (const struct trap_frame *)at;
    printk(LOG_ERROR, "  --- %s", trap->vector < 32 ? trap_name((unsigned)trap->vector) : "interrupt");
    print_address(trap->rip);
}

void backtrace(uint64_t rbp, uint64_t rip)
{
    printk(LOG_ERROR, "CPU %u, called from:", this_cpu()->id);
    if (rip)
        print_address(rip);
    for (unsigned i = 0; i < MAX_FRAMES && in_stack(rbp, sizeof(struct stack_frame)); i++) {
        const struct stack_frame *frame = (const struct stack_frame *)rbp;
        if (frame->rip == (uint64_t)trap_return || frame->rip == (uint64_t)trap_return_own_stack)
            print_trap(rbp);
        else if (in_text(frame->rip))
            print_address(frame->rip);
        else
            break;
        rbp = frame->rbp;
    }
}

#define U(x) ((unsigned long long)(x))

void dump_registers(const struct trap_frame *f)
{
    printk(LOG_ERROR, "CPU %u: %s, error code 0x%llx", this_cpu()->id, trap_name((unsigned)f->vector), U(f->error));
    printk(LOG_ERROR, "  rip %016llx rsp %016llx rflags %08llx cs %04llx ss %04llx", U(f->rip), U(f->rsp), U(f->rflags),
           U(f->cs), U(f->ss));
    printk(LOG_ERROR, "  rax %016llx rbx %016llx rcx %016llx", U(f->rax), U(f->rbx), U(f->rcx));
    printk(LOG_ERROR, "  rdx %016llx rsi %016llx rdi %016llx", U(f->rdx), U(f->rsi), U(f->rdi));
    printk(LOG_ERROR, "  rbp %016llx r8  %016llx r9  %016llx", U(f->rbp), U(f->r8), U(f->r9));
    printk(LOG_ERROR, "  r10 %016llx r11 %016llx r12 %016llx", U(f->r10), U(f->r11), U(f->r12));
    printk(LOG_ERROR, "  r13 %016llx r14 %016llx r15 %016llx", U(f->r13), U(f->r14), U(f->r15));
    printk(LOG_ERROR, "  cr0 %016llx cr2 %016llx cr3 %016llx", U(read_cr0()), U(read_cr2()), U(read_cr3()));
    printk(LOG_ERROR, "  cr4 %016llx efer %016llx", U(read_cr4()), U(rdmsr(MSR_EFER)));
}

/* The address stands next to the status; it means something if bit 58 of the status is set. */
void dump_machine_check(void)
{
    uint64_t cap, status, address = 0;
    if (!rdmsr_safe(MSR_MCG_CAP, &cap))
        return;
    for (uint32_t bank = 0; bank < (cap & 0xff); bank++) {
        if (!rdmsr_safe(MSR_MC_STATUS(bank), &status) || !(status & MC_VALID))
            continue;
        (void)rdmsr_safe(MSR_MC_STATUS(bank) + 1, &address);
        printk(LOG_ERROR, "  bank %u: status %016llx address %016llx", bank, U(status), U(address));
    }
}
