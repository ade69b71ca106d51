/* SPDX-License-Identifier: MIT */
/*
 * Asks the hypervisor everything that docs/abi/hypercalls.md states, good and bad, and prints the answers. It judges
 * nothing: two transcripts, of the real Xen and of Xenolith, are compared by eye or by diff. `only=sched` asks one
 * part.
 */
#include "guest/probe/probe.h"

#include <stdarg.h>

#include "common/format.h"
#include "guest/abi/errno.h"
#include "guest/lib/args.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"

static const char *const errno_name[] = {
    [XEN_EPERM] = "EPERM",
    [XEN_ENOENT] = "ENOENT",
    [XEN_ESRCH] = "ESRCH",
    [XEN_EINTR] = "EINTR",
    [XEN_EIO] = "EIO",
    [XEN_ENXIO] = "ENXIO",
    [XEN_E2BIG] = "E2BIG",
    [XEN_ENOEXEC] = "ENOEXEC",
    [XEN_EBADF] = "EBADF",
    [XEN_EAGAIN] = "EAGAIN",
    [XEN_ENOMEM] = "ENOMEM",
    [XEN_EACCES] = "EACCES",
    [XEN_EFAULT] = "EFAULT",
    [XEN_EBUSY] = "EBUSY",
    [XEN_EEXIST] = "EEXIST",
    [XEN_ENODEV] = "ENODEV",
    [XEN_EINVAL] = "EINVAL",
    [XEN_ENOSPC] = "ENOSPC",
    [XEN_ERANGE] = "ERANGE",
    [XEN_ENOSYS] = "ENOSYS",
    [XEN_ENODATA] = "ENODATA",
    [XEN_ETIME] = "ETIME",
    [XEN_EOVERFLOW] = "EOVERFLOW",
    [XEN_ERESTART] = "ERESTART",
    [XEN_EOPNOTSUPP] = "EOPNOTSUPP",
};

void answer(const char *question, guest_result rc)
{
    guest_result error = -rc;

    if (error > 0 && error < (guest_result)(sizeof(errno_name) / sizeof(errno_name[0])) && errno_name[error])
        guest_printf("probe: %s -> -%s\n", question, errno_name[error]);
    else
        guest_printf("probe: %s -> %lld\n", question, (long long)rc);
}

void note(const char *fmt, ...)
{
    va_list args;

    guest_printf("probe:   ");
    va_start(args, fmt);
    guest_vprintf(fmt, args);
    va_end(args);
    guest_printf("\n");
}

struct part {
    const char *name;
    void (*ask)(void);
};

static const struct part parts[] = {
    {"cpu", probe_cpu},       {"numbers", probe_numbers}, {"version", probe_version},     {"console", probe_console},
    {"memory", probe_memory}, {"events", probe_events},   {"sched", probe_sched},         {"vcpu", probe_vcpu},
    {"timer", probe_timer},   {"hvm", probe_hvm},         {"multicall", probe_multicall}, {"physdev", probe_physdev},
    {"pirq", probe_pirq},     {"user", probe_user},       {"block", probe_block},         {"sleep", probe_sleep},
};

void guest_main(void)
{
    char only[16];
    bool all = !args_string("only", only, sizeof(only));

    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (all ? parts[i].ask == probe_sleep : !args_is("only", parts[i].name))
            continue;
        guest_printf("probe: --- %s\n", parts[i].name);
        parts[i].ask();
    }
}
