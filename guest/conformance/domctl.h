/* SPDX-License-Identifier: MIT */
/* Making and ending other domains on the real Xen (public header domctl.h, interface version 0x15). */
#ifndef GUEST_CONFORMANCE_DOMCTL_H
#define GUEST_CONFORMANCE_DOMCTL_H

#include <stdbool.h>

#include "guest/abi/domctl.h"
#include "guest/lib/word.h"

/* What the operations take behind the head, struct xen_domctl. */
union domctl_argument {
    struct {
        uint32_t ssidref;
        uint8_t handle[16];
        uint32_t flags, iommu_opts; /* flags: DOMAIN_* */
        uint32_t max_vcpus, max_evtchn_port;
        int32_t max_grant_frames, max_maptrack_frames;
        uint32_t grant_opts, vmtrace_size, cpupool_id;
        uint32_t emulation_flags, misc_flags;
    } create;
    struct {
        uint32_t size __attribute__((aligned(8)));
        uint64_t buffer __attribute__((aligned(8)));
    } context;
    uint64_t memory; /* max_mem: KiB; set_paging_mempool_size: bytes */
    uint32_t max_vcpus;
};

#define DOMCTL_createdomain 1
#define DOMCTL_destroydomain 2
#define DOMCTL_max_mem 11
#define DOMCTL_max_vcpus 15
#define DOMCTL_gethvmcontext 33
#define DOMCTL_sethvmcontext 34
#define DOMCTL_set_paging_mempool_size 86

#define DOMAIN_HVM 1U
#define DOMAIN_HAP 2U
#define EMULATE_LAPIC 1U

/* argument: NULL if the operation takes none; what it answers there is copied back. 0 or -XEN_E*. */
guest_result domctl(domid_t domain, uint32_t cmd, union domctl_argument *argument);

/* The same; a failure ends the run. */
void must_domctl(domid_t domain, uint32_t cmd, union domctl_argument *argument);

/* Whether there is a domain with this id. */
bool domain_exists(domid_t domain);

/* Make a domain without memory whose vcpus have no state. flags: DOMAIN_*. */
void domain_create(domid_t domain, unsigned flags, unsigned vcpus, evtchn_port_t last_port);

/* Take it away and wait until it is gone. Under Xenolith it is shut down. */
void domain_end(domid_t domain);

#endif
