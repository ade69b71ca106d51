/* SPDX-License-Identifier: MIT */
/* The VGA text screen, 80 x 25. */
#ifndef ARCH_X86_VGA_H
#define ARCH_X86_VGA_H

#include "arch/x86/screen.h"

extern const struct screen_device vga_text;

#endif
