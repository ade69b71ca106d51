/* SPDX-License-Identifier: MIT */
/* The table's operations of the extended ABIs: FIFO and 3-level. */
#include "tests/host/evtchn_rows.h"

static void init_control(struct attempt *a)
{
    a->arg.init_control.vcpu = 1;
}

static void init_control_on_fifo(struct attempt *a)
{
    assert_int_equal(op_init_control(a->caller, 0, 0, 0), 0);
    init_control(a);
    a->arg.init_control.offset = 80;
}

static void init_no_vcpu(struct attempt *a)
{
    a->arg.init_control.vcpu = 4;
}

static void init_offset_beyond(struct attempt *a)
{
    a->arg.init_control.offset = 4096 - 72 + 8;
}

static void init_offset_odd(struct attempt *a)
{
    a->arg.init_control.offset = 4;
}

static void init_on_3level(struct attempt *a)
{
    assert_int_equal(op_register64(a->caller, 8, true), 0);
}

static void init_no_memory(struct attempt *a)
{
    (void)a;
    fake.fail_alloc = fake.allocs + 1;
}

static void init_done(struct attempt *a)
{
    a->arg.init_control.vcpu = 0;
}

static void no_frame(struct attempt *a)
{
    a->arg.u64[0] = FAKE_FRAMES;
}

static void frame_readonly(struct attempt *a)
{
    a->arg.u64[0] = 5;
    a->caller->readonly[5] = true;
}

static void expand_array(struct attempt *a)
{
    assert_int_equal(op_init_control(a->caller, 0, 0, 0), 0);
    a->arg.u64[0] = 1;
}

/* FIFO is left again. */
static void not_fifo(struct attempt *a)
{
    assert_int_equal(op_reset(a->caller, DOMID_SELF), 0);
}

static void array_full(struct attempt *a)
{
    for (unsigned i = 0; i < EVT_ARRAY_PAGES; i++)
        assert_int_equal(op_expand_array(a->caller, 6 + i), 0);
}

static void set_priority(struct attempt *a)
{
    assert_int_equal(op_init_control(a->caller, 0, 0, 0), 0);
    row_open_pair(a);
    a->arg.set_priority.priority = 15;
}

/* 3-level has no priorities; the port comes back with its number. */
static void no_priorities(struct attempt *a)
{
    assert_int_equal(op_reset(a->caller, DOMID_SELF), 0);
    assert_int_equal(op_register64(a->caller, 8, true), 0);
    assert_int_equal(op_bind_ipi(a->caller, 0), 1);
}

static void priority_16(struct attempt *a)
{
    a->arg.set_priority.priority = 16;
}

/* Lists of frames of both widths, at 1,024 and 2,048. */
static void put_frames(struct attempt *a, uint64_t first)
{
    for (unsigned i = 0; i < 16; i++) {
        uint64_t frame = first + i;
        uint32_t at = (i & 8 ? 2048 : 1024) + (i & 7) * 8;
        (void)fake_put(at, &frame, 8);
        if (a->narrow && i % 8 == 0)
            frame = first + i / 8;
        if (a->narrow)
            (void)fake_put(at, &frame, 4);
    }
}

static void register_bitmaps(struct attempt *a)
{
    put_frames(a, 0);
    a->arg.register64.cmd = REGISTER_BITMAPS;
    a->arg.register64.u.bitmaps.nr_pages = 8;
    a->arg.register64.u.bitmaps.evtchn_pending = FAKE_GUEST_BASE + 1024;
    a->arg.register64.u.bitmaps.evtchn_mask = FAKE_GUEST_BASE + 2048;
}

static void register_bitmaps32(struct attempt *a)
{
    evt_latch_word_size(a->caller->evt, 32);
    put_frames(a, 0);
    a->arg.register32.cmd = REGISTER_BITMAPS;
    a->arg.register32.u.bitmaps.nr_pages = 1;
    a->arg.register32.u.bitmaps.evtchn_pending = FAKE_GUEST_BASE + 1024;
    a->arg.register32.u.bitmaps.evtchn_mask = FAKE_GUEST_BASE + 2048;
}

static void not_granted(struct attempt *a)
{
    a->caller->evt->extended &= ~EVTCHN_EXTENDED_3LEVEL;
}

static void no_such_registration(struct attempt *a)
{
    a->arg.register64.cmd = 3;
}

static void on_fifo(struct attempt *a)
{
    assert_int_equal(op_init_control(a->caller, 0, 30, 0), 0);
}

static void too_few_pages(struct attempt *a)
{
    a->arg.u32[a->narrow ? 1 : 2]--;
}

static void list_out_of_reach(struct attempt *a)
{
    if (a->narrow)
        a->arg.register32.u.bitmaps.evtchn_mask = FAKE_GUEST_BASE + FAKE_GUEST_SIZE - 2;
    else
        a->arg.register64.u.bitmaps.evtchn_mask = FAKE_GUEST_BASE + FAKE_GUEST_SIZE - 62;
}

/* One of the mask's frames is one of the pending bitmap's. */
static void frame_named_twice(struct attempt *a)
{
    (void)a;
    uint64_t frame = 0;
    (void)fake_put(2048, &frame, 8);
}

static void bad_frame_in_list(struct attempt *a)
{
    (void)a;
    uint64_t frame = FAKE_FRAMES;
    (void)fake_put(2048, &frame, 8);
}

static void register_l2(struct attempt *a)
{
    assert_int_equal(op_register64(a->caller, 0, true), 0);
    assert_int_equal(op_register_l2(a->caller, 0, 20, 0), 0);
    a->arg.register64.cmd = REGISTER_L2_SELECTOR;
    a->arg.register64.u.l2_selector.vcpu = 1;
    a->arg.register64.u.l2_selector.frame = 20;
    a->arg.register64.u.l2_selector.offset = 4096 - 512;
}

static void register_l2_32(struct attempt *a)
{
    evt_latch_word_size(a->caller->evt, 32);
    assert_int_equal(op_register32(a->caller, 0, true), 0);
    assert_int_equal(op_register_l2_32(a->caller, 0, 20, 0), 0);
    a->arg.register32.cmd = REGISTER_L2_SELECTOR;
    a->arg.register32.u.l2_selector.vcpu = 1;
    a->arg.register32.u.l2_selector.frame = 20;
    a->arg.register32.u.l2_selector.offset = 4096 - 128;
}

static void not_3level(struct attempt *a)
{
    assert_int_equal(op_reset(a->caller, DOMID_SELF), 0);
}

static void l2_no_vcpu(struct attempt *a)
{
    a->arg.u32[a->narrow ? 1 : 2] = 4;
}

static void l2_done(struct attempt *a)
{
    a->arg.u32[a->narrow ? 1 : 2] = 0;
}

static void put_l2_offset(struct attempt *a, uint32_t offset)
{
    if (a->narrow)
        a->arg.register32.u.l2_selector.offset = offset;
    else
        a->arg.register64.u.l2_selector.offset = offset;
}

static void l2_offset_odd(struct attempt *a)
{
    put_l2_offset(a, a->narrow ? 2 : 4);
}

static void l2_offset_beyond(struct attempt *a)
{
    put_l2_offset(a, a->narrow ? 4096 - 124 : 4096 - 504);
}

static void l2_no_frame(struct attempt *a)
{
    if (a->narrow)
        a->arg.register32.u.l2_selector.frame = FAKE_FRAMES;
    else
        a->arg.register64.u.l2_selector.frame = FAKE_FRAMES;
}

const struct row evtchn_abi_rows[] = {
    {"init_control: the first",
     EVTCHNOP_init_control,
     false,
     init_control,
     {{"no such vcpu", XEN_ENOENT, init_no_vcpu},
      {"offset beyond", XEN_EINVAL, init_offset_beyond},
      {"offset not aligned", XEN_EINVAL, init_offset_odd},
      {"on 3-level", XEN_EBUSY, init_on_3level},
      {"no memory", XEN_ENOMEM, init_no_memory},
      {"no frame", XEN_EINVAL, no_frame},
      {"read-only frame", XEN_EINVAL, frame_readonly}}},
    {"init_control: a later one",
     EVTCHNOP_init_control,
     false,
     init_control_on_fifo,
     {{"no such vcpu", XEN_ENOENT, init_no_vcpu},
      {"offset beyond", XEN_EINVAL, init_offset_beyond},
      {"offset not aligned", XEN_EINVAL, init_offset_odd},
      {"has a block", XEN_EINVAL, init_done},
      {"no frame", XEN_EINVAL, no_frame},
      {"read-only frame", XEN_EINVAL, frame_readonly}}},
    {"expand_array",
     EVTCHNOP_expand_array,
     false,
     expand_array,
     {{"not on FIFO", XEN_EOPNOTSUPP, not_fifo},
      {"128 pages", XEN_ENOSPC, array_full},
      {"no frame", XEN_EINVAL, no_frame},
      {"read-only frame", XEN_EINVAL, frame_readonly}}},
    {"set_priority",
     EVTCHNOP_set_priority,
     false,
     set_priority,
     {{"port invalid", XEN_EINVAL, row_port_invalid},
      {"no priorities", XEN_ENOSYS, no_priorities},
      {"Xen-attached", XEN_EACCES, row_port_attached},
      {"free", XEN_EACCES, row_port_closed},
      {"reserved", XEN_EACCES, row_port_reserved},
      {"priority 16", XEN_EINVAL, priority_16}}},
    {"query_extended_abis", EVTCHNOP_query_extended_abis, false, NULL, {{NULL, 0, NULL}}},
    {"register bitmaps",
     EVTCHNOP_register_3level,
     false,
     register_bitmaps,
     {{"not granted", XEN_EPERM, not_granted},
      {"no such cmd", XEN_EINVAL, no_such_registration},
      {"on FIFO", XEN_EBUSY, on_fifo},
      {"number of pages", XEN_EINVAL, too_few_pages},
      {"list out of reach", XEN_EFAULT, list_out_of_reach},
      {"frame twice", XEN_EINVAL, frame_named_twice},
      {"no frame", XEN_EINVAL, bad_frame_in_list}}},
    {"register bitmaps, 32-bit",
     EVTCHNOP_register_3level,
     true,
     register_bitmaps32,
     {{"not granted", XEN_EPERM, not_granted},
      {"no such cmd", XEN_EINVAL, no_such_registration},
      {"on FIFO", XEN_EBUSY, on_fifo},
      {"number of pages", XEN_EINVAL, too_few_pages},
      {"list out of reach", XEN_EFAULT, list_out_of_reach},
      {"frame twice", XEN_EINVAL, frame_named_twice},
      {"no frame", XEN_EINVAL, bad_frame_in_list}}},
    {"register L2",
     EVTCHNOP_register_3level,
     false,
     register_l2,
     {{"not granted", XEN_EPERM, not_granted},
      {"no such cmd", XEN_EINVAL, no_such_registration},
      {"not on 3-level", XEN_EINVAL, not_3level},
      {"no such vcpu", XEN_ENOENT, l2_no_vcpu},
      {"registered", XEN_EEXIST, l2_done},
      {"offset not aligned", XEN_EINVAL, l2_offset_odd},
      {"offset beyond", XEN_EINVAL, l2_offset_beyond},
      {"no frame", XEN_EINVAL, l2_no_frame}}},
    {"register L2, 32-bit",
     EVTCHNOP_register_3level,
     true,
     register_l2_32,
     {{"not granted", XEN_EPERM, not_granted},
      {"no such cmd", XEN_EINVAL, no_such_registration},
      {"not on 3-level", XEN_EINVAL, not_3level},
      {"no such vcpu", XEN_ENOENT, l2_no_vcpu},
      {"registered", XEN_EEXIST, l2_done},
      {"offset not aligned", XEN_EINVAL, l2_offset_odd},
      {"offset beyond", XEN_EINVAL, l2_offset_beyond},
      {"no frame", XEN_EINVAL, l2_no_frame}}},
};

const unsigned evtchn_nr_abi_rows = sizeof(evtchn_abi_rows) / sizeof(evtchn_abi_rows[0]);
