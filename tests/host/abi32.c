/* SPDX-License-Identifier: MIT */
/*
 * guest/abi against Xen's headers as a 32-bit guest sees them. There is no 32-bit C library to link a test with, so
 * this file is only compiled (-m32 -ffreestanding -fsyntax-only): it fails by not compiling.
 */
#include "tests/host/abi_both.h"

#define SIZE(ours64, ours32, theirs) \
    _Static_assert(sizeof(struct ours_##ours32) == sizeof(theirs), "size of " #ours32 " against " #theirs);
#define FIELD(ours64, ours32, field, theirs, their_field)                                  \
    _Static_assert(offsetof(struct ours_##ours32, field) == offsetof(theirs, their_field), \
                   "offset of " #ours32 "." #field " against " #theirs "." #their_field);
#define ONLY64(row)
#define ONLY32(row) row
#include "tests/host/abi_rows.h"
