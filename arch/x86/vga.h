/* SPDX-License-Identifier: MIT */
/* The VGA text screen, 80 x 25. */
#ifndef ARCH_X86_VGA_H
#define ARCH_X86_VGA_H

void vga_init(void); /* before anything else */
void vga_show(void); /* the screen is in text mode: show what was put so far, and from now on */
void vga_put(char c);
void vga_sync_cursor(void); /* after some vga_put() */

#endif
