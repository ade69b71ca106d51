/* SPDX-License-Identifier: MIT */
/*
 * Which instructions are played, for whom, and what the guest gets otherwise: docs/abi/pv-emulation.md (PV-EMU).
 */
#include "arch/x86/pv/emulate.h"

#include "arch/x86/layout.h"
#include "arch/x86/pv/env.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/regs.h"
#include "common/string.h"

#define VECTOR_GP 13

#define ERROR_EXTERNAL 1U /* error code of a #GP: not by an instruction */
#define ERROR_IDT 2U      /* it is about a gate */
#define ERROR_OF_GATE(vector) ((uint32_t)(vector) << 3 | ERROR_IDT)

/* --- Registers and memory */

uint64_t pv_segment_base(struct arch_vcpu *v, enum pv_segment segment)
{
    const struct pv_guest *p = pv_guest(v);

    if (segment != PV_SEG_FS && segment != PV_SEG_GS)
        return 0;
    pv_segments_save(v);
    return segment == PV_SEG_FS ? p->fs_base : p->kernel_mode ? p->gs_base_kernel : p->gs_base_user;
}

uint64_t pv_operand_address(struct arch_vcpu *v, const struct pv_insn *insn)
{
    const struct pv_operand *o = &insn->operand;
    uint64_t address = (uint64_t)o->displacement;

    if (o->base == PV_REG_RIP)
        address += v->regs.rip + insn->length;
    else if (o->base != PV_REG_NONE)
        address += *pv_reg(&v->regs, o->base);
    if (o->index != PV_REG_NONE)
        address += *pv_reg(&v->regs, o->index) << o->shift;
    return pv_narrow(insn, address) + pv_segment_base(v, o->segment);
}

/* The error code says "not present", whatever the reason (PV-EMU-11). */
static enum pv_outcome page_fault(struct arch_vcpu *v, uint64_t va, bool write)
{
    pv_inject_page_fault(v, va, PAGE_FAULT_USER | (write ? PAGE_FAULT_WRITE : 0));
    return PV_INJECTED;
}

/* n bytes in one page. */
static enum pv_outcome transfer_part(struct arch_vcpu *v, uint64_t va, uint8_t *data, unsigned n, bool write)
{
    if (n == 0)
        return PV_PLAYED;
    if (pv_address_is_reserved(va))
        return PV_REFUSED;
    int rc = write ? pv_env_copy_out(va, data, n) : pv_env_copy_in(data, va, n);
    return rc ? page_fault(v, va, write) : PV_PLAYED;
}

static enum pv_outcome transfer(struct arch_vcpu *v, uint64_t va, uint8_t *data, unsigned n, bool write)
{
    unsigned room = PAGE_SIZE - (unsigned)(va & (PAGE_SIZE - 1));
    unsigned first = n < room ? n : room;
    enum pv_outcome outcome = transfer_part(v, va, data, first, write);

    return outcome == PV_PLAYED ? transfer_part(v, va + first, data + first, n - first, write) : outcome;
}

enum pv_outcome pv_load_operand(struct arch_vcpu *v, uint64_t va, void *to, unsigned n)
{
    return transfer(v, va, to, n, false);
}

enum pv_outcome pv_store_operand(struct arch_vcpu *v, uint64_t va, const void *from, unsigned n)
{
    uint8_t data[8];

    memcpy(data, from, n);
    return transfer(v, va, data, n, true);
}

/* --- The instruction */

/* Descriptor of a selector in the guest's tables; false: it has none there. */
static bool read_descriptor(const struct pv_guest *p, uint16_t selector, uint64_t *descriptor)
{
    unsigned index = selector >> 3, page = index / PV_ENTRIES;
    bool local = selector & 4;

    if (index >= (local ? p->mmu.ldt_entries : p->gdt_entries))
        return false;
    uint64_t mfn = local ? p->ldt[page] : p->gdt[page];
    if (!mfn)
        return false;
    *descriptor = __atomic_load_n(&pv_env_map(mfn)[index % PV_ENTRIES], __ATOMIC_RELAXED);
    return true;
}

#define DESCRIPTOR_LONG (1ULL << 53)
#define DESCRIPTOR_BIG (1ULL << 54) /* 32-bit code, not 16-bit */

static uint32_t descriptor_base(uint64_t descriptor)
{
    return (uint32_t)(descriptor >> 16 & 0xffffff) | (uint32_t)(descriptor >> 56) << 24;
}

/* Where rip is, and in what kind of code; false: in 16-bit code, or nobody knows. */
static bool find_code(const struct arch_vcpu *v, uint64_t *linear, bool *is64)
{
    const struct pv_guest *p = pv_guest(v);
    uint64_t descriptor = 0;
    bool flat32 = p->cs == PV_FLAT_CS32;

    *linear = v->regs.rip;
    *is64 = p->cs == PV_FLAT_CS64;
    if (*is64 || flat32)
        return true;
    if (!read_descriptor(p, p->cs, &descriptor))
        return false;
    *is64 = descriptor & DESCRIPTOR_LONG;
    if (!*is64)
        *linear = (uint32_t)(v->regs.rip + descriptor_base(descriptor));
    return *is64 || descriptor & DESCRIPTOR_BIG;
}

/* As many of n bytes as can be read. */
static unsigned read_code(uint64_t linear, uint8_t *bytes, unsigned n)
{
    unsigned room = PAGE_SIZE - (unsigned)(linear & (PAGE_SIZE - 1));
    unsigned first = n < room ? n : room;

    if (pv_address_is_reserved(linear) || pv_env_copy_in(bytes, linear, first))
        return 0;
    if (first == n || pv_address_is_reserved(linear + first) ||
        pv_env_copy_in(bytes + first, linear + first, n - first))
        return first;
    return n;
}

bool pv_fetch(struct arch_vcpu *v, struct pv_insn *insn)
{
    uint8_t bytes[PV_INSN_MAX];
    uint64_t linear;
    bool is64;

    return find_code(v, &linear, &is64) && pv_decode(insn, bytes, read_code(linear, bytes, sizeof bytes), is64) > 0;
}

/* What the processor does at the end of an instruction. */
static void pass(struct arch_vcpu *v, const struct pv_insn *insn)
{
    bool single_step = v->regs.rflags & RFLAGS_TF;

    v->regs.rip += insn->length;
    if (!insn->is64)
        v->regs.rip = (uint32_t)v->regs.rip;
    v->regs.rflags &= ~(uint64_t)RFLAGS_RF;
    if (single_step)
        pv_debug_exception(v, DR6_SINGLE_STEP);
}

/* True: the exception is not the guest's. */
static bool conclude(struct arch_vcpu *v, const struct pv_insn *insn, enum pv_outcome outcome)
{
    if (outcome == PV_PLAYED)
        pass(v, insn);
    return outcome != PV_REFUSED;
}

/* --- #GP: software interrupts */

/*
 * All gates but those of #BP and #OF are closed to ring 3. The error code names the gate, but not on every processor
 * the right one: the instruction says which it is.
 */
static bool software_interrupt(struct arch_vcpu *v)
{
    struct pv_insn insn;

    if (!pv_fetch(v, &insn) || insn.opcode != 0xcd)
        return false;
    uint64_t at = v->regs.rip;
    v->regs.rip += insn.length;
    if (pv_inject_software(v, (uint8_t)insn.immediate))
        return true;
    v->regs.rip = at;
    pv_inject(v, VECTOR_GP, ERROR_OF_GATE((uint8_t)insn.immediate));
    return true;
}

/* --- #GP: privileged instructions */

static const struct row {
    uint16_t opcode;
    bool users; /* also in user mode, if the instruction's own rules let it */
    pv_play_fn play;
} rows[] = {
    {0x6c, true, pv_play_ins},
    {0x6d, true, pv_play_ins},
    {0x6e, true, pv_play_outs},
    {0x6f, true, pv_play_outs},
    {0xe4, true, pv_play_in},
    {0xe5, true, pv_play_in},
    {0xe6, true, pv_play_out},
    {0xe7, true, pv_play_out},
    {0xec, true, pv_play_in},
    {0xed, true, pv_play_in},
    {0xee, true, pv_play_out},
    {0xef, true, pv_play_out},
    {0xfa, true, pv_play_interrupt_flag}, /* CLI */
    {0xfb, true, pv_play_interrupt_flag}, /* STI */
    {0x0f01, false, pv_play_group7},      /* XSETBV, RDTSCP */
    {0x0f06, false, pv_play_clts},
    {0x0f09, false, pv_play_nothing}, /* WBINVD */
    {0x0f20, false, pv_play_from_cr},
    {0x0f21, false, pv_play_from_dr},
    {0x0f22, false, pv_play_to_cr},
    {0x0f23, false, pv_play_to_dr},
    {0x0f30, false, pv_play_wrmsr},
    {0x0f31, false, pv_play_rdtsc},
    {0x0f32, false, pv_play_rdmsr},
};

static const struct row *find_row(uint16_t opcode)
{
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].opcode == opcode)
            return &rows[i];
    return NULL;
}

static bool privileged(struct arch_vcpu *v)
{
    struct pv_insn insn;

    if (!pv_fetch(v, &insn) || insn.lock)
        return false;
    const struct row *row = find_row(insn.opcode);
    if (!row || (!row->users && !pv_guest(v)->kernel_mode))
        return false;
    return conclude(v, &insn, row->play(v, &insn));
}

bool pv_emulate_privileged(struct arch_vcpu *v, uint32_t error)
{
    if ((error & (ERROR_EXTERNAL | ERROR_IDT)) == ERROR_IDT)
        return software_interrupt(v);
    return error == 0 && privileged(v);
}

/* --- #UD: UD2 and "xen" in front of an instruction: CPUID is the only one (XEN_EMULATE_PREFIX, arch-x86/xen.h) */

static const uint8_t forced_cpuid[] = {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};
#define FORCED_PREFIX 5U /* bytes of it; UD2 alone is two */

bool pv_emulate_forced(struct arch_vcpu *v)
{
    static const struct pv_insn whole = {.length = sizeof forced_cpuid};
    struct pv_insn insn = whole;
    uint8_t bytes[sizeof forced_cpuid];
    uint64_t linear;

    if (!find_code(v, &linear, &insn.is64))
        return false;
    unsigned n = read_code(linear, bytes, sizeof bytes);
    if (n < 2 || memcmp(bytes, forced_cpuid, n) != 0)
        return false;
    if (n < sizeof bytes) /* its rest is on a page that is not there (yet): PV-EMU-31 */
        return page_fault(v, linear + n, false) == PV_INJECTED;
    pv_cpuid(v);
    return conclude(v, &insn, PV_PLAYED);
}

/* --- #PF: stores into page tables */

#define STORE_FAULT (PAGE_FAULT_PRESENT | PAGE_FAULT_WRITE | PAGE_FAULT_USER)

/* The frame at va if it is in use as an L1 table; 0: it is not. A moment later it may be something else. */
static uint64_t live_l1_at(const struct arch_vcpu *v, uint64_t va)
{
    uint64_t mfn = pv_walk(pv_guest(v)->mmu.kernel_root, va, false);
    uint64_t *use = mfn ? pv_env_type(mfn) : NULL;

    if (!use)
        return 0;
    uint64_t word = __atomic_load_n(use, __ATOMIC_RELAXED);
    return pv_word_type(word) == PV_L1 && pv_word_phase(word) == PV_LIVE ? mfn : 0;
}

bool pv_emulate_table_write(struct arch_vcpu *v, uint64_t cr2, uint32_t error)
{
    struct pv_insn insn;

    if (!pv_guest(v)->kernel_mode || error != STORE_FAULT || pv_address_is_reserved(cr2))
        return false;
    uint64_t mfn = live_l1_at(v, cr2);
    if (!mfn || !pv_fetch(v, &insn) || !insn.is64)
        return false;
    return conclude(v, &insn, pv_play_store(v, &insn, cr2, mfn));
}
