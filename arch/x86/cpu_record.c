/* SPDX-License-Identifier: MIT */
#include "arch/x86/cpu_record.h"

#include "common/string.h"

#define MSR_SMI_COUNT 0x34
#define MSR_MICROCODE 0x8b
#define ARCH_CAPABILITIES_RDCL_NO (1U << 0)

struct cpuid record_cpuid(const struct cpu_record *r, uint32_t leaf, uint32_t subleaf)
{
    for (unsigned i = 0; i < r->nr_leaves; i++)
        if (r->leaves[i].leaf == leaf && r->leaves[i].subleaf == subleaf)
            return r->leaves[i].value;
    return (struct cpuid){0};
}

bool record_msr(const struct cpu_record *r, uint32_t msr, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < r->nr_msrs; i++)
        if (r->msrs[i].msr == msr) {
            *value = r->msrs[i].value;
            return true;
        }
    return false;
}

uint64_t record_msr_or_0(const struct cpu_record *r, uint32_t msr)
{
    uint64_t value;
    (void)record_msr(r, msr, &value);
    return value;
}

enum cpu_vendor record_vendor(const struct cpu_record *r)
{
    static const struct {
        char name[13];
        enum cpu_vendor vendor;
    } vendors[] = {
        {"GenuineIntel", VENDOR_INTEL},
        {"AuthenticAMD", VENDOR_AMD},
        {"HygonGenuine", VENDOR_AMD},
    };
    struct cpuid id = record_cpuid(r, 0, 0);
    const uint32_t name[] = {id.ebx, id.edx, id.ecx};

    for (unsigned i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++)
        if (memcmp(name, vendors[i].name, sizeof(name)) == 0)
            return vendors[i].vendor;
    return VENDOR_OTHER;
}

static uint32_t signature(const struct cpu_record *r)
{
    return record_cpuid(r, 1, 0).eax;
}

/* The extended fields count where the base field has overflowed (SDM Vol. 2, CPUID; APM Vol. 3, Fn0000_0001). */
uint32_t record_family(const struct cpu_record *r)
{
    uint32_t base = signature(r) >> 8 & 15;
    return base == 15 ? base + (signature(r) >> 20 & 255) : base;
}

uint32_t record_model(const struct cpu_record *r)
{
    uint32_t base = signature(r) >> 4 & 15, family = record_family(r);
    return family == 6 || family >= 15 ? base | (signature(r) >> 12 & 0xf0) : base;
}

uint32_t record_stepping(const struct cpu_record *r)
{
    return signature(r) & 15;
}

void record_brand(const struct cpu_record *r, char *text, size_t size)
{
    char brand[49] = "";
    const char *start = brand;

    for (uint32_t i = 0; i < 3; i++) {
        struct cpuid part = record_cpuid(r, 0x80000002 + i, 0);
        memcpy(brand + 16 * i, &part, 16);
    }
    while (*start == ' ')
        start++;
    if (!*start)
        start = "unnamed processor";
    size_t n = strnlen(start, size - 1);
    while (n && start[n - 1] == ' ')
        n--;
    memcpy(text, start, n);
    text[n] = '\0';
}

/* Intel: bits 63:32; AMD: bits 31:0. 0 means that no microcode was loaded, or that nobody says. */
bool record_microcode(const struct cpu_record *r, uint32_t *revision)
{
    uint64_t value;
    bool known = record_msr(r, MSR_MICROCODE, &value);

    *revision = (uint32_t)(record_vendor(r) == VENDOR_INTEL ? value >> 32 : value);
    return known && *revision;
}

bool record_smi_count(const struct cpu_record *r, uint32_t *count)
{
    uint64_t value;
    bool known = record_msr(r, MSR_SMI_COUNT, &value);

    *count = (uint32_t)value;
    return known && record_vendor(r) == VENDOR_INTEL;
}

bool record_may_melt_down(const struct cpu_record *r)
{
    return record_vendor(r) == VENDOR_INTEL && !(record_msr_or_0(r, MSR_ARCH_CAPABILITIES) & ARCH_CAPABILITIES_RDCL_NO);
}
