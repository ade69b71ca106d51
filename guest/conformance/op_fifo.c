/* SPDX-License-Identifier: MIT */
/* Operations of the FIFO ABI: init_control, expand_array, set_priority. */
#include "guest/conformance/matrix.h"

#define NO_SUCH_FRAME (1ULL << 40)
#define NO_MEMORY_FRAME 0xC8000U /* below 4 GiB, and above the memory of the domain */

static uint8_t spare_page[GUEST_PAGE_SIZE] __attribute__((aligned(GUEST_PAGE_SIZE)));

/* --- init_control (EVT-FIFO-04, EVT-FIFO-06): on FIFO vcpu 0 has its block, on 2-level this is the first and makes the
 * switch --- */

enum { AXIS_VCPU = 1 };

static void prepare_control(struct call *c)
{
    struct evtchn_init_control *a = ARGS(c, evtchn_init_control);
    guest_word block = guest_address(fifo_control(1));

    a->control_gfn = env_frame((const void *)block);
    a->offset = (uint32_t)(block % GUEST_PAGE_SIZE);
    a->vcpu = 1;
}

static void set_control_vcpu(struct call *c, unsigned vcpu)
{
    ARGS(c, evtchn_init_control)->vcpu = vcpu;
}

static void set_control_offset(struct call *c, unsigned offset)
{
    ARGS(c, evtchn_init_control)->offset = offset;
}

static void set_control_frame(struct call *c, unsigned frame)
{
    ARGS(c, evtchn_init_control)->control_gfn = frame;
}

static void set_control_shared(struct call *c, unsigned unused)
{
    (void)unused;
    ARGS(c, evtchn_init_control)->control_gfn = env_frame(guest_env.shared);
}

static void fail_control_vcpu(struct call *c)
{
    set_control_vcpu(c, VCPUS);
}

static void fail_control_offset(struct call *c)
{
    set_control_offset(c, GUEST_PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) + 8);
}

static void fail_control_alignment(struct call *c)
{
    ARGS(c, evtchn_init_control)->offset |= 4;
}

static void fail_control_twice(struct call *c)
{
    set_control_vcpu(c, 0);
}

static void fail_control_frame(struct call *c)
{
    ARGS(c, evtchn_init_control)->control_gfn = NO_SUCH_FRAME;
}

static const struct check control_checks[] = {
    CHECKED_EFAULT,
    CHECKED("ENOENT", fail_control_vcpu, .axis = AXIS_VCPU),
    CHECKED("EINVAL.offset", fail_control_offset),
    CHECKED("EINVAL.alignment", fail_control_alignment),
    CHECKED("ENOMEM", NULL),
    CHECKED("EINVAL.twice", fail_control_twice, .axis = AXIS_VCPU, .abis = 1U << ABI_FIFO),
    CHECKED("EINVAL.frame", fail_control_frame),
    CHECKS_END,
};

static const struct variant control_variants[] = {
    {"vcpu0", set_control_vcpu, 0},
    {"vcpu_huge", set_control_vcpu, ~0U},
    {"offset0", set_control_offset, 0},
    {"offset_last", set_control_offset, GUEST_PAGE_SIZE - sizeof(struct evtchn_fifo_control_block)},
    {"offset_page", set_control_offset, GUEST_PAGE_SIZE},
    {"offset_huge", set_control_offset, ~7U},
    {"no_memory", set_control_frame, NO_MEMORY_FRAME},
    {"frame_huge", set_control_frame, ~0U},
    {"shared_info", set_control_shared, 0},
    {NULL, NULL, 0},
};

static const struct operation init_control_operation = {
    .name = "init_control",
    .cmd = EVTCHNOP_init_control,
    .size = sizeof(struct evtchn_init_control),
    .prepare = prepare_control,
    .checks = control_checks,
    .variants = control_variants,
    .fifo_vcpus = 1,
};

/* --- expand_array (EVT-FIFO-09) --- */

static void prepare_array(struct call *c)
{
    cell_name_page("spare", spare_page);
    ARGS(c, evtchn_expand_array)->array_gfn = env_frame(spare_page);
}

static void fail_array_abi(struct call *c)
{
    (void)c;
}

#define ARRAY_PAGES (EVTCHN_FIFO_NR_CHANNELS / FIFO_WORDS_PER_PAGE)

/* One page may stand in the array more than once. */
static void fail_array_full(struct call *c)
{
    (void)c;
    for (unsigned i = 1; i < ARRAY_PAGES; i++) {
        struct evtchn_expand_array op = {.array_gfn = env_frame(spare_page)};

        must_op(EVTCHNOP_expand_array, &op);
    }
}

static void fail_array_frame(struct call *c)
{
    ARGS(c, evtchn_expand_array)->array_gfn = NO_SUCH_FRAME;
}

static void set_array_frame(struct call *c, unsigned frame)
{
    ARGS(c, evtchn_expand_array)->array_gfn = frame;
}

static void set_array_same(struct call *c, unsigned unused)
{
    (void)unused;
    ARGS(c, evtchn_expand_array)->array_gfn = env_frame(fifo_words);
}

static void set_array_shared(struct call *c, unsigned unused)
{
    (void)unused;
    ARGS(c, evtchn_expand_array)->array_gfn = env_frame(guest_env.shared);
}

static const struct check array_checks[] = {
    CHECKED_EFAULT,
    CHECKED("EOPNOTSUPP", fail_array_abi, .abis = 1U << ABI_2LEVEL),
    CHECKED("ENOSPC", fail_array_full, .abis = 1U << ABI_FIFO),
    CHECKED("EINVAL.frame", fail_array_frame),
    CHECKED("ENOMEM", NULL),
    CHECKS_END,
};

static const struct variant array_variants[] = {
    {"no_memory", set_array_frame, NO_MEMORY_FRAME},
    {"frame_huge", set_array_frame, ~0U},
    {"same_page", set_array_same, 0},
    {"shared_info", set_array_shared, 0},
    {NULL, NULL, 0},
};

static const struct operation expand_array_operation = {
    .name = "expand_array",
    .cmd = EVTCHNOP_expand_array,
    .size = sizeof(struct evtchn_expand_array),
    .prepare = prepare_array,
    .checks = array_checks,
    .variants = array_variants,
};

/* --- set_priority (EVT-OP-29) --- */

static void set_priority(struct call *c, unsigned priority)
{
    ARGS(c, evtchn_set_priority)->priority = priority;
}

static void prepare_priority(struct call *c)
{
    ARGS(c, evtchn_set_priority)->port = c->port;
    set_priority(c, 3);
}

static void fail_priority_abi(struct call *c)
{
    (void)c;
}

static void fail_priority(struct call *c)
{
    set_priority(c, EVTCHN_FIFO_PRIORITY_MIN + 1);
}

/* -EACCES, for a port that is not in use, comes from its state. */
static const struct check priority_checks[] = {
    CHECKED_EFAULT,
    CHECKED("ENOSYS", fail_priority_abi, .abis = 1U << ABI_2LEVEL),
    CHECKED("EINVAL.priority", fail_priority),
    CHECKS_END,
};

static const struct variant priority_variants[] = {
    {"highest", set_priority, EVTCHN_FIFO_PRIORITY_MAX},
    {"lowest", set_priority, EVTCHN_FIFO_PRIORITY_MIN},
    {"huge", set_priority, ~0U},
    {NULL, NULL, 0},
};

static const struct operation set_priority_operation = {
    .name = "set_priority",
    .cmd = EVTCHNOP_set_priority,
    .size = sizeof(struct evtchn_set_priority),
    .prepare = prepare_priority,
    .checks = priority_checks,
    .variants = priority_variants,
    .names_port = true,
    .bits = true,
};

const struct operation *const fifo_operations[] = {
    &init_control_operation,
    &expand_array_operation,
    &set_priority_operation,
    NULL,
};
