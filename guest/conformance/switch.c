/* SPDX-License-Identifier: MIT */
/*
 * From one ABI to the other and back: what becomes of events that are pending, of masks, of words that come later, and
 * of what the old ABI left behind.
 *
 * The real Xen never forgets that an event came before its word (switch/next-life shows it): in each later switch the
 * same port is raised again. So each cell has ports of its own, and looks at their words only.
 */
#include "guest/conformance/conformance.h"

#include "common/string.h"

#define FIFO_MASKED (1U << EVTCHN_FIFO_MASKED)
#define FIFO_PENDING (1U << EVTCHN_FIFO_PENDING)
#define FIFO_LINKED (1U << EVTCHN_FIFO_LINKED)

#define RANGE 8U /* ports of one cell */

static uint32_t more_words[FIFO_WORDS_PER_PAGE] __attribute__((aligned(GUEST_PAGE_SIZE)));
static evtchn_port_t base; /* the first port of the cell; its words are shown as word[0] to word[7] */

/* --- Steps --- */

static void send(evtchn_port_t port)
{
    struct evtchn_send op = {.port = port};

    cell_op(EVTCHNOP_send, &op, sizeof(op));
}

static void unmask(evtchn_port_t port)
{
    struct evtchn_unmask op = {.port = port};

    cell_op(EVTCHNOP_unmask, &op, sizeof(op));
}

static void close(evtchn_port_t port)
{
    struct evtchn_close op = {.port = port};

    cell_op(EVTCHNOP_close, &op, sizeof(op));
}

static void bind_vcpu(evtchn_port_t port, unsigned vcpu)
{
    struct evtchn_bind_vcpu op = {.port = port, .vcpu = vcpu};

    cell_op(EVTCHNOP_bind_vcpu, &op, sizeof(op));
}

static void set_priority(evtchn_port_t port, unsigned priority)
{
    struct evtchn_set_priority op = {.port = port, .priority = priority};

    cell_op(EVTCHNOP_set_priority, &op, sizeof(op));
}

static void init_control(unsigned vcpu)
{
    guest_word block = guest_address(fifo_control(vcpu));
    struct evtchn_init_control op = {
        .control_gfn = env_frame((const void *)block),
        .offset = (uint32_t)(block % GUEST_PAGE_SIZE),
        .vcpu = vcpu,
    };

    cell_op(EVTCHNOP_init_control, &op, sizeof(op));
}

static void expand_array(uint32_t *page)
{
    struct evtchn_expand_array op = {.array_gfn = env_frame(page)};

    cell_op(EVTCHNOP_expand_array, &op, sizeof(op));
}

static void reset(void)
{
    struct evtchn_reset op = {.dom = DOMID_SELF};

    cell_op(EVTCHNOP_reset, &op, sizeof(op));
}

static evtchn_port_t bind_ipi(unsigned vcpu)
{
    struct evtchn_bind_ipi op = {.vcpu = vcpu, .port = CELL_POISON};

    cell_op(EVTCHNOP_bind_ipi, &op, sizeof(op));
    return op.port;
}

/* --- Preparations --- */

/* Of the cell's ports. */
static void set_words(uint32_t value)
{
    for (unsigned i = 0; i < RANGE; i++)
        fifo_words[base + i] = value;
}

static void raise(evtchn_port_t port)
{
    struct evtchn_send op = {.port = port};

    must_op(EVTCHNOP_send, &op);
}

/* The next port to be opened is the cell's first. */
static void open_below(void)
{
    while (must_alloc_unbound(DOMID_SELF) < base - 1)
        ;
    cell_forget();
}

static bool begin(enum abi abi, const char *name, const char *variant)
{
    static evtchn_port_t next = RANGE;

    base = next;
    next += RANGE;
    if (!cell_begin(abi, "switch/%s%s%s", name, *variant ? "/" : "", variant))
        return false;
    look_words(base, RANGE);
    open_below();
    return true;
}

/* --- 2-level to FIFO --- */

/* Two IPIs of each vcpu with events, masked or not; the words that come say something else, perhaps. */
static void ask_pending(const char *name, bool unmasked, uint32_t words)
{
    if (!begin(ABI_2LEVEL, "pending", name))
        return;
    for (unsigned i = 0; i < 4; i++) {
        evtchn_port_t port = must_bind_ipi(i / 2);

        if (unmasked)
            port_clear(port, PORT_MASKED);
        raise(port);
    }
    set_words(words);
    cell_start();
    init_control(0);
    expand_array(fifo_words);
    init_control(1);
    send(base);
    send(base + 2);
    unmask(base);
    unmask(base + 2);
    cell_end();
}

/* Vcpu 0 gets its control block last: what is raised before is lost. */
static void ask_no_block(void)
{
    if (!begin(ABI_2LEVEL, "no-block", ""))
        return;
    must_bind_ipi(0);
    must_bind_ipi(1);
    set_words(0);
    raise(base);
    cell_start();
    init_control(1);
    expand_array(fifo_words);
    send(base);
    send(base + 1);
    init_control(0);
    unmask(base);
    send(base);
    cell_end();
}

/* The blocks and words hold garbage before. */
static void ask_garbage(void)
{
    if (!begin(ABI_2LEVEL, "garbage", ""))
        return;
    must_bind_ipi(0);
    must_bind_ipi(0);
    memset(fifo_control(0), 0xFF, sizeof(struct evtchn_fifo_control_block));
    set_words(0xFFFFFFFF);
    raise(base);
    cell_start();
    init_control(0);
    expand_array(fifo_words);
    send(base + 1);
    unmask(base + 1);
    cell_end();
}

/* What is remembered takes its priority and vcpu when its word comes. */
static void ask_remembered(void)
{
    if (!begin(ABI_2LEVEL, "remembered", ""))
        return;
    for (unsigned i = 0; i < 3; i++)
        must_bind_interdomain(DOMID_SELF, must_alloc_unbound(DOMID_SELF)); /* 2, 4 and 6 are raised by that */
    set_words(0);
    cell_start();
    init_control(0);
    init_control(1);
    set_priority(base + 1, 0);
    bind_vcpu(base + 3, 1);
    send(base);
    expand_array(fifo_words);
    cell_end();
}

/* An event from before the switch, for a port that is closed when its word comes, or open again. */
static void ask_next_life(bool open)
{
    if (!begin(ABI_2LEVEL, "next-life", open ? "open" : "closed"))
        return;
    must_bind_ipi(0);
    set_words(0);
    raise(base);
    cell_start();
    init_control(0);
    close(base);
    if (open)
        bind_ipi(0);
    expand_array(fifo_words);
    cell_end();
}

/* Sent after the switch, before the word comes; masked or not in the old bitmap. */
static void ask_before_word(bool unmasked)
{
    if (!begin(ABI_2LEVEL, "before-word", unmasked ? "unmasked" : "masked"))
        return;
    must_bind_ipi(0);
    if (unmasked)
        port_clear(base, PORT_MASKED);
    set_words(0);
    cell_start();
    init_control(0);
    send(base);
    unmask(base);
    send(base);
    expand_array(fifo_words);
    send(base);
    cell_end();
}

/* --- Growth --- */

/* Ports 1024 and up, whose words come later than their events. */
static void ask_growth(const char *name, uint32_t words)
{
    if (!begin(ABI_FIFO, "growth", name))
        return;
    while (must_bind_ipi(0) < FIFO_WORDS_PER_PAGE + 2)
        ;
    for (unsigned i = 0; i < FIFO_WORDS_PER_PAGE; i++)
        more_words[i] = i < 2 * RANGE ? words : FIFO_MASKED;
    cell_name_page("more", more_words);
    look_watch("more", more_words, 4, FIFO_WORDS_PER_PAGE);
    fifo_words[FIFO_WORDS_PER_PAGE - 1] = 0;
    cell_start();
    send(FIFO_WORDS_PER_PAGE);
    send(FIFO_WORDS_PER_PAGE + 2);
    set_priority(FIFO_WORDS_PER_PAGE + 1, 2);
    send(FIFO_WORDS_PER_PAGE + 1);
    expand_array(more_words);
    send(FIFO_WORDS_PER_PAGE);
    send(FIFO_WORDS_PER_PAGE - 1);
    unmask(FIFO_WORDS_PER_PAGE + 1);
    close(FIFO_WORDS_PER_PAGE + 1);
    bind_ipi(0);
    cell_end();
}

/* --- FIFO to 2-level --- */

/* The event is pending and linked when the domain goes back; then the same ports again on 2-level. */
static void ask_back(bool unmasked)
{
    if (!begin(ABI_FIFO, "back", unmasked ? "unmasked" : "masked"))
        return;
    must_bind_ipi(0);
    must_bind_ipi(1);
    if (unmasked)
        set_words(0);
    raise(base);
    raise(base + 1);
    guest_env.shared->vcpu_info[0].evtchn_upcall_pending = 0;
    cell_start();
    reset();
    open_below();
    bind_ipi(0);
    send(base);
    unmask(base);
    cell_end();
}

/* 2-level with events, FIFO, and back: the pending bits of the first are still there. */
static void ask_stale(bool unmasked)
{
    if (!begin(ABI_2LEVEL, "stale", unmasked ? "unmasked" : "masked"))
        return;
    must_bind_ipi(0);
    if (unmasked)
        port_clear(base, PORT_MASKED);
    raise(base);
    guest_env.shared->vcpu_info[0].evtchn_upcall_pending = 0;
    guest_env.shared->vcpu_info[0].evtchn_pending_sel = 0;
    cell_start();
    init_control(0);
    expand_array(fifo_words);
    reset();
    open_below();
    bind_ipi(0);
    send(base);
    unmask(base);
    port_clear(base, PORT_PENDING);
    cell_forget();
    send(base);
    cell_end();
}

/* To FIFO again: with the same pages, whose words are as the first time left them. */
static void ask_again(void)
{
    if (!begin(ABI_FIFO, "again", ""))
        return;
    must_bind_ipi(0);
    set_words(0);
    raise(base);
    cell_start();
    reset();
    open_below();
    bind_ipi(0);
    init_control(0);
    init_control(0);
    expand_array(fifo_words);
    send(base);
    bind_ipi(0);
    init_control(1);
    cell_end();
}

/* A reset on 2-level: bits, masks and selectors of the closed ports. */
static void ask_reset_2level(bool unmasked)
{
    if (!cell_begin(ABI_2LEVEL, "switch/reset-2level/%s", unmasked ? "unmasked" : "masked"))
        return;
    zoo_open();
    for (evtchn_port_t port = 0; port <= ZOO_LAST; port++) {
        port_set(port, PORT_PENDING);
        if (unmasked)
            port_clear(port, PORT_MASKED);
    }
    guest_env.shared->vcpu_info[0].evtchn_pending_sel = 1;
    guest_env.shared->vcpu_info[1].evtchn_pending_sel = 1;
    cell_start();
    reset();
    bind_ipi(0);
    send(1);
    reset();
    reset();
    cell_end();
}

void conformance_switch(void)
{
    ask_pending("masked-then-masked", false, FIFO_MASKED);
    ask_pending("masked-then-unmasked", false, 0);
    ask_pending("unmasked-then-masked", true, FIFO_MASKED);
    ask_pending("unmasked-then-unmasked", true, 0);
    ask_pending("then-pending", true, FIFO_PENDING);
    ask_pending("then-pending-masked", true, FIFO_PENDING | FIFO_MASKED);
    ask_pending("then-linked", true, FIFO_LINKED);
    ask_no_block();
    ask_garbage();
    ask_remembered();
    ask_growth("masked", FIFO_MASKED);
    ask_growth("unmasked", 0);
    ask_growth("pending", FIFO_PENDING);
    ask_growth("linked", FIFO_LINKED);
    ask_again();
    for (unsigned i = 0; i < 2; i++) {
        ask_before_word(i);
        ask_next_life(i);
        ask_back(i);
        ask_stale(i);
        ask_reset_2level(i);
    }
}
