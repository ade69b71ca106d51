/* SPDX-License-Identifier: MIT */
/* What processor code asks of the kernel for a running guest (kernel/door.h), but hypercalls. */
#include "kernel/door.h"

#include "common/format.h"
#include "kernel/container.h"
#include "kernel/hypercall_page.h"
#include "kernel/pirq.h"
#include "kernel/printk_internal.h"
#include "kernel/sched.h"
#include "kernel/vcpu.h"

void door_cpu_main(void)
{
    container_init_cpu();
    sched_run();
}

bool door_hypercall_page(struct arch_vcpu *a, uint64_t gfn)
{
    struct vcpu *v = arch_to_vcpu(a);
    void *page = p2m_frame(v->domain, gfn);
    if (!page)
        return false;
    a->dom->ops->fill_hypercall_page(page);
    domain_latch_word_size(v->domain, !a->dom->ops->is_64bit(a));
    return true;
}

void door_halt(struct arch_vcpu *a)
{
    vcpu_block(arch_to_vcpu(a));
}

void door_guest_crash(struct arch_vcpu *a, const char *why)
{
    domain_crash(arch_to_vcpu(a)->domain, why);
}

void door_nested_fault(struct arch_vcpu *a, uint64_t gpa, bool write, bool fetch)
{
    struct domain *d = arch_to_vcpu(a)->domain;
    printk_domain(LOG_ERROR, d->config.name, "vcpu %u %s guest-physical address 0x%llx, where nothing is mapped", a->id,
                  fetch   ? "executes"
                  : write ? "writes to"
                          : "reads",
                  (unsigned long long)gpa);
    domain_crash(d, "access to unmapped guest-physical memory");
}

uint32_t door_generator_read(struct arch_vcpu *a, uint16_t port, unsigned size)
{
    return pirq_generator_read(arch_to_vcpu(a)->domain, port, size);
}

void door_generator_write(struct arch_vcpu *a, uint16_t port, unsigned size, uint32_t value)
{
    pirq_generator_write(arch_to_vcpu(a)->domain, port, size, value);
}

void door_dump_line(const struct arch_vcpu *a, const char *fmt, ...)
{
    char line[128];
    va_list args;
    va_start(args, fmt);
    format_v(line, sizeof line, fmt, args);
    va_end(args);
    printk_guest_line(arch_to_domain(a->dom)->config.name, line);
}

void *door_guest_frame(const struct arch_vcpu *a, uint64_t gfn)
{
    return p2m_frame(arch_to_domain(a->dom), gfn);
}

unsigned door_nr_vcpus(const struct arch_vcpu *a)
{
    return arch_to_domain(a->dom)->nr_vcpus;
}
