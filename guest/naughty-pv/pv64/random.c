/* SPDX-License-Identifier: MIT */
/*
 * Random hypercalls: seed=N of them count=N. Arguments are drawn from what is almost right: frames of a sandbox, frames
 * of others, addresses good and bad, small numbers, and noise. What would end this very program (its own roots, its own
 * memory, shutdown, sleep) is left out, so that all of them are made; "wild" leaves out nothing, and may end any
 * moment.
 */
#include "guest/lib/random.h"
#include "common/string.h"
#include "guest/abi/physdev.h"
#include "guest/lib/args.h"
#include "guest/lib/console.h"
#include "guest/lib/memory.h"
#include "guest/naughty-pv/pv64/naughty.h"

#define SANDBOX 16U /* pages */
#define WORDS 48U   /* of a structure that an argument leads to */
#define PROGRESS 25000U
#define WILD_SECONDS 3U

static struct {
    uint32_t seed;
    uint8_t *page[SANDBOX];
    uint64_t *words; /* structures: a page of their own */
    bool wild, trace;
} r;

static uint32_t draw(uint32_t n)
{
    return random_next(&r.seed) % n;
}

static uint64_t noise(void)
{
    return (uint64_t)random_next(&r.seed) << 32 | random_next(&r.seed);
}

/* --- Almost good values */

static uint64_t small(void)
{
    return draw(40);
}

static uint64_t frame(void)
{
    return env_frame(r.page[draw(SANDBOX)]);
}

static uint64_t foreign_frame(void)
{
    uint64_t mfn = noise() % (machine_frames() + 1000);

    return is_mine(mfn) ? 0 : mfn;
}

static uint64_t machine_address(void)
{
    return frame() << GUEST_PAGE_SHIFT | draw(PV_ENTRIES) << 3 | draw(4);
}

/* An entry that leads into the sandbox, or elsewhere, with any bits. */
static uint64_t entry(void)
{
    uint64_t mfn = draw(8) ? frame() : foreign_frame();
    uint64_t e = mfn << GUEST_PAGE_SHIFT | (draw(4) ? PTE_ALL : PTE_READ_ONLY);

    if (draw(8) == 0)
        e ^= 1ULL << draw(12);
    if (draw(16) == 0)
        e ^= 1ULL << draw(64);
    return e;
}

static uint64_t address(void)
{
    static const uint64_t bad[] = {
        0,     GUEST_UNMAPPED, NON_CANONICAL, HYPERVISOR_VIRT_START, 0xFFFF82D040200000, 0xFFFF830000000000,
        ~0ULL, (uint64_t)-8};

    if (draw(4) == 0)
        return bad[draw(LENGTH(bad))];
    return guest_address(r.page[draw(SANDBOX)]) + (draw(2) ? 0 : draw(4096));
}

static uint64_t structure(void)
{
    return draw(10) ? guest_address(r.words + draw(8)) : address();
}

static uint64_t domain(void)
{
    static const uint16_t ids[] = {DOMID_SELF, DOMID_SELF, DOMID_SELF, 0, 1, 2, 3, DOMID_IO, DOMID_XEN, 0xFFFF};

    return ids[draw(LENGTH(ids))];
}

static uint64_t descriptor(void)
{
    return 0x00AFFB000000FFFFULL ^ (draw(2) ? 0 : 1ULL << draw(64));
}

static uint64_t any(void)
{
    static uint64_t (*const kinds[])(void) = {small, frame,  foreign_frame, machine_address, entry,     address,
                                              small, domain, small,         descriptor,      structure, noise};

    return kinds[draw(LENGTH(kinds))]();
}

/* --- Calls: for each argument what it should be. Half of them are. */

struct call {
    unsigned number;
    uint64_t (*arg[5])(void);
    uint64_t (*word[6])(void); /* the structure behind it, again and again; NULL: anything */
};

static const struct call calls[] = {
    {__HYPERVISOR_set_trap_table, {structure}, {0}},
    {__HYPERVISOR_mmu_update, {structure, small, structure, domain}, {machine_address, entry}},
    {__HYPERVISOR_mmu_update, {structure, small, structure, domain}, {machine_address, entry}},
    {__HYPERVISOR_mmu_update, {structure, small, structure, domain}, {machine_address, noise}},
    {__HYPERVISOR_set_gdt, {structure, small}, {frame}},
    {__HYPERVISOR_stack_switch, {any, address}, {0}},
    {__HYPERVISOR_set_callbacks, {address, address, address}, {0}},
    {__HYPERVISOR_fpu_taskswitch, {small}, {0}},
    {__HYPERVISOR_platform_op, {structure}, {0}},
    {__HYPERVISOR_set_debugreg, {small, any}, {0}},
    {__HYPERVISOR_get_debugreg, {small}, {0}},
    {__HYPERVISOR_update_descriptor, {machine_address, descriptor}, {0}},
    {__HYPERVISOR_memory_op, {small, structure}, {structure, small, small, domain}},
    {__HYPERVISOR_memory_op, {small, structure}, {structure, small, noise, domain}},
    {__HYPERVISOR_update_va_mapping, {address, entry, any}, {0}},
    {__HYPERVISOR_update_va_mapping, {address, entry, small}, {0}},
    {__HYPERVISOR_update_va_mapping_otherdomain, {address, entry, small, domain}, {0}},
    {__HYPERVISOR_set_timer_op, {any}, {0}},
    {__HYPERVISOR_event_channel_op_compat, {structure}, {small, small, small}},
    {__HYPERVISOR_xen_version, {small, structure}, {0}},
    {__HYPERVISOR_console_io, {small, small, structure}, {0}},
    {__HYPERVISOR_grant_table_op, {small, structure, small}, {0}},
    {__HYPERVISOR_vm_assist, {small, small}, {0}},
    {__HYPERVISOR_vcpu_op, {small, small, structure}, {frame, small, address}},
    {__HYPERVISOR_set_segment_base, {small, any}, {0}},
    {__HYPERVISOR_mmuext_op, {structure, small, structure, domain}, {small, frame, frame}},
    {__HYPERVISOR_mmuext_op, {structure, small, structure, domain}, {small, frame, small}},
    {__HYPERVISOR_mmuext_op, {structure, small, structure, domain}, {small, foreign_frame, frame}},
    {__HYPERVISOR_xsm_op, {structure}, {0}},
    {__HYPERVISOR_nmi_op, {small, structure}, {0}},
    {__HYPERVISOR_sched_op, {small, structure}, {0}},
    {__HYPERVISOR_sched_op_compat, {small, small}, {0}},
    {__HYPERVISOR_callback_op, {small, structure}, {small, address}},
    {__HYPERVISOR_event_channel_op, {small, structure}, {domain, small, small}},
    {__HYPERVISOR_event_channel_op, {small, structure}, {small, small, frame}},
    {__HYPERVISOR_physdev_op, {small, structure}, {small}},
    {__HYPERVISOR_hvm_op, {small, structure}, {small}},
    {__HYPERVISOR_sysctl, {structure}, {0}},
    {__HYPERVISOR_domctl, {structure}, {0}},
    {__HYPERVISOR_multicall, {structure, small}, {0}},
};

/* --- What would end this program */

static bool is_fatal_sched_op(uint64_t cmd)
{
    return (uint32_t)cmd != SCHEDOP_yield && (uint32_t)cmd <= 7; /* shutdown, block, poll, watchdog, pinning */
}

static bool is_fatal_mmuext(const uint64_t *op)
{
    uint32_t cmd = (uint32_t)op[0];

    return cmd == MMUEXT_NEW_BASEPTR;
}

/* The structure may begin at any of the first words. */
static bool has_fatal_mmuext(void)
{
    for (unsigned i = 0; i + 3 <= WORDS; i++)
        if (is_fatal_mmuext(&r.words[i]))
            return true;
    return false;
}

/* Sleep for ever is no attack; and how it ends is said already. */
static bool is_spoiling(unsigned number, const uint64_t *a)
{
    uint32_t cmd = (uint32_t)a[0];

    if (number == __HYPERVISOR_sched_op || number == __HYPERVISOR_sched_op_compat)
        return cmd == SCHEDOP_block || cmd == SCHEDOP_poll || cmd == SCHEDOP_shutdown_code;
    return number == __HYPERVISOR_vcpu_op && cmd == VCPUOP_down;
}

static bool is_fatal(unsigned number, const uint64_t *a)
{
    if (r.wild)
        return is_spoiling(number, a);
    switch (number) {
    case __HYPERVISOR_sched_op:
    case __HYPERVISOR_sched_op_compat:
        return is_fatal_sched_op(a[0]);
    case __HYPERVISOR_vcpu_op: /* a vcpu with random state is the end as well */
        return (uint32_t)a[0] <= VCPUOP_down;
    case __HYPERVISOR_update_va_mapping:
    case __HYPERVISOR_update_va_mapping_otherdomain: /* the structures are drawn here */
        return (a[0] & ~(uint64_t)(GUEST_PAGE_SIZE - 1)) == guest_address(r.words);
    case __HYPERVISOR_console_io:
        return true; /* or nobody could read what is said */
    case __HYPERVISOR_mmuext_op:
        return has_fatal_mmuext();
    case __HYPERVISOR_platform_op:
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_domctl:
    case __HYPERVISOR_physdev_op:
        return is_initial();
    default:
        return false;
    }
}

/* --- Making them */

static void fill_words(const struct call *c)
{
    unsigned n = 0;

    while (n < 6 && c->word[n])
        n++;
    for (unsigned i = 0; i < WORDS; i++)
        r.words[i] = n && draw(16) ? c->word[i % n]() : any();
}

/* A multicall's entries are calls themselves. */
static void fill_multicall(void)
{
    struct multicall_entry64 *e = (struct multicall_entry64 *)r.words;

    for (unsigned i = 0; i < WORDS * 8 / sizeof(*e); i++) {
        const struct call *c = &calls[draw(LENGTH(calls) - 1)];

        memset(&e[i], 0, sizeof(e[i]));
        e[i].op = c->number;
        for (unsigned j = 0; j < 5; j++)
            e[i].args[j] = c->arg[j] && c->arg[j] != structure ? c->arg[j]() : address();
        if (is_fatal(c->number, e[i].args) || (!r.wild && c->number == __HYPERVISOR_mmuext_op))
            e[i].op = __HYPERVISOR_xen_version;
    }
}

static uint64_t argument(const struct call *c, unsigned i)
{
    return c->arg[i] && draw(8) ? c->arg[i]() : any();
}

static struct made {
    unsigned number;
    uint64_t arg[5];
} made;

static void make(void *arg)
{
    const struct made *m = arg;

    hypercall5(m->number, m->arg[0], m->arg[1], m->arg[2], m->arg[3], m->arg[4]);
}

static void choose(void)
{
    const struct call *c = &calls[draw(LENGTH(calls))];

    made.number = c->number;
    for (unsigned i = 0; i < 5; i++)
        made.arg[i] = argument(c, i);
    if (c->number == __HYPERVISOR_multicall) {
        fill_multicall();
        made.arg[0] = guest_address(r.words);
        made.arg[1] = draw(7);
    } else {
        fill_words(c);
    }
}

static void one(void)
{
    do
        choose();
    while (is_fatal(made.number, made.arg));
    if (r.trace)
        guest_printf("%u(0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx)\n", made.number, (unsigned long long)made.arg[0],
                     (unsigned long long)made.arg[1], (unsigned long long)made.arg[2], (unsigned long long)made.arg[3],
                     (unsigned long long)made.arg[4]);
    trap_try(make, &made);
}

/* What the program itself needs to be told of its exceptions. */
static void restore(void)
{
    hv_set_debugreg(7, 0);
    pv_load_traps();
    hv_stack_switch(FLAT_RING3_SS64, (guest_word)__builtin_frame_address(0) - 1024);
    hv_set_timer_op(0);
}

static void prepare(void)
{
    r.seed = (uint32_t)args_number("seed", 1) * 2 + 1;
    r.words = memory_pages(2);
    r.trace = args_is("trace", "yes");
    for (unsigned i = 0; i < SANDBOX; i++) {
        r.page[i] = memory_pages(1);
        if (i % 2)
            make_read_only(r.page[i]);
    }
}

static void make_all(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        one();
        if (!r.wild)
            restore();
        if ((i + 1) % PROGRESS == 0)
            guest_printf("naughty-pv: %u random hypercalls\n", i + 1);
    }
}

void attack_random(void)
{
    prepare();
    make_all((unsigned)args_number("count", 10000));
}

/* However it ends is a crash: by itself, by its last line, or by the watchdog, if it loops or sleeps all the same. */
void fatal_wild(void)
{
    struct sched_shutdown crash = {.reason = SHUTDOWN_crash};
    struct sched_watchdog watchdog = {.timeout = WILD_SECONDS};

    hv_sched_op(SCHEDOP_shutdown_code, &crash);
    CHECK(hv_sched_op(SCHEDOP_watchdog, &watchdog) > 0);
    prepare();
    r.wild = true;
    make_all((unsigned)args_number("count", 10000));
    hv_sched_op(SCHEDOP_shutdown, &crash);
}
