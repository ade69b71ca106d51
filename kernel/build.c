/* SPDX-License-Identifier: MIT */
#include "kernel/build.h"

#include <stddef.h>

#include "arch/x86/arch.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpu_record.h"
#include "boot/boot_info.h"
#include "common/format.h"
#include "common/string.h"
#include "kernel/build_pv.h"
#include "kernel/build_pvh.h"
#include "kernel/config.h"
#include "kernel/container.h"
#include "kernel/domain.h"
#include "kernel/limbo.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/vcpu.h"

#define MAX_RAMDISKS 8

/* What is known of each module; used while building only. */
static struct plan {
    struct domain_config config;
    struct build_file file;
    struct domain *domain; /* built, waiting for its start */
    bool is_domain;        /* its configuration is understood, and it is none of the following */
    bool is_ramdisk;
    bool is_other_image; /* instead_of= */
    bool is_bad;         /* it is skipped, but counts as the domain that it should have been */
    bool wanted;         /* a ramdisk that a domain took, an image of a domain that there is */
} plans[BOOT_MAX_MODULES];

static unsigned skipped;

/* Before it is all filled with zeros for nothing. The processor's tables take a little more: the builder finds out. */
int build_check_memory(const struct domain *d, const char **error)
{
    static char sentence[120];
    uint64_t needed = d->config.memory >> 20, free = memory_free_frames() >> 8;
    format(sentence, sizeof sentence, "it asks for %llu MiB of memory, and %llu MiB are free",
           (unsigned long long)needed, (unsigned long long)free);
    *error = sentence;
    return needed > free ? -1 : 0;
}

static void skip(unsigned module, const char *name, const char *why)
{
    skipped++;
    if (name && name[0])
        printk(LOG_ERROR, "module %u (%s) is skipped: %s", module, name, why);
    else
        printk(LOG_ERROR, "module %u is skipped: %s", module, why);
}

/* A module that is no domain belongs to one. */
static bool is_part(const struct domain_config *config)
{
    return config->ramdisk_of[0] || config->instead_of[0];
}

static void read_plan(const struct boot_info *info, unsigned i)
{
    char error[CONFIG_ERROR_MAX];
    struct plan *p = &plans[i];
    const struct boot_module *m = &info->modules[i];
    if (config_parse(m->cmdline, &p->config, error)) {
        p->is_bad = !is_part(&p->config);
        skip(i, p->config.name, error);
        return;
    }
    p->file.data = arch_window(m->start, m->size);
    p->file.size = m->size;
    p->file.cmdline = p->config.cmdline;
    if (!p->file.data) {
        skip(i, p->config.name, "its memory can't be reached");
        p->is_bad = !is_part(&p->config);
        return;
    }
    p->is_ramdisk = p->config.ramdisk_of[0] != '\0';
    p->is_other_image = p->config.instead_of[0] != '\0';
    p->is_domain = !is_part(&p->config);
}

/* A pvh domain without anything to run it becomes a pv domain, if a module has an image for that. */
static void use_other_image(struct plan *p, unsigned nr_plans)
{
    for (unsigned i = 0; i < nr_plans; i++) {
        struct plan *other = &plans[i];
        if (!other->is_other_image || strcmp(other->config.instead_of, p->config.name) != 0)
            continue;
        other->wanted = true;
        if (p->config.type != CONFIG_TYPE_PVH || container_ops(CONFIG_TYPE_PVH))
            continue;
        p->config.type = CONFIG_TYPE_PV;
        p->file.data = other->file.data;
        p->file.size = other->file.size;
    }
}

static const char *check_plan(const struct plan *p, uint16_t domid)
{
    for (const struct plan *other = plans; other < p; other++) {
        if (other->is_domain && strcmp(other->config.name, p->config.name) == 0)
            return "another domain has this name already";
        if (domid == 0 && other->is_domain && other->config.privileged)
            return "there is a privileged domain already";
    }
    return container_ops(p->config.type) ? NULL : container_missing(p->config.type);
}

static const char *collect_ramdisks(const struct plan *p, unsigned nr_plans, struct build_file *files, unsigned *n)
{
    *n = 0;
    for (unsigned i = 0; i < nr_plans; i++) {
        if (!plans[i].is_ramdisk || strcmp(plans[i].config.ramdisk_of, p->config.name) != 0)
            continue;
        if (*n == MAX_RAMDISKS)
            return "it has more than 8 ramdisks";
        files[(*n)++] = plans[i].file;
        plans[i].wanted = true;
    }
    return NULL;
}

/* A domain that could not be finished leaves nothing behind. */
static void abandon(struct domain *d)
{
    uint64_t cursor = 0;
    while (!domain_release(d, &cursor, UINT32_MAX))
        ;
    domain_unlink(d);
    domain_free(d);
    while (limbo_step()) /* the next one may need its memory */
        ;
}

static const char *build_domain(struct plan *p, uint16_t domid, unsigned nr_plans)
{
    struct build_file ramdisks[MAX_RAMDISKS];
    unsigned nr_ramdisks;
    use_other_image(p, nr_plans);
    const char *error = check_plan(p, domid);
    if (!error)
        error = collect_ramdisks(p, nr_plans, ramdisks, &nr_ramdisks);
    if (error)
        return error;
    struct domain *d = domain_create(&p->config, domid, &error);
    if (!d)
        return error;
    bool is_pv = d->config.type == CONFIG_TYPE_PV;
    if ((is_pv ? build_pv : build_pvh)(d, &p->file, ramdisks, nr_ramdisks, &error)) {
        abandon(d);
        return error;
    }
    p->domain = d;
    return NULL;
}

static void report(const struct domain *d)
{
    char name[CONFIG_NAME_MAX + 2];
    format(name, sizeof name, "\"%s\"", d->config.name);
    printk(LOG_INFO, "domain %-2u %-14s %s, %llu MiB, %u vcpu%s, first on CPU %u%s", d->arch.domid, name,
           d->config.type == CONFIG_TYPE_PV ? "pv" : "pvh", (unsigned long long)(d->config.memory >> 20), d->nr_vcpus,
           d->nr_vcpus == 1 ? "" : "s", d->vcpu[0]->arch.cpu, d->privileged ? ", privileged" : "");
    if (nr_cpus < 64 && !(d->config.cpus & ((1ULL << nr_cpus) - 1)))
        printk(LOG_WARNING, "domain %u \"%s\": this machine has no CPU of those in cpus=, so it may use all of them",
               d->arch.domid, d->config.name);
}

/* As Xen without page-table isolation; AMD's processors and Intel's of these years are not affected. */
static void warn_of_meltdown(unsigned nr_plans)
{
    bool any = false;
    for (unsigned i = 0; i < nr_plans; i++)
        any |= plans[i].domain && plans[i].config.type == CONFIG_TYPE_PV;
    if (any && record_may_melt_down(&boot_cpu_record))
        printk(LOG_WARNING,
               "pv:         this processor lets pv domains read all memory (Meltdown), and nothing is done "
               "against that");
}

/* Numbers are given in module order whatever becomes of a module: guests are told each other's. */
static void build_all(unsigned nr_plans)
{
    uint16_t next_domid = 1;
    for (unsigned i = 0; i < nr_plans; i++) {
        struct plan *p = &plans[i];
        if (!p->is_domain && !p->is_bad)
            continue;
        uint16_t domid = p->config.privileged ? 0 : next_domid++;
        if (p->is_bad)
            continue;
        if (!p->config.name[0])
            format(p->config.name, sizeof p->config.name, "dom%u", domid);
        const char *error = build_domain(p, domid, nr_plans);
        if (error)
            skip(i, p->config.name, error);
        else
            report(p->domain);
    }
}

/* Modules that should have been a domain's, and there is none of the name; one that is bad may have had it. */
static void name_leftovers(unsigned nr_plans)
{
    bool any_bad = false;
    for (unsigned i = 0; i < nr_plans; i++)
        any_bad |= plans[i].is_bad;
    for (unsigned i = 0; i < nr_plans; i++) {
        if (plans[i].is_ramdisk && !plans[i].wanted)
            skip(i, plans[i].config.file, "no domain has the name that its ramdisk_of= gives");
        if (plans[i].is_other_image && !plans[i].wanted && !any_bad)
            skip(i, plans[i].config.file, "no domain has the name that its instead_of= gives");
    }
}

unsigned build_domains(const struct boot_info *info)
{
    for (unsigned i = 0; i < info->nr_modules; i++)
        read_plan(info, i);
    build_all(info->nr_modules);
    name_leftovers(info->nr_modules);
    warn_of_meltdown(info->nr_modules);
    if (info->nr_modules == 0)
        printk(LOG_ERROR, "there are no modules: each domain is a boot module with its configuration");
    for (unsigned i = 0; i < info->nr_modules; i++)
        if (plans[i].domain)
            domain_start(plans[i].domain);
    return skipped;
}
