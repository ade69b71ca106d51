/* SPDX-License-Identifier: MIT */
// links: kernel/domain.c kernel/frames.c kernel/p2m.c kernel/pages.c
/* References to domains, and the end of one whose name others may still say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/time.h"
#include "kernel/container.h"
#include "kernel/deferred.h"
#include "kernel/domain.h"
#include "kernel/limbo.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/sched.h"
#include "kernel/vcpu.h"
#include "kernel/watchdog.h"

#define FRAMES 256

/* --- What stands behind kernel/domain.c and kernel/p2m.c in the hypervisor. */
struct page_pool memory_pool;
static struct page pages[FRAMES];
static unsigned blocks; /* memory_alloc() minus memory_free() */

void *memory_alloc(size_t size)
{
    blocks++;
    return calloc(1, (size + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1));
}

void memory_free(void *p, size_t size)
{
    (void)size;
    if (p)
        blocks--;
    free(p);
}

uint64_t memory_alloc_owned(unsigned order, uint16_t domid)
{
    return pages_alloc(&memory_pool, order, domid);
}

void limbo_free(uint64_t mfn)
{
    pages_free(&memory_pool, mfn, 0);
}

void limbo_begin(void)
{
}

bool limbo_is_empty(void)
{
    return true;
}

static int ok_domain(struct arch_domain *d)
{
    (void)d;
    return 0;
}

static void nothing_domain(struct arch_domain *d)
{
    (void)d;
}

static int map(struct arch_domain *d, uint64_t gfn, uint64_t mfn, unsigned order, bool writable)
{
    (void)d;
    (void)gfn;
    (void)mfn;
    (void)order;
    (void)writable;
    return 0;
}

static int unmap(struct arch_domain *d, uint64_t gfn)
{
    (void)d;
    (void)gfn;
    return 0;
}

static const struct virt_ops ops = {
    .domain_init = ok_domain, .domain_free = nothing_domain, .map = map, .unmap = unmap};

const struct virt_ops *container_ops(enum config_type type)
{
    (void)type;
    return &ops;
}

struct vcpu *vcpu_create(struct domain *d, uint16_t id)
{
    struct vcpu *v = memory_alloc(sizeof *v);
    v->domain = d;
    v->arch.id = id;
    return v;
}

void vcpu_destroy(struct vcpu *v)
{
    memory_free(v, sizeof *v);
}

void vcpu_set_info(struct vcpu *v, void *info)
{
    v->info = info;
}

struct evt_domain *evt_domain_create(const struct evt_config *config)
{
    (void)config;
    return memory_alloc(1);
}

void evt_domain_destroy(struct evt_domain *e)
{
    memory_free(e, 1);
}

void evt_set_shared_info(struct evt_domain *e, void *shared_info)
{
    (void)e;
    (void)shared_info;
}

void evt_domain_set_dying(struct evt_domain *e)
{
    (void)e;
}

uint64_t time_now(void)
{
    return 1;
}

void deferred_request(void)
{
}

void sched_stop(struct vcpu *v, uint32_t reasons)
{
    v->blocked_by |= reasons;
}

void sched_wake(struct vcpu *v, uint32_t reasons)
{
    v->blocked_by &= ~reasons;
}

bool sched_is_off(const struct vcpu *v)
{
    return !v->running;
}

struct vcpu *sched_current(void)
{
    return NULL;
}

void watchdogs_init(struct domain *d)
{
    (void)d;
}

void printk_domain(enum log_level level, const char *name, const char *fmt, ...)
{
    (void)level;
    (void)name;
    (void)fmt;
}

void panic(const char *fmt, ...)
{
    fail_msg("panic: %s", fmt);
    abort();
}

/* --- The cases. */
static struct domain *create(uint16_t domid)
{
    struct domain_config config = {.memory = 16 << PAGE_SHIFT, .vcpus = 2};
    const char *error;
    struct domain *d = domain_create(&config, domid, &error);
    assert_non_null(d);
    return d;
}

static int set_up(void **state)
{
    (void)state;
    pages_init(&memory_pool, pages, FRAMES);
    pages_add(&memory_pool, 1, FRAMES - 1);
    blocks = 0;
    return 0;
}

static int all_given_back(void **state)
{
    (void)state;
    assert_int_equal(blocks, 0);
    assert_int_equal(memory_pool.free_frames, FRAMES - 1);
    return 0;
}

static void populate(struct domain *d, uint64_t first, unsigned n)
{
    for (uint64_t gfn = first; gfn < first + n; gfn++)
        assert_int_equal(p2m_map(d, gfn, domain_alloc_pages(d, 0), 0), 0);
}

static void release_all(struct domain *d)
{
    uint64_t cursor = 0;
    d->releasing = true;
    while (!p2m_release(d, &cursor, 3))
        ;
}

/* A domain that is freed although another CPU has got it by its number a moment ago, or gets it a moment later. */
static void held_by_another(void **state)
{
    (void)state;
    struct domain *d = create(7);
    assert_null(domain_get(8));
    assert_null(domain_get(0x7FF0));
    assert_ptr_equal(domain_get(7), d);
    assert_false(domain_unlink(d));
    assert_ptr_equal(domain_get(7), d);
    domain_put(d);
    assert_false(domain_unlink(d));
    domain_put(d);
    release_all(d);
    assert_true(domain_unlink(d));
    assert_null(domain_get(7));
    domain_free(d);
}

/* A place in the table that stays taken. */
static void number_used_again(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct domain *d = create(7);
        populate(d, 0, 4);
        release_all(d);
        assert_true(domain_unlink(d));
        domain_free(d);
    }
}

/* The privileged domain takes a frame from a domain whose frames are being given back: it would be given back twice. */
static void frames_taken_meanwhile(void **state)
{
    (void)state;
    struct domain *d = create(7);
    uint64_t cursor = 0;
    populate(d, 0, 16);
    d->releasing = true;
    assert_false(p2m_release(d, &cursor, 5));
    assert_int_equal(p2m_unmap(d, 3), P2M_NONE);
    assert_int_equal(p2m_unmap(d, 9), P2M_NONE);
    while (!p2m_release(d, &cursor, 5))
        ;
    assert_true(domain_unlink(d));
    domain_free(d);
}

/* ... or gives it one, where nobody looks any more: it would be lost. */
static void frames_given_meanwhile(void **state)
{
    (void)state;
    struct domain *d = create(7);
    populate(d, 0, 16);
    uint64_t taken = p2m_unmap(d, 2);
    assert_int_not_equal(taken, P2M_NONE);
    domain_put_page(d, taken);
    release_all(d);
    uint64_t mfn = domain_alloc_pages(d, 0);
    assert_int_equal(p2m_map(d, 2, mfn, 0), -XEN_EINVAL);
    domain_put_page(d, mfn);
    assert_true(domain_unlink(d));
    domain_free(d);
}

/* memory=1024G: the hole below 4 GiB moves the end beyond the table. */
static void gfns_beyond_the_table(void **state)
{
    (void)state;
    struct domain *d = create(7);
    uint64_t mfn = domain_alloc_pages(d, 0);
    assert_int_equal(p2m_map(d, P2M_MAX_GFN + 1, mfn, 0), -XEN_EINVAL);
    assert_int_equal(p2m_map(d, (P2M_MAX_GFN + 1) & ~511ULL, mfn, 9), -XEN_EINVAL);
    domain_put_page(d, mfn);
    release_all(d);
    assert_true(domain_unlink(d));
    domain_free(d);
}

/* A pause is complete when no CPU runs the vcpu any more; the calls until then are one pause. */
static void pausing(void **state)
{
    (void)state;
    struct domain *d = create(7);
    struct vcpu *v = d->vcpu[0];
    v->blocked_by = VCPU_BLOCKED;
    v->running = true;
    assert_int_equal(domain_unpause(d), -XEN_EINVAL);
    assert_int_equal(domain_pause(d), -XEN_ERESTART);
    assert_int_equal(domain_pause(d), -XEN_ERESTART);
    assert_int_equal(v->blocked_by, VCPU_BLOCKED | VCPU_PAUSED);
    assert_int_equal(domain_unpause(d), -XEN_EINVAL); /* nobody's yet */
    v->running = false;
    assert_int_equal(domain_pause(d), 0);
    assert_int_equal(domain_pause(d), 0);
    assert_int_equal(domain_unpause(d), 0);
    assert_int_equal(v->blocked_by, VCPU_BLOCKED | VCPU_PAUSED);
    assert_int_equal(domain_unpause(d), 0);
    assert_int_equal(v->blocked_by, VCPU_BLOCKED);
    assert_int_equal(domain_unpause(d), -XEN_EINVAL);
    v->running = true;
    assert_int_equal(domain_pause(d), -XEN_ERESTART);
    domain_forget_pauses(d);
    assert_int_equal(v->blocked_by, VCPU_BLOCKED);
    assert_true(domain_unlink(d));
    domain_free(d);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, all_given_back)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(held_by_another),        CASE(number_used_again),     CASE(frames_taken_meanwhile),
        CASE(frames_given_meanwhile), CASE(gfns_beyond_the_table), CASE(pausing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
