/* SPDX-License-Identifier: MIT */
/* The layout of an XSAVE area (SDM Vol. 1, 13.4), as far as software looks at it. Pure code. */
#ifndef ARCH_X86_XSAVE_H
#define ARCH_X86_XSAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XSTATE_X87 (1ULL << 0)
#define XSTATE_SSE (1ULL << 1)
#define XSAVE_LEGACY_SIZE 512 /* as FXSAVE writes it */
#define FCW_AT_RESET 0x37f    /* all exceptions masked */
#define MXCSR_AT_RESET 0x1f80
#define MXCSR_DEFINED 0xffffU

struct xsave_area {
    uint16_t fcw, fsw;
    uint8_t ftw, reserved;
    uint16_t fop;
    uint64_t fip, fdp;
    uint32_t mxcsr, mxcsr_mask;
    uint64_t st[16];
    uint64_t xmm[32];
    uint64_t unused[12];
    uint64_t xstate_bv; /* components that are not in their initial state; 512 bytes from the start */
};
_Static_assert(offsetof(struct xsave_area, mxcsr) == 24 && offsetof(struct xsave_area, xmm) == 160 &&
                   offsetof(struct xsave_area, xstate_bv) == 512,
               "SDM Vol. 1, table 13-1");

/* Is the x87 part as FNINIT leaves it, and its registers zero: what XRSTOR makes of a component that is not in use. */
static inline bool xsave_x87_is_initial(const struct xsave_area *a)
{
    uint64_t any = a->fsw | a->ftw | a->fop | a->fip | a->fdp;
    for (unsigned i = 0; i < sizeof a->st / sizeof a->st[0]; i++)
        any |= a->st[i];
    return a->fcw == FCW_AT_RESET && !any;
}

#endif
