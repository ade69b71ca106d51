/* SPDX-License-Identifier: MIT */
#include "kernel/keys.h"

#include <stddef.h>
#include <stdint.h>

#include "arch/x86/console.h"
#include "arch/x86/cpu.h"
#include "arch/x86/time.h"
#include "common/format.h"
#include "evtchn/evtchn.h"
#include "kernel/audit.h"
#include "kernel/hypercall.h"
#include "kernel/memory.h"
#include "kernel/nmi.h"
#include "kernel/pirq.h"
#include "kernel/poll.h"
#include "kernel/printk_internal.h"
#include "kernel/reaper.h"
#include "kernel/sched.h"
#include "kernel/summary.h"
#include "kernel/timers.h"
#include "kernel/vcpu.h"

static const char *vcpu_state(const struct vcpu *v)
{
    uint32_t by = __atomic_load_n(&v->blocked_by, __ATOMIC_RELAXED);
    if (by & VCPU_SHUTDOWN)
        return "shut down";
    if (by & VCPU_DOWN)
        return "down";
    if (by & VCPU_PAUSED)
        return "paused";
    if (by & VCPU_BLOCKED)
        return __atomic_load_n(&v->poll_port, __ATOMIC_RELAXED) != POLL_NONE ? "polling" : "blocked";
    return v->running ? "running" : "runnable";
}

static void show_vcpu(struct vcpu *v)
{
    struct vcpu_runstate_info r;
    uint64_t now = time_now();
    vcpu_get_runstate(v, now, &r);
    printk(LOG_INFO,
           "  vcpu %u on CPU %u: %s; upcall pending %u, mask %u, vector 0x%02x; %llu exits; "
           "ran %llu ms, waited %llu ms, blocked %llu ms",
           v->arch.id, v->arch.cpu, vcpu_state(v), v->info[0], v->info[1], v->arch.upcall_vector,
           (unsigned long long)v->arch.exits, (unsigned long long)(r.time[RUNSTATE_running] / 1000000),
           (unsigned long long)(r.time[RUNSTATE_runnable] / 1000000),
           (unsigned long long)(r.time[RUNSTATE_blocked] / 1000000));
    if (v->initialised)
        sched_dump_vcpu(v);
}

static void show_domain(struct domain *d)
{
    printk(LOG_INFO, "domain %u \"%s\": %u vcpus, %llu of %llu pages, %s%s, %u open ports, %llu events", d->arch.domid,
           d->config.name, d->nr_vcpus, (unsigned long long)d->pages, (unsigned long long)d->max_pages,
           evt_abi_name(d->evt), d->privileged ? ", privileged" : "", evt_open_ports(d->evt),
           (unsigned long long)evt_events(d->evt));
    for (unsigned i = 0; i < d->nr_vcpus; i++)
        show_vcpu(d->vcpu[i]);
}

static void key_domains(void)
{
    domains_each(show_domain);
}

static const char *port_state(uint32_t status)
{
    static const char *const names[] = {
        [EVTCHNSTAT_closed] = "reserved", [EVTCHNSTAT_unbound] = "unbound", [EVTCHNSTAT_interdomain] = "interdomain",
        [EVTCHNSTAT_pirq] = "pirq",       [EVTCHNSTAT_virq] = "virq",       [EVTCHNSTAT_ipi] = "ipi",
    };
    return status < sizeof names / sizeof names[0] ? names[status] : "?";
}

static void describe_peer(const struct evt_port_view *p, char *text, size_t size)
{
    text[0] = '\0';
    if (p->status == EVTCHNSTAT_unbound)
        format(text, size, "for d%u", p->peer_domid);
    else if (p->status == EVTCHNSTAT_interdomain)
        format(text, size, "d%u:%u", p->peer_domid, p->peer_port);
    else if (p->status == EVTCHNSTAT_virq)
        format(text, size, "virq %u", p->virq);
    else if (p->status == EVTCHNSTAT_pirq)
        format(text, size, "pirq %u", p->pirq);
}

static void show_port(const struct evt_port_view *p)
{
    char peer[32];
    describe_peer(p, peer, sizeof peer);
    printk(LOG_INFO, "  %7u  %c %c %2u %2u  %-11s  %-14s %4u  %s", p->port, p->pending ? 'P' : '-',
           p->masked ? 'M' : '-', p->l2, p->l1, port_state(p->status), peer, p->vcpu, p->why);
}

/* A line each: 200,000 would take the serial line half an hour. Those that are pending are what one looks for. */
#define QUIET_SHOWN 64U
#define PENDING_SHOWN 256U

static void left_out(uint32_t found, uint32_t shown, const char *what)
{
    if (found > shown)
        printk(LOG_INFO, "  %u more %s ports are left out", found - shown, what);
}

static void show_ports(struct domain *d)
{
    struct evt_port_view view;
    uint32_t port = 0, quiet = 0, pending = 0;
    printk(LOG_INFO, "domain %u \"%s\": ABI %s, word size %u, %u open ports, %llu events (%llu dropped), %llu KiB",
           d->arch.domid, d->config.name, evt_abi_name(d->evt), evt_word_size(d->evt), evt_open_ports(d->evt),
           (unsigned long long)evt_events(d->evt), (unsigned long long)evt_dropped(d->evt),
           (unsigned long long)(evt_bytes(d->evt) >> 10));
    printk(LOG_INFO, "  %7s  %s %s %2s %2s  %-11s  %-14s %4s  %s", "port", "P", "M", "L2", "L1", "state", "peer",
           "vcpu", "why pending and not delivered");
    while (evt_view_port(d->evt, port, &view)) {
        if (view.pending || view.why[0] ? pending++ < PENDING_SHOWN : quiet++ < QUIET_SHOWN)
            show_port(&view);
        port = view.port + 1;
    }
    left_out(quiet, QUIET_SHOWN, "quiet");
    left_out(pending, PENDING_SHOWN, "pending");
}

static void key_events(void)
{
    domains_each(show_ports);
}

static void key_memory(void)
{
    uint64_t free = memory_free_frames(), total = memory_total_frames();
    printk(LOG_INFO, "memory: %llu of %llu frames free (%llu of %llu MiB)", (unsigned long long)free,
           (unsigned long long)total, (unsigned long long)(free >> 8), (unsigned long long)(total >> 8));
}

static void show_hypercalls(struct domain *d)
{
    printk(LOG_INFO, "domain %u \"%s\":", d->arch.domid, d->config.name);
    for (unsigned i = 0; i < NR_HYPERCALLS; i++)
        if (d->hypercalls[i])
            printk(LOG_INFO, "  %2u %-18s %llu", i, hypercall_name(i) ? hypercall_name(i) : "(not offered)",
                   (unsigned long long)d->hypercalls[i]);
    if (d->bad_hypercalls)
        printk(LOG_INFO, "  no such number     %llu", (unsigned long long)d->bad_hypercalls);
}

static void key_hypercalls(void)
{
    domains_each(show_hypercalls);
}

static void key_timers(void)
{
    uint64_t now = time_now();
    printk(LOG_INFO, "time %llu ns, TSC %llu Hz from %s", (unsigned long long)now, (unsigned long long)tsc_hz,
           time_source);
    for (unsigned i = 0; i < nr_cpus; i++) {
        uint64_t first = timers_first(i);
        if (first == TIMER_NEVER)
            printk(LOG_INFO, "  CPU %u: no timer", i);
        else
            printk(LOG_INFO, "  CPU %u: first timer in %lld us", i, (long long)(int64_t)(first - now) / 1000);
    }
}

static void key_quit(void)
{
    printk(LOG_INFO, "ending the run");
    summary_leave();
    domains_end_run();
}

static void key_reboot(void)
{
    printk(LOG_INFO, "rebooting");
    console_drain();
    machine_reboot();
}

static void key_help(void);

static const struct {
    void (*handler)(void);
    const char *help;
} keys[128] = {
    ['a'] = {audit_request, "audit: are the counts of all frames of pv domains right?"},
    ['c'] = {key_hypercalls, "counts of hypercalls"},
    ['d'] = {key_domains, "domains and vcpus with their registers"},
    ['e'] = {key_events, "event channels of every domain"},
    ['h'] = {key_help, "this list"},
    ['i'] = {pirq_show, "interrupt lines"},
    ['l'] = {printk_show_log, "the log again"},
    ['m'] = {key_memory, "memory"},
    ['n'] = {nmi_show, "NMIs and other interrupts that nobody asked for"},
    ['q'] = {key_quit, "end the run: destroy all domains, summary, power off"},
    ['R'] = {key_reboot, "reboot the machine at once"},
    ['t'] = {key_timers, "time and timers"},
};

static void key_help(void)
{
    printk(LOG_INFO, "debug keys (Ctrl-A three times gives the input to the domains in turn):");
    for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].handler)
            printk(LOG_INFO, "  %c  %s", (char)i, keys[i].help);
}

void key_pressed(char key)
{
    unsigned i = (unsigned char)key;
    if (i < sizeof keys / sizeof keys[0] && keys[i].handler)
        keys[i].handler();
}
