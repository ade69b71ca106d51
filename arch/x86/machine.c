/* SPDX-License-Identifier: MIT */
/* Ways to end: each is tried in turn, since no machine has them all. */
#include "arch/x86/machine.h"
#include "arch/x86/acpi.h"
#include "arch/x86/arch.h"
#include "arch/x86/console.h"
#include "arch/x86/cpu.h"
#include "arch/x86/creg.h"
#include "arch/x86/descriptors.h"
#include "arch/x86/io.h"
#include "arch/x86/paging.h"
#include "arch/x86/regs.h"
#include "boot/boot_info.h"
#include "common/string.h"
#include "kernel/printk.h"

#define DEBUG_EXIT 0xf4 /* QEMU's isa-debug-exit, as run.sh places it */
#define DEBUG_EXIT_GOOD 0x10
#define DEBUG_EXIT_BAD 0x11
#define BOCHS_SHUTDOWN 0x8900
#define QEMU_PM1A 0x604 /* where QEMU's firmware puts it on q35 */
#define PM1_SCI_ENABLE 0x0001
#define PM1_SLEEP_TYPE 0x1c00
#define PM1_SLEEP 0x2000
#define PM1_SLEEP_TYPE_SHIFT 10
#define RESET_CONTROL 0xcf9
#define RESET_COLD 0x06
#define KBC_STATUS 0x64
#define KBC_COMMAND 0x64
#define KBC_INPUT_FULL 0x02
#define KBC_RESET 0xfe
#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc
#define PORT_POST 0x80 /* a write takes about a microsecond on a PC */

static struct acpi_info info;
const struct acpi_info *const acpi = &info;
static volatile uint8_t *reset_register; /* if it is in memory */

bool machine_is_virtual(void)
{
    return cpuid(1, 0).ecx & CPUID_1_ECX_HYPERVISOR;
}

static int find_tables(const struct boot_info *boot, const char **error)
{
    if (boot->rsdp_copy_size)
        return acpi_parse_copy(boot->rsdp_copy, boot->rsdp_copy_size, arch_window, &info, error);
    return acpi_parse(boot->rsdp, arch_window, &info, error);
}

void arch_acpi_init(const struct boot_info *boot)
{
    const char *error = "";
    if (find_tables(boot, &error) != 0) {
        memset(&info, 0, sizeof(info));
        printk(LOG_WARNING, "ACPI: %s", error);
        return;
    }
    if (info.warning)
        printk(LOG_WARNING, "ACPI: %s%s%s", info.warning, info.warning_table[0] ? ": " : "", info.warning_table);
    if (info.has_reset && info.reset.space == ACPI_SPACE_MEMORY)
        reset_register = map_device(info.reset.address, 1);
    printk(LOG_INFO, "ACPI:       %u CPU%s, %s, %s, %s", info.nr_cpus, info.nr_cpus == 1 ? "" : "s",
           info.has_s5 ? "power-off" : "no power-off", info.pm_timer.address ? "PM timer" : "no PM timer",
           info.hpet ? "HPET" : "no HPET");
}

/* Good enough for waiting when time_now() may not run. */
static void pause_ms(unsigned ms)
{
    for (unsigned i = 0; i < ms * 1000; i++)
        outb(PORT_POST, 0);
}

static void emulator_exit(bool ok)
{
    if (machine_is_virtual())
        outl(DEBUG_EXIT, ok ? DEBUG_EXIT_GOOD : DEBUG_EXIT_BAD);
}

static bool is_io_register(const struct acpi_address *a)
{
    return a->address && a->address <= UINT16_MAX && a->space == ACPI_SPACE_IO;
}

/* The registers obey only in ACPI mode. */
static void acpi_mode(uint16_t pm1a)
{
    if (!info.smi_cmd || !info.acpi_enable || (inw(pm1a) & PM1_SCI_ENABLE))
        return;
    outb(info.smi_cmd, info.acpi_enable);
    for (unsigned i = 0; i < 300 && !(inw(pm1a) & PM1_SCI_ENABLE); i++)
        pause_ms(1);
}

static void sleep_register(const struct acpi_address *a, uint8_t type)
{
    uint16_t port = (uint16_t)a->address;
    uint16_t value = (uint16_t)((inw(port) & ~PM1_SLEEP_TYPE & ~PM1_SLEEP) | type << PM1_SLEEP_TYPE_SHIFT);
    outw(port, value);
    outw(port, value | PM1_SLEEP);
}

static void acpi_power_off(void)
{
    if (!info.has_s5 || info.hw_reduced || !is_io_register(&info.pm1a))
        return;
    acpi_mode((uint16_t)info.pm1a.address);
    sleep_register(&info.pm1a, info.slp_typa);
    if (is_io_register(&info.pm1b))
        sleep_register(&info.pm1b, info.slp_typb);
    pause_ms(500);
}

static void bochs_shutdown(void)
{
    for (const char *s = "Shutdown"; *s; s++)
        outb(BOCHS_SHUTDOWN, (uint8_t)*s);
}

void machine_leave_emulator(bool ok)
{
    console_drain();
    emulator_exit(ok);
    bochs_shutdown();
}

static void emulator_power_off(void)
{
    bochs_shutdown();
    if (machine_is_virtual())
        outw(QEMU_PM1A, PM1_SLEEP);
}

void machine_power_off(bool ok)
{
    static const char stays_on[] = "This machine cannot switch itself off: please do it.\n";
    console_drain();
    emulator_exit(ok);
    acpi_power_off();
    emulator_power_off();
    console_write(stays_on, sizeof(stays_on) - 1);
    halt_forever();
}

static void write_pci(uint64_t address, uint8_t value)
{
    uint32_t device = address >> 32 & 31, function = address >> 16 & 7, offset = address & 0xff;
    outl(PCI_ADDRESS, 0x80000000U | device << 11 | function << 8 | (offset & 0xfc));
    outb((uint16_t)(PCI_DATA + (offset & 3)), value);
}

static void acpi_reset(void)
{
    if (!info.has_reset)
        return;
    if (is_io_register(&info.reset))
        outb((uint16_t)info.reset.address, info.reset_value);
    else if (reset_register)
        *reset_register = info.reset_value;
    else if (info.reset.space == ACPI_SPACE_PCI)
        write_pci(info.reset.address, info.reset_value);
    pause_ms(50);
}

static void chipset_reset(void)
{
    uint8_t old = inb(RESET_CONTROL) & 0xf0;
    outb(RESET_CONTROL, old | 0x02);
    outb(RESET_CONTROL, old | RESET_COLD);
    pause_ms(50);
}

static void keyboard_reset(void)
{
    for (unsigned i = 0; i < 50 && (inb(KBC_STATUS) & KBC_INPUT_FULL); i++)
        pause_ms(1);
    outb(KBC_COMMAND, KBC_RESET);
    pause_ms(50);
}

/* With an empty interrupt table any exception is a triple fault. */
static void triple_fault(void)
{
    struct table_pointer empty = {0};
    __asm__ volatile("lidt %0; int3" : : "m"(empty));
}

void machine_reboot(void)
{
    console_drain();
    acpi_reset();
    chipset_reset();
    keyboard_reset();
    triple_fault();
    halt_forever();
}
