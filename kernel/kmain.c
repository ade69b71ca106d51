/* SPDX-License-Identifier: MIT */
/* The start: one call a line. Every unit says on the console that it came up. */
#include "arch/x86/arch.h"
#include "arch/x86/console.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpu_record.h"
#include "arch/x86/serial.h"
#include "arch/x86/time.h"
#include "boot/boot_info.h"
#include "kernel/audit.h"
#include "kernel/build.h"
#include "kernel/console.h"
#include "kernel/container.h"
#include "kernel/door.h"
#include "kernel/memory.h"
#include "kernel/options.h"
#include "kernel/pirq.h"
#include "kernel/printk_internal.h"
#include "kernel/reaper.h"
#include "kernel/report.h"
#include "kernel/sched.h"
#include "kernel/summary.h"
#include "kernel/version.h"

static struct boot_info boot_info;
static struct options options;

#ifdef __clang__
#define COMPILER "clang %u.%u.%u"
#define COMPILER_VERSION __clang_major__, __clang_minor__, __clang_patchlevel__
#else
#define COMPILER "gcc %u.%u.%u"
#define COMPILER_VERSION __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__
#endif

static void banner(void)
{
    printk(LOG_INFO, "Xenolith " XENOLITH_VERSION ", guest ABI of Xen %u.%u, built by " COMPILER, XENOLITH_ABI_MAJOR,
           XENOLITH_ABI_MINOR, COMPILER_VERSION);
}

static void loader_init(uint32_t magic, uint32_t boot_pa)
{
    const char *error = NULL, *warning = NULL;
    if (boot_info_parse(magic, boot_pa, arch_window, &boot_info, &error, &warning))
        panic("the boot loader's information can't be used: %s", error);
    printk(LOG_INFO, "loader:     %s by %s, %u memory regions, %u modules, options \"%s\"", boot_info.protocol,
           boot_info.loader, boot_info.nr_regions, boot_info.nr_modules, boot_info.cmdline);
    if (warning)
        printk(LOG_WARNING, "loader:     %s", warning);
}

static void warn_option(const char *sentence)
{
    printk(LOG_WARNING, "%s", sentence);
}

static void note_port(const char *sentence)
{
    printk(LOG_INFO, "serial:     %s", sentence);
}

static void serial_line_init(void)
{
    note_port(console_find_serial(options.com, options.baud, note_port));
    if (console_use_serial())
        printk_log_to_serial();
}

/* A port that needs no tables of the firmware is told from the others early: it may be the only console. */
static void serial_line_early(void)
{
    if (!serial_choice_is_late(options.com))
        serial_line_init();
}

static void serial_line_late(void)
{
    if (serial_choice_is_late(options.com))
        serial_line_init();
}

static void options_init(void)
{
    options_parse(boot_info.cmdline, &options, warn_option);
    hypervisor_cmdline = boot_info.cmdline;
    printk_set_level(options.log);
    sched_set_timeslice(options.timeslice);
    audit_set(options.audit);
    if (options.report)
        report_prepare(&boot_info);
    ending_set(options.ending);
}

static void framebuffer_init(void)
{
    printk(LOG_INFO, "screen:     %s", console_memory_ready(&boot_info));
}

static void processor_details(void)
{
    const struct cpu_record *r = &boot_cpu_record;
    uint32_t microcode, smis;
    bool counted = record_smi_count(r, &smis);
    (void)record_microcode(r, &microcode);
    printk(LOG_DEBUG, "processor:  family %u, model %u, stepping %u, microcode revision %#x, %u SMIs%s",
           record_family(r), record_model(r), record_stepping(r), microcode, smis, counted ? "" : " (not counted)");
}

static void boot_cpu_init(void)
{
    cpu_init_bsp();
    printk_cpus_ready();
    printk(LOG_INFO, "processor:  %s, %s", cpu_model(), cpu_protections());
    processor_details();
}

static void input_init(void)
{
    printk(LOG_INFO, "keyboard:   %s", console_find_keyboard());
}

static void clock_init(void)
{
    time_init(options.clock);
    printk(LOG_INFO, "time:       TSC of %llu kHz by %s%s%s; timer is %s", (unsigned long long)(tsc_hz / 1000),
           time_source, time_confirmed ? " and " : "", time_confirmed ? time_confirmed : "", time_timer);
}

static void cpus_init(void)
{
    unsigned n = smp_start(options.maxcpus);
    container_wait_for_cpus(n);
    printk(LOG_INFO, "processors: %u running", n);
}

static void domains_init(void)
{
    summary_set_baseline(memory_free_frames() + arch_late_tables());
    domains_run_begins(build_domains(&boot_info));
}

void kmain(uint32_t magic, uint32_t boot_pa)
{
    console_device_init();         /* serial line and screen */
    cpu_catch_exceptions();        /* what goes wrong is said */
    banner();                      /* who we are */
    loader_init(magic, boot_pa);   /* what the loader told us */
    options_init();                /* our command line */
    serial_line_early();           /* the port that the command line names */
    console_boot_info(&boot_info); /* the screen's mode is known */
    memory_init(&boot_info);       /* page tables, page pool */
    framebuffer_init();            /* a framebuffer can be reached now */
    boot_cpu_init();               /* descriptors, protections */
    arch_acpi_init(&boot_info);    /* tables of the firmware */
    serial_line_late();            /* the port that the firmware names, or the first that answers */
    input_init();                  /* input without a serial port */
    apic_init(options.x2apic);     /* local interrupts */
    clock_init();                  /* TSC, timer */
    container_init();              /* SVM or VMX */
    container_selftest(options.selftest);
    pirq_init();          /* interrupt lines for guests */
    cpus_init();          /* the other processors */
    console_input_init(); /* debug keys, guests' input */
    if (options.report)
        report_run(); /* the machine instead of guests */
    domains_init();   /* guests from modules */
    sched_run();      /* and off they go */
}
