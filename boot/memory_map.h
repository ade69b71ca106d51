/* SPDX-License-Identifier: MIT */
/* From the memory map as firmware gave it to one that has a single answer for every address. Pure code. */
#ifndef BOOT_MEMORY_MAP_H
#define BOOT_MEMORY_MAP_H

#include "boot/boot_info.h"

/*
 * Fill out[0..max) from the n regions of in[], which may be unsorted and overlap; no region wraps (start + size fits).
 * What comes out is sorted and disjoint, to the byte; neighbours of one type are one region. Where regions of different
 * types overlap, the one that forbids more wins: RAM < ACPI tables < NVS < reserved < unusable (ACPI 6.4, 15.1 names
 * the types and leaves overlaps open). More than max regions: the highest are left out. Returns how many there are;
 * *warning is a sentence if the map contradicts itself or was too long, else NULL.
 */
unsigned memory_map_sanitise(const struct boot_region *in, unsigned n, struct boot_region *out, unsigned max,
                             const char **warning);

#endif
