/* SPDX-License-Identifier: MIT */
/*
 * Several vcpus fight for a few frames: some make them page tables and descriptor pages, others map them writable and
 * write, also through mappings that the processor only remembers. What is a table must never change by a write: each
 * vcpu that has pinned a frame looks at it for as long as its pin holds.
 */
#include "guest/abi/version.h"
#include "guest/lib/args.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/memory.h"
#include "guest/lib/random.h"
#include "guest/naughty-pv/pv64/naughty.h"

#define FRAMES 3U
#define POISON 0x0012300000000000ULL /* present neither as an entry nor as a descriptor: it may stand in both */
#define LOOKS 40U

static uint64_t *contested[FRAMES];      /* mapped read-only for everybody */
static uint8_t *window[GUEST_MAX_VCPUS]; /* a page of address space for each vcpu */
static volatile bool stop;
static volatile unsigned running;
static uint64_t pins[GUEST_MAX_VCPUS], writes[GUEST_MAX_VCPUS], maps[GUEST_MAX_VCPUS];
static volatile uint64_t seen[GUEST_MAX_VCPUS]; /* entries of live tables that changed */

static uint64_t machine(unsigned frame)
{
    return pv_machine(contested[frame]);
}

/* Nobody but us takes the pin away: unpin() by others is their race, and ends our look. */
static void look(unsigned me, unsigned frame, unsigned level)
{
    uint64_t before[8];
    const volatile uint64_t *table = contested[frame];

    if (mmuext(MMUEXT_PIN_L1_TABLE + level - 1, machine(frame) >> GUEST_PAGE_SHIFT, 0))
        return;
    pins[me]++;
    for (unsigned i = 0; i < 8; i++)
        before[i] = table[i * 60];
    for (unsigned n = 0; n < LOOKS; n++)
        for (unsigned i = 0; i < 8; i++)
            if (table[i * 60] != before[i])
                seen[me]++;
    if (mmuext(MMUEXT_UNPIN_TABLE, machine(frame) >> GUEST_PAGE_SHIFT, 0))
        verdict(VERDICT_FAILURE, "vcpu %u: its pin is gone", me);
}

static void poke(void *arg)
{
    volatile uint64_t *page = arg;
    uint64_t value = POISON + 2 * writes[guest_vcpu()->id]++;

    for (unsigned i = 0; i < 8; i++)
        page[i * 60] = value;
}

/* Map it writable, write, take the mapping away without a flush, and go on writing. */
static void write_to(unsigned me, unsigned frame)
{
    guest_word address = guest_address(window[me]);

    if (hv_update_va_mapping(address, machine(frame) | PTE_ALL, UVMF_INVLPG))
        return;
    maps[me]++;
    trap_try(poke, window[me]);
    hv_update_va_mapping(address, 0, UVMF_NONE);
    for (unsigned i = 0; i < 10; i++) {
        bool written = hv_xen_version(XENVER_extraversion, window[me]) == 0; /* by the hypervisor, for us */
        if (trap_try(poke, window[me]) != TRAP_NONE && !written)
            break;
    }
}

/* An L4 table keeps the hypervisor's slots on the real Xen, and can't become anything else then. */
static unsigned level(uint32_t random)
{
    return 1 + random % (is_initial() ? 3 : 4);
}

static void use_as_descriptors(unsigned frame)
{
    uint64_t mfn = machine(frame) >> GUEST_PAGE_SHIFT;

    if (hv_set_gdt(&mfn, 512) == 0)
        hv_set_gdt(NULL, 0);
}

static void use_as_ldt(unsigned frame)
{
    if (mmuext(MMUEXT_SET_LDT, guest_address(contested[frame]), 512))
        return;
    loads_fs(7);
    mmuext(MMUEXT_SET_LDT, 0, 0);
}

static void fight(void)
{
    unsigned me = guest_vcpu()->id;
    uint32_t random = 0x1234567 + me * 7919 + (uint32_t)args_number("seed", 1);

    while (!stop) {
        uint32_t r = random_next(&random);
        unsigned frame = (r >> 8) % FRAMES;

        if (r % 8 < 3)
            look(me, frame, level(r >> 16));
        else if (r % 8 < 6)
            write_to(me, frame);
        else if (r % 8 == 6)
            use_as_descriptors(frame);
        else
            use_as_ldt(frame);
    }
}

static void prepare(void)
{
    for (unsigned i = 0; i < FRAMES; i++) {
        contested[i] = memory_pages(1);
        make_read_only(contested[i]);
    }
    for (unsigned i = 0; i < guest_env.nr_vcpus; i++) {
        window[i] = memory_pages(1);
        CHECK_VALUE(pv_set_mapping(window[i], 0), 0);
    }
}

/* --- The other vcpus: each has a job, and goes down when that is done */

static void (*job)(void);

static void have_jobs(void *arg)
{
    (void)arg;
    for (;;) {
        __atomic_fetch_add(&running, 1, __ATOMIC_SEQ_CST);
        job();
        __atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
        hv_vcpu_op(VCPUOP_down, guest_vcpu()->id, NULL);
    }
}

static void start_others(void (*fn)(void))
{
    static bool initialised;

    stop = false;
    job = fn;
    for (unsigned i = 1; i < guest_env.nr_vcpus; i++) {
        while (initialised && hv_vcpu_op(VCPUOP_is_up, i, NULL) > 0)
            cpu_relax();
        if (!initialised)
            CHECK_VALUE(env_vcpu_initialise(i, have_jobs, NULL), 0);
        CHECK_VALUE(hv_vcpu_op(VCPUOP_up, i, NULL), 0);
    }
    initialised = true;
}

static void stop_others(void)
{
    stop = true;
    while (running)
        hv_sched_op(SCHEDOP_yield, NULL);
}

/* --- A table that is taken away above a page which another vcpu writes to all the time */

#define FAR ((volatile uint64_t *)((1UL << 30) - 4096))

static uint64_t *victim; /* a page table: what a processor must not reach by an entry that was never looked at */

static void poke_far(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 20; i++)
        *FAR = POISON + 2 * i;
}

static void write_far(void)
{
    while (!stop) {
        trap_try(poke_far, NULL);
        for (unsigned i = 0; i < 4; i++)
            hv_xen_version(XENVER_extraversion, (void *)FAR); /* the hypervisor writes there for us */
    }
}

/* The table leads to a page of ours, and is put in its place; then it is taken out, becomes an ordinary page, and leads
 * to a page table, writably. */
static void hang_in_and_out(uint64_t *l1, const uint64_t *page)
{
    const volatile void *far = FAR;
    uint64_t *l2 = pv_table_at(far, 2);
    unsigned at = pv_index_at(far, 2), in = pv_index_at(far, 1);

    l1[in] = pv_machine(page) | PTE_ALL;
    make_read_only(l1);
    CHECK_VALUE(pv_set_entry(l2, at, pv_machine(l1) | PTE_ALL), 0);
    poke_far(NULL);
    CHECK_VALUE(pv_set_entry(l2, at, 0), 0);
    CHECK_VALUE(make_writable(l1), 0);
    l1[in] = pv_machine(victim) | PTE_ALL;
    for (unsigned i = 0; i < 100; i++)
        cpu_relax();
    l1[in] = 0;
}

static void walks(uint64_t end)
{
    uint64_t *l1 = memory_pages(1), *page = memory_pages(1);
    uint64_t rounds = 0;

    for (; clock_now() < end; rounds++)
        hang_in_and_out(l1, page);
    stop_others();
    guest_printf("naughty-pv: %llu tables taken away\n", (unsigned long long)rounds);
    CHECK(rounds > 0);
    if (victim[0])
        verdict(VERDICT_FAILURE, "a page table was written to: 0x%llx", (unsigned long long)victim[0]);
}

void attack_walks(void)
{
    victim = memory_pages(1);
    make_read_only(victim);
    CHECK_VALUE(pin(1, victim), 0);
    start_others(write_far);
    walks(clock_now() + args_number("ms", 500) * CLOCK_MS);
    CHECK_VALUE(unpin(victim), 0);
    CHECK_VALUE(make_writable(victim), 0);
}

/* --- */

static void take_part(uint64_t end)
{
    uint32_t random = (uint32_t)args_number("seed", 1) | 1;

    while (clock_now() < end) {
        look(0, random_next(&random) % FRAMES, level(random_next(&random)));
        write_to(0, random_next(&random) % FRAMES);
    }
    stop_others();
}

static uint64_t sum(const volatile uint64_t *counts)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < guest_env.nr_vcpus; i++)
        n += counts[i];
    return n;
}

static void judge(void)
{
    guest_printf("naughty-pv: %llu pins, %llu writable mappings, %llu writes\n", (unsigned long long)sum(pins),
                 (unsigned long long)sum(maps), (unsigned long long)sum(writes));
    if (sum(seen))
        verdict(VERDICT_FAILURE, "live page tables changed %llu times", (unsigned long long)sum(seen));
    CHECK(sum(pins) > 0 && sum(maps) > 0);
    for (unsigned i = 0; i < FRAMES; i++)
        CHECK_VALUE(make_writable(contested[i]), 0);
    for (unsigned i = 0; i < guest_env.nr_vcpus; i++)
        CHECK_VALUE(make_writable(window[i]), 0);
}

void attack_races(void)
{
    prepare();
    start_others(fight);
    take_part(clock_now() + args_number("ms", 500) * CLOCK_MS);
    judge();
}
