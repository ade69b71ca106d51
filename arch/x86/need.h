/* SPDX-License-Identifier: MIT */
/* What a back end wants of a processor's capability, and how the report says whether it gets it. Pure. */
#ifndef ARCH_X86_NEED_H
#define ARCH_X86_NEED_H

#include <stdbool.h>

enum need {
    NEED_MUST,   /* without it no guest can run */
    NEED_SWITCH, /* the same, but it is off most of the time: a processor that insists on it can't be used */
    NEED_MAY,    /* used where there is one */
    NEED_NEVER,  /* stays off; a processor that insists on it can't be used */
};

/* A capability of a processor: can it be on, and must it be? */
struct capability_row {
    const char *group; /* where the processor tells of it */
    const char *name;
    enum need need;
    bool can, forced;
};

static inline bool need_is_met(const struct capability_row *row)
{
    bool wanted = row->need == NEED_MUST || row->need == NEED_SWITCH;
    bool unwanted = row->need == NEED_NEVER || row->need == NEED_SWITCH;
    return !(wanted && !row->can) && !(unwanted && row->forced);
}

static inline const char *need_text(const struct capability_row *row)
{
    static const char *const texts[][3] = {
        [NEED_MUST] = {"needed, MISSING", "needed, present", "needed, present"},
        [NEED_SWITCH] = {"needed, MISSING", "needed, present", "needed, FORCED ON"},
        [NEED_MAY] = {"useful, missing", "useful, present", "useful, present"},
        [NEED_NEVER] = {"not used, missing", "not used, present", "not used, FORCED ON"},
    };
    return texts[row->need][row->forced ? 2 : row->can];
}

#endif
