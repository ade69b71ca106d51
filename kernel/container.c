/* SPDX-License-Identifier: MIT */
#include "kernel/container.h"

#include "arch/x86/cpu.h"
#include "guest/abi/errno.h"
#include "kernel/printk.h"
#include "kernel/summary.h"
#include "kernel/verdict.h"

#define NR_TYPES 2

static const struct virt_ops *chosen[NR_TYPES]; /* by type of domain */
static struct verdict verdict;                  /* of those for pvh */
static const char *pv_missing = "this image has no container for pv domains";
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

/* Turn ops on for this type if it can be used. */
static void choose(enum config_type type, const struct virt_ops *ops, struct virt_report *report)
{
    if (!try_backend(ops, report))
        return;
    chosen[type] = ops;
    printk(LOG_INFO, "container:  %s, %s", report->name, report->features);
}

static void choose_hvm(void)
{
    for (unsigned i = 0; !chosen[CONFIG_TYPE_PVH] && virt_backends[i]; i++) {
        struct virt_report report = {0};
        choose(CONFIG_TYPE_PVH, virt_backends[i], &report);
        verdict_add(&verdict, &report);
    }
    if (!chosen[CONFIG_TYPE_PVH])
        printk(LOG_WARNING, "virtualisation: none for pvh domains (%s)", verdict_missing(&verdict));
}

static void choose_pv(void)
{
    static struct virt_report report; /* its reason may be text in it */
    if (!virt_pv)
        return;
    choose(CONFIG_TYPE_PV, virt_pv, &report);
    if (!chosen[CONFIG_TYPE_PV])
        pv_missing = report.reason;
}

void container_init(void)
{
    choose_hvm();
    choose_pv();
}

void container_selftest(const char *name)
{
    const struct virt_ops *ops = chosen[CONFIG_TYPE_PVH];
    if (!*name)
        return;
    int r = ops && ops->selftest ? ops->selftest(name) : -XEN_ENOENT;
    if (r == -XEN_ENOENT)
        printk(LOG_ERROR, "there is no selftest \"%s\" for this processor", name);
    summary_verdict(!r, false);
}

void container_init_cpu(void)
{
    for (unsigned i = 0; i < NR_TYPES; i++) {
        int r = chosen[i] ? chosen[i]->cpu_enable() : 0;
        if (r)
            panic("CPU %u can't turn on %s (error %d)", this_cpu()->id, chosen[i]->name, -r);
    }
    __atomic_fetch_add(&others_ready, 1, __ATOMIC_RELEASE);
}

void container_wait_for_cpus(unsigned n)
{
    while (__atomic_load_n(&others_ready, __ATOMIC_ACQUIRE) + 1 < n)
        __builtin_ia32_pause();
}

const struct virt_ops *container_ops(enum config_type type)
{
    return chosen[type];
}

const char *container_missing(enum config_type type)
{
    return type == CONFIG_TYPE_PV ? pv_missing : verdict_missing(&verdict);
}

void container_verdict(char *text, size_t size)
{
    verdict_text(&verdict, text, size);
}
