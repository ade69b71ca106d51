/* SPDX-License-Identifier: MIT */
/*
 * What a machine frame of a pv guest is used for. docs/design/pv.md has the state machine as a picture.
 *
 * A page reference (pv_env_get_page) keeps a frame with its owner. A type reference, held on top of a page reference,
 * keeps what the frame may be used for: a page table of one level, a page of descriptors, or ordinary memory that is
 * mapped writable. A frame is only one of these at a time. All of it is one word a frame:
 *
 *   31:0   `low`: by phase
 *   41:32  `index`: entries of a table, from 0 on, that hold references (PARTIAL, DOOMED)
 *   47     pinned: the guest holds one of the references (LIVE)
 *   50:48  phase
 *   58:56  type
 *
 *   phase       low                the frame is
 *   IDLE        time of a flush    used as nothing; `type` says as what last, `low` since when (pv_env_tlb_time)
 *   LIVE        references, > 0    used as `type`, and found fit for that
 *   VALIDATING  0                  one vcpu's alone, on its way to be used as `type`
 *   PARTIAL     0                  a table that is found fit up to `index`: goes on when it is asked for again
 *   RELEASING   0                  one vcpu's alone, on its way to be used as nothing
 *   DOOMED      next of the list   a table that nobody uses any more, whose entries below `index` are to be let go
 *
 * A table holds one page reference to itself from its first VALIDATING until it is IDLE.
 *
 * All functions: no lock held, any number of vcpus at once. None waits for another vcpu: -XEN_ERESTART says that
 * another one is at it, or that it is time for something else, and that the caller's caller should come again.
 */
#ifndef ARCH_X86_PV_FRAME_H
#define ARCH_X86_PV_FRAME_H

#include <stdbool.h>
#include <stdint.h>

struct pv_domain;

/* A table of level n is PV_L1 + n - 1 == n. */
enum pv_type { PV_NONE, PV_L1, PV_L2, PV_L3, PV_L4, PV_DESCRIPTORS, PV_WRITABLE };
enum pv_phase { PV_IDLE, PV_LIVE, PV_VALIDATING, PV_PARTIAL, PV_RELEASING, PV_DOOMED };

#define PV_WORD_PINNED (1ULL << 47)

static inline uint64_t pv_word(enum pv_type type, enum pv_phase phase, unsigned index, uint32_t low)
{
    return (uint64_t)type << 56 | (uint64_t)phase << 48 | (uint64_t)index << 32 | low;
}

static inline enum pv_type pv_word_type(uint64_t word)
{
    return (enum pv_type)(word >> 56 & 7);
}

static inline enum pv_phase pv_word_phase(uint64_t word)
{
    return (enum pv_phase)(word >> 48 & 7);
}

static inline unsigned pv_word_index(uint64_t word)
{
    return (unsigned)(word >> 32 & 0x3ff);
}

/* The frame is one vcpu's alone. */
static inline bool pv_word_is_busy(uint64_t word)
{
    return pv_word_phase(word) == PV_VALIDATING || pv_word_phase(word) == PV_RELEASING;
}

static inline bool pv_type_is_table(enum pv_type type)
{
    return type >= PV_L1 && type <= PV_L4;
}

/*
 * A type reference to a frame that the caller has a page reference to. 0; -XEN_EINVAL: it is in use as something else,
 * or not fit for it; -XEN_ERESTART.
 */
int pv_get_type(struct pv_domain *d, uint64_t mfn, enum pv_type type) __attribute__((warn_unused_result));
/* Give it back. The last one of a table dooms it: see pv_drain. */
void pv_put_type(struct pv_domain *d, uint64_t mfn);
/* One more reference to a frame that is in use as a table: its level; or 0, it is none now. */
unsigned pv_hold_table(uint64_t mfn) __attribute__((warn_unused_result));

/* Both references at once. get: as pv_get_type; -XEN_EINVAL also if the frame is not `owner`'s. */
int pv_get_page_and_type(struct pv_domain *d, uint64_t mfn, uint16_t owner, enum pv_type type)
    __attribute__((warn_unused_result));
void pv_put_page_and_type(struct pv_domain *d, uint64_t mfn);

/* A reference of the guest's own, one a frame, so that a table stays one. -XEN_EINVAL also if it is pinned. */
int pv_pin(struct pv_domain *d, uint64_t mfn, uint16_t owner, enum pv_type type) __attribute__((warn_unused_result));
/* 0; -XEN_EINVAL: owner has no such frame, or it is not pinned. */
int pv_unpin(struct pv_domain *d, uint64_t mfn, uint16_t owner) __attribute__((warn_unused_result));

/*
 * Let go of the entries of all doomed tables of d, and of those that are doomed by that. The container calls it until
 * it returns 0, before the guest goes on and before the domain ends. 0; -XEN_ERESTART: there is more to do.
 */
int pv_drain(struct pv_domain *d) __attribute__((warn_unused_result));
/* The owner's end: unpin the frame, and give up a table that is half done. The caller has a page reference. Then drain.
 */
void pv_abandon(struct pv_domain *d, uint64_t mfn);

#endif
