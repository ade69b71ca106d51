/* SPDX-License-Identifier: MIT */
/*
 * Each vcpu sends to each other one, and sleeps until the answer is there. All do so at the same time, so a vcpu may be
 * asleep, awake or about to fall asleep when its IPI comes: a lost wake-up is a pair that stands still.
 */
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/limit.h"
#include "guest/lib/verdict.h"
#include "guest/smp/smp.h"

#define MAX 4U
#define TIME_LIMIT_S 120U

struct pair {
    evtchn_port_t to, back; /* on the receiver, on the sender */
    unsigned asked;         /* IPIs that the receiver saw */
    unsigned answered;      /* answers that the sender saw */
};

static struct pair pair[MAX][MAX]; /* [sender][receiver] */
static evtchn_port_t all_done[MAX];
static unsigned nr, rounds;
static unsigned finished;    /* vcpus that have all their answers */
static unsigned may_go[MAX]; /* [vcpu]: it was told that all have finished */
static unsigned gone;        /* vcpus that were told */

static void on_ask(evtchn_port_t port, void *arg)
{
    struct pair *p = arg;

    (void)port;
    p->asked++;
    CHECK_VALUE(evt_send(p->back), 0);
}

static void on_answer(evtchn_port_t port, void *arg)
{
    struct pair *p = arg;

    (void)port;
    p->answered++;
}

static void on_all_done(evtchn_port_t port, void *arg)
{
    (void)port;
    *(unsigned *)arg = 1;
}

/* Sleep until *word is `value`. Upcalls are off, and on while this sleeps. */
static void sleep_until(const volatile unsigned *word, unsigned value)
{
    while (*word != value)
        env_wait();
}

/* Upcalls are off. */
static void ask_everyone(void *arg)
{
    unsigned self = guest_vcpu()->id;

    (void)arg;
    for (unsigned i = 1; i <= rounds; i++)
        for (unsigned other = 0; other < nr; other++)
            if (other != self) {
                CHECK_VALUE(evt_send(pair[self][other].to), 0);
                sleep_until(&pair[self][other].answered, i);
            }
    if (__atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST) == nr)
        for (unsigned other = 0; other < nr; other++)
            evt_send(all_done[other]);
    sleep_until(&may_go[self], 1); /* answers for the others, meanwhile */
    __atomic_fetch_add(&gone, 1, __ATOMIC_SEQ_CST);
}

static void open_ports(void)
{
    for (unsigned a = 0; a < nr; a++) {
        all_done[a] = smp_ipi(a, on_all_done, &may_go[a]);
        for (unsigned b = 0; b < nr; b++)
            if (a != b) {
                pair[a][b].to = smp_ipi(b, on_ask, &pair[a][b]);
                pair[a][b].back = smp_ipi(a, on_answer, &pair[a][b]);
            }
    }
}

static void check_and_close(void)
{
    for (unsigned a = 0; a < nr; a++) {
        evt_close(all_done[a]);
        for (unsigned b = 0; b < nr; b++)
            if (a != b) {
                CHECK_VALUE(pair[a][b].asked, rounds);
                CHECK_VALUE(pair[a][b].answered, rounds);
                evt_close(pair[a][b].to);
                evt_close(pair[a][b].back);
            }
    }
}

void smp_pairs(unsigned count)
{
    uint64_t start = clock_now();

    rounds = count;
    nr = guest_env.nr_vcpus < MAX ? guest_env.nr_vcpus : MAX;
    open_ports();
    limit_seconds(TIME_LIMIT_S);
    for (unsigned id = 1; id < nr; id++)
        CHECK_VALUE(evt_vcpu_start(id, ask_everyone, NULL), 0);
    env_upcalls_off();
    ask_everyone(NULL);
    env_upcalls_on();
    smp_await(&gone, nr, "vcpus that know that all is done");
    limit_cancel();
    check_and_close();
    guest_printf("smp: %u ordered pairs of %u vcpus, %u IPIs each, every one answered; %llu ns each\n", nr * (nr - 1),
                 nr, rounds, (unsigned long long)((clock_now() - start) / (rounds * nr * (nr - 1))));
}
