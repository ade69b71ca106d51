/* SPDX-License-Identifier: MIT */
/*
 * VIRQ_TIMER and the timers of a vcpu: when the event comes, which operation stops which timer, and what is left of a
 * timer whose port has gone.
 *
 * A cell is a list of steps. The transcript says only whether the event came in the time of a wait; every deadline is
 * far on one side of that. What is due at once may still come a few steps later, if nothing waits for it. On a busy
 * machine the guest may lose the processor for long: a cell in which a deadline passed outside of the wait that is
 * meant for it is asked again.
 */
#include "common/format.h"
#include "guest/conformance/conformance.h"
#include "guest/lib/clock.h"
#include "guest/lib/error.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/window.h"

#define SOON (5 * CLOCK_MS)
#define LATE (300 * CLOCK_MS)
#define WAIT_TIME (10 * CLOCK_MS) /* longer than SOON, shorter than LATE */
#define GRACE CLOCK_MS
#define ABSURD (1ULL << 60)
#define ABSURD_MEANS (100 * CLOCK_MS) /* HC-TIME-03 */
#define PERIOD CLOCK_MS               /* the shortest that is allowed */
#define STEPS_MAX 8U
#define TRIES 20U

enum deed {
    DONE, /* ends the list */
    SET_TIMER_OP,
    SET_SINGLESHOT,
    STOP_SINGLESHOT,
    SET_PERIODIC,
    STOP_PERIODIC,
    WAIT,
    WAIT_LONG, /* for what comes for certain */
    PAUSE,
    TAKE, /* the guest takes the event, if there is one, as its upcall would */
    UNMASK,
    RAISE, /* the guest sets the pending bit itself */
    CLOSE,
    BIND,
    RESET,
};

struct step {
    enum deed deed;
    uint64_t time; /* ns: a deadline, or a period */
    bool ahead;    /* the deadline is so far ahead of now */
    unsigned flags;
};

#define DO(what)       \
    {                  \
        .deed = (what) \
    }
#define AT(what, when)                 \
    {                                  \
        .deed = (what), .time = (when) \
    }
#define IN(what, ns)                                \
    {                                               \
        .deed = (what), .time = (ns), .ahead = true \
    }

struct timer_cell {
    const char *name;
    struct step steps[STEPS_MAX];
};

static evtchn_port_t timer_port;
static uint64_t deadline; /* of the timer that was set; 0 = none, or it was waited for */
static uint64_t ahead;    /* how far it was ahead */
static bool slipped;

/* --- Steps --- */

/* What came of it is shown by the wait that follows: an event that is due may come now or then. */
static void say(const char *what, guest_result rc)
{
    char error[24];

    cell_say(" %s -> %s,", what, error_text(rc, error, sizeof(error)));
}

/* Both are counted from one look at the clock: the processor may be lost between two. */
static uint64_t arm(const struct step *s)
{
    uint64_t now = clock_now();

    ahead = s->ahead ? s->time : s->time >= ABSURD ? ABSURD_MEANS : 0;
    deadline = (int64_t)ahead > 0 ? now + ahead : 0;
    return s->ahead ? now + s->time : s->time;
}

static void set_timer_op(const struct step *s)
{
    say("set_timer_op", hv_set_timer_op(arm(s)));
}

static void set_singleshot(const struct step *s)
{
    struct vcpu_set_singleshot_timer op = {.timeout_abs_ns = arm(s), .flags = s->flags};

    say("set_singleshot", hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &op));
}

static void stop_singleshot(const struct step *s)
{
    (void)s;
    say("stop_singleshot", hv_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL));
}

static void set_periodic(const struct step *s)
{
    struct vcpu_set_periodic_timer op = {.period_ns = s->time};

    say("set_periodic", hv_vcpu_op(VCPUOP_set_periodic_timer, 0, &op));
}

static void stop_periodic(const struct step *s)
{
    (void)s;
    say("stop_periodic", hv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL));
}

static void take(const struct step *s)
{
    (void)s;
    port_clear(timer_port, PORT_PENDING);
    guest_env.shared->vcpu_info[0].evtchn_pending_sel = 0;
    cell_forget();
}

/* The processor may come late with what is due. A sleep ends behind every deadline before it. */
static void let_come(void)
{
    guest_sched_poll op = {.timeout = clock_now() + GRACE};

    hv_sched_op(SCHEDOP_poll, &op);
}

/* Until the event comes, or for so long: whether it came. A deadline that is not in that time must not pass. */
static bool wait_for(uint64_t time)
{
    uint64_t end = clock_now() + time;
    bool before = port_is_pending(timer_port);

    while (!port_is_pending(timer_port) && clock_now() < end)
        __builtin_ia32_pause();
    if (before || !port_is_pending(timer_port))
        let_come();
    if (ahead <= time)
        deadline = 0;
    return port_is_pending(timer_port);
}

static void wait(const struct step *s)
{
    (void)s;
    wait_for(WAIT_TIME);
    cell_result("wait", 0);
    take(NULL);
}

/* Says only whether: with a short period the next event comes while one looks. */
static void wait_long(const struct step *s)
{
    (void)s;
    cell_say(wait_for(2 * LATE) ? " event," : " no event,");
    take(NULL);
}

static void pause(const struct step *s)
{
    (void)s;
    clock_spin_until(clock_now() + LATE);
}

static void unmask(const struct step *s)
{
    (void)s;
    port_clear(timer_port, PORT_MASKED);
    cell_forget();
}

static void raise(const struct step *s)
{
    (void)s;
    port_set(timer_port, PORT_PENDING);
    cell_forget();
}

static void close(const struct step *s)
{
    struct evtchn_close op = {.port = timer_port};

    (void)s;
    cell_op(EVTCHNOP_close, &op, sizeof(op));
}

static void bind(const struct step *s)
{
    struct evtchn_bind_virq op = {.virq = VIRQ_TIMER, .port = CELL_POISON};

    (void)s;
    cell_op(EVTCHNOP_bind_virq, &op, sizeof(op));
}

static void reset(const struct step *s)
{
    (void)s;
    domain_clean(domain_abi(), VCPUS);
    timer_port = must_bind_virq(VIRQ_TIMER, 0);
    cell_forget();
}

static void (*const deeds[])(const struct step *s) = {
    [SET_TIMER_OP] = set_timer_op,
    [SET_SINGLESHOT] = set_singleshot,
    [STOP_SINGLESHOT] = stop_singleshot,
    [SET_PERIODIC] = set_periodic,
    [STOP_PERIODIC] = stop_periodic,
    [WAIT] = wait,
    [WAIT_LONG] = wait_long,
    [PAUSE] = pause,
    [TAKE] = take,
    [UNMASK] = unmask,
    [RAISE] = raise,
    [CLOSE] = close,
    [BIND] = bind,
    [RESET] = reset,
};

/* --- Cells --- */

/* Timers outlive ports and cells. */
static void stop_timers(void)
{
    hv_set_timer_op(0);
    hv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
}

static bool has_passed(uint64_t time)
{
    return time && clock_now() >= time;
}

static void run_steps(const struct step *s)
{
    timer_port = must_bind_virq(VIRQ_TIMER, 0);
    deadline = 0;
    slipped = false;
    cell_start();
    for (unsigned i = 0; i < STEPS_MAX && s[i].deed != DONE && !slipped; i++) {
        uint64_t before = s[i].deed < WAIT ? deadline : 0;

        deeds[s[i].deed](&s[i]);
        if (has_passed(before) || has_passed(deadline))
            slipped = true;
    }
    stop_timers();
}

static void ask(enum abi abi, const char *name, const struct step *steps)
{
    for (unsigned i = 0; i < TRIES; i++) {
        if (!cell_begin(abi, "timer/%s", name))
            return;
        run_steps(steps);
        if (!slipped)
            break;
    }
    cell_end();
}

static const struct timer_cell cells[] = {
    /* set_timer_op and set_singleshot set the same timer. */
    {"same/stopped-by-the-other", {IN(SET_TIMER_OP, SOON), DO(STOP_SINGLESHOT), DO(WAIT)}},
    {"same/stopped-by-set_timer_op", {IN(SET_SINGLESHOT, SOON), AT(SET_TIMER_OP, 0), DO(WAIT)}},
    {"same/nearer", {IN(SET_TIMER_OP, LATE), IN(SET_SINGLESHOT, SOON), DO(WAIT), DO(WAIT)}},
    {"same/farther", {IN(SET_SINGLESHOT, SOON), IN(SET_TIMER_OP, LATE), DO(WAIT)}},
    {"same/stopped-twice", {IN(SET_TIMER_OP, SOON), DO(WAIT), DO(STOP_SINGLESHOT), DO(STOP_SINGLESHOT), DO(WAIT)}},
    {"same/late", {IN(SET_TIMER_OP, LATE), DO(WAIT), DO(WAIT_LONG)}},

    {"periodic/again", {AT(SET_PERIODIC, PERIOD), DO(WAIT_LONG), DO(WAIT_LONG), DO(STOP_PERIODIC)}},
    {"periodic/stopped", {AT(SET_PERIODIC, PERIOD), DO(WAIT_LONG), DO(STOP_PERIODIC), DO(TAKE), DO(WAIT)}},
    {"periodic/refused", {AT(SET_PERIODIC, PERIOD), AT(SET_PERIODIC, PERIOD - 1), DO(WAIT_LONG), DO(STOP_PERIODIC)}},
    {"periodic/replaced", {AT(SET_PERIODIC, PERIOD), AT(SET_PERIODIC, CLOCK_S), DO(TAKE), DO(WAIT)}},
    {"periodic/set_timer_op-0",
     {AT(SET_PERIODIC, PERIOD), AT(SET_TIMER_OP, 0), DO(STOP_SINGLESHOT), DO(TAKE), DO(WAIT_LONG)}},
    /* What counts is the time since the last tick, whenever that was. */
    {"periodic/due",
     {AT(SET_PERIODIC, PERIOD), DO(WAIT_LONG), DO(STOP_PERIODIC), DO(TAKE), DO(PAUSE), AT(SET_PERIODIC, LATE / 2),
      DO(WAIT)}},
    {"periodic/not-due",
     {AT(SET_PERIODIC, PERIOD), DO(WAIT_LONG), DO(STOP_PERIODIC), DO(TAKE), AT(SET_PERIODIC, CLOCK_S), DO(WAIT)}},
    {"periodic/stop-leaves-singleshot", {IN(SET_TIMER_OP, SOON), DO(STOP_PERIODIC), DO(WAIT)}},

    {"port/masked", {IN(SET_TIMER_OP, SOON), DO(WAIT), IN(SET_TIMER_OP, SOON), DO(WAIT)}},
    {"port/unmasked", {DO(UNMASK), IN(SET_TIMER_OP, SOON), DO(WAIT), IN(SET_TIMER_OP, SOON), DO(WAIT)}},
    {"port/pending", {DO(RAISE), DO(UNMASK), AT(SET_TIMER_OP, 1), DO(WAIT)}},
    {"port/closed", {AT(SET_TIMER_OP, 1), DO(WAIT), DO(CLOSE), DO(WAIT), DO(BIND), DO(WAIT)}},
    {"port/closed-before", {DO(CLOSE), AT(SET_TIMER_OP, 1), DO(WAIT), DO(BIND), DO(WAIT)}},
    {"port/bound-again", {IN(SET_TIMER_OP, SOON), DO(CLOSE), DO(BIND), DO(WAIT)}},
    {"port/reset", {IN(SET_TIMER_OP, SOON), DO(RESET), DO(WAIT)}},
    {"port/reset-periodic", {AT(SET_PERIODIC, LATE / 2), DO(RESET), DO(WAIT_LONG), DO(WAIT_LONG)}},
};

/* Deadlines and periods at the edges. */
struct time {
    const char *name;
    struct step step;
};

static const struct time deadlines[] = {
    {"0", AT(0, 0)},
    {"1-ns", AT(0, 1)},
    {"1-ms-ago", IN(0, (uint64_t) - (int64_t)CLOCK_MS)},
    {"now", IN(0, 0)},
    {"soon", IN(0, SOON)},
    {"late", IN(0, LATE)},
    {"in-2^49", IN(0, 1ULL << 49)},
    {"2^62", AT(0, 1ULL << 62)},
    {"2^63-1", AT(0, (1ULL << 63) - 1)},
    {"2^63", AT(0, 1ULL << 63)},
    {"ones", AT(0, ~0ULL)},
};

/* Those that are not refused are too long to come. */
static const struct time periods[] = {
    {"0", AT(0, 0)},
    {"1", AT(0, 1)},
    {"least-1", AT(0, PERIOD - 1)},
    {"2^48", AT(0, 1ULL << 48)},
    {"2^60", AT(0, 1ULL << 60)},
    {"2^61", AT(0, 1ULL << 61)},
    {"3*2^60", AT(0, 3ULL << 60)},
    {"2^62-1", AT(0, (1ULL << 62) - 1)},
    {"2^62", AT(0, 1ULL << 62)},
    {"2^63-1", AT(0, (1ULL << 63) - 1)},
    {"2^63", AT(0, 1ULL << 63)},
    {"ones", AT(0, ~0ULL)},
};

/* The deed with one time, and two waits. */
static void ask_time(enum abi abi, const char *what, enum deed deed, const struct time *t, unsigned flags)
{
    struct step steps[] = {t->step, DO(WAIT), DO(WAIT), DO(STOP_PERIODIC), DO(DONE)};
    char name[48];

    steps[0].deed = deed;
    steps[0].flags = flags;
    format(name, sizeof(name), "%s/%s/flags%x", what, t->name, flags);
    ask(abi, name, steps);
}

static void ask_times(enum abi abi)
{
    static const unsigned flags[] = {0, VCPU_SSHOTTMR_future, 0xFE};

    for (unsigned i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]); i++) {
        ask_time(abi, "set_timer_op", SET_TIMER_OP, &deadlines[i], 0);
        for (unsigned f = 0; f < sizeof(flags) / sizeof(flags[0]); f++)
            ask_time(abi, "singleshot", SET_SINGLESHOT, &deadlines[i], flags[f]);
    }
    for (unsigned i = 0; i < sizeof(periods) / sizeof(periods[0]); i++)
        ask_time(abi, "period", SET_PERIODIC, &periods[i], 0);
}

/* --- Other vcpus, and bad pointers --- */

static void ask_call(enum abi abi, const char *name, unsigned cmd, unsigned vcpu, const void *arg)
{
    if (!cell_begin(abi, "timer/call/%s/vcpu%u", name, vcpu))
        return;
    timer_port = must_bind_virq(VIRQ_TIMER, 0);
    cell_start();
    cell_result("it", hv_vcpu_op(cmd, vcpu, arg));
    stop_timers();
    cell_end();
}

static void ask_calls(enum abi abi)
{
    static uint8_t page[GUEST_PAGE_SIZE] __attribute__((aligned(GUEST_PAGE_SIZE)));
    static const struct vcpu_set_periodic_timer periodic = {.period_ns = 1ULL << 50};
    static const struct vcpu_set_singleshot_timer single = {.timeout_abs_ns = 1ULL << 50};
    const uint8_t *end = window_map(0, page, true) + GUEST_PAGE_SIZE;
    const void *unmapped = (const void *)GUEST_UNMAPPED;

    for (unsigned vcpu = 0; vcpu <= VCPUS; vcpu++) {
        ask_call(abi, "set_periodic", VCPUOP_set_periodic_timer, vcpu, &periodic);
        ask_call(abi, "set_periodic-unmapped", VCPUOP_set_periodic_timer, vcpu, unmapped);
        ask_call(abi, "set_periodic-cut", VCPUOP_set_periodic_timer, vcpu, end - 4);
        ask_call(abi, "stop_periodic", VCPUOP_stop_periodic_timer, vcpu, unmapped);
        ask_call(abi, "set_singleshot", VCPUOP_set_singleshot_timer, vcpu, &single);
        ask_call(abi, "set_singleshot-unmapped", VCPUOP_set_singleshot_timer, vcpu, unmapped);
        ask_call(abi, "set_singleshot-cut", VCPUOP_set_singleshot_timer, vcpu, end - 8);
        ask_call(abi, "stop_singleshot", VCPUOP_stop_singleshot_timer, vcpu, unmapped);
    }
}

void conformance_timer(void)
{
    hv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL); /* a pv vcpu begins with one */
    for (enum abi abi = 0; abi < NR_ABIS; abi++) {
        for (unsigned i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
            ask(abi, cells[i].name, cells[i].steps);
        ask_times(abi);
        ask_calls(abi);
    }
}
