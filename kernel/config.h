/* SPDX-License-Identifier: MIT */
/*
 * The configuration of a domain: the command line of its multiboot module. Pure code.
 *
 * Grammar: words separated by blanks; each is key=value. A value, or the whole word, may stand in double quotes. The
 * characters " ' and \ are literal behind a \, inside of quotes and outside. A first word without '=' (or with a '/'
 * before it) is the image's file name, which QEMU puts there and GRUB does not; both  name="x y"  and  "name=x y"
 * (GRUB moves the quotes) are understood. No key may be given twice.
 *
 * With instead_of= no other key is allowed but type=, and the domain's type is pv.
 * The default of evtchn_extended is fifo, and fifo,3level in a privileged domain. memory is 1M to 1024G.
 */
#ifndef KERNEL_CONFIG_H
#define KERNEL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_NAME_MAX 32
#define CONFIG_CMDLINE_MAX 1024
#define CONFIG_ERROR_MAX 240

enum config_type { CONFIG_TYPE_PVH, CONFIG_TYPE_PV };

/* How a domain must end for the run to count as good. */
enum config_expect {
    CONFIG_EXPECT_SUCCESS, /* it reports the verdict "success" or "skip" (default) */
    CONFIG_EXPECT_CRASH,   /* it crashes: a test of the hypervisor's defence */
    CONFIG_EXPECT_RUNNING, /* it never ends; it is destroyed when all the others are done */
};

struct domain_config {
    char name[CONFIG_NAME_MAX];       /* name=; default: the file name, else "domN" is filled in by the caller */
    char file[CONFIG_NAME_MAX];       /* the image's file name if the loader passed it, else "" */
    enum config_type type;            /* type="pvh"|"pv" */
    uint64_t memory;                  /* memory= MiB (or with suffix K, M, G), here in bytes; default 32 MiB */
    uint32_t vcpus;                   /* vcpus= 1..128; default 1 */
    uint32_t event_channels;          /* event_channels= highest port; default UINT32_MAX: what the ABI allows */
    char cmdline[CONFIG_CMDLINE_MAX]; /* cmdline= or extra= */
    bool privileged;                  /* privileged= yes|no (also 1|0, true|false) */
    uint64_t evtchn_extended;         /* evtchn_extended= list of fifo,3level, or none; EVTCHN_EXTENDED_* */
    bool evtchn_rfc_numbering;        /* evtchn_numbering= xen|rfc */
    uint64_t cpus;                    /* cpus= "all" or list such as "0-1,3": bit mask of CPUs 0..63; default all */
    uint64_t irqs;             /* irqs= list of interrupt lines such as "[16,18]" or "16-19": bit mask of 0..63 */
    enum config_expect expect; /* expect= success|crash|running */
    char ramdisk_of[CONFIG_NAME_MAX]; /* ramdisk_of=NAME: this module is a file for the domain NAME, not a domain */
    /* instead_of=NAME: this module is the image of the domain NAME, if that is pvh and there is nothing for it here */
    char instead_of[CONFIG_NAME_MAX];
};

/* Parse line into *config (defaults first). 0, or -1 with one clear sentence in error[CONFIG_ERROR_MAX]. */
int config_parse(const char *line, struct domain_config *config, char *error);

#endif
