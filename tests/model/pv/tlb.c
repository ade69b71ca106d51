/* SPDX-License-Identifier: MIT */
/*
 * Who asks for a flush (arch/x86/tlb.c) against CPUs that use translations. There is one entry, which leads to one
 * frame. A CPU remembers it when it walks: when it has to, and without being asked right after a flush, which is the
 * worst moment. The flusher clears the entry, has it forgotten, and then the frame becomes something else: from there
 * on nobody may use it by the entry. Each CPU remembers it when the threads begin.
 */
#include "tests/model/pv/tlb.h"

#include <stddef.h>
#include <stdio.h>

#include "arch/x86/tlb.h"
#include "tests/model/pv/inline/tlb.h"
#include "tests/model/state.h"
#include "tests/model/story.h"

#define ALL_CPUS UINT64_MAX
#define OVER (1U << 31) /* a bit of cpu->work: the flusher is done, idle CPUs may wake up */

struct cpu cpus[MAX_CPUS] MODEL_STATE = {{.id = 0}};
unsigned nr_cpus MODEL_STATE = 1;

static struct {
    uint64_t entry;
    uint64_t reused;
    uint64_t remembered[MODEL_THREADS]; /* by each CPU; written by itself only */
} mem MODEL_STATE = {.entry = 0};

/* --- The processor */

struct cpu *tlb_this_cpu(void);
uint64_t read_cr3(void);
void write_cr3(uint64_t value);

struct cpu *tlb_this_cpu(void)
{
    return &cpus[machine.current];
}

static void walk(void)
{
    if (machine_load(&mem.entry, 8))
        machine_write(&mem.remembered[machine.current], 8, 1);
}

uint64_t read_cr3(void)
{
    return 0;
}

/* Serializing (SDM Vol. 3, 8.3). */
void write_cr3(uint64_t value)
{
    (void)value;
    machine_fence();
    machine_write(&mem.remembered[machine.current], 8, 0);
    walk();
}

static void use(void)
{
    if (!mem.remembered[machine.current])
        walk();
    if (mem.remembered[machine.current] && machine_load(&mem.reused, 8))
        machine_fail("CPU %u uses a translation that was to be forgotten", machine.current);
}

/* The interrupt comes some time later: the caller goes on when it likes. */
void cpu_request_work(unsigned cpu, uint32_t work)
{
    (void)machine_update(&cpus[cpu].work, 4, VERB_OR, work);
}

static bool has_work(const struct step *step)
{
    return *(const uint32_t *)step->at & (uint32_t)step->expected;
}

static void sleep_until(uint32_t work)
{
    machine_await(&tlb_this_cpu()->work, 4, has_work, work);
}

/* --- What threads do */

/* If a flush is still to come, the copy walks by program, and uses nothing that is remembered. */
static void copy_in_place(void)
{
    if (!call_use_begin(tlb_this_cpu()))
        return;
    use();
    call_use_end(tlb_this_cpu());
}

static void copy_twice(void)
{
    copy_in_place();
    copy_in_place();
}

/* It stays until it is called, and may get an instruction done before it leaves. */
static void run_guest(void)
{
    call_enter_pv_guest(tlb_this_cpu());
    use();
    sleep_until(UINT32_MAX);
    use();
    call_leave_guest(tlb_this_cpu());
}

static void change_mode(void)
{
    tlb_write_cr3(1);
    run_guest();
}

/* Nobody needs to call it, or to wait for it. */
static void idle_then_copy(void)
{
    call_enter_other_guest(tlb_this_cpu());
    sleep_until(OVER);
    call_leave_guest(tlb_this_cpu());
    copy_in_place();
}

static void flush_enter(void)
{
    tlb_flush();
    call_enter_pv_guest(tlb_this_cpu());
    call_leave_guest(tlb_this_cpu());
}

static void clear_entry(void)
{
    (void)machine_update(&mem.entry, 8, VERB_EXCHANGE, 0);
}

static void reuse(void)
{
    machine_write(&mem.reused, 8, 1);
    for (unsigned i = 0; i < nr_cpus; i++)
        cpu_request_work(i, OVER);
}

static void forget(void)
{
    clear_entry();
    tlb_forget(ALL_CPUS);
    reuse();
}

static void flush_since(void)
{
    clear_entry();
    tlb_flush_since(tlb_time());
    reuse();
}

/* It asks, and then uses its own: the answer must hold for itself as well. */
static void forget_then_copy(void)
{
    forget();
    copy_in_place();
}

/* A frame that becomes free may be written by anyone: nobody may even remember it, since processors walk unasked. */
static void free_when_flushed(void)
{
    clear_entry();
    uint32_t time = tlb_time();
    if (!tlb_is_flushed_since(time) && !tlb_is_flushed_since(time))
        return;
    for (unsigned i = 0; i < nr_cpus; i++)
        if (machine_load(&mem.remembered[i], 8))
            machine_fail("CPU %u still remembers the entry of a frame that becomes free", i);
}

/* --- Scenarios */

static void begin(unsigned n)
{
    nr_cpus = n;
    mem.entry = 1;
    for (unsigned i = 0; i < n; i++) {
        cpus[i].id = i;
        cpus[i].in_hv = 1;
        mem.remembered[i] = 1;
    }
}

static void two(void)
{
    begin(2);
}

static void three(void)
{
    begin(3);
}

const struct pv_scenario tlb_scenarios[] = {
    {.name = "tlb: forget || copy in place", .first = two, .thread = {forget, copy_twice}},
    {.name = "tlb: forget || guest", .first = two, .thread = {forget, run_guest}},
    {.name = "tlb: forget || idle, copy in place", .first = two, .thread = {forget, idle_then_copy}},
    {.name = "tlb: forget || change of mode", .first = two, .thread = {forget, change_mode}},
    {.name = "tlb: flush since || copy in place", .first = two, .thread = {flush_since, copy_twice}},
    {.name = "tlb: flush since || change of mode", .first = two, .thread = {flush_since, change_mode}},
    {.name = "tlb: flush since || guest || copy", .first = three, .thread = {flush_since, run_guest, copy_in_place}},
    {.name = "tlb: forget || forget, copy each", .first = two, .thread = {forget_then_copy, forget_then_copy}},
    {.name = "tlb: free when flushed || flush, enter", .first = two, .thread = {free_when_flushed, flush_enter}},
    {.name = NULL},
};

bool tlb_name(char *name, uintptr_t at)
{
    static const struct {
        size_t at;
        const char *name;
    } fields[] = {
        {offsetof(struct cpu, work), "work"},
        {offsetof(struct cpu, in_hv), "in_hv"},
        {offsetof(struct cpu, tlb_wanted), "tlb_wanted"},
        {offsetof(struct cpu, tlb_using), "tlb_using"},
        {offsetof(struct cpu, tlb_entered), "tlb_entered"},
    };
    size_t offset = at - (uintptr_t)cpus, word = (at - (uintptr_t)&mem) / 8;

    if (word < sizeof(mem) / 8) {
        static const char *const words[] = {"the entry", "the frame's next use"};
        if (word < 2)
            snprintf(name, STORY_NAME, "%s", words[word]);
        else
            snprintf(name, STORY_NAME, "what CPU %zu remembers", word - 2);
        return true;
    }
    for (unsigned i = 0; offset < sizeof(cpus) && i < sizeof(fields) / sizeof(*fields); i++)
        if (offset % sizeof(struct cpu) == fields[i].at) {
            snprintf(name, STORY_NAME, "%s of CPU %zu", fields[i].name, offset / sizeof(struct cpu));
            return true;
        }
    return false;
}
