/* SPDX-License-Identifier: MIT */
/*
 * All that the memory core of the pv container asks of its host. One provider a binary, bound at link time: the
 * hypervisor, the unit tests (tests/host/pv_fake.c) and the interleaving explorer (tests/model/pv/). Of the hypervisor,
 * built with PV_ENV_INLINE, the functions about frames are bound when it is compiled.
 * No function here may call back into the core.
 */
#ifndef ARCH_X86_PV_ENV_H
#define ARCH_X86_PV_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pv_domain;
struct pv_vcpu;
struct pv_vcpu_set;

/* --- Frames */

#ifdef PV_ENV_INLINE
#include "arch/x86/pv/env_frames.h"
#else
/* The word of frame.h; NULL: there is no such frame of RAM. 0 when the frame gets its owner. */
uint64_t *pv_env_type(uint64_t mfn);
/* A page reference if the frame is owner's, in one step; false: it is not, or has too many. Any mfn. */
bool pv_env_get_page(uint64_t mfn, uint16_t owner) __attribute__((warn_unused_result));
/*
 * Give one back. With the last one the frame becomes free. The provider lets nobody else have it before every TLB has
 * been flushed since, and every CPU has left hypervisor code once.
 */
void pv_env_put_page(uint64_t mfn);
/*
 * The frame's 512 words. The caller has a reference; or it only reads, by single atomic loads, and believes nothing of
 * it (a walk through tables that others may be changing).
 */
uint64_t *pv_env_map(uint64_t mfn);
#endif
/* Of a frame that the caller has a reference to. */
uint16_t pv_env_owner(uint64_t mfn);

/* --- Translations that processors remember */

/*
 * Time that goes on. A processor that flushes its whole TLB looks at it first, and flushes then; so a flush whose time
 * is later than `time` came after everything that had been written before pv_env_tlb_time() returned that.
 */
uint32_t pv_env_tlb_time(void);
/* On return each CPU either has flushed its whole TLB since, or will before it uses a translation of a pv guest. */
void pv_env_tlb_flush_since(uint32_t time);
/* The whole address space; as `va`. */
#define PV_ALL_ADDRESSES UINT64_MAX
/* The guest wants translations of va forgotten by these of its vcpus before they run on. */
void pv_env_flush(struct pv_domain *d, const struct pv_vcpu_set *set, uint64_t va);
/* The same for v alone, which runs here. */
void pv_env_flush_own(const struct pv_vcpu *v, uint64_t va);
/* v's roots have changed: the processor uses them from now on, and no longer those that it had. v runs here. */
void pv_env_load_root(struct pv_vcpu *v);
/* v's LDT has changed: forget what is mapped of the last one. */
void pv_env_load_ldt(struct pv_vcpu *v);

/* The hypervisor's entries for the reserved slots of every L4 table (frame.h), in 16 words. */
const uint64_t *pv_env_reserved_slots(void);
/* PTE_NX if the processor has it, else 0. */
uint64_t pv_env_nx(void);

/* --- The rest */

/* Copy from/to the calling vcpu's address space: 0 or -XEN_EFAULT. */
int pv_env_copy_in(void *dst, uint64_t guest_addr, size_t n) __attribute__((warn_unused_result));
int pv_env_copy_out(uint64_t guest_addr, const void *src, size_t n) __attribute__((warn_unused_result));
/* May d name frames of this domain (not itself)? 0, -XEN_ESRCH, -XEN_EPERM. */
int pv_env_may_name(struct pv_domain *d, uint16_t domid) __attribute__((warn_unused_result));
/* Machine-to-physical table: the frame's entry. The caller has a reference. */
void pv_env_set_m2p(uint64_t mfn, uint64_t pfn);
/* Should a long operation stop here and be continued later? */
bool pv_env_should_yield(void);
/* A spinlock in one word, 0 is unlocked. Only the core's own words; nothing else of env.h is called with one held. */
void pv_env_lock(uint32_t *lock);
void pv_env_unlock(uint32_t *lock);

#endif
