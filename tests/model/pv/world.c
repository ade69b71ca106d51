/* SPDX-License-Identifier: MIT */
#include "tests/model/pv/world.h"

#include <stdio.h>
#include <string.h>

#include "arch/x86/pv/env.h"
#include "arch/x86/pv/table.h"
#include "arch/x86/regs.h"
#include "guest/abi/errno.h"
#include "kernel/pages.h"
#include "kernel/printk.h"
#include "tests/model/machine.h"
#include "tests/model/pv/tlb.h"
#include "tests/model/state.h"
#include "tests/model/story.h"
#include "tests/model/world.h"

#define DOMID 1

static struct page pages[PV_FRAMES] MODEL_STATE = {{.refs = 0}};
struct pv_world pv_world MODEL_STATE = {.time = 0};

void pv_world_create(void)
{
    state_pristine();
    pv_world.domain = (struct pv_domain){.domid = DOMID, .nr_vcpus = MODEL_THREADS};
    for (unsigned i = 1; i < PV_FRAMES; i++)
        pages[i] = (struct page){.refs = 1, .owner = DOMID};
    for (unsigned i = 0; i < MODEL_THREADS; i++)
        pv_world.vcpu[i] = (struct pv_vcpu){.dom = &pv_world.domain, .id = (uint16_t)i};
}

uint64_t *pv_world_entry(uint64_t mfn, unsigned slot)
{
    return (uint64_t *)(void *)(state_arena + mfn * STATE_PAGE) + slot;
}

void panic(const char *fmt, ...)
{
    machine_fail("an assertion of the core: %s", fmt);
    __builtin_trap();
}

/* --- Who is in the core */

static uint64_t presence(void)
{
    uint64_t value;
    memcpy(&value, pv_world.presence, sizeof(value));
    return value;
}

static void enter(void)
{
    uint8_t *mine = &pv_world.presence[machine.current];
    if (machine.running)
        machine_write(mine, 1, *mine + 1U);
}

static void leave(void)
{
    uint8_t *mine = &pv_world.presence[machine.current];
    if (machine.running)
        (void)machine_update(mine, 1, VERB_EXCHANGE, *mine + 1U);
}

/* Has any thread left or come since, or is nobody there? expected has the thread's own byte cleared. */
static bool someone_left(const struct step *step)
{
    bool inside = false;

    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        uint8_t then = (uint8_t)(step->expected >> 8 * t), now = (uint8_t)(presence() >> 8 * t);
        if (then && then != now)
            return true;
        inside |= then && now % 2;
    }
    return !inside;
}

void pv_world_do(int (*operation)(void))
{
    unsigned self = machine.current;
    int rc;

    do {
        enter();
        uint64_t since = presence();
        unsigned looks = pv_world.looks[self];
        rc = operation();
        while (pv_drain(&pv_world.domain) == -XEN_ERESTART)
            ;
        leave();
        if (rc == -XEN_ERESTART && looks == pv_world.looks[self])
            machine_await(pv_world.presence, 8, someone_left, since & ~(0xFFULL << 8 * self));
    } while (rc == -XEN_ERESTART);
    pv_world.result[self] = rc;
}

/* --- env.h. References are the hypervisor's own (kernel/pages.c). */

static bool exists(uint64_t mfn)
{
    return mfn > 0 && mfn < PV_FRAMES;
}

/* Asked before each access to a word: so the invariants are looked at between any two of these. */
uint64_t *pv_env_type(uint64_t mfn)
{
    if (machine.running)
        pv_world_check(false);
    return exists(mfn) ? &pages[mfn].use : NULL;
}

bool pv_env_get_page(uint64_t mfn, uint16_t owner)
{
    return exists(mfn) && page_get_owned(&pages[mfn], owner);
}

void pv_env_put_page(uint64_t mfn)
{
    if (page_put(&pages[mfn]))
        machine_fail("frame %lu becomes free", (unsigned long)mfn);
}

uint16_t pv_env_owner(uint64_t mfn)
{
    return pages[mfn].owner;
}

uint64_t *pv_env_map(uint64_t mfn)
{
    return pv_world_entry(mfn, 0);
}

uint32_t pv_env_tlb_time(void)
{
    return (uint32_t)machine_load(&pv_world.time, 4);
}

void pv_env_tlb_flush_since(uint32_t time)
{
    (void)time;
    (void)machine_update(&pv_world.time, 4, VERB_ADD, 1);
}

void pv_env_flush(struct pv_domain *d, const struct pv_vcpu_set *set, uint64_t va)
{
    (void)d;
    (void)set;
    (void)va;
}

void pv_env_flush_own(const struct pv_vcpu *v, uint64_t va)
{
    (void)v;
    (void)va;
}

void pv_env_load_root(struct pv_vcpu *v)
{
    (void)v;
}

void pv_env_load_ldt(struct pv_vcpu *v)
{
    (void)v;
}

const uint64_t *pv_env_reserved_slots(void)
{
    static const uint64_t slots[PV_RESERVED_END - PV_RESERVED_FIRST];
    return slots;
}

uint64_t pv_env_nx(void)
{
    return PTE_NX;
}

int pv_env_copy_in(void *dst, uint64_t guest_addr, size_t n)
{
    memcpy(dst, (const void *)(uintptr_t)guest_addr, n);
    return 0;
}

int pv_env_copy_out(uint64_t guest_addr, const void *src, size_t n)
{
    memcpy((void *)(uintptr_t)guest_addr, src, n);
    return 0;
}

int pv_env_may_name(struct pv_domain *d, uint16_t domid)
{
    (void)d;
    (void)domid;
    return -XEN_EPERM;
}

void pv_env_set_m2p(uint64_t mfn, uint64_t pfn)
{
    (void)mfn;
    (void)pfn;
}

bool pv_env_should_yield(void)
{
    return pv_world.asked_to_yield && machine.current == 0 && pv_world.looks[0]++ == 0;
}

void pv_env_lock(uint32_t *lock)
{
    machine_lock(lock);
}

void pv_env_unlock(uint32_t *lock)
{
    machine_unlock(lock);
}

/* --- The invariants */

static struct tally {
    uint32_t refs, types;
    enum pv_type needed;
} tallies[PV_FRAMES];

static void needs(uint64_t mfn, enum pv_type type)
{
    struct tally *t = &tallies[mfn];

    t->refs++;
    if (type == PV_NONE)
        return;
    if (t->types++ && t->needed != type)
        machine_fail("frame %lu is used as type %d and as type %d", (unsigned long)mfn, t->needed, type);
    t->needed = type;
}

static void count_table(uint64_t mfn, unsigned level, unsigned n)
{
    needs(mfn, PV_NONE); /* itself */
    for (unsigned i = 0; i < PV_SLOTS && i < n; i++) {
        uint64_t entry = *pv_world_entry(mfn, i);
        if (entry & PTE_PRESENT)
            needs((entry & PTE_ADDRESS) >> 12, level > 1           ? (enum pv_type)(level - 1)
                                               : entry & PTE_WRITE ? PV_WRITABLE
                                                                   : PV_NONE);
    }
}

static void count_frame(uint64_t mfn)
{
    uint64_t word = pages[mfn].use;
    enum pv_type type = pv_word_type(word);

    tallies[mfn].refs++; /* the owner's */
    if (word & PV_WORD_PINNED)
        needs(mfn, type);
    if (pv_word_phase(word) == PV_LIVE && pv_type_is_table(type))
        count_table(mfn, (unsigned)type, PV_SLOTS);
    if (pv_word_phase(word) == PV_PARTIAL || pv_word_phase(word) == PV_DOOMED)
        count_table(mfn, (unsigned)type, pv_word_index(word));
}

static void compare(uint64_t mfn, bool exact)
{
    const struct tally *t = &tallies[mfn];
    uint64_t word = pages[mfn].use;
    bool live = pv_word_phase(word) == PV_LIVE;
    uint32_t types = live ? (uint32_t)word : 0;

    if (t->types && (!live || pv_word_type(word) != t->needed))
        machine_fail("frame %lu is needed as type %d, but its word is %#lx", (unsigned long)mfn, t->needed,
                     (unsigned long)word);
    if (t->refs > pages[mfn].refs || t->types > types)
        machine_fail("frame %lu has fewer references than there are", (unsigned long)mfn);
    if (exact && (t->refs != pages[mfn].refs || t->types != types))
        machine_fail("frame %lu has more references than there are", (unsigned long)mfn);
}

void pv_world_check(bool exact)
{
    memset(tallies, 0, sizeof(tallies));
    for (uint64_t mfn = 1; mfn < PV_FRAMES; mfn++)
        count_frame(mfn);
    for (uint64_t mfn = 1; mfn < PV_FRAMES; mfn++)
        compare(mfn, exact);
}

bool pv_world_is(uint64_t mfn, enum pv_type type, uint32_t count)
{
    uint64_t word = pages[mfn].use;
    if (type == PV_NONE)
        return pv_word_phase(word) == PV_IDLE;
    return pv_word_phase(word) == PV_LIVE && pv_word_type(word) == type && (uint32_t)word == count;
}

/* --- Words for stories, and what the explorer asks of every world */

bool access_is_counter(const void *p);

bool access_is_counter(const void *p)
{
    (void)p;
    return false;
}

/* There is no guest here that could make a hypercall (switch.S). */
int64_t world_hypercall(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t number)
{
    (void)a1;
    (void)a2;
    (void)a3;
    (void)number;
    __builtin_trap();
}

const char *world_actor_name(unsigned thread)
{
    static const char *const names[] = {"vcpu 0", "vcpu 1", "vcpu 2", "vcpu 3"};
    return names[thread];
}

void story_name(char *name, uintptr_t at, unsigned size)
{
    uintptr_t frame = (at - (uintptr_t)state_arena) / STATE_PAGE, page = (at - (uintptr_t)pages) / sizeof(*pages);

    if (tlb_name(name, at))
        return;
    if (frame < PV_FRAMES)
        snprintf(name, STORY_NAME, "entry %lu of frame %lu", at % STATE_PAGE / 8, frame);
    else if (page < PV_FRAMES)
        snprintf(name, STORY_NAME, "%s of frame %lu", (at - (uintptr_t)pages) % 16 < 8 ? "references" : "use", page);
    else if (at == (uintptr_t)&pv_world.domain.lock || at == (uintptr_t)&pv_world.domain.doomed)
        snprintf(name, STORY_NAME, "%s doomed tables",
                 at == (uintptr_t)&pv_world.domain.lock ? "the lock of the list of" : "the first of the");
    else if (at == (uintptr_t)&pv_world.time)
        snprintf(name, STORY_NAME, "the time of flushes");
    else if (at - (uintptr_t)pv_world.presence < sizeof(pv_world.presence))
        snprintf(name, STORY_NAME, "who is in the core (%u bytes)", size);
    else
        snprintf(name, STORY_NAME, "the clock of tlb.c, or what a CPU noted of it");
}

void story_value(char *text, uintptr_t at, unsigned size, uint64_t value)
{
    (void)at;
    (void)size;
    snprintf(text, STORY_NAME, value < 10 ? "%lu" : "%#lx", value);
}
