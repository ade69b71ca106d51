/* SPDX-License-Identifier: MIT */
#include "kernel/summary.h"

#include <stddef.h>

#include "arch/x86/arch.h"
#include "arch/x86/console.h"
#include "arch/x86/cpu.h"
#include "arch/x86/time.h"
#include "boot/boot_info.h"
#include "common/format.h"
#include "common/string.h"
#include "kernel/console.h"
#include "kernel/domain.h"
#include "kernel/ending.h"
#include "kernel/memory.h"
#include "kernel/nmi.h"
#include "kernel/printk.h"
#include "kernel/printk_internal.h"
#include "kernel/timers.h"

struct domain_result {
    char name[CONFIG_NAME_MAX];
    char verdict[DOMAIN_VERDICT_MAX];
    uint32_t shutdown;
    enum config_expect expect;
    uint64_t run_ns, hypercalls, events, leaked;
    bool good;
};

static struct domain_result results[BOOT_MAX_MODULES];
static unsigned nr_results, nr_skipped;
static uint64_t baseline;
static bool stay, over;

static bool says_success(const struct domain_result *r)
{
    return strncmp(r->verdict, "success", 7) == 0 || strncmp(r->verdict, "skip", 4) == 0;
}

static bool as_expected(const struct domain_result *r)
{
    switch (r->expect) {
    case CONFIG_EXPECT_CRASH:
        return r->shutdown == SHUTDOWN_crash;
    case CONFIG_EXPECT_RUNNING:
        return r->shutdown == SHUTDOWN_destroyed;
    default:
        return says_success(r) && r->shutdown != SHUTDOWN_crash && r->shutdown != SHUTDOWN_destroyed;
    }
}

struct domain_result *summary_add(const struct domain *d)
{
    struct domain_result *r = &results[nr_results < BOOT_MAX_MODULES ? nr_results++ : BOOT_MAX_MODULES - 1];
    memcpy(r->name, d->config.name, sizeof r->name);
    memcpy(r->verdict, d->verdict, sizeof r->verdict);
    r->shutdown = d->shutdown;
    r->expect = d->config.expect;
    r->run_ns = d->ended - d->started;
    r->hypercalls = d->bad_hypercalls;
    for (unsigned i = 0; i < NR_HYPERCALLS; i++)
        r->hypercalls += d->hypercalls[i];
    r->events = evt_events(d->evt);
    r->good = as_expected(r) && !d->damaged;
    return r;
}

void summary_set_leak(struct domain_result *r, uint64_t frames)
{
    r->leaked = frames;
    if (frames == 0)
        return;
    r->good = false;
    printk(LOG_ERROR, "domain %s ended, but %llu of its frames were not given back", r->name,
           (unsigned long long)frames);
}

void summary_set_skipped(unsigned modules)
{
    nr_skipped = modules;
}

void summary_set_baseline(uint64_t free_frames)
{
    baseline = free_frames;
}

static const char *result_word(const struct domain_result *r)
{
    if (!r->good)
        return "BAD";
    return r->expect == CONFIG_EXPECT_SUCCESS ? "good" : "expected";
}

/* With its time stamp a row is narrower than the 80 columns of a text screen. */
static void print_row(const struct domain_result *r)
{
    printk(LOG_INFO, "  %-12s %-8s %-8s %5llu.%llu %10llu %8llu", r->name, domain_reason_name(r->shutdown),
           result_word(r), (unsigned long long)(r->run_ns / 1000000), (unsigned long long)(r->run_ns / 100000 % 10),
           (unsigned long long)r->hypercalls, (unsigned long long)r->events);
    if (r->verdict[0] && strcmp(r->verdict, "success") != 0)
        printk(LOG_INFO, "    %s said: %s", r->name, r->verdict);
    else if (!r->verdict[0] && !r->good)
        printk(LOG_INFO, "    %s gave no verdict", r->name);
}

static bool print_table(void)
{
    uint64_t hypercalls = 0, events = 0;
    unsigned good = 0;
    printk(LOG_INFO, "  %-12s %-8s %-8s %7s %10s %8s", "domain", "reason", "result", "ms", "hypercalls", "events");
    for (unsigned i = 0; i < nr_results; i++) {
        print_row(&results[i]);
        hypercalls += results[i].hypercalls;
        events += results[i].events;
        good += results[i].good;
    }
    printk(LOG_INFO, "  %2u of %2u domains are good              %10llu %8llu", good, nr_results,
           (unsigned long long)hypercalls, (unsigned long long)events);
    if (nr_skipped)
        printk(LOG_INFO, "  %u module%s skipped", nr_skipped, nr_skipped == 1 ? " was" : "s were");
    return good == nr_results && nr_results > 0 && nr_skipped == 0;
}

/* All domains are gone: every frame must be back in the pool, the hypervisor's own ones about them too. */
static bool all_frames_back(void)
{
    uint64_t now = memory_free_frames() + arch_late_tables();
    if (now == baseline) {
        printk(LOG_INFO, "  every page came back");
        return true;
    }
    printk(LOG_ERROR, "the page pool had %llu frames free before the first domain and has %llu after the last",
           (unsigned long long)baseline, (unsigned long long)now);
    return false;
}

/* The keys still work: the log can be read, and the machine be sent off or started again. */
static void stay_here(void)
{
    console_input_init();
    while (stay) {
        uint32_t work = __atomic_exchange_n(&this_cpu()->work, 0, __ATOMIC_SEQ_CST);
        timers_run(time_now(), work & CPU_WORK_TIMER);
        timers_arm(TIMER_NEVER);
        cpu_idle();
    }
}

void summary_leave(void)
{
    if (over)
        stay = false;
}

void summary_verdict(bool ok, bool to_read)
{
    printk_guest_line("xen", ok ? "verdict: success" : "verdict: failure");
    console_drain();
    over = true;
    stay = ending_stays(ok, to_read);
    if (stay)
        printk_plain_line("The machine stays on: PgUp and PgDn turn pages, R restarts, q switches it off.");
    stay_here();
    machine_power_off(ok);
}

void summary_end_run(void)
{
    if (nr_results == 0)
        printk(LOG_ERROR, "no domain could be started: there is nothing to run");
    bool ok = nr_results > 0 && print_table();
    nmi_summary();
    if (!all_frames_back())
        ok = false;
    summary_verdict(ok, false);
}
