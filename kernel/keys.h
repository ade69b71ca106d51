/* SPDX-License-Identifier: MIT */
/* Debug keys on the console. CPU 0, run loop. */
#ifndef KERNEL_KEYS_H
#define KERNEL_KEYS_H

void key_pressed(char key);

#endif
