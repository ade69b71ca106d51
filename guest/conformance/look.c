/* SPDX-License-Identifier: MIT */
/* What a guest can see, remembered and compared. */
#include "guest/conformance/look.h"
#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/conformance/conformance.h"
#include "guest/lib/error.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"

#define AREAS_MAX 32U
#define SHOWN_MAX 16U /* changes of one area; of more the number and a sum are shown */
#define BYTES_MAX 65536U

struct area {
    const char *name;
    const void *at;
    unsigned unit, count; /* bytes; how many */
};

static struct area areas[AREAS_MAX];
static unsigned nr_areas, nr_bytes;
static uint8_t remembered[BYTES_MAX];

static struct evtchn_status status[LOOK_PORTS], old_status[LOOK_PORTS];
static guest_result status_rc[LOOK_PORTS], old_status_rc[LOOK_PORTS];
static const char *abi, *old_abi;

/* --- Memory --- */

void look_watch(const char *name, const void *at, unsigned unit, unsigned count)
{
    if (nr_areas == AREAS_MAX || nr_bytes + unit * count > BYTES_MAX) {
        verdict(VERDICT_ERROR, "too much to look at: %s", name);
        return;
    }
    areas[nr_areas++] = (struct area){name, at, unit, count};
    nr_bytes += unit * count;
}

void look_words(evtchn_port_t first, unsigned count)
{
    for (unsigned i = 0; i < nr_areas; i++)
        if (areas[i].at == fifo_words) {
            areas[i].at = fifo_words + first;
            areas[i].count = count;
        }
}

void look_vcpu(const char *const name[3], const guest_vcpu_info *info)
{
    look_watch(name[0], &info->evtchn_upcall_pending, 1, 1);
    look_watch(name[1], &info->evtchn_upcall_mask, 1, 1);
    look_watch(name[2], &info->evtchn_pending_sel, sizeof(guest_word), 1);
}

static void watch_control(const char *const name[2], const struct evtchn_fifo_control_block *control)
{
    look_watch(name[0], &control->ready, 4, 2);
    look_watch(name[1], control->head, 4, EVTCHN_FIFO_MAX_QUEUES);
}

void look_reset(void)
{
    static const char *const vcpu_names[2][3] = {{"up0", "umask0", "sel0"}, {"up1", "umask1", "sel1"}};
    static const char *const control_names[2][2] = {{"ready0", "head0"}, {"ready1", "head1"}};

    nr_areas = nr_bytes = 0;
    look_watch("pend", guest_env.shared->evtchn_pending, sizeof(guest_word), GUEST_WORD_BITS);
    look_watch("mask", guest_env.shared->evtchn_mask, sizeof(guest_word), GUEST_WORD_BITS);
    look_watch("word", fifo_words, 4, FIFO_WORDS_PER_PAGE);
    for (unsigned i = 0; i < VCPUS; i++) {
        watch_control(control_names[i], fifo_control(i));
        look_vcpu(vcpu_names[i], &guest_env.shared->vcpu_info[i]);
    }
}

static uint64_t value_at(const uint8_t *p, unsigned unit)
{
    uint64_t value = 0;

    memcpy(&value, p, unit);
    return value;
}

static void say_change(const struct area *a, unsigned index, uint64_t value)
{
    if (a->count == 1)
        cell_say(" %s=%llx", a->name, (unsigned long long)value);
    else
        cell_say(" %s[%u]=%llx", a->name, index, (unsigned long long)value);
}

/* Both sides see the same sum if they have the same changes. */
static unsigned say_area(const struct area *a, uint8_t *old, bool nothing_said)
{
    const uint8_t *now = a->at;
    unsigned changes = 0;
    uint64_t sum = 0;

    for (unsigned i = 0; i < a->count; i++) {
        uint64_t value = value_at(now + i * a->unit, a->unit);

        if (value == value_at(old + i * a->unit, a->unit))
            continue;
        if (!changes++ && nothing_said)
            cell_say(";");
        sum = sum * 31 + value + i;
        if (changes <= SHOWN_MAX)
            say_change(a, i, value);
    }
    if (changes > SHOWN_MAX)
        cell_say(" %s: %u changes, sum %llx", a->name, changes, (unsigned long long)sum);
    return changes;
}

/* --- What hypercalls say --- */

/* In one multicall: an exit costs more than a status. */
static void ask_status(void)
{
    static guest_multicall_entry entry[LOOK_PORTS];

    for (unsigned i = 0; i < LOOK_PORTS; i++) {
        status[i] = (struct evtchn_status){.dom = DOMID_SELF, .port = i};
        entry[i] = (guest_multicall_entry){
            .op = __HYPERVISOR_event_channel_op,
            .args = {EVTCHNOP_status, guest_address(&status[i])},
        };
    }
    hv_multicall(entry, LOOK_PORTS);
    for (unsigned i = 0; i < LOOK_PORTS; i++)
        status_rc[i] = entry[i].result;
}

/* A frame that cannot be: it is refused in either ABI, but with different words. */
static void ask_abi(void)
{
    struct evtchn_expand_array op = {.array_gfn = ~0ULL};

    abi = hv_event_channel_op(EVTCHNOP_expand_array, &op) == -XEN_EOPNOTSUPP ? "2l" : "fifo";
}

static void say_status(unsigned port)
{
    static const char *const name[] = {"closed", "unbound", "inter", "pirq", "virq", "ipi"};
    const struct evtchn_status *s = &status[port];
    char error[24];

    if (status_rc[port]) {
        cell_say(" p%u=%s", port, error_text(status_rc[port], error, sizeof(error)));
        return;
    }
    cell_say(" p%u=%s", port, s->status < sizeof(name) / sizeof(name[0]) ? name[s->status] : "?");
    if (s->status == EVTCHNSTAT_unbound)
        cell_say("(%u)", s->u.unbound.dom);
    else if (s->status == EVTCHNSTAT_interdomain)
        cell_say("(%u.%u)", s->u.interdomain.dom, s->u.interdomain.port);
    else if (s->status == EVTCHNSTAT_virq || s->status == EVTCHNSTAT_pirq)
        cell_say("(%u)", s->u.virq);
    cell_say("@%u", s->vcpu);
}

static bool has_changed(unsigned port)
{
    const struct evtchn_status *a = &status[port], *b = &old_status[port];

    return status_rc[port] != old_status_rc[port] || a->status != b->status || a->vcpu != b->vcpu ||
           a->u.interdomain.dom != b->u.interdomain.dom || a->u.interdomain.pad != b->u.interdomain.pad ||
           a->u.interdomain.port != b->u.interdomain.port;
}

/* --- All of it --- */

void look_remember(void)
{
    uint8_t *old = remembered;

    for (unsigned i = 0; i < nr_areas; i++) {
        memcpy(old, areas[i].at, areas[i].unit * areas[i].count);
        old += areas[i].unit * areas[i].count;
    }
    ask_status();
    ask_abi();
    memcpy(old_status, status, sizeof(status));
    memcpy(old_status_rc, status_rc, sizeof(status_rc));
    old_abi = abi;
}

bool look_changes(void)
{
    unsigned changes = 0;
    uint8_t *old = remembered;

    for (unsigned i = 0; i < nr_areas; i++) {
        changes += say_area(&areas[i], old, !changes);
        old += areas[i].unit * areas[i].count;
    }
    ask_status();
    ask_abi();
    for (unsigned i = 0; i < LOOK_PORTS; i++) {
        if (!has_changed(i))
            continue;
        if (!changes++)
            cell_say(";");
        say_status(i);
    }
    if (abi != old_abi)
        cell_say("%s abi=%s", changes++ ? "" : ";", abi);
    if (changes)
        look_remember();
    return changes != 0;
}
