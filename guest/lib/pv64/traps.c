/* SPDX-License-Identifier: MIT */
/* Exceptions, upcalls and user mode of a pv guest. */
#include "guest/lib/events.h"
#include "guest/lib/frame.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"

#define EXCEPTIONS 32U
#define VECTOR_NMI 2U
#define VECTOR_EVENT 0x100U /* and more in traps.S, which nobody expects here */

/* traps.S */
extern const uint8_t pv_stubs[EXCEPTIONS][16], pv_event[], pv_failsafe[], pv_syscall[];
void pv_enter_user(guest_word ip, guest_word sp) __attribute__((noreturn));

void pv_dispatch(const struct trap_frame *f);

void pv_dispatch(const struct trap_frame *f)
{
    if (f->vector == VECTOR_EVENT)
        evt_upcall();
    else
        trap_exception(f);
}

/* The handlers run with events masked, and only the kernel may raise exceptions by INT. */
static void fill_table(struct trap_info *table)
{
    for (unsigned i = 0; i < EXCEPTIONS; i++)
        table[i] = (struct trap_info){
            .vector = (uint8_t)i,
            .flags = GUEST_ABI_TI_IF,
            .cs = FLAT_RING3_CS64,
            .address = guest_address(pv_stubs[i]),
        };
}

void pv_load_traps(void)
{
    static struct trap_info table[EXCEPTIONS + 1]; /* its last is the end */

    fill_table(table);
    hv_set_trap_table(table);
    hv_set_callbacks(guest_address(pv_event), guest_address(pv_failsafe), guest_address(pv_syscall));
}

void pv_fill_traps(struct vcpu_guest_context *context)
{
    fill_table(context->trap_ctxt);
    context->event_callback_eip = guest_address(pv_event);
    context->failsafe_callback_eip = guest_address(pv_failsafe);
    context->syscall_callback_eip = guest_address(pv_syscall);
    context->flags = VGCF_in_kernel | VGCF_failsafe_disables_events | VGCF_syscall_disables_events;
}

guest_word env_fault_address(void)
{
    return guest_vcpu()->info->arch_cr2;
}

/* User mode sees what the kernel sees: one root serves both. An exception arrives below everything that the caller
 * still needs. */
void env_user_call(const void *code)
{
    static uint8_t user_stack[4096] __attribute__((aligned(16)));
    guest_word here = (guest_word)__builtin_frame_address(0);
    struct mmuext_op root = {
        .cmd = MMUEXT_NEW_USER_BASEPTR,
        .arg1.mfn = env_frame((const void *)pv_start_info->pt_base),
    };

    CHECK_VALUE(hv_mmuext_op(&root, 1, NULL, DOMID_SELF), 0);
    hv_stack_switch(FLAT_RING3_SS64, (here - 1024) & ~(guest_word)15);
    pv_enter_user(guest_address(code), guest_address(user_stack + sizeof(user_stack)));
}
