/* SPDX-License-Identifier: MIT */
/*
 * A domain's guest frames: gfn -> mfn, kept beside the processor's own tables (virt_ops.map), for copying and checks.
 * Three levels of pages: 512 pointers, 512 pointers, 1,024 frame numbers of 32 bits: 2^28 guest frames, 1 TiB.
 * Tables are only added while the domain lives. The p2m holds one reference to every frame in it.
 */
#ifndef KERNEL_P2M_H
#define KERNEL_P2M_H

#include <stdbool.h>
#include <stdint.h>

#define P2M_MAX_GFN ((1ULL << 28) - 1)
#define P2M_NONE UINT64_MAX

struct domain;

struct p2m_mid {
    uint32_t *leaf[512];
};

struct p2m {
    struct p2m_mid **root; /* [512]; entries appear under [d] and stay */
};

/* 0 or -XEN_ENOMEM. */
int p2m_init(struct p2m *p2m);

/* The frame at gfn, or P2M_NONE. No lock: the answer may be stale at once; see p2m_get. */
uint64_t p2m_lookup(const struct p2m *p2m, uint64_t gfn);

/*
 * The frame at gfn with a reference, if the domain itself owns it (else P2M_NONE). domain_put_page() gives it back.
 */
uint64_t p2m_get(struct domain *d, uint64_t gfn);

/* Hypervisor's address of the domain's frame at gfn or NULL, without a reference: a frame leaves a p2m only after every
 * CPU has left hypervisor code once (p2m_remove), so it stays valid till the end of this hypercall or exit. */
void *p2m_frame(const struct domain *d, uint64_t gfn);

/*
 * Map 2^order (0 or 9) frames; nothing may be mapped there. The p2m takes over one reference a frame. [d] held or
 * the domain does not run. 0 or -XEN_ENOMEM; -XEN_EINVAL: its frames are being released, or gfn is too high.
 */
int p2m_map(struct domain *d, uint64_t gfn, uint64_t mfn, unsigned order);

/*
 * Take what is mapped at gfn out, [d] held: the caller then must, without locks and in the quiesce token, call
 * virt_flush() and domain_put_page() the result. P2M_NONE: nothing was there, or all of it is being released.
 */
uint64_t p2m_unmap(struct domain *d, uint64_t gfn);

/*
 * Release frames of a domain that has no vcpus running any more and is marked `releasing` (others may still name it,
 * and ask for its gfns), at most `budget` of them and from *cursor on.
 * True: all done.
 */
bool p2m_release(struct domain *d, uint64_t *cursor, unsigned budget);
/* Free the tables; all frames are released. */
void p2m_free(struct p2m *p2m);

#endif
