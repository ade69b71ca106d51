/* SPDX-License-Identifier: MIT */
#include "tests/host/machine_file.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool take_cpuid(struct machine *m, const char *line)
{
    struct record_leaf l;
    if (sscanf(line, "cpuid %" SCNx32 " %" SCNx32 " %" SCNx32 " %" SCNx32 " %" SCNx32 " %" SCNx32, &l.leaf, &l.subleaf,
               &l.value.eax, &l.value.ebx, &l.value.ecx, &l.value.edx) != 6)
        return false;
    assert_true(m->record.nr_leaves < RECORD_MAX_LEAVES);
    m->record.leaves[m->record.nr_leaves++] = l;
    return true;
}

static bool take_region(struct machine *m, const char *line)
{
    uint64_t start, last;
    uint32_t type;
    if (sscanf(line, "e820 %" SCNx64 " %" SCNx64 " %" SCNu32, &start, &last, &type) != 3)
        return false;
    assert_true(m->nr_regions < MACHINE_MAX_REGIONS);
    m->regions[m->nr_regions++] = (struct boot_region){start, last - start + 1, type};
    return true;
}

static bool take_msr(struct machine *m, const char *line)
{
    uint32_t msr;
    uint64_t value;
    if (sscanf(line, "msr %" SCNx32 " %" SCNx64, &msr, &value) != 2)
        return false;
    machine_set_msr(m, msr, value);
    return true;
}

static bool take_conclusion(struct machine *m, const char *line)
{
    struct vmx_controls *c = &m->controls;
    if (sscanf(line, "controls %" SCNx32 " %" SCNx32 " %" SCNx32 " %" SCNx32 " %" SCNx32, &c->pin, &c->cpu, &c->cpu2,
               &c->exit, &c->entry) == 5)
        return m->has_controls = true;
    if (sscanf(line, "obstacle %63[^\n]", m->obstacles[m->nr_obstacles]) == 1)
        return ++m->nr_obstacles < MACHINE_MAX_OBSTACLES;
    return sscanf(line, "verdict %511[^\n]", m->verdict) == 1;
}

void machine_load(const char *name, struct machine *m)
{
    char path[256], line[1024];

    memset(m, 0, sizeof(*m));
    snprintf(m->name, sizeof(m->name), "%s", name);
    snprintf(path, sizeof(path), MACHINE_FOLDER "/%s.txt", name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s can't be read", path);
    while (fgets(line, sizeof(line), file))
        if (line[0] != '#' && !take_region(m, line) && !take_cpuid(m, line) && !take_msr(m, line) &&
            !take_conclusion(m, line))
            fail_msg("%s: a line that is not understood: %s", path, line);
    fclose(file);
    if (!m->verdict[0] || !m->record.nr_leaves || !m->nr_regions)
        fail_msg("%s is not complete", path);
}

void machine_set_msr(struct machine *m, uint32_t msr, uint64_t value)
{
    machine_remove_msr(m, msr);
    assert_true(m->record.nr_msrs < RECORD_MAX_MSRS);
    m->record.msrs[m->record.nr_msrs++] = (struct record_msr){msr, value};
}

void machine_remove_msr(struct machine *m, uint32_t msr)
{
    for (unsigned i = 0; i < m->record.nr_msrs; i++)
        if (m->record.msrs[i].msr == msr)
            m->record.msrs[i] = m->record.msrs[--m->record.nr_msrs];
}
