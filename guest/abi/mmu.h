/* SPDX-License-Identifier: MIT */
/* Page tables of a pv guest: mmu_update, update_va_mapping, mmuext_op (hypercalls 1, 14, 22, 26); public header xen.h.
 */
#ifndef GUEST_ABI_MMU_H
#define GUEST_ABI_MMU_H

#include <stdint.h>

/* Bits 1:0 of mmu_update.ptr; the rest is a machine address. */
#define MMU_NORMAL_PT_UPDATE 0
#define MMU_MACHPHYS_UPDATE 1
#define MMU_PT_UPDATE_PRESERVE_AD 2
#define MMU_PT_UPDATE_NO_TRANSLATE 3

struct mmu_update {
    uint64_t ptr;
    uint64_t val;
};

#define MMUEXT_PIN_L1_TABLE 0
#define MMUEXT_PIN_L2_TABLE 1
#define MMUEXT_PIN_L3_TABLE 2
#define MMUEXT_PIN_L4_TABLE 3
#define MMUEXT_UNPIN_TABLE 4
#define MMUEXT_NEW_BASEPTR 5
#define MMUEXT_TLB_FLUSH_LOCAL 6
#define MMUEXT_INVLPG_LOCAL 7
#define MMUEXT_TLB_FLUSH_MULTI 8
#define MMUEXT_INVLPG_MULTI 9
#define MMUEXT_TLB_FLUSH_ALL 10
#define MMUEXT_INVLPG_ALL 11
#define MMUEXT_FLUSH_CACHE 12
#define MMUEXT_SET_LDT 13
#define MMUEXT_NEW_USER_BASEPTR 15
#define MMUEXT_CLEAR_PAGE 16
#define MMUEXT_COPY_PAGE 17
#define MMUEXT_FLUSH_CACHE_GLOBAL 18
#define MMUEXT_MARK_SUPER 19
#define MMUEXT_UNMARK_SUPER 20

/* As 64-bit guests have it; there are no 32-bit pv guests here. */
struct mmuext_op {
    uint32_t cmd; /* MMUEXT_* */
    uint32_t pad;
    union {
        uint64_t mfn;
        uint64_t linear_addr;
    } arg1;
    union {
        uint32_t nr_ents;
        uint64_t vcpumask; /* guest address of a bitmap of vcpus */
        uint64_t src_mfn;
    } arg2;
};

_Static_assert(sizeof(struct mmu_update) == 16, "ABI");
_Static_assert(sizeof(struct mmuext_op) == 24, "ABI");

/* update_va_mapping: what to flush (bits 1:0) and whose; without UVMF_ALL the rest is a guest address of a bitmap of
 * vcpus, and 0 there is the calling vcpu. */
#define UVMF_NONE 0
#define UVMF_TLB_FLUSH 1
#define UVMF_INVLPG 2
#define UVMF_FLUSHTYPE_MASK 3
#define UVMF_MULTI 0
#define UVMF_LOCAL 0
#define UVMF_ALL 4

#endif
