/* SPDX-License-Identifier: MIT */
// links: arch/x86/acpi*.c
/*
 * Hostile firmware. Bit 0 of the first byte: make the checksums right, since a fuzzer rarely hits them; bit 1: the RSDP
 * is a copy outside of the window; bit 2: search for it; bit 3: it lies above 4 GiB. The rest is memory at 0xe0000, and
 * the same again 4 GiB higher: an RSDP, tables on 64-byte boundaries.
 */
#include <assert.h>

#include "arch/x86/acpi.h"
#include "tests/host/exact_window.h"

#define BASE 0xe0000
#define HIGH (BASE + (1ULL << 32))
#define MAX_SIZE 0x20000

static void fix_sum(uint8_t *data, size_t size, size_t where)
{
    uint8_t total = 0;

    if (where >= size)
        return;
    data[where] = 0;
    for (size_t i = 0; i < size; i++)
        total = (uint8_t)(total + data[i]);
    data[where] = (uint8_t)-total;
}

static void fix_tables(uint8_t *mem, size_t size)
{
    for (size_t at = 64; at + 36 <= size; at += 64) {
        uint32_t length;

        memcpy(&length, mem + at + 4, sizeof(length));
        if (length >= 36 && length <= size - at)
            fix_sum(mem + at, length, 9);
    }
    if (size < 36)
        return;
    fix_sum(mem, 20, 8);
    fix_sum(mem, 36, 32);
}

static void check_info(const struct acpi_info *info)
{
    bool absent = false;

    assert(memchr(info->warning_table, 0, sizeof(info->warning_table)) && (info->warning || !info->warning_table[0]));
    assert(info->nr_cpus <= ACPI_MAX_CPUS && info->nr_ioapics <= ACPI_MAX_IOAPICS);
    assert(info->nr_overrides <= ACPI_MAX_OVERRIDES && info->slp_typa <= 7 && info->slp_typb <= 7);
    assert(info->nr_serials <= ACPI_MAX_SERIALS);
    for (unsigned i = 0; i < info->nr_serials; i++)
        assert(info->serials[i].regs.address && info->serials[i].regs.space <= ACPI_SPACE_IO);
    for (unsigned i = 0; i < info->nr_cpus; i++) {
        assert(info->cpus[i].enabled || info->cpus[i].online_capable);
        assert(!(absent && info->cpus[i].enabled));
        absent |= !info->cpus[i].enabled;
        for (unsigned j = 0; j < i; j++)
            assert(info->cpus[i].apic_id != info->cpus[j].apic_id);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t mem[MAX_SIZE];
    static struct acpi_info info;
    const char *error = NULL;
    int rc;

    if (size < 1 || size - 1 > sizeof(mem))
        return 0;
    size--;
    memcpy(mem, data + 1, size);
    if (data[0] & 1)
        fix_tables(mem, size);
    exact_clear();
    exact_add(BASE, mem, size);
    exact_add(HIGH, mem, size);
    if (data[0] & 2)
        rc = acpi_parse_copy(mem, size < 36 ? size : 36, exact_window, &info, &error);
    else
        rc = acpi_parse(data[0] & 4 ? 0 : data[0] & 8 ? HIGH : BASE, exact_window, &info, &error);
    if (rc == 0)
        check_info(&info);
    else
        assert(error && error[0]);
    exact_clear();
    return 0;
}
