/* SPDX-License-Identifier: MIT */
/* The VM-entry checker: asks each table in the processor's order. Pure. */
#include "arch/x86/vmx/check.h"

const struct vmx_entry_group *const vmx_check_groups[] = {
    &vmx_check_controls, &vmx_check_host, &vmx_check_guest_registers, &vmx_check_segments, &vmx_check_guest_rest,
};
const unsigned vmx_nr_check_groups = sizeof(vmx_check_groups) / sizeof(vmx_check_groups[0]);

/* SDM Vol. 3A, section 11.12: UC 0, WC 1, WT 4, WP 5, WB 6, UC- 7. */
bool vmx_pat_reserved(uint64_t pat)
{
    for (; pat; pat >>= 8) {
        uint8_t type = (uint8_t)pat;
        if (type > 7 || type == 2 || type == 3)
            return true;
    }
    return false;
}

bool vmx_efer_reserved(uint64_t efer)
{
    return efer & ~(uint64_t)(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
}

/* Bits 9:6 are reserved, SUPPRESS and TRACKER exclude each other, the rest is a linear address. */
bool vmx_s_cet_reserved(const struct vmx_entry *e, uint64_t s_cet)
{
    return (s_cet & 0x3c0) || (s_cet & 0xc00) == 0xc00 || not_canonical(e, s_cet);
}

void vmx_entry_open(struct vmx_entry *e, const struct vmcs_snapshot *s, const struct vmx_capability *capability)
{
    *e = (struct vmx_entry){
        .s = s,
        .cap = capability,
        .segments =
            {
#define S(name, ...) {(uint32_t)s->name##_selector, (uint32_t)s->name##_limit, (uint32_t)s->name##_ar, s->name##_base},
                VMCS_SEGMENTS(S)
#undef S
            },
        .pin = (uint32_t)s->pin_controls,
        .cpu = (uint32_t)s->cpu_controls,
        .exit = (uint32_t)s->exit_controls,
        .entry = (uint32_t)s->entry_controls,
        .cpu2 = s->cpu_controls & CPU_SECONDARY ? (uint32_t)s->cpu2_controls : 0,
        .event = (uint32_t)s->entry_interrupt_info,
    };
    e->host_64 = e->exit & EXIT_HOST_64;
    e->guest_64 = e->entry & ENTRY_GUEST_64;
    e->v86 = s->guest_rflags & RFLAGS_VM;
    e->unrestricted = e->cpu2 & CPU2_UNRESTRICTED;
}

bool vmx_rule_broken(struct vmx_entry *e, const struct vmx_entry_rule *rule)
{
    e->value = *(const uint64_t *)(const void *)((const char *)e->s + rule->field);
    e->segment = &e->segments[rule->segment];
    return rule->broken(e);
}

const struct vmx_rule *vmx_check_entry(const struct vmcs_snapshot *s, const struct vmx_capability *capability)
{
    struct vmx_entry e;

    vmx_entry_open(&e, s, capability);
    for (unsigned group = 0; group < vmx_nr_check_groups; group++)
        for (unsigned i = 0; i < vmx_check_groups[group]->count; i++)
            if (vmx_rule_broken(&e, &vmx_check_groups[group]->rules[i]))
                return &vmx_check_groups[group]->rules[i].rule;
    return NULL;
}
