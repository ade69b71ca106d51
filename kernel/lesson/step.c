/* SPDX-License-Identifier: MIT */
#include "kernel/lesson/step.h"

#include "common/format.h"

#define PENDING EVTCHN_FIFO_PENDING
#define MASKED EVTCHN_FIFO_MASKED
#define LINKED EVTCHN_FIFO_LINKED
#define BUSY EVTCHN_FIFO_BUSY
#define LINK_MASK EVTCHN_FIFO_LINK_MASK

#define COLUMN_MAX 80

/* --- The first column: what is done to which word */

static const char *const op_names[LESSON_OPS] = {
    [LESSON_READ] = "read",          [LESSON_EXCHANGE] = "exchange",    [LESSON_OR] = "test-and-set",
    [LESSON_AND] = "test-and-clear", [LESSON_CAS] = "compare-exchange",
};

static const struct {
    const char *name;
    bool numbered;
} words[] = {
    [EVT_WORD_UPCALL] = {"upcall_pending", false},
    [EVT_WORD_SELECTOR] = {"selector", false},
    [EVT_WORD_L1] = {"L1 selector", false},
    [EVT_WORD_L2] = {"L2 selector word", true},
    [EVT_WORD_PENDING] = {"pending word", true},
    [EVT_WORD_MASK] = {"mask word", true},
    [EVT_WORD_EVENT] = {"event word", true},
    [EVT_WORD_READY] = {"ready word", false},
    [EVT_WORD_HEAD] = {"head", true},
};

static const char *const event_bits[32] = {
    [0] = "LINK", [BUSY] = "BUSY", [LINKED] = "LINKED", [MASKED] = "MASKED", [PENDING] = "PENDING",
};

/* "bit 5 of ", or nothing where the whole word is meant. */
static void name_bit(char text[COLUMN_MAX], const struct step *s)
{
    bool has_bit = s->op == LESSON_OR || s->op == LESSON_AND;

    if (!has_bit)
        text[0] = '\0';
    else if (s->word.kind == EVT_WORD_EVENT && event_bits[s->bit % 32])
        format(text, COLUMN_MAX, "%s of ", event_bits[s->bit % 32]);
    else
        format(text, COLUMN_MAX, "bit %u of ", s->bit);
}

static void name_word(char text[COLUMN_MAX], const struct evt_word *word)
{
    if (words[word->kind].numbered)
        format(text, COLUMN_MAX, "%s %u", words[word->kind].name, word->index);
    else
        format(text, COLUMN_MAX, "%s", words[word->kind].name);
}

/* --- The second column: the word's value, or both values if it may change */

static void name_values(char text[COLUMN_MAX], const struct step *s)
{
    if (s->op == LESSON_READ)
        format(text, COLUMN_MAX, "0x%llx", (unsigned long long)s->before);
    else
        format(text, COLUMN_MAX, "0x%llx -> 0x%llx", (unsigned long long)s->before, (unsigned long long)s->after);
}

/* --- The third column: what it means */

/* Which of a row's two sentences holds: the second if ... */
enum condition {
    IF_VALUE,    /* the word was not 0 */
    IF_BIT,      /* the bit was set */
    IF_PORT_BIT, /* the port's bit was set */
    IF_LINKED,   /* the event word said LINKED */
    IF_DUE,      /* the event word said PENDING and not MASKED */
    IF_LINK,     /* the event word's LINK was not 0 */
    IF_PENDING,  /* the event word said PENDING */
};

/* The number in the sentence. */
enum argument { PORT, BIT, BIT_OF_ALL, INDEX, VALUE, OLD_LINK, NEW_LINK };

/* Instead of a bit. */
#define ANY_BIT 255
#define OWN_WORD 254 /* the event word of the port that the operation is about */

#define XEN false
#define GUEST true
#define ROW(who, word, op, bit, condition, argument, unless, if_so)  \
    {                                                                \
        who, EVT_WORD_##word, LESSON_##op, bit, condition, argument, \
        {                                                            \
            unless, if_so                                            \
        }                                                            \
    }

static const struct meaning {
    bool guest;
    enum evt_word_kind kind;
    enum lesson_op op;
    uint8_t bit;
    enum condition condition;
    enum argument argument;
    const char *sentence[2];
} meanings[] = {
    ROW(XEN, PENDING, OR, ANY_BIT, IF_BIT, PORT, "port %u is pending",
        "pending already, so all else has been done: stop"),
    ROW(XEN, PENDING, READ, ANY_BIT, IF_PORT_BIT, PORT, "no event waits", "an event waits: the vcpu must be told"),
    ROW(XEN, PENDING, AND, ANY_BIT, IF_BIT, PORT, "no event of port %u is left",
        "the event goes when port %u is closed"),
    ROW(XEN, MASK, READ, ANY_BIT, IF_PORT_BIT, PORT, "not masked: the vcpu must be told",
        "masked: the event waits, the vcpu is not told"),
    ROW(XEN, MASK, AND, ANY_BIT, IF_BIT, PORT, "it was not masked: nothing to do", "port %u is not masked any more"),
    ROW(XEN, L2, OR, ANY_BIT, IF_BIT, BIT_OF_ALL, "pending word %u is to be scanned",
        "the guest will scan there anyway: stop"),
    ROW(XEN, SELECTOR, OR, ANY_BIT, IF_BIT, BIT, "pending word %u is to be scanned",
        "the guest will scan there anyway: stop"),
    ROW(XEN, L1, OR, ANY_BIT, IF_BIT, BIT, "L2 selector word %u is to be scanned",
        "the guest will scan there anyway: stop"),
    ROW(XEN, UPCALL, EXCHANGE, ANY_BIT, IF_VALUE, PORT, "the vcpu has something to do",
        "the vcpu has been told already: stop"),
    ROW(XEN, EVENT, OR, PENDING, IF_BIT, PORT, "port %u is pending", "pending already"),
    ROW(XEN, EVENT, OR, LINKED, IF_BIT, PORT, "port %u joins the queue of its priority",
        "it stands in a queue already: stop"),
    ROW(XEN, EVENT, OR, BUSY, IF_BIT, PORT, "the guest is asked to leave the word alone",
        "the guest is asked to leave the word alone"),
    ROW(XEN, EVENT, READ, OWN_WORD, IF_LINKED, INDEX, "in no queue: it may join another one",
        "in a queue: it stays there"),
    ROW(XEN, EVENT, READ, ANY_BIT, IF_LINKED, INDEX, "port %u, the last of the queue, has been taken",
        "port %u is the last of the queue"),
    ROW(XEN, EVENT, CAS, ANY_BIT, IF_VALUE, NEW_LINK, "", "its LINK names port %u, the next in the queue"),
    ROW(XEN, EVENT, AND, PENDING, IF_BIT, PORT, "no event of port %u is left", "the event goes when port %u is closed"),
    ROW(XEN, EVENT, AND, MASKED, IF_PENDING, PORT, "not masked any more; no event waits",
        "not masked any more; an event waits"),
    ROW(XEN, EVENT, AND, 0, IF_LINK, PORT, "", "the guest has left an old LINK there"),
    ROW(XEN, HEAD, EXCHANGE, ANY_BIT, IF_VALUE, PORT, "the queue is empty: port %u is its first",
        "the queue is empty: port %u is its first"),
    ROW(XEN, READY, OR, ANY_BIT, IF_BIT, BIT, "the queue of priority %u has an event",
        "the guest will look there anyway: stop"),
    ROW(GUEST, UPCALL, EXCHANGE, ANY_BIT, IF_VALUE, PORT, "there is nothing to do",
        "the guest will look for itself now"),
    ROW(GUEST, SELECTOR, EXCHANGE, ANY_BIT, IF_VALUE, PORT, "nothing is left to scan",
        "these pending words are to be scanned"),
    ROW(GUEST, L1, EXCHANGE, ANY_BIT, IF_VALUE, PORT, "nothing is left to scan",
        "these L2 selector words are to be scanned"),
    ROW(GUEST, L2, EXCHANGE, ANY_BIT, IF_VALUE, PORT, "nothing is left to scan",
        "these pending words are to be scanned"),
    ROW(GUEST, PENDING, READ, ANY_BIT, IF_VALUE, PORT, "no event waits", "these ports have events"),
    ROW(GUEST, MASK, READ, ANY_BIT, IF_VALUE, PORT, "none of them is masked", "these are masked"),
    ROW(GUEST, MASK, OR, ANY_BIT, IF_BIT, PORT, "port %u is masked: do not tell me now", "port %u was masked already"),
    ROW(GUEST, PENDING, AND, ANY_BIT, IF_BIT, PORT, "no event waits",
        "the event of port %u is taken: its handler runs"),
    ROW(GUEST, READY, EXCHANGE, ANY_BIT, IF_VALUE, PORT, "no queue is left",
        "these queues have events; the lowest bit goes first"),
    ROW(GUEST, HEAD, READ, ANY_BIT, IF_VALUE, VALUE, "the queue is empty", "port %u is the first of the queue"),
    ROW(GUEST, EVENT, READ, ANY_BIT, IF_DUE, PORT, "nothing to do for this port", "an event waits, and is not masked"),
    ROW(GUEST, EVENT, CAS, LINKED, IF_LINK, OLD_LINK, "out of the queue; nothing follows",
        "out of the queue; port %u follows"),
    ROW(GUEST, EVENT, CAS, MASKED, IF_PENDING, PORT, "not masked any more; no event waits: done",
        "not masked any more; an event waits: ask for it"),
    ROW(GUEST, EVENT, OR, MASKED, IF_BIT, PORT, "port %u is masked: do not tell me now", "port %u was masked already"),
    ROW(GUEST, EVENT, AND, PENDING, IF_BIT, PORT, "no event waits", "the event of port %u is taken: its handler runs"),
};

static bool holds(enum condition condition, const struct step *s)
{
    uint64_t before = s->before;

    switch (condition) {
    case IF_BIT:
        return before >> s->bit & 1;
    case IF_PORT_BIT:
        return s->port == STEP_NO_PORT ? before != 0 : before >> s->port % s->bits & 1;
    case IF_LINKED:
        return before >> LINKED & 1;
    case IF_DUE:
        return (before >> PENDING & 1) && !(before >> MASKED & 1);
    case IF_LINK:
        return (before & LINK_MASK) != 0;
    case IF_PENDING:
        return before >> PENDING & 1;
    case IF_VALUE:
    default:
        return before != 0;
    }
}

static uint32_t number_of(enum argument argument, const struct step *s)
{
    const uint32_t numbers[] = {
        [PORT] = step_port(s),
        [BIT] = s->bit,
        [BIT_OF_ALL] = s->word.index * s->bits + s->bit,
        [INDEX] = s->word.index,
        [VALUE] = (uint32_t)s->before,
        [OLD_LINK] = (uint32_t)s->before & LINK_MASK,
        [NEW_LINK] = (uint32_t)s->after & LINK_MASK,
    };
    return numbers[argument];
}

static bool is_about(const struct meaning *m, const struct step *s)
{
    bool bit = m->bit == ANY_BIT || (m->bit == OWN_WORD ? s->word.index == s->port : m->bit == s->bit);

    return m->guest == s->guest && m->kind == s->word.kind && m->op == s->op && bit;
}

/* The first row that fits. */
static void name_meaning(char text[COLUMN_MAX], const struct step *s)
{
    text[0] = '\0';
    for (unsigned i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        const struct meaning *m = &meanings[i];
        if (!is_about(m, s))
            continue;
        format(text, COLUMN_MAX, m->sentence[holds(m->condition, s)], number_of(m->argument, s));
        return;
    }
}

/* --- The line */

uint32_t step_port(const struct step *s)
{
    bool names_port = s->word.kind == EVT_WORD_PENDING || s->word.kind == EVT_WORD_MASK;

    if (names_port && (s->op == LESSON_OR || s->op == LESSON_AND))
        return s->word.index * s->bits + s->bit;
    if (s->word.kind == EVT_WORD_EVENT && s->op != LESSON_READ && (s->bit == PENDING || s->bit == MASKED))
        return s->word.index;
    return s->port;
}

static void put_line(char line[STEP_LINE_MAX], unsigned number, const char *who, const char *what, const char *values,
                     const char *meaning)
{
    int n = format(line, STEP_LINE_MAX, "%3u  %-5s  %-41s  %-24s  %s", number, who, what, values, meaning);

    while (n > 0 && line[n - 1] == ' ')
        line[--n] = '\0';
}

void step_format(char line[STEP_LINE_MAX], unsigned number, const struct step *s)
{
    char bit[COLUMN_MAX], word[COLUMN_MAX], what[COLUMN_MAX], values[COLUMN_MAX], meaning[COLUMN_MAX];

    name_bit(bit, s);
    name_word(word, &s->word);
    format(what, sizeof what, "%s %s%s", op_names[s->op], bit, word);
    name_values(values, s);
    name_meaning(meaning, s);
    put_line(line, number, s->guest ? "guest" : "xen", what, values, meaning);
}

void step_format_plain(char line[STEP_LINE_MAX], unsigned number, const char *what, const char *meaning)
{
    put_line(line, number, "xen", what, "", meaning);
}
