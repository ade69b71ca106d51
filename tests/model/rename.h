/* SPDX-License-Identifier: MIT */
/*
 * guest/lib in the model. The core and guest/lib have functions of the same name, and meet in this program only: these
 * are the guest's. And where it waits in a loop, the model must know.
 */
#ifndef TESTS_MODEL_RENAME_H
#define TESTS_MODEL_RENAME_H

#define evt_reset guest_reset
#define evt_bind_virq guest_bind_virq

void access_pause(void);
#define __builtin_ia32_pause() access_pause()

#endif
