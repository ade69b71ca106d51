/* SPDX-License-Identifier: MIT */
/* What builders get: files that the boot loader brought. */
#ifndef KERNEL_BUILD_FILE_H
#define KERNEL_BUILD_FILE_H

#include <stddef.h>

struct domain;

struct build_file {
    const void *data;
    size_t size;
    const char *cmdline; /* for a module: the string that goes with it */
};

/* Is there free memory for all that d asks for? 0, or -1 with *error set to a sentence. */
int build_check_memory(const struct domain *d, const char **error);

#endif
