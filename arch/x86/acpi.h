/* SPDX-License-Identifier: MIT */
/*
 * What the ACPI tables say about the machine: processors, interrupt controllers, power-off and reset, timers. A pure
 * parser (ACPI 6.4, 5.2): it reads physical memory through a window that the caller vouches for, checks every checksum
 * and length, interprets no AML beyond the constant package _S5_, and answers malformed tables with a sentence.
 */
#ifndef ARCH_X86_ACPI_H
#define ARCH_X86_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACPI_MAX_CPUS 64
#define ACPI_MAX_IOAPICS 16
#define ACPI_MAX_OVERRIDES 16
#define ACPI_MAX_SERIALS 8

/*
 * Physical memory: a pointer to n readable bytes at pa, or NULL. The same type as boot_window_fn. The parser uses at
 * most one such pointer at a time, so the next call may take the memory of the last one.
 */
typedef const void *(*acpi_window_fn)(uint64_t pa, size_t n);

/* Address spaces of a generic address (ACPI 6.4, 5.2.3.2). */
#define ACPI_SPACE_MEMORY 0
#define ACPI_SPACE_IO 1
#define ACPI_SPACE_PCI 2 /* configuration space of bus 0: device in bits 32-47, function in 16-31, offset in 0-15 */

struct acpi_address {
    uint64_t address; /* 0: the register does not exist */
    uint8_t space;    /* ACPI_SPACE_* */
    uint8_t bits;     /* width of the register */
    uint8_t access;   /* bytes that are read and written at once: 1, 2, 4 or 8; 0: the table does not say */
};

enum acpi_serial_table { ACPI_SERIAL_SPCR, ACPI_SERIAL_DBG2 };

/* Kinds of serial ports: subtypes of DBG2's port type 8000h (Microsoft Debug Port Table 2, table 3), SPCR's too. */
#define ACPI_SERIAL_16550 0x00
#define ACPI_SERIAL_16450 0x01
#define ACPI_SERIAL_16550_GAS 0x12 /* with the spacing that the generic address tells */

struct acpi_serial {
    enum acpi_serial_table table;
    uint16_t type; /* ACPI_SERIAL_* or another of the list */
    struct acpi_address regs;
    uint32_t baud;  /* 0: stay at the speed that the firmware set */
    uint32_t clock; /* Hz that the speed is divided from; 0: the table does not say */
};

struct acpi_cpu {
    uint32_t apic_id;
    uint32_t uid;        /* ACPI processor UID */
    bool enabled;        /* usable now; false only together with online_capable */
    bool online_capable; /* the firmware may plug it in later: do not start it */
    bool x2apic;         /* came from an x2APIC entry */
};

struct acpi_ioapic {
    uint32_t id;
    uint32_t gsi_base;
    uint64_t address; /* physical */
};

struct acpi_override {
    uint8_t isa_irq;
    uint32_t gsi;
    uint16_t flags; /* bits 0-1 polarity (3 = low), 2-3 trigger (3 = level); 0 = as the bus has it */
};

struct acpi_info {
    uint64_t rsdp;         /* where it was found; 0 if it came as a copy */
    unsigned revision;     /* of the RSDP: 0 = ACPI 1.0, else 2 or more */
    const char *warning;   /* the first odd thing that was repaired, a sentence, or NULL */
    char warning_table[5]; /* the signature of the table that it is about, or "" */

    /* MADT. No MADT: nr_cpus is 0, and the caller goes on with the boot CPU alone. */
    bool has_madt;
    bool has_8259;          /* a dual 8259 is there too and must be masked */
    bool has_x2apic_cpus;   /* some CPU has an x2APIC entry */
    uint64_t lapic_address; /* physical, after a 64-bit override */
    unsigned nr_cpus;       /* enabled ones first, in the firmware's order; no APIC id twice */
    struct acpi_cpu cpus[ACPI_MAX_CPUS];
    unsigned nr_ioapics;
    struct acpi_ioapic ioapics[ACPI_MAX_IOAPICS];
    unsigned nr_overrides;
    struct acpi_override overrides[ACPI_MAX_OVERRIDES];

    /* FADT */
    bool has_fadt;
    bool hw_reduced;           /* no PM1 registers, no PM timer */
    bool no_8042;              /* there is no keyboard controller, and its ports must not be touched */
    uint16_t smi_cmd;          /* I/O port; 0: ACPI mode is always on */
    uint8_t acpi_enable;       /* value for smi_cmd that turns ACPI mode on */
    struct acpi_address pm1a;  /* PM1a control */
    struct acpi_address pm1b;  /* PM1b control */
    bool has_reset;            /* the reset register may be used: write reset_value to it */
    struct acpi_address reset; /* 8 bits wide, of any ACPI_SPACE_* */
    uint8_t reset_value;
    struct acpi_address pm_timer; /* 3,579,545 Hz */
    unsigned pm_timer_bits;       /* its counter's width: 24 or 32 */
    uint64_t dsdt;                /* physical; 0 if there is none */

    /* _S5_ of the DSDT or an SSDT. Power off: write SLP_TYPx << 10 | 1 << 13 to pm1a, then pm1b. */
    bool has_s5;
    uint8_t slp_typa, slp_typb; /* 0-7 */

    /* HPET */
    uint64_t hpet; /* physical; 0 if there is none */

    /* SPCR, the serial console that the firmware names, and serial ports of DBG2, for debuggers; in the tables' order
     */
    unsigned nr_serials;
    struct acpi_serial serials[ACPI_MAX_SERIALS];
};

/*
 * Fill *info from the tables that the RSDP at physical address rsdp_pa leads to; rsdp_pa 0 searches the places of a
 * BIOS: the first KiB of the EBDA, then 0xE0000-0xFFFFF. The window is asked for 0x40E (2 bytes) too, then. A table
 * that is missing or broken leaves its part zero (a broken one sets info->warning), but what ACPI has twice is looked
 * for at the second place: the root table by XSDT and RSDT, the DSDT by both fields of the FADT. 0, or -1 with *error
 * set to a sentence, if there is no valid RSDP or no valid root table. Not reentrant for one *info; keeps no pointer
 * into the tables.
 */
int acpi_parse(uint64_t rsdp_pa, acpi_window_fn window, struct acpi_info *info, const char **error);

/* The same from a copy of the RSDP (size bytes), as multiboot 2 hands it over: struct boot_info's rsdp_copy. */
int acpi_parse_copy(const void *rsdp, size_t size, acpi_window_fn window, struct acpi_info *info, const char **error);

#endif
