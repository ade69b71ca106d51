/* SPDX-License-Identifier: MIT */
/* The hypervisor's own command line. Pure code. */
#ifndef KERNEL_OPTIONS_H
#define KERNEL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/apic_mode.h"
#include "arch/x86/serial.h"
#include "arch/x86/time.h"
#include "kernel/ending.h"
#include "kernel/printk.h"

#define OPTIONS_WARNING_MAX 160
#define OPTIONS_SELFTEST_MAX 16

struct options {
    enum log_level log;     /* log=error|warning|info|debug; default info */
    uint32_t maxcpus;       /* maxcpus=N: start at most N CPUs; default all that there is room for */
    uint32_t timeslice;     /* timeslice=N ms that a vcpu runs while another waits, 1..1000; default 10 */
    enum apic_wish x2apic;  /* x2apic=yes|no: which mode of the local APICs; default the better one */
    enum time_clock clock;  /* clock=hpet|pm|pit: measure the TSC by this one alone; default what is best */
    enum serial_choice com; /* com=1|2|3|4|spcr|dbg2|pci|none: the serial port; default the best that answers */
    uint32_t baud;          /* baud=N of it, 300..115200; default 0: what the firmware says, else 115200 */
    char selftest[OPTIONS_SELFTEST_MAX]; /* selftest=NAME: instead of guests, test the container on this processor */
    bool audit;                          /* audit=yes: check all counts of a pv domain's frames at its end */
    bool report;                         /* instead of guests, print what this machine can do */
    enum ending ending; /* noreboot: the machine stays on; poweroff: it goes off, a real one too; default: by kind */
};

/* A sentence about something in the line that is not understood. */
typedef void (*options_warn_fn)(const char *sentence);

/* Defaults, then what line says. A first word that names a file (boot loaders put it there) is passed over. */
void options_parse(const char *line, struct options *options, options_warn_fn warn);

#endif
