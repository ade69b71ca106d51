/* SPDX-License-Identifier: MIT */
/* Between the files of this program; groups of cells need conformance.h only. */
#ifndef GUEST_CONFORMANCE_LOOK_H
#define GUEST_CONFORMANCE_LOOK_H

#include "guest/lib/word.h"

/* Watch what every cell watches, and nothing else. */
void look_reset(void);

/* Watch a vcpu_info until the cell ends; the names of its flag, its mask and its selector. */
void look_vcpu(const char *const name[3], const guest_vcpu_info *info);

#endif
