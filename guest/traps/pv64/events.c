/* SPDX-License-Identifier: MIT */
/* Events, NMIs and the failsafe callback: PV-TRAP-10, -11, -14, PV-IRET-05, -06. */
#include "guest/lib/events.h"
#include "guest/lib/env.h"
#include "guest/traps/pv64/traps.h"

#define NMI_SENT 16 /* bytes of code_send_nmi up to the end of its hypercall */
#define EVENT (SHOT_CALLBACK + CALLBACKTYPE_event)

/* It stays pending: nobody here looks at ports. */
static void make_event(void)
{
    guest_vcpu()->info->evtchn_upcall_pending = 1;
}

static void at_iret(void)
{
    static const struct want taken = {.vector = EVENT, .masks = true};
    struct iret_context c = kernel(code_nops);

    make_event();
    shoot("an event, open", c, 0, taken);
    shoot("an event, open, to a user", user(code_nops), 0, taken);
    c.rflags = 2;
    shoot("an event, masked", c, 0, (struct want){.lands = true});
    c = kernel(code_nops);
    c.rflags |= FLAG_TF;
    shoot("an event before the first step", c, 0, taken);
    c = kernel(code_nops);
    c.flags = VGCF_in_syscall;
    shoot("an event, in_syscall", c, 0, (struct want){.vector = EVENT, .masks = true, .clobbers = true});
}

/* What can't be returned to is nobody's business before the handler returns there. */
static void before_what_cant_be(void)
{
    static const struct want taken = {.vector = EVENT, .masks = true};
    struct iret_context c = user(code_nops);

    shoot("an event, and rip can't be", kernel((const void *)NOT_CANONICAL), 0, taken);
    shoot("an event, and rip can't be for a user", user((const void *)NOT_CANONICAL), 0, taken);
    c.ss = 0;
    shoot("an event, and a bad ss", c, 0, taken);
    guest_vcpu()->info->evtchn_upcall_pending = 0;
}

/* --- NMIs. Their frame is that of the hypercall that sent them. */

static void nmi(unsigned vector, bool masks)
{
    struct want want = {.vector = vector, .length = NMI_SENT, .rflags = 0x246, .masks = masks, .clobbers = true};

    shoot("an NMI", kernel(code_send_nmi), 0, want);
}

static void nmis_by_gate(void)
{
    CHECK_VALUE(open_callback(CALLBACKTYPE_nmi, 0, stub(SHOT_CALLBACK + CALLBACKTYPE_nmi)), 0);
    nmi(SHOT_CALLBACK + CALLBACKTYPE_nmi, true);
    CHECK_VALUE(open_gate(NMI, 3, 0, stub(NMI)), 0);
    nmi(NMI, false);
}

static void nmi_without_handler(void)
{
    struct callback_unregister none = {.type = CALLBACKTYPE_nmi};

    CHECK_VALUE(hv_callback_op(CALLBACKOP_unregister, &none), 0);
    shoot("an NMI that nobody handles", kernel(code_send_nmi), 0,
          (struct want){.lands = true, .clobbers = true, .rflags = 0x246});
    CHECK_VALUE(open_callback(CALLBACKTYPE_nmi, 0, stub(SHOT_CALLBACK + CALLBACKTYPE_nmi)), 0);
    shoot("it is lost", kernel(code_nops), 0, (struct want){.lands = true});
}

/* The second is sent in the handler of the first; it comes when that returns, before anything else. */
static void nmi_in_nmi(void)
{
    CHECK_VALUE(open_callback(CALLBACKTYPE_nmi, 0, guest_address(code_nmi_handler)), 0);
    nmis = 0;
    shoot_only(kernel(code_send_nmi), 0);
    CHECK_VALUE(shot.vector, UD);
    CHECK_VALUE(nmis, 1);
    shoot("an NMI that waited", user(code_nops), 0,
          (struct want){.vector = SHOT_CALLBACK + CALLBACKTYPE_nmi, .masks = true});
    CHECK_VALUE(nmis, 2);
    shoot("no NMI", user(code_nops), 0, (struct want){.lands = true});
}

void events_run(void)
{
    at_iret();
    before_what_cant_be();
    nmis_by_gate();
    nmi_without_handler();
    nmi_in_nmi();
}

/* --- Failsafe: a selector that was good when the vcpu left its CPU, and is not when it comes back. */

static void yield_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        hv_sched_op(SCHEDOP_yield, NULL);
}

static void lose_segments(uint64_t *gdt)
{
    const uint64_t frames[] = {env_frame(gdt)};

    gdt[8] = 0x00cff3000000ffff;
    CHECK_VALUE(pv_set_mapping(gdt, pv_machine(gdt) | PTE_READ_ONLY), 0);
    CHECK_VALUE(hv_set_gdt(frames, 512), 0);
    shoot("ds", kernel(code_load_ds), 0x43, (struct want){.lands = true});
    shoot("fs", kernel(code_load_fs), 0x43, (struct want){.lands = true});
    CHECK_VALUE(env_vcpu_initialise(1, yield_for_ever, NULL), 0);
    CHECK_VALUE(hv_update_descriptor(pv_machine(&gdt[8]), 0), 0);
    CHECK_VALUE(
        open_callback(CALLBACKTYPE_failsafe, CALLBACKF_mask_events, stub(SHOT_CALLBACK + CALLBACKTYPE_failsafe)), 0);
    shoot_only(kernel(code_start_other), 0);
}

void failsafe_run(void)
{
    static uint64_t gdt[PV_ENTRIES] __attribute__((aligned(GUEST_PAGE_SIZE)));
    static const uint16_t segments[] = {0x43, 0, 0x43, 0};

    lose_segments(gdt);
    CHECK_VALUE(shot.vector, SHOT_CALLBACK + CALLBACKTYPE_failsafe);
    CHECK_VALUE(shot.rsp + 11 * 8, kernel_stack());
    for (unsigned i = 0; i < 4; i++)
        CHECK_VALUE(frame_word(2 + i), segments[i]);
    CHECK_VALUE(frame_word(7), KERNEL_CS);
    CHECK_VALUE(shot.ds | shot.es | shot.fs | shot.gs, 0);
    CHECK_VALUE(shot.mask, 1);
    hv_vcpu_op(VCPUOP_down, 1, NULL);
}
