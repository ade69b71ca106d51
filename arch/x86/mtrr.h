/* SPDX-License-Identifier: MIT */
/* Memory types of physical addresses, as the firmware has set the MTRRs (SDM Vol. 3A, section 11.11). */
#ifndef ARCH_X86_MTRR_H
#define ARCH_X86_MTRR_H

#include <stdbool.h>
#include <stdint.h>

#define MEMORY_UC 0
#define MEMORY_WC 1
#define MEMORY_WT 4
#define MEMORY_WP 5
#define MEMORY_WB 6

#define MTRR_MAX_VARIABLE 32

/* The registers at one moment. */
struct mtrr_state {
    bool enabled, fixed_enabled;
    uint8_t default_type;
    uint8_t fixed[88]; /* 8 of 64 KiB, 16 of 16 KiB, 64 of 4 KiB: the first MiB */
    unsigned nr_variable;
    struct {
        uint64_t base, mask; /* as in the MSRs; mask bit 11 = valid */
    } variable[MTRR_MAX_VARIABLE];
};

/*
 * Pure: fill *s by a function that reads an MSR, and returns false if there is none. False if there are no MTRRs, or
 * not all of them; *s is of no use then.
 */
bool mtrr_state_read(struct mtrr_state *s, bool (*read)(uint32_t msr, uint64_t *value));
/* Pure: the type of the byte at pa, and whether [pa, pa + size) has one type (size a power of two, pa aligned to it).
 */
uint8_t mtrr_state_type(const struct mtrr_state *s, uint64_t pa);
bool mtrr_state_is_uniform(const struct mtrr_state *s, uint64_t pa, uint64_t size);

/* Of this machine; read at the first call. Without MTRRs all is write-back. */
uint8_t mtrr_type(uint64_t pa);
bool mtrr_is_uniform(uint64_t pa, uint64_t size);

#endif
