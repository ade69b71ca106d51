/* SPDX-License-Identifier: MIT */
/*
 * The VM-entry checker inside: tables of rules, each with a predicate that says when it is broken.
 * What lies in memory can't be judged by a snapshot and is left out: VTPR against the TPR threshold, the header of the
 * VMCS that the link pointer names, PDPTEs without EPT, the MSR areas' entries. So are tertiary controls, which we know
 * nothing of.
 */
#ifndef ARCH_X86_VMX_CHECK_H
#define ARCH_X86_VMX_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/x86/regs.h"
#include "arch/x86/vmx/vmcs.h"

#define RFLAGS_VM (1 << 17)
#define CR4_CET (1 << 23)

/* In the order of VMCS_SEGMENTS. */
enum vmx_segment_number { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR, NR_SEGMENTS };

struct vmx_segment {
    uint32_t selector, limit, ar;
    uint64_t base;
};

/* An entry under examination: the snapshot, what often follows from it, and the subject of the rule at hand. */
struct vmx_entry {
    const struct vmcs_snapshot *s;
    const struct vmx_capability *cap;
    struct vmx_segment segments[NR_SEGMENTS];
    uint32_t pin, cpu, exit, entry;
    uint32_t cpu2; /* 0 unless activated */
    uint32_t event;
    bool host_64, guest_64, v86, unrestricted;

    uint64_t value;                    /* of the field that the rule names */
    const struct vmx_segment *segment; /* that the rule names */
};

struct vmx_entry_rule {
    bool (*broken)(const struct vmx_entry *e);
    struct vmx_rule rule;
    uint16_t field; /* offset in the snapshot of e->value */
    uint8_t segment;
};

#define RULE(broken, section, text)   \
    {                                 \
        broken, {section, text}, 0, 0 \
    }
#define FIELD_RULE(broken, name, section, text)                          \
    {                                                                    \
        broken, {section, text}, offsetof(struct vmcs_snapshot, name), 0 \
    }
#define SEGMENT_RULE(broken, name, text)                    \
    {                                                       \
        broken, {"26.3.1.2", #name " " text}, 0, SEG_##name \
    }

struct vmx_entry_group {
    const struct vmx_entry_rule *rules;
    unsigned count;
};

#define GROUP(table)                              \
    {                                             \
        table, sizeof(table) / sizeof((table)[0]) \
    }

/* In the processor's order. */
extern const struct vmx_entry_group vmx_check_controls, vmx_check_host, vmx_check_guest_registers, vmx_check_segments,
    vmx_check_guest_rest;
extern const struct vmx_entry_group *const vmx_check_groups[];
extern const unsigned vmx_nr_check_groups;

/* Sets up what does not depend on the rule. */
void vmx_entry_open(struct vmx_entry *e, const struct vmcs_snapshot *s, const struct vmx_capability *capability);
bool vmx_rule_broken(struct vmx_entry *e, const struct vmx_entry_rule *rule);

/* Bits that a control register or MSR may not have. */
bool vmx_pat_reserved(uint64_t pat);
bool vmx_efer_reserved(uint64_t efer);
bool vmx_s_cet_reserved(const struct vmx_entry *e, uint64_t s_cet);

static inline bool bits_not_fixed(uint64_t value, uint64_t must, uint64_t may)
{
    return (value & must) != must || (value & ~may);
}

static inline bool not_canonical(const struct vmx_entry *e, uint64_t address)
{
    uint64_t high = address >> (e->cap->linear_bits - 1);
    return high != 0 && high != UINT64_MAX >> (e->cap->linear_bits - 1);
}

/* For addresses that the processor itself follows; some processors keep them below 4 GiB (appendix A.1). */
static inline bool not_physical(const struct vmx_entry *e, uint64_t address)
{
    return address >> (e->cap->basic & VMX_BASIC_32BIT_ADDRESSES ? 32 : e->cap->physical_bits);
}

static inline bool not_a_page(const struct vmx_entry *e, uint64_t address)
{
    return (address & 0xfff) || not_physical(e, address);
}

/* The event that the entry injects; meaningful if valid. */
static inline bool injects(const struct vmx_entry *e, uint32_t type)
{
    return (e->event & INTERRUPT_VALID) && (e->event & INTERRUPT_TYPE_MASK) == type;
}

#endif
