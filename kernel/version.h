/* SPDX-License-Identifier: MIT */
/* Which Xenolith this is, and which Xen's guest ABI it speaks. */
#ifndef KERNEL_VERSION_H
#define KERNEL_VERSION_H

#define XENOLITH_VERSION "0.1"
#define XENOLITH_ABI_MAJOR 4
#define XENOLITH_ABI_MINOR 17

/* The hypervisor's own command line, for XENVER_commandline. Set once at the start. */
extern const char *hypervisor_cmdline;

#endif
