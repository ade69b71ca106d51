/* SPDX-License-Identifier: MIT */
/*
 * The lesson: the life of one event through the three ABIs. Each act asks the hypervisor to print its steps on the
 * shared words (build/xenolith-lesson does), does one thing, and then plays the guest's half step by step. Upcalls are
 * off all the time: the guest looks when the lesson says so.
 *
 * docs/guide/event-channels.md shows what comes out, and a test compares.
 */
#include "common/string.h"
#include "guest/lesson/consume.h"
#include "guest/lesson/steps.h"
#include "guest/lib/batch.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/events.h"
#include "guest/lib/fifo.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/three_level.h"
#include "guest/lib/verdict.h"

#define W GUEST_WORD_BITS

/* --- The page --- */

static void chapter(const char *title)
{
    char rule[80];
    size_t n = strnlen(title, sizeof(rule) - 1);

    memset(rule, '=', n);
    rule[n] = '\0';
    guest_printf("\n%s\n%s\n", title, rule);
}

static void text(const char *line)
{
    guest_printf("%s\n", line);
}

/* An act begins: its steps are numbered from 1. */
static void act(const char *title)
{
    guest_printf("\n%s\n", title);
    steps_on();
}

/* The act ends. What is still to be consumed is consumed unseen. */
static void end_act(void (*consume)(void))
{
    steps_off();
    consume();
}

static void guest_half(void (*consume)(void))
{
    text("     the upcall: the guest looks");
    consume();
    steps_off();
}

/* --- Ports --- */

/* Open ports up to this one. Events for them are IPIs of this vcpu to itself: it sends, and it is told. */
static void open_ports(evtchn_port_t last)
{
    evtchn_port_t port;

    do
        port = (evtchn_port_t)evt_bind_ipi(0);
    while (port < last);
    CHECK_VALUE(port, last);
}

/* Open the masks of a word of ports without a step, so that the lesson shows small numbers. */
static void unmask_word(evtchn_port_t port)
{
    evt.mask[port / W] = 0;
}

static void send(evtchn_port_t port)
{
    CHECK_VALUE(evt_send(port), 0);
}

/* --- 2-level --- */

static void raise_2level(void)
{
    act("1.1  EVTCHNOP_send: port 5 is raised");
    send(5);
    guest_half(consume_2level);

    send(5);
    act("1.2  Port 5 is raised again before the guest has looked");
    send(5);
    end_act(consume_2level);

    send(5);
    act("1.3  Port 5 waits for the guest already; now port 6, in the same word, and port 70, in another");
    send(6);
    send(70);
    guest_half(consume_2level);
}

static void mask_2level(void)
{
    act("1.4  The guest masks port 5; then it is raised; then EVTCHNOP_unmask");
    step_set_bit(&evt.mask[0], 5);
    text("     EVTCHNOP_send");
    send(5);
    text("     EVTCHNOP_unmask");
    CHECK_VALUE(evt_unmask(5), 0);
    end_act(consume_2level);
}

/* The timer's port stays masked: a poll is woken all the same. */
static void poll_2level(void)
{
    evtchn_port_t timer = (evtchn_port_t)evt_bind_virq(VIRQ_TIMER, 0);
    guest_sched_poll op = {.ports = guest_address(&timer), .nr_ports = 1};

    CHECK_VALUE(timer, 71);
    evt_mask(timer);
    act("1.5  SCHEDOP_poll: the guest sleeps until port 71 is raised, by its timer; the port is masked");
    CHECK_VALUE(hv_set_timer_op(clock_now() + 500 * CLOCK_MS), 0);
    CHECK_VALUE(hv_sched_op(SCHEDOP_poll, &op), 0);
    text("     SCHEDOP_poll has returned; the guest takes the event without an upcall");
    step_clear_bit(&evt.pending[timer / W], timer % W);
    steps_off();
    CHECK_VALUE(evt_close(timer), 0);
}

static void two_levels(void)
{
    chapter("1. The 2-level ABI");
    text("A pending bit and a mask bit for each port, in the page that the domain shares with the hypervisor.");
    text("Bit n of a vcpu's selector says: look at word n of the pending bits.");
    open_ports(70);
    unmask_word(5);
    unmask_word(70);
    raise_2level();
    mask_2level();
    poll_2level();
}

/* --- 3-level --- */

#define FAR 4242U /* where 2-level has no ports */

static void three_levels(void)
{
    chapter("2. The 3-level ABI");
    text(
        "One more selector: bit n of L1 says: look at word n of the vcpu's L2, whose bits name words of pending bits.");
    open_ports(FAR + 1);
    unmask_word(FAR);

    act("2.1  EVTCHNOP_send: port 4242 is raised");
    send(FAR);
    guest_half(consume_3level);

    send(FAR);
    act("2.2  Port 4242 waits for the guest already; now port 4243, in the same word");
    send(FAR + 1);
    end_act(consume_3level);

    act("2.3  The guest masks port 4242; then it is raised; then EVTCHNOP_unmask");
    step_set_bit(&evt.mask[FAR / W], FAR % W);
    text("     EVTCHNOP_send");
    send(FAR);
    text("     EVTCHNOP_unmask");
    CHECK_VALUE(evt_unmask(FAR), 0);
    end_act(consume_3level);
}

/* --- FIFO --- */

static void queue_fifo(void)
{
    act("3.1  EVTCHNOP_send: port 5 is raised");
    send(5);
    guest_half(consume_fifo);

    send(5);
    act("3.2  Port 5 waits in its queue; it is raised again, and so is port 6");
    send(5);
    send(6);
    guest_half(consume_fifo);

    CHECK_VALUE(evt_set_priority(6, 2), 0);
    act("3.3  Port 6 has priority 2 now, port 5 the default 7. Port 5 is raised first, port 6 is handled first");
    send(5);
    send(6);
    guest_half(consume_fifo);
}

static void mask_fifo(void)
{
    act("3.4  The guest masks port 5; then it is raised; then the guest unmasks it");
    step_set_bit32(fifo_word(5), EVTCHN_FIFO_MASKED);
    text("     EVTCHNOP_send");
    send(5);
    text("     the guest clears MASKED itself, and calls EVTCHNOP_unmask because an event waits");
    step_replace32(fifo_word(5), 1U << EVTCHN_FIFO_MASKED, EVTCHN_FIFO_MASKED);
    CHECK_VALUE(hv_event_channel_op(EVTCHNOP_unmask, &(struct evtchn_unmask){.port = 5}), 0);
    end_act(consume_fifo);
}

static void fifo(void)
{
    chapter("3. The FIFO ABI");
    text("An event word for each port: PENDING, MASKED, LINKED, and LINK, the port that follows it in its queue.");
    text(
        "A vcpu has 16 queues, one a priority (0 first); its control block holds their heads, and a bit for each that");
    text("is ready.");
    open_ports(6);
    CHECK_VALUE(evt_fifo_expand(6), 0);
    evt_unmask(5);
    evt_unmask(6);
    queue_fifo();
    mask_fifo();
}

/* What is set when an ABI is entered is spurious: take it away unseen. */
static void settle(void)
{
    env_upcalls_on();
    env_upcalls_off();
}

void guest_main(void)
{
    chapter("The life of an event");
    text("xen: a step of the hypervisor; guest: a step of the guest; both on memory that they share.");
    text("Each is one atomic access, with the word's value before and after.");
    two_levels();
    CHECK_VALUE(evt_reset(), 0);
    CHECK_VALUE(evt_register_3level(), 0);
    settle();
    three_levels();
    CHECK_VALUE(evt_reset(), 0);
    CHECK_VALUE(evt_register_fifo(), 0);
    settle();
    fifo();
    guest_printf("\n");
}
