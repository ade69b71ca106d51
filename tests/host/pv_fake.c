/* SPDX-License-Identifier: MIT */
#include "tests/host/pv_fake.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86/pv/env.h"
#include "guest/abi/errno.h"
#include "guest/abi/mmu.h"
#include "guest/abi/xen.h"
#include "kernel/printk.h"

struct fake_pv fake;

void fake_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "pv: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    abort();
}

void panic(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    abort();
}

static void point(void)
{
    fake.steps++;
    if (fake.point && !fake.domain[0].lock && !fake.domain[1].lock)
        fake.point();
}

uint32_t fake_draw(uint32_t n)
{
    fake.seed = fake.seed * 1664525 + 1013904223;
    return (fake.seed >> 8) % n;
}

void fake_reset(void)
{
    memset(&fake, 0, sizeof(fake));
    fake.nx = PTE_NX;
    fake.seed = 1;
    for (unsigned i = 0; i < FAKE_FRAMES; i++)
        fake.frame[i].owner = FAKE_NOBODY;
    for (unsigned i = 0; i < 2; i++)
        fake.domain[i] = (struct pv_domain){.domid = (uint16_t)(i + 1), .nr_vcpus = i ? 1 : FAKE_VCPUS};
    for (unsigned i = 0; i <= FAKE_VCPUS; i++) {
        bool second = i == FAKE_VCPUS;
        fake.cpu[i].v = (struct pv_vcpu){.dom = &fake.domain[second], .id = second ? 0 : (uint16_t)i};
    }
    for (unsigned i = 0; i < 16; i++)
        fake.slots[i] = 0x4879700000000000ULL + i;
}

void fake_give(uint64_t mfn, uint16_t owner)
{
    fake.frame[mfn] = (struct fake_frame){.refs = 1, .owner = owner, .allocated = true};
}

void fake_take_back(uint64_t mfn)
{
    fake.frame[mfn].allocated = false;
    pv_env_put_page(mfn);
}

/* --- Frames */

bool fake_exists(uint64_t mfn)
{
    return mfn > 0 && mfn < FAKE_FRAMES;
}

uint64_t *pv_env_type(uint64_t mfn)
{
    point();
    return fake_exists(mfn) ? &fake.frame[mfn].word : NULL;
}

bool pv_env_get_page(uint64_t mfn, uint16_t owner)
{
    point();
    struct fake_frame *f = &fake.frame[fake_exists(mfn) ? mfn : 0];
    if (!fake_exists(mfn) || f->owner != owner || f->refs == 0 || f->refs == UINT32_MAX)
        return false;
    f->refs++;
    return true;
}

static void flush(struct fake_cpu *cpu)
{
    cpu->flushed = ++fake.time;
    memset(cpu->cached, 0, sizeof(cpu->cached));
}

static void flush_all(void)
{
    for (unsigned i = 0; i <= FAKE_VCPUS; i++)
        flush(&fake.cpu[i]);
}

void pv_env_put_page(uint64_t mfn)
{
    point();
    struct fake_frame *f = &fake.frame[fake_exists(mfn) ? mfn : 0];
    if (f->refs == 0)
        fake_fail("a reference to frame %lu is given back that nobody has", (unsigned long)mfn);
    if (--f->refs > 0)
        return;
    if (pv_word_phase(f->word) != PV_IDLE)
        fake_fail("frame %lu becomes free in phase %d", (unsigned long)mfn, pv_word_phase(f->word));
    f->owner = FAKE_NOBODY;
    flush_all();
}

uint16_t pv_env_owner(uint64_t mfn)
{
    if (!fake_exists(mfn) || fake.frame[mfn].refs == 0)
        fake_fail("somebody asks for the owner of frame %lu without a reference", (unsigned long)mfn);
    return fake.frame[mfn].owner;
}

/* --- What processors remember */

/* May processors remember this of a frame that is now what its word says? */
static bool is_still_right(const struct fake_cached *c)
{
    const struct fake_frame *f = &fake.frame[c->mfn];

    if (f->owner != c->owner)
        return false;
    if (c->level)
        return pv_word_type(f->word) == (enum pv_type)c->level;
    return !c->writable || pv_word_type(f->word) == PV_WRITABLE;
}

/* busy: also frames that are on their way, whose flush must have been by now. */
static void check_remembered(const struct fake_cached *c, bool busy)
{
    if (!c->mfn || (!busy && pv_word_is_busy(fake.frame[c->mfn].word)))
        return;
    if (!is_still_right(c))
        fake_fail("a processor remembers frame %lu as %s%u, but its word is %#lx", (unsigned long)c->mfn,
                  c->level ? "table of level " : "writable page, level ", c->level,
                  (unsigned long)fake.frame[c->mfn].word);
}

void fake_check_cpus(uint64_t only)
{
    for (unsigned i = 0; i <= FAKE_VCPUS; i++)
        for (unsigned j = 0; j < FAKE_CACHED; j++)
            if (!only || fake.cpu[i].cached[j].mfn == only)
                check_remembered(&fake.cpu[i].cached[j], only != 0);
}

/* Whoever makes a table has seen to it that nobody can write to it. (With others in between it may be somebody who only
 * walks through it.) */
uint64_t *pv_env_map(uint64_t mfn)
{
    point();
    if (!fake_exists(mfn))
        fake_fail("frame %lu is mapped, but there is none", (unsigned long)mfn);
    if (fake_phase(mfn) == PV_VALIDATING && !fake.point)
        fake_check_cpus(mfn);
    return fake.frame[mfn].content;
}

static void remember(struct fake_cpu *cpu, uint64_t va, uint64_t mfn, unsigned level, bool writable)
{
    cpu->cached[cpu->next++ % FAKE_CACHED] = (struct fake_cached){
        .va = va, .mfn = mfn, .level = level, .writable = writable, .owner = fake.frame[mfn].owner};
}

static unsigned index_at(uint64_t va, unsigned level)
{
    return (unsigned)(va >> (12 + 9 * (level - 1)) & 511);
}

/* Does the table at `level` that was remembered for va lead to this address too? */
static bool leads_to(const struct fake_cached *c, uint64_t va)
{
    return c->mfn && c->level && c->va >> (12 + 9 * c->level) == va >> (12 + 9 * c->level);
}

void fake_touch(struct fake_cpu *cpu, uint64_t va, bool write)
{
    uint64_t mfn = cpu->loaded_kernel;
    unsigned level = 4;
    const struct fake_cached *c = &cpu->cached[fake_draw(FAKE_CACHED)];
    bool writable = true;

    if (leads_to(c, va)) {
        mfn = c->mfn;
        level = c->level;
    }
    for (; mfn && level > 0; level--) {
        uint64_t *entry = &fake.frame[mfn].content[index_at(va, level)];
        if (!(*entry & PTE_PRESENT) || !fake_exists((*entry & PTE_ADDRESS) >> 12))
            return;
        writable = writable && (*entry & PTE_WRITE);
        if (level == 1 && write && !writable)
            return;
        *entry |= PTE_ACCESSED | (level == 1 && write ? PTE_DIRTY : 0);
        mfn = (*entry & PTE_ADDRESS) >> 12;
        remember(cpu, va, mfn, level - 1, writable && level == 1);
    }
}

uint32_t pv_env_tlb_time(void)
{
    return fake.time;
}

void pv_env_tlb_flush_since(uint32_t time)
{
    point();
    for (unsigned i = 0; i <= FAKE_VCPUS; i++)
        if (fake.cpu[i].flushed <= time) {
            flush(&fake.cpu[i]);
            fake.cpu[i].flushes++;
        }
}

static void forget(struct fake_cpu *cpu, uint64_t va)
{
    cpu->flushes += va == PV_ALL_ADDRESSES;
    cpu->invalidations += va != PV_ALL_ADDRESSES;
    if (va == PV_ALL_ADDRESSES)
        flush(cpu);
    else
        for (unsigned j = 0; j < FAKE_CACHED; j++)
            if (cpu->cached[j].va >> 12 == va >> 12)
                cpu->cached[j].mfn = 0;
}

void pv_env_flush(struct pv_domain *d, const struct pv_vcpu_set *set, uint64_t va)
{
    point();
    for (unsigned i = 0; i <= FAKE_VCPUS; i++) {
        struct fake_cpu *cpu = &fake.cpu[i];
        if (cpu->v.dom == d && (set->word[cpu->v.id / 64] >> cpu->v.id % 64 & 1))
            forget(cpu, va);
    }
}

/* The processor of a vcpu; one that is not of this machine (tests/host/pv_vcpu_fake.c) has none. */
static struct fake_cpu *cpu_of(const struct pv_vcpu *v)
{
    for (unsigned i = 0; i <= FAKE_VCPUS; i++)
        if (&fake.cpu[i].v == v)
            return &fake.cpu[i];
    return NULL;
}

void pv_env_flush_own(const struct pv_vcpu *v, uint64_t va)
{
    point();
    if (cpu_of(v))
        forget(cpu_of(v), va);
}

void pv_env_load_root(struct pv_vcpu *v)
{
    struct fake_cpu *cpu = cpu_of(v);
    point();
    if (!cpu)
        return;
    cpu->loaded_kernel = v->kernel_root;
    cpu->loaded_user = v->user_root;
    flush(cpu);
}

/* Tests of descriptor tables have the real one (arch/x86/pv/segments.c). */
__attribute__((weak)) void pv_env_load_ldt(struct pv_vcpu *v)
{
    ((struct fake_cpu *)v)->ldt_loads++;
}

const uint64_t *pv_env_reserved_slots(void)
{
    return fake.slots;
}

uint64_t pv_env_nx(void)
{
    return fake.nx;
}

/* --- The rest */

static bool is_memory(uint64_t at, size_t n)
{
    return at >= 16 && at <= FAKE_MEMORY && n <= FAKE_MEMORY - at;
}

int pv_env_copy_in(void *dst, uint64_t guest_addr, size_t n)
{
    if (!is_memory(guest_addr, n))
        return -XEN_EFAULT;
    memcpy(dst, fake.memory + guest_addr, n);
    return 0;
}

int pv_env_copy_out(uint64_t guest_addr, const void *src, size_t n)
{
    if (!is_memory(guest_addr, n))
        return -XEN_EFAULT;
    memcpy(fake.memory + guest_addr, src, n);
    return 0;
}

int pv_env_may_name(struct pv_domain *d, uint16_t domid)
{
    if (d->domid != 1 || domid >= DOMID_FIRST_RESERVED || !fake.may_name)
        return -XEN_EPERM;
    return domid == 2 ? 0 : -XEN_ESRCH;
}

void pv_env_set_m2p(uint64_t mfn, uint64_t pfn)
{
    fake.frame[mfn].m2p = pfn;
}

bool pv_env_should_yield(void)
{
    point();
    return fake.yield_one_in && fake_draw(fake.yield_one_in) == 0;
}

void pv_env_lock(uint32_t *lock)
{
    if (*lock)
        fake_fail("a lock is taken twice");
    *lock = 1;
}

void pv_env_unlock(uint32_t *lock)
{
    *lock = 0;
}

bool fake_is_live(uint64_t mfn, enum pv_type type, uint32_t count)
{
    return fake_phase(mfn) == PV_LIVE && fake_type(mfn) == type && (uint32_t)fake.frame[mfn].word == count;
}

/* --- Hypercalls */

void fake_drain(struct pv_domain *d)
{
    while (pv_drain(d) == -XEN_ERESTART)
        ;
}

static bool gives_up(void)
{
    return fake.give_up_one_in && fake_draw(fake.give_up_one_in) == 0;
}

/* Each vcpu has 64 bytes for its entry, and the number done behind it. */
static int64_t one(struct pv_vcpu *v, const void *entry, size_t size, uint32_t foreigndom,
                   int64_t (*call)(struct pv_vcpu *, uint64_t *))
{
    uint64_t at = 64 + 64ULL * (v->id + (v->dom == &fake.domain[1] ? FAKE_VCPUS : 0));
    uint64_t args[6] = {at, 1, at + 48, foreigndom};
    int64_t rc;

    memcpy(fake.memory + at, entry, size);
    memset(fake.memory + at + 48, 0, 4);
    do
        rc = call(v, args);
    while (rc == -XEN_ERESTART && !gives_up());
    fake_drain(v->dom);
    return rc;
}

int64_t fake_mmu_update_by(struct pv_vcpu *v, uint64_t ptr, uint64_t val, uint32_t foreigndom)
{
    return one(v, &(struct mmu_update){ptr, val}, sizeof(struct mmu_update), foreigndom, pv_mmu_update);
}

int64_t fake_mmuext_by(struct pv_vcpu *v, uint32_t cmd, uint64_t arg1, uint64_t arg2, uint16_t fd)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = arg1, .arg2.src_mfn = arg2};
    return one(v, &op, sizeof(op), fd, pv_mmuext_op);
}

int64_t fake_mmu_update(uint64_t ptr, uint64_t val)
{
    return fake_mmu_update_by(&fake.cpu[0].v, ptr, val, DOMID_SELF);
}

int64_t fake_mmuext(uint32_t cmd, uint64_t arg1, uint64_t arg2)
{
    return fake_mmuext_by(&fake.cpu[0].v, cmd, arg1, arg2, DOMID_SELF);
}

int64_t fake_va_mapping(uint64_t va, uint64_t val, uint64_t flags)
{
    uint64_t args[6] = {va, val, flags};
    int64_t rc;

    do
        rc = pv_update_va_mapping(&fake.cpu[0].v, args);
    while (rc == -XEN_ERESTART);
    fake_drain(&fake.domain[0]);
    return rc;
}
