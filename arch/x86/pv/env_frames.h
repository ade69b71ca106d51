/* SPDX-License-Identifier: MIT */
/* The hypervisor's own functions about frames, as env.h has them: inline, since they are short and often asked. */
#ifndef ARCH_X86_PV_ENV_FRAMES_H
#define ARCH_X86_PV_ENV_FRAMES_H

#include "arch/x86/paging.h"
#include "kernel/door_pages.h"

static inline uint64_t *pv_env_type(uint64_t mfn)
{
    return door_page_use(mfn);
}

static inline bool pv_env_get_page(uint64_t mfn, uint16_t owner)
{
    return door_page_get(mfn, owner);
}

static inline void pv_env_put_page(uint64_t mfn)
{
    door_page_put(mfn);
}

static inline uint64_t *pv_env_map(uint64_t mfn)
{
    return mfn_to_virt(mfn);
}

#endif
