/* SPDX-License-Identifier: MIT */
/* The machine around the processors: what ACPI says of it, and its end (machine_power_off() is in cpu.h). */
#ifndef ARCH_X86_MACHINE_H
#define ARCH_X86_MACHINE_H

#include <stdbool.h>

struct acpi_info;

/* Never NULL; all zero if there are no tables. */
extern const struct acpi_info *const acpi;

/* Does CPUID say that a hypervisor or an emulator is below? */
bool machine_is_virtual(void);

#endif
