/* SPDX-License-Identifier: MIT */
/*
 * The seam of build/xenolith-lesson: evtchn/ is compiled with EVT_SHM_EXTERN there, so that each of its steps on shared
 * memory comes by here, and is printed if the domain has asked for that (guest/abi/lesson.h). The guest's own steps
 * come as trace records and are printed among them. Two of the environment's functions are steps too and are wrapped by
 * the linker (--wrap). The normal image has none of this.
 *
 * One domain at a time is watched. It is forgotten when it is set dying, and its memory is given back only after every
 * CPU has left the core since: so what is found in `watched` here, inside a call into the core, is still whole.
 */
#define EVT_SHM_EXTERN
#include "evtchn/shm.h"

#include "kernel/trace.h"

#include "arch/x86/cpu.h"
#include "common/format.h"
#include "common/string.h"
#include "evtchn/env.h"
#include "kernel/domain.h"
#include "kernel/frames.h"
#include "kernel/lesson/step.h"
#include "kernel/memory.h"
#include "kernel/printk_internal.h"

static struct evt_domain *watched; /* [a] NULL: nobody */
static unsigned steps;             /* [a] so far */
static uint32_t port_of_cpu[MAX_CPUS];

/* --- Printing */

static void print(const char *line)
{
    const struct evt_domain *e = __atomic_load_n(&watched, __ATOMIC_SEQ_CST);

    if (e)
        printk_guest_line(((const struct domain *)evt_owner(e))->config.name, line);
}

static unsigned next_number(void)
{
    return __atomic_add_fetch(&steps, 1, __ATOMIC_SEQ_CST);
}

/* A read does not say which port it is for: the one that this CPU has been busy with. */
static void print_step(struct step *s)
{
    char line[STEP_LINE_MAX];
    uint32_t *port = &port_of_cpu[this_cpu()->id];

    s->port = *port;
    *port = step_port(s);
    step_format(line, next_number(), s);
    print(line);
}

static void print_plain(const char *what, const char *meaning)
{
    char line[STEP_LINE_MAX];

    step_format_plain(line, next_number(), what, meaning);
    print(line);
}

/* --- The hypervisor's steps: the seam */

static void note(enum lesson_op op, const void *p, unsigned bits, uint64_t touched, uint64_t before, uint64_t after)
{
    const struct evt_domain *e = __atomic_load_n(&watched, __ATOMIC_SEQ_CST);
    struct step s = {.op = op, .bits = bits, .before = before, .after = after};

    if (!e || !evt_describe_word(e, p, &s.word))
        return;
    s.bit = touched ? (unsigned)__builtin_ctzll(touched) : 0;
    print_step(&s);
}

/* Each of these is for one width. */
#define READ(bits)                                               \
    uint##bits##_t shm_read##bits(const uint##bits##_t *p)       \
    {                                                            \
        uint##bits##_t v = __atomic_load_n(p, __ATOMIC_RELAXED); \
        note(LESSON_READ, p, bits, 0, v, v);                     \
        return v;                                                \
    }

#define EXCHANGE(bits)                                                       \
    uint##bits##_t shm_xchg##bits(uint##bits##_t *p, uint##bits##_t v)       \
    {                                                                        \
        uint##bits##_t before = __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST); \
        note(LESSON_EXCHANGE, p, bits, 0, before, v);                        \
        return before;                                                       \
    }

#define OR(bits)                                                           \
    uint##bits##_t shm_or##bits(uint##bits##_t *p, uint##bits##_t v)       \
    {                                                                      \
        uint##bits##_t before = __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST); \
        note(LESSON_OR, p, bits, v, before, before | v);                   \
        return before;                                                     \
    }

#define AND(bits)                                                           \
    uint##bits##_t shm_and##bits(uint##bits##_t *p, uint##bits##_t v)       \
    {                                                                       \
        uint##bits##_t before = __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST); \
        note(LESSON_AND, p, bits, (uint##bits##_t) ~v, before, before &v);  \
        return before;                                                      \
    }

READ(8)
READ(32)
READ(64)
EXCHANGE(8)
EXCHANGE(32)
EXCHANGE(64)
OR(32)
OR(64)
AND(32)
AND(64)

void shm_write8(uint8_t *p, uint8_t v)
{
    (void)shm_xchg8(p, v);
}

bool shm_cas32(uint32_t *p, uint32_t expected, uint32_t desired)
{
    uint32_t before = expected;
    bool done = __atomic_compare_exchange_n(p, &before, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);

    note(LESSON_CAS, p, 32, expected ^ desired, before, done ? desired : before);
    return done;
}

void shm_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* --- The hypervisor's steps: what the core asks of its host. The linker puts these before the functions. */

void __real_env_kick(struct evt_domain *e, unsigned vcpu);
void __wrap_env_kick(struct evt_domain *e, unsigned vcpu);
void __real_env_wake_pollers(struct evt_domain *e, uint32_t port);
void __wrap_env_wake_pollers(struct evt_domain *e, uint32_t port);
void __real_evt_domain_set_dying(struct evt_domain *e);
void __wrap_evt_domain_set_dying(struct evt_domain *e);

static bool is_watched(const struct evt_domain *e)
{
    return __atomic_load_n(&watched, __ATOMIC_SEQ_CST) == e;
}

void __wrap_env_kick(struct evt_domain *e, unsigned vcpu)
{
    char what[32];

    if (is_watched(e)) {
        format(what, sizeof what, "kick vcpu %u", vcpu);
        print_plain(what, "it is woken, or interrupted where it runs");
    }
    __real_env_kick(e, vcpu);
}

void __wrap_env_wake_pollers(struct evt_domain *e, uint32_t port)
{
    const struct domain *d = evt_owner(e);
    char what[48];

    if (is_watched(e)) {
        format(what, sizeof what, "wake those who poll for port %u", port);
        print_plain(what, __atomic_load_n(&d->nr_pollers, __ATOMIC_SEQ_CST) ? "a vcpu polls" : "nobody polls");
    }
    __real_env_wake_pollers(e, port);
}

static void forget(struct evt_domain *e)
{
    (void)__atomic_compare_exchange_n(&watched, &e, NULL, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void __wrap_evt_domain_set_dying(struct evt_domain *e)
{
    forget(e);
    __real_evt_domain_set_dying(e);
}

/* --- The guest's steps, and its wishes */

/* A domain that is being shut down has been forgotten, or is now: its other vcpus may still run. */
static void watch(const struct vcpu *v)
{
    struct evt_domain *nobody = NULL, *e = v->domain->evt;

    (void)__atomic_compare_exchange_n(&watched, &nobody, e, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&v->domain->shutdown, __ATOMIC_SEQ_CST) != DOMAIN_NOT_SHUT)
        forget(e);
    if (!is_watched(e))
        return;
    __atomic_store_n(&steps, 0, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < nr_cpus; i++)
        port_of_cpu[i] = STEP_NO_PORT;
}

static void print_guest_step(const struct vcpu *v, const struct lesson_step *record)
{
    struct step s = {.guest = true, .bits = record->bytes * 8U, .bit = record->bit % 64U};
    uint64_t mfn = frame_hold(v->domain, record->address >> 12);

    if (mfn == P2M_NONE)
        return;
    s.op = record->op;
    s.before = record->before;
    s.after = record->after;
    if (s.op < LESSON_OPS && s.bits > 0 && s.bits <= 64 &&
        evt_describe_word(v->domain->evt, (const uint8_t *)mfn_to_ptr(mfn) + record->address % 4096, &s.word))
        print_step(&s);
    frame_drop(v->domain, mfn);
}

void trace_record(struct vcpu *v, const struct xen_hvm_xentrace *record)
{
    struct lesson_step step;

    if (record->event == LESSON_ON)
        watch(v);
    else if (record->event == LESSON_OFF)
        forget(v->domain->evt);
    if (record->event != LESSON_STEP || !is_watched(v->domain->evt))
        return;
    memcpy(&step, record->extra, sizeof step);
    print_guest_step(v, &step);
}
