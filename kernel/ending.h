/* SPDX-License-Identifier: MIT */
/* What becomes of the machine when a run is over, or has failed. */
#ifndef KERNEL_ENDING_H
#define KERNEL_ENDING_H

#include <stdbool.h>

enum ending {
    ENDING_BEST, /* a virtual machine goes off; a real one stays on, or nobody could read how it went */
    ENDING_STAY, /* option noreboot */
    ENDING_OFF,  /* option poweroff */
};

void ending_set(enum ending ending);
/*
 * The last line has been printed. An emulator that has a device for it ends here, with a status that says `ok`, unless
 * it is to stay. True: the machine stays on; to_read: there is a text that somebody wants to read.
 */
bool ending_stays(bool ok, bool to_read);

#endif
