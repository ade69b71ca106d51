/* SPDX-License-Identifier: MIT */
/*
 * The FIFO ABI with a guest that writes at the worst moment: this program supplies the seam (evtchn/shm.h) for
 * abi_fifo.c, and before each access a hand of the guest may change any word. Every operation must end, and the core's
 * own state stay sound.
 */
// links: evtchn/*.c tests/host/env_fake.c common/format.c
#define EVT_SHM_EXTERN
#include "evtchn/abi_fifo.c"

#include "tests/host/test_evtchn.h"

/* The seam of abi_fifo.c: plain accesses with a hook before them. */
static void (*hook)(void *word);
static unsigned accesses;

static void touch(const void *word)
{
    accesses++;
    if (hook)
        hook((void *)(uintptr_t)word);
}

uint32_t shm_read32(const uint32_t *p)
{
    touch(p);
    return *p;
}

uint32_t shm_or32(uint32_t *p, uint32_t v)
{
    touch(p);
    uint32_t old = *p;
    *p |= v;
    return old;
}

uint32_t shm_and32(uint32_t *p, uint32_t v)
{
    touch(p);
    uint32_t old = *p;
    *p &= v;
    return old;
}

uint32_t shm_xchg32(uint32_t *p, uint32_t v)
{
    touch(p);
    uint32_t old = *p;
    *p = v;
    return old;
}

bool shm_cas32(uint32_t *p, uint32_t expected, uint32_t desired)
{
    touch(p);
    if (*p != expected)
        return false;
    *p = desired;
    return true;
}

#define CONTROL 2
#define ARRAY 3

static struct fake_domain *d;
static uint32_t seed;

static uint32_t draw(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 10) % n;
}

static struct evtchn_fifo_control_block *control(unsigned vcpu)
{
    return (void *)(d->frames[CONTROL] + 128 * vcpu);
}

static uint32_t *word(uint32_t port)
{
    return (uint32_t *)(void *)d->frames[ARRAY] + port;
}

static void make_world(uint32_t last)
{
    d = fake_domain(1);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(op_init_control(d, i, CONTROL, 128 * i), 0);
    assert_int_equal(op_expand_array(d, ARRAY), 0);
    for (uint32_t port = 1; port <= last; port++)
        assert_int_equal(op_bind_ipi(d, port % 4), port);
}

static unsigned accesses_of_send(uint32_t port)
{
    accesses = 0;
    assert_int_equal(op_send(d, port), 0);
    return accesses;
}

/* --- A guest that changes the word of the tail each time somebody looks at it */

static void toggle_masked(void *w)
{
    if (w == word(4))
        *word(4) ^= MASKED;
}

/* EVT-FIFO-19 */
static void retries_end(void **state)
{
    (void)state;
    make_world(8);
    assert_int_equal(op_send(d, 4), 0);
    hook = toggle_masked;
    unsigned n = accesses_of_send(8); /* the same vcpu as 4 */
    hook = NULL;
    assert_true(n > 2 * TRIES && n < 2 * (TRIES + BUSY_TRIES) + 8);
    assert_int_equal(evt_dropped(d->evt), 1);
    assert_int_equal(*word(8), PENDING); /* not linked: this guest has lost it */
    assert_int_equal(*word(4) & ~MASKED, PENDING | LINKED);
    SOUND();
    assert_int_equal(op_unmask(d, 8), 0); /* and can ask for it */
    assert_int_equal(*word(8), PENDING | LINKED);
    assert_int_equal(*word(4) & LINK_MASK, 8);
    SOUND();
}

/* Masking now and then, a guest does not lose anything: it is asked to wait. */
static unsigned countdown;

static void mask_some_times(void *w)
{
    if (w == word(4) && countdown && !(*word(4) & BUSY)) {
        countdown--;
        *word(4) ^= MASKED;
    }
}

/* EVT-FIFO-18 */
static void busy_is_asked_for_and_taken_back(void **state)
{
    (void)state;
    make_world(8);
    assert_int_equal(op_send(d, 4), 0);
    countdown = 1000;
    hook = mask_some_times;
    (void)accesses_of_send(8);
    hook = NULL;
    assert_int_equal(evt_dropped(d->evt), 0);
    assert_int_equal(*word(4) & ~MASKED, PENDING | LINKED | 8);
    SOUND();
}

/* The guest consumes the tail at each possible moment of a link. */
static unsigned moment;

static void consume_at_the_moment(void *w)
{
    (void)w;
    if (accesses == moment)
        *word(4) &= ~(LINKED | LINK_MASK | PENDING);
}

/* EVT-FIFO-13 */
static void a_tail_may_be_consumed_at_any_moment(void **state)
{
    (void)state;
    make_world(8);
    for (moment = 1; moment < 8; moment++) {
        *word(4) = *word(8) = 0;
        assert_int_equal(op_send(d, 4), 0);
        control(0)->ready = 0;
        *word(4) |= LINKED;
        hook = consume_at_the_moment;
        (void)accesses_of_send(8);
        hook = NULL;
        assert_int_equal(*word(8), PENDING | LINKED);
        /* Consumed before the link: 8 is the head. After it: the guest took the link along. */
        assert_true(control(0)->ready == 0 || control(0)->head[7] == 8 || control(0)->head[7] == 4);
        SOUND();
        *word(8) = *word(4) = 0;
    }
}

/* The same with a busy word: consumed while BUSY stands in it. */
static void consume_when_busy(void *w)
{
    if (w != word(4))
        return;
    if (*word(4) & BUSY)
        *word(4) &= ~(LINKED | LINK_MASK);
    else
        *word(4) ^= MASKED;
}

static void a_busy_tail_may_be_consumed(void **state)
{
    (void)state;
    make_world(8);
    assert_int_equal(op_send(d, 4), 0);
    hook = consume_when_busy;
    (void)accesses_of_send(8);
    hook = NULL;
    assert_int_equal(*word(4) & (BUSY | LINKED | LINK_MASK), 0);
    assert_int_equal(control(0)->head[7], 8);
    SOUND();
}

/* --- Another CPU in the moment between a look and a lock */

static uint32_t on_the_way; /* this port's first access sends, or moves it */

static void send_as_well(void *w)
{
    if (w != word(on_the_way) || fake.nr_held == 0)
        return;
    hook = NULL;
    /* Another CPU would wait for the lock that is held; it got on before. */
    (void)evt_fifo_change(evt_port_of(d->evt, on_the_way), EVT_FIFO_QUEUE, 3U << EVT_FIFO_QUEUE_SHIFT);
}

/* EVT-FIFO-15: Whoever finds the port moved leaves it to the one who moved it. */
static void a_port_that_moved_meanwhile_is_left(void **state)
{
    (void)state;
    make_world(4);
    on_the_way = 4;
    hook = send_as_well;
    assert_int_equal(op_send(d, 4), 0);
    hook = NULL;
    SOUND();
}

static void link_as_well(void *w)
{
    if (w != word(on_the_way) || fake.nr_held < 2)
        return;
    hook = NULL;
    *word(on_the_way) |= LINKED; /* by who had the queue's lock before */
}

/* The port was not linked when it was looked at, and is when the lock of its queue is held: it must stay there. */
static void a_port_that_was_linked_meanwhile_stays(void **state)
{
    (void)state;
    make_world(4);
    on_the_way = 4;
    assert_int_equal(op_send(d, 4), 0);
    *word(4) = 0; /* the guest has consumed it */
    uint16_t before = evt_fifo_of(evt_port_of(d->evt, 4));
    assert_int_equal(op_set_priority(d, 4, 3), 0);
    hook = link_as_well;
    assert_int_equal(op_send(d, 4), 0);
    assert_null(hook);
    assert_int_equal(evt_fifo_of(evt_port_of(d->evt, 4)) & EVT_FIFO_QUEUE, before & EVT_FIFO_QUEUE);
    assert_int_equal(control(0)->ready, 1U << EVTCHN_FIFO_PRIORITY_DEFAULT);
    SOUND();
}

/* --- A guest that takes a queue as soon as it is said to be ready */

static uint32_t head_when_ready;

static void look_at_the_head(void *w)
{
    if (w == &control(0)->ready)
        head_when_ready = control(0)->head[EVTCHN_FIFO_PRIORITY_DEFAULT];
}

static void the_head_comes_before_ready(void **state)
{
    (void)state;
    make_world(4);
    head_when_ready = 0;
    hook = look_at_the_head;
    assert_int_equal(op_send(d, 4), 0);
    hook = NULL;
    assert_int_equal(head_when_ready, 4);
}

/* --- A guest that writes anything anywhere */

static void scribble(void *w)
{
    if (draw(3))
        return;
    uint32_t *target = draw(2) ? w : word(draw(64));
    *target = draw(2) ? draw(16) << 28 | draw(70) : seed;
    if (!draw(4))
        memset(control(draw(4)), (int)draw(256), 72);
}

static void act(void)
{
    uint32_t port = 1 + draw(40);
    struct evt_port_view view;

    switch (draw(8)) {
    case 0:
        (void)op_unmask(d, port);
        break;
    case 1:
        (void)op_set_priority(d, port, draw(17));
        break;
    case 2:
        (void)op_bind_vcpu(d, port, draw(4));
        break;
    case 3:
        (void)op_close(d, port);
        break;
    case 4:
        if (op_alloc_unbound(d, DOMID_SELF, DOMID_SELF) > 0)
            (void)op_bind_interdomain(d, DOMID_SELF, port);
        break;
    case 5:
        (void)op_bind_ipi(d, draw(4));
        (void)evt_view_port(d->evt, port, &view);
        break;
    default:
        (void)op_send(d, port);
    }
}

/* EVT-FIFO-19 */
static void scribbles_lead_nowhere(void **state)
{
    (void)state;
    make_world(40);
    seed = 4711;
    hook = scribble;
    for (unsigned i = 0; i < 60000; i++) {
        accesses = 0;
        act();
        assert_true(accesses < 1000);
        if (i % 16 == 0)
            SOUND();
    }
    hook = NULL;
    assert_true(evt_events(d->evt) > 1000);
    assert_int_equal(op_reset(d, DOMID_SELF), 0);
    SOUND();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(retries_end),
        IN_WORLD(busy_is_asked_for_and_taken_back),
        IN_WORLD(a_tail_may_be_consumed_at_any_moment),
        IN_WORLD(a_busy_tail_may_be_consumed),
        IN_WORLD(a_port_that_moved_meanwhile_is_left),
        IN_WORLD(a_port_that_was_linked_meanwhile_stays),
        IN_WORLD(the_head_comes_before_ready),
        IN_WORLD(scribbles_lead_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
