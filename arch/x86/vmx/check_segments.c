/* SPDX-License-Identifier: MIT */
/* Rules of the guest's segments (SDM Vol. 3C, section 26.3.1.2). The segment that a rule names is e->segment. */
#include "arch/x86/vmx/check.h"

#define SELECTOR_RPL 3
#define SELECTOR_TI 4

static bool usable(const struct vmx_segment *segment)
{
    return !(segment->ar & AR_UNUSABLE);
}

static const struct vmx_segment *cs(const struct vmx_entry *e)
{
    return &e->segments[SEG_CS];
}

static const struct vmx_segment *ss(const struct vmx_entry *e)
{
    return &e->segments[SEG_SS];
}

/* The access rights count: always those of CS and TR, of others if they can be used; and not in virtual-8086 mode. */
static bool rights_count(const struct vmx_entry *e)
{
    bool system = e->segment == &e->segments[SEG_TR] || e->segment == &e->segments[SEG_LDTR];
    bool always = e->segment == cs(e) || e->segment == &e->segments[SEG_TR];

    return (system || !e->v86) && (always || usable(e->segment));
}

/* --- Selectors. */
static bool tr_local(const struct vmx_entry *e)
{
    return e->segment->selector & SELECTOR_TI;
}

static bool ldtr_local(const struct vmx_entry *e)
{
    return usable(e->segment) && (e->segment->selector & SELECTOR_TI);
}

static bool ss_rpl_differs(const struct vmx_entry *e)
{
    return !e->v86 && !e->unrestricted && ((ss(e)->selector ^ cs(e)->selector) & SELECTOR_RPL);
}

/* --- Bases and limits. */
static bool v86_base_differs(const struct vmx_entry *e)
{
    return e->v86 && e->segment->base != (uint64_t)e->segment->selector << 4;
}

static bool base_not_canonical(const struct vmx_entry *e)
{
    return not_canonical(e, e->segment->base);
}

static bool usable_base_not_canonical(const struct vmx_entry *e)
{
    return usable(e->segment) && not_canonical(e, e->segment->base);
}

static bool base_high(const struct vmx_entry *e)
{
    return (e->segment == cs(e) || usable(e->segment)) && e->segment->base >> 32;
}

static bool v86_limit_differs(const struct vmx_entry *e)
{
    return e->v86 && e->segment->limit != 0xffff;
}

static bool v86_rights_differ(const struct vmx_entry *e)
{
    return e->v86 && e->segment->ar != 0xf3;
}

/* --- Access rights: types. */
static bool cs_type_bad(const struct vmx_entry *e)
{
    uint32_t type = AR_TYPE(cs(e)->ar);
    bool accessed_code = (type & 9) == 9;

    return !e->v86 && !accessed_code && !(e->unrestricted && type == 3);
}

static bool ss_type_bad(const struct vmx_entry *e)
{
    return rights_count(e) && AR_TYPE(e->segment->ar) != 3 && AR_TYPE(e->segment->ar) != 7;
}

static bool not_accessed(const struct vmx_entry *e)
{
    return rights_count(e) && !(e->segment->ar & 1);
}

static bool code_not_readable(const struct vmx_entry *e)
{
    return rights_count(e) && (e->segment->ar & 8) && !(e->segment->ar & 2);
}

static bool is_system(const struct vmx_entry *e)
{
    return rights_count(e) && !(e->segment->ar & AR_S);
}

static bool is_not_system(const struct vmx_entry *e)
{
    return rights_count(e) && (e->segment->ar & AR_S);
}

/* --- Access rights: privilege. */
static bool cs_data_not_ring0(const struct vmx_entry *e)
{
    return !e->v86 && AR_TYPE(cs(e)->ar) == 3 && AR_DPL(cs(e)->ar) != 0;
}

static bool cs_dpl_differs_from_ss(const struct vmx_entry *e)
{
    bool non_conforming = AR_TYPE(cs(e)->ar) == 9 || AR_TYPE(cs(e)->ar) == 11;
    return !e->v86 && non_conforming && AR_DPL(cs(e)->ar) != AR_DPL(ss(e)->ar);
}

static bool conforming_cs_dpl_above_ss(const struct vmx_entry *e)
{
    bool conforming = AR_TYPE(cs(e)->ar) == 13 || AR_TYPE(cs(e)->ar) == 15;
    return !e->v86 && conforming && AR_DPL(cs(e)->ar) > AR_DPL(ss(e)->ar);
}

static bool ss_dpl_differs_from_rpl(const struct vmx_entry *e)
{
    return !e->v86 && !e->unrestricted && AR_DPL(ss(e)->ar) != (ss(e)->selector & SELECTOR_RPL);
}

static bool ss_not_ring0(const struct vmx_entry *e)
{
    bool ring0 = AR_TYPE(cs(e)->ar) == 3 || !(e->s->guest_cr0 & CR0_PE);
    return !e->v86 && ring0 && AR_DPL(ss(e)->ar) != 0;
}

static bool dpl_below_rpl(const struct vmx_entry *e)
{
    bool conforming_code = AR_TYPE(e->segment->ar) > 11;
    return rights_count(e) && !e->unrestricted && !conforming_code &&
           AR_DPL(e->segment->ar) < (e->segment->selector & SELECTOR_RPL);
}

/* --- Access rights: the rest. */
static bool not_present(const struct vmx_entry *e)
{
    return rights_count(e) && !(e->segment->ar & AR_P);
}

static bool rights_reserved(const struct vmx_entry *e)
{
    return rights_count(e) && (e->segment->ar & 0xfffe0f00U);
}

static bool cs_64_and_32(const struct vmx_entry *e)
{
    return !e->v86 && e->guest_64 && (cs(e)->ar & AR_L) && (cs(e)->ar & AR_DB);
}

/* A limit whose low 12 bits are not all 1 is in bytes; one with any of the high 12 bits is in pages. */
static bool granularity_bad(const struct vmx_entry *e)
{
    bool pages = e->segment->ar & AR_G;
    uint32_t limit = e->segment->limit;

    return rights_count(e) && ((pages && (limit & 0xfff) != 0xfff) || (!pages && (limit & 0xfff00000U)));
}

/* --- TR and LDTR. */
static bool tr_not_busy_64(const struct vmx_entry *e)
{
    return e->guest_64 && AR_TYPE(e->segment->ar) != 11;
}

static bool tr_not_busy(const struct vmx_entry *e)
{
    return !e->guest_64 && AR_TYPE(e->segment->ar) != 3 && AR_TYPE(e->segment->ar) != 11;
}

static bool tr_unusable(const struct vmx_entry *e)
{
    return !usable(e->segment);
}

static bool not_ldt(const struct vmx_entry *e)
{
    return usable(e->segment) && AR_TYPE(e->segment->ar) != 2;
}

/* One row a segment. */
#define DATA_SEGMENTS(broken, text)                                                                 \
    SEGMENT_RULE(broken, ES, text), SEGMENT_RULE(broken, DS, text), SEGMENT_RULE(broken, FS, text), \
        SEGMENT_RULE(broken, GS, text)
#define SEGMENTS(broken, text) \
    SEGMENT_RULE(broken, CS, text), SEGMENT_RULE(broken, SS, text), DATA_SEGMENTS(broken, text)
#define ALL_SEGMENTS(broken, text) \
    SEGMENTS(broken, text), SEGMENT_RULE(broken, TR, text), SEGMENT_RULE(broken, LDTR, text)

static const struct vmx_entry_rule rules[] = {
    SEGMENT_RULE(tr_local, TR, "must be in the GDT (TI 0)"),
    SEGMENT_RULE(ldtr_local, LDTR, "must be in the GDT (TI 0)"),
    SEGMENT_RULE(ss_rpl_differs, SS, "must have the RPL of CS"),
    SEGMENTS(v86_base_differs, "must have its selector * 16 as base in virtual-8086 mode"),
    SEGMENT_RULE(base_not_canonical, TR, "must have a canonical base"),
    SEGMENT_RULE(base_not_canonical, FS, "must have a canonical base"),
    SEGMENT_RULE(base_not_canonical, GS, "must have a canonical base"),
    SEGMENT_RULE(usable_base_not_canonical, LDTR, "must have a canonical base"),
    SEGMENT_RULE(base_high, CS, "must have a base below 4 GiB"),
    SEGMENT_RULE(base_high, SS, "must have a base below 4 GiB"),
    SEGMENT_RULE(base_high, DS, "must have a base below 4 GiB"),
    SEGMENT_RULE(base_high, ES, "must have a base below 4 GiB"),
    SEGMENTS(v86_limit_differs, "must have the limit 0xffff in virtual-8086 mode"),
    SEGMENTS(v86_rights_differ, "must have the access rights 0xf3 in virtual-8086 mode"),
    SEGMENT_RULE(cs_type_bad, CS, "must be accessed code (or data of type 3 if unrestricted)"),
    SEGMENT_RULE(ss_type_bad, SS, "must be accessed writable data (type 3 or 7)"),
    DATA_SEGMENTS(not_accessed, "must be of an accessed type"),
    DATA_SEGMENTS(code_not_readable, "must be readable if it is code"),
    SEGMENTS(is_system, "must be code or data (S 1)"),
    SEGMENT_RULE(cs_data_not_ring0, CS, "must have DPL 0 if it is data"),
    SEGMENT_RULE(cs_dpl_differs_from_ss, CS, "must have the DPL of SS if it is not conforming"),
    SEGMENT_RULE(conforming_cs_dpl_above_ss, CS, "must not have a DPL above that of SS if it is conforming"),
    SEGMENT_RULE(ss_dpl_differs_from_rpl, SS, "must have its RPL as DPL unless unrestricted"),
    SEGMENT_RULE(ss_not_ring0, SS, "must have DPL 0 in real mode and where CS is data"),
    DATA_SEGMENTS(dpl_below_rpl, "must not have a DPL below its RPL unless unrestricted"),
    ALL_SEGMENTS(not_present, "must be present"),
    ALL_SEGMENTS(rights_reserved, "must have reserved access rights 0"),
    SEGMENT_RULE(cs_64_and_32, CS, "must not have both L and D/B in IA-32e mode"),
    ALL_SEGMENTS(granularity_bad, "must have a granularity that fits its limit"),
    SEGMENT_RULE(tr_not_busy_64, TR, "must be a busy 64-bit TSS (type 11) in IA-32e mode"),
    SEGMENT_RULE(tr_not_busy, TR, "must be a busy TSS (type 3 or 11)"),
    SEGMENT_RULE(is_not_system, TR, "must be a system segment (S 0)"),
    SEGMENT_RULE(tr_unusable, TR, "must be usable"),
    SEGMENT_RULE(not_ldt, LDTR, "must be an LDT (type 2)"),
    SEGMENT_RULE(is_not_system, LDTR, "must be a system segment (S 0)"),
};

const struct vmx_entry_group vmx_check_segments = GROUP(rules);
