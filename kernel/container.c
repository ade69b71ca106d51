/* SPDX-License-Identifier: MIT */
#include "kernel/container.h"

#include "arch/x86/cpu.h"
#include "guest/abi/errno.h"
#include "kernel/printk.h"
#include "kernel/summary.h"
#include "kernel/verdict.h"

static const struct virt_ops *chosen;
static struct verdict verdict;
static uint32_t others_ready; /* atomic: CPUs but the boot CPU that are through container_init_cpu() */

static bool try_backend(const struct virt_ops *ops, struct virt_report *report)
{
    if (ops->probe(report) || !report->usable)
        return false;
    if (ops->cpu_enable() == 0)
        return true;
    report->usable = false;
    report->reason = "it could not be turned on";
    return false;
}

void container_init(void)
{
    for (unsigned i = 0; !chosen && virt_backends[i]; i++) {
        struct virt_report report = {0};
        if (try_backend(virt_backends[i], &report)) {
            chosen = virt_backends[i];
            printk(LOG_INFO, "container:  %s, %s", report.name, report.features);
        }
        verdict_add(&verdict, &report);
    }
    if (!chosen)
        printk(LOG_WARNING, "virtualisation: none for pvh domains (%s)", container_missing());
}

void container_selftest(const char *name)
{
    if (!*name)
        return;
    int r = chosen && chosen->selftest ? chosen->selftest(name) : -XEN_ENOENT;
    if (r == -XEN_ENOENT)
        printk(LOG_ERROR, "there is no selftest \"%s\" for this processor", name);
    summary_verdict(!r, false);
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
    return verdict_missing(&verdict);
}

void container_verdict(char *text, size_t size)
{
    verdict_text(&verdict, text, size);
}
