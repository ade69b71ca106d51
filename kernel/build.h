/* SPDX-License-Identifier: MIT */
/* From boot modules to domains. */
#ifndef KERNEL_BUILD_H
#define KERNEL_BUILD_H

struct boot_info;

/*
 * Read every module's configuration and build its domain; start those that could be built. What could not is named in
 * one sentence on the console. Returns how many modules were skipped because of an error.
 */
unsigned build_domains(const struct boot_info *info);

#endif
