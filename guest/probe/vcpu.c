/* SPDX-License-Identifier: MIT */
#include "guest/abi/vcpu.h"

#include "guest/lib/clock.h"
#include "guest/lib/cpu.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/probe/probe.h"

static void ask_runstate(void)
{
    guest_runstate_info info = {.state = 99};
    struct {
        guest_word address;
    } area = {guest_address(UNMAPPED)};

    ASK(hv_vcpu_op(VCPUOP_get_runstate_info, 0, &info));
    note("state %d, entry %llu, running %llu ns", info.state, (unsigned long long)info.state_entry_time,
         (unsigned long long)info.time[0]);
    ASK(hv_vcpu_op(VCPUOP_get_runstate_info, 0, UNMAPPED));
    ASK(hv_vcpu_op(VCPUOP_get_runstate_info, 1, &info));
    ASK(hv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, UNMAPPED));
    ASK(hv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &area));
    area.address = 0;
    ASK(hv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &area));
    ASK(hv_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, UNMAPPED));
}

static void ask_timers(void)
{
    struct vcpu_set_periodic_timer periodic = {.period_ns = CLOCK_MS - 1};
    struct vcpu_set_singleshot_timer single = {.timeout_abs_ns = 1, .flags = VCPU_SSHOTTMR_future};

    ASK(hv_vcpu_op(VCPUOP_set_periodic_timer, 0, UNMAPPED));
    ASK(hv_vcpu_op(VCPUOP_set_periodic_timer, 0, &periodic));
    periodic.period_ns = 0;
    ASK(hv_vcpu_op(VCPUOP_set_periodic_timer, 0, &periodic));
    periodic.period_ns = ~0ULL;
    ASK(hv_vcpu_op(VCPUOP_set_periodic_timer, 0, &periodic));
    periodic.period_ns = 1000 * CLOCK_MS;
    ASK(hv_vcpu_op(VCPUOP_set_periodic_timer, 0, &periodic));
    ASK(hv_vcpu_op(VCPUOP_set_periodic_timer, 1, &periodic));
    ASK(hv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL));
    ASK(hv_vcpu_op(VCPUOP_stop_periodic_timer, 1, NULL));
    ASK(hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, UNMAPPED));
    ASK(hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &single));
    single.flags = 0;
    ASK(hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &single));
    single.flags = 0xFE;
    ASK(hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &single));
    single.timeout_abs_ns = 0;
    ASK(hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &single));
    single.timeout_abs_ns = ~0ULL;
    ASK(hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &single));
    ASK(hv_vcpu_op(VCPUOP_set_singleshot_timer, 1, &single));
    ASK(hv_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL));
    ASK(hv_vcpu_op(VCPUOP_stop_singleshot_timer, 1, NULL));
}

static void ask_info(const char *what, unsigned vcpu, uint64_t gfn, uint32_t offset)
{
    struct vcpu_register_vcpu_info info = {.mfn = gfn, .offset = offset};

    answer(what, hv_vcpu_op(VCPUOP_register_vcpu_info, vcpu, &info));
}

static void ask_vcpu_info(void)
{
    static guest_vcpu_info *info;
    uint64_t gfn;

    info = memory_pages(1);
    gfn = env_frame(info);
    ASK(hv_vcpu_op(VCPUOP_register_vcpu_info, 0, UNMAPPED));
    ask_info("register_vcpu_info(0, no RAM)", 0, 0xC8020, 0);
    ask_info("register_vcpu_info(0, gfn 2^40)", 0, 1ULL << 40, 0);
    ask_info("register_vcpu_info(0, offset 4096-63)", 0, gfn, 4096 - 63);
    ask_info("register_vcpu_info(0, offset half a word)", 0, gfn, sizeof(guest_word) / 2);
    ask_info("register_vcpu_info(0, good, offset 64)", 0, gfn, 64);
    guest_vcpu()->info = &info[1];
    note("the new one: upcall_pending %u, selector %llx", info[1].evtchn_upcall_pending,
         (unsigned long long)info[1].evtchn_pending_sel);
    ask_info("register_vcpu_info(0, again)", 0, gfn, 0);
    ask_info("register_vcpu_info(99)", 99, gfn, 0);
    ask_info("register_vcpu_info(1, down)", 1, gfn, 256);
    note("vcpu 1's: upcall_pending %u, mask %u, selector %llx", info[4].evtchn_upcall_pending,
         info[4].evtchn_upcall_mask, (unsigned long long)info[4].evtchn_pending_sel);
}

static unsigned up;

static void run_second(void *arg)
{
    (void)arg;
    __atomic_store_n(&up, 1, __ATOMIC_SEQ_CST);
    hv_vcpu_op(VCPUOP_down, 1, NULL);
    __atomic_store_n(&up, 2, __ATOMIC_SEQ_CST);
}

static const uint8_t zeros[8192]; /* more than any context */

static void ask_initialise(void)
{
    ASK(hv_vcpu_op(VCPUOP_initialise, 99, NULL));
    ASK(hv_vcpu_op(VCPUOP_initialise, 0, UNMAPPED));
    ASK(hv_vcpu_op(VCPUOP_initialise, 0, zeros));
    if (guest_env.nr_vcpus < 2)
        return;
    ASK(hv_vcpu_op(VCPUOP_is_up, 1, NULL));
    ASK(hv_vcpu_op(VCPUOP_up, 1, NULL));
    ASK(hv_vcpu_op(VCPUOP_down, 1, NULL));
    ASK(hv_vcpu_op(VCPUOP_initialise, 1, UNMAPPED));
    ask_contexts();
    ASK(env_vcpu_initialise(1, run_second, NULL));
    ASK(env_vcpu_initialise(1, run_second, NULL));
    ASK(hv_vcpu_op(VCPUOP_is_up, 1, NULL));
    ASK(hv_vcpu_op(VCPUOP_up, 1, NULL));
    while (__atomic_load_n(&up, __ATOMIC_SEQ_CST) != 1)
        hv_sched_op(SCHEDOP_yield, NULL);
    clock_sleep_until(clock_now() + 5 * CLOCK_MS);
    note("vcpu 1 ran and went down");
    ASK(hv_vcpu_op(VCPUOP_is_up, 1, NULL));
    ASK(env_vcpu_initialise(1, run_second, NULL));
    ASK(hv_vcpu_op(VCPUOP_down, 1, NULL));
    ASK(hv_vcpu_op(VCPUOP_up, 1, NULL));
    clock_sleep_until(clock_now() + 5 * CLOCK_MS);
    note("after that up: %s", up == 2 ? "it went on behind its down call" : "it did not go on");
}

void probe_vcpu(void)
{
    uint64_t physid = 0;

    ASK(hv_vcpu_op(VCPUOP_is_up, 0, NULL));
    ASK(hv_vcpu_op(VCPUOP_is_up, guest_env.nr_vcpus, NULL));
    ASK(hv_vcpu_op(VCPUOP_is_up, 99, NULL));
    ASK(hv_vcpu_op(VCPUOP_is_up, 0xFFFFFFFF, NULL));
    ASK(hv_vcpu_op(99, 99, NULL));
    ASK(hv_vcpu_op(VCPUOP_up, 0, NULL));
    ASK(hv_vcpu_op(VCPUOP_get_physid, 0, &physid));
    ASK(hv_vcpu_op(VCPUOP_get_physid, 0, UNMAPPED));
    ASK(hv_vcpu_op(VCPUOP_send_nmi, 99, NULL));
    ASK(hv_vcpu_op(14, 0, NULL));
    ASK(hv_vcpu_op(99, 0, NULL));
    ASK(hv_vcpu_op(0xFFFFFFFF, 0, NULL));
    ask_runstate();
    ask_timers();
    ask_initialise();
    ask_vcpu_info();
}
