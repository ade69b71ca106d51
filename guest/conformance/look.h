/* SPDX-License-Identifier: MIT */
/* Between the files of this program; groups of cells need conformance.h only. */
#ifndef GUEST_CONFORMANCE_LOOK_H
#define GUEST_CONFORMANCE_LOOK_H

/* Watch what every cell watches, and nothing else. */
void look_reset(void);

#endif
