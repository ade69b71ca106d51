/* SPDX-License-Identifier: MIT */
#include "kernel/container.h"

#include "arch/x86/cpu.h"
#include "common/format.h"
#include "guest/abi/errno.h"
#include "kernel/printk.h"
#include "kernel/summary.h"

static const struct virt_ops *chosen;
static char missing[400];
static uint32_t others_ready; /* atomic: CPUs but the boot CPU that are through container_init_cpu() */

void container_init(void)
{
    int n = 0;
    for (unsigned i = 0; virt_backends[i]; i++) {
        struct virt_report report = {0};
        if (virt_backends[i]->probe(&report) == 0 && report.usable) {
            int r = virt_backends[i]->cpu_enable();
            if (r == 0) {
                chosen = virt_backends[i];
                printk(LOG_INFO, "container:  %s, %s", report.name, report.features);
                return;
            }
            report.reason = "it could not be turned on";
        }
        if (report.absent) /* not worth a word beside what another one lacks */
            continue;
        if (report.reason && n >= 0 && (size_t)n < sizeof missing)
            n += format(missing + n, sizeof missing - (size_t)n, "%s%s: %s", n ? "; " : "",
                        report.name ? report.name : virt_backends[i]->name, report.reason);
    }
    printk(LOG_WARNING, "virtualisation: none for pvh domains (%s)", container_missing());
}

void container_selftest(const char *name)
{
    if (!*name)
        return;
    int r = chosen && chosen->selftest ? chosen->selftest(name) : -XEN_ENOENT;
    if (r == -XEN_ENOENT)
        printk(LOG_ERROR, "there is no selftest \"%s\" for this processor", name);
    summary_verdict(!r);
}

void container_init_cpu(void)
{
    int r = chosen ? chosen->cpu_enable() : 0;
    if (r)
        panic("CPU %u can't turn on %s (error %d)", this_cpu()->id, chosen->name, -r);
    __atomic_fetch_add(&others_ready, 1, __ATOMIC_RELEASE);
}

void container_wait_for_cpus(unsigned n)
{
    while (__atomic_load_n(&others_ready, __ATOMIC_ACQUIRE) + 1 < n)
        __builtin_ia32_pause();
}

const struct virt_ops *container_ops(void)
{
    return chosen;
}

const char *container_missing(void)
{
    return missing[0] ? missing : "the processor has neither VMX nor SVM";
}
