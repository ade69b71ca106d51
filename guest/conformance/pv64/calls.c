/* SPDX-License-Identifier: MIT */
/* The hypercalls that only pv guests have, call by call: what is refused, and with which error. */
#include "common/string.h"
#include "guest/abi/memory.h"
#include "guest/conformance/pv64/ask.h"

/* Arguments that stand for others. */
#define BUFFER 0xFFFF000000000001ULL  /* the address of buffer[] */
#define FRAME 0xFFFF000000000002ULL   /* the machine frame of pool page 6 */
#define MACHINE 0xFFFF000000000003ULL /* the machine address of pool page 6 */
#define CODE 0xFFFF000000000004ULL    /* an address that may be a handler */
#define STACK 0xFFFF000000000005ULL
#define BAD 0xffff880000001000ULL
#define RESERVED 0xffff800000000000ULL
#define HYPERVISOR 0xffff830000000000ULL
#define NOT_CANONICAL 0x0000900000000000ULL

static uint64_t buffer[64];

struct call {
    const char *name;
    unsigned number;
    uint64_t arg[4];
    uint64_t content[6]; /* of buffer[] */
};

static uint64_t meaning(uint64_t arg)
{
    switch (arg) {
    case BUFFER:
        return guest_address(buffer);
    case FRAME:
        return pool_mfn(6);
    case MACHINE:
        return pool_mfn(6) << 12;
    case CODE:
    case STACK:
        return guest_address(pool[9]);
    default:
        return arg;
    }
}

static void ask_call(const struct call *c)
{
    if (!pv_cell("call/%s", c->name))
        return;
    memset(buffer, 0, sizeof(buffer));
    for (unsigned i = 0; i < 6; i++)
        buffer[i] = meaning(c->content[i]);
    pv_result(hypercall5(c->number, meaning(c->arg[0]), meaning(c->arg[1]), meaning(c->arg[2]), meaning(c->arg[3]), 0),
              "call");
    for (unsigned i = 0; i < 6; i++)
        if (buffer[i] != meaning(c->content[i]))
            cell_say(" [%u]=%llx", i, (unsigned long long)buffer[i]);
    cell_end();
    pv_load_traps();
    hv_set_gdt(NULL, 0);
}

#define TRAP(vector, flags, cs) ((uint64_t)(cs) << 16 | (uint64_t)(flags) << 8 | (vector))

static const struct call calls[] = {
    /* set_trap_table */
    {"traps/one", __HYPERVISOR_set_trap_table, {BUFFER}, {TRAP(3, 0, FLAT_RING3_CS64), CODE}},
    {"traps/none", __HYPERVISOR_set_trap_table, {0}, {0}},
    {"traps/empty", __HYPERVISOR_set_trap_table, {BUFFER}, {0}},
    {"traps/bad", __HYPERVISOR_set_trap_table, {BAD}, {0}},
    {"traps/reserved", __HYPERVISOR_set_trap_table, {RESERVED}, {0}},
    {"traps/not_canonical_list", __HYPERVISOR_set_trap_table, {NOT_CANONICAL}, {0}},
    {"traps/not_canonical", __HYPERVISOR_set_trap_table, {BUFFER}, {TRAP(3, 0, FLAT_RING3_CS64), NOT_CANONICAL}},
    {"traps/hypervisor", __HYPERVISOR_set_trap_table, {BUFFER}, {TRAP(3, 0, FLAT_RING3_CS64), HYPERVISOR}},
    {"traps/cs0", __HYPERVISOR_set_trap_table, {BUFFER}, {TRAP(3, 0, 0), CODE}},
    {"traps/cs_ring0", __HYPERVISOR_set_trap_table, {BUFFER}, {TRAP(3, 0, 0xe008), CODE}},
    {"traps/cs32", __HYPERVISOR_set_trap_table, {BUFFER}, {TRAP(3, 0, FLAT_RING3_CS32), CODE}},
    {"traps/flags", __HYPERVISOR_set_trap_table, {BUFFER}, {TRAP(3, 0xff, FLAT_RING3_CS64), CODE}},
    {"traps/128", __HYPERVISOR_set_trap_table, {BUFFER}, {TRAP(0x80, 3, FLAT_RING3_CS64), CODE}},
    {"traps/255", __HYPERVISOR_set_trap_table, {BUFFER}, {TRAP(0xff, 3, FLAT_RING3_CS64), CODE}},
    {"traps/130", __HYPERVISOR_set_trap_table, {BUFFER}, {TRAP(0x82, 3, FLAT_RING3_CS64), CODE}},

    /* set_callbacks, callback_op, nmi_op */
    {"callbacks/good", __HYPERVISOR_set_callbacks, {CODE, CODE, CODE}, {0}},
    {"callbacks/zero", __HYPERVISOR_set_callbacks, {0, 0, 0}, {0}},
    {"callbacks/event_not_canonical", __HYPERVISOR_set_callbacks, {NOT_CANONICAL, CODE, CODE}, {0}},
    {"callbacks/failsafe_not_canonical", __HYPERVISOR_set_callbacks, {CODE, NOT_CANONICAL, CODE}, {0}},
    {"callbacks/syscall_not_canonical", __HYPERVISOR_set_callbacks, {CODE, CODE, NOT_CANONICAL}, {0}},
    {"callbacks/hypervisor", __HYPERVISOR_set_callbacks, {HYPERVISOR, CODE, CODE}, {0}},
    {"callback/register/0", __HYPERVISOR_callback_op, {0, BUFFER}, {0, CODE}},
    {"callback/register/1", __HYPERVISOR_callback_op, {0, BUFFER}, {1, CODE}},
    {"callback/register/2", __HYPERVISOR_callback_op, {0, BUFFER}, {2, CODE}},
    {"callback/register/3", __HYPERVISOR_callback_op, {0, BUFFER}, {3, CODE}},
    {"callback/register/4", __HYPERVISOR_callback_op, {0, BUFFER}, {4, CODE}},
    {"callback/register/5", __HYPERVISOR_callback_op, {0, BUFFER}, {5, CODE}},
    {"callback/register/6", __HYPERVISOR_callback_op, {0, BUFFER}, {6, CODE}},
    {"callback/register/7", __HYPERVISOR_callback_op, {0, BUFFER}, {7, CODE}},
    {"callback/register/8", __HYPERVISOR_callback_op, {0, BUFFER}, {8, CODE}},
    {"callback/register/flags", __HYPERVISOR_callback_op, {0, BUFFER}, {0xffff0002, CODE}},
    {"callback/register/not_canonical", __HYPERVISOR_callback_op, {0, BUFFER}, {0, NOT_CANONICAL}},
    {"callback/register/hypervisor", __HYPERVISOR_callback_op, {0, BUFFER}, {0, HYPERVISOR}},
    {"callback/register/zero", __HYPERVISOR_callback_op, {0, BUFFER}, {2, 0}},
    {"callback/register/bad", __HYPERVISOR_callback_op, {0, BAD}, {0}},
    {"callback/unregister/0", __HYPERVISOR_callback_op, {1, BUFFER}, {0}},
    {"callback/unregister/1", __HYPERVISOR_callback_op, {1, BUFFER}, {1}},
    {"callback/unregister/2", __HYPERVISOR_callback_op, {1, BUFFER}, {2}},
    {"callback/unregister/3", __HYPERVISOR_callback_op, {1, BUFFER}, {3}},
    {"callback/unregister/4", __HYPERVISOR_callback_op, {1, BUFFER}, {4}},
    {"callback/unregister/5", __HYPERVISOR_callback_op, {1, BUFFER}, {5}},
    {"callback/unregister/6", __HYPERVISOR_callback_op, {1, BUFFER}, {6}},
    {"callback/unregister/7", __HYPERVISOR_callback_op, {1, BUFFER}, {7}},
    {"callback/unregister/8", __HYPERVISOR_callback_op, {1, BUFFER}, {8}},
    {"callback/unregister/bad", __HYPERVISOR_callback_op, {1, BAD}, {0}},
    {"callback/command/2", __HYPERVISOR_callback_op, {2, BUFFER}, {0}},
    {"callback/command/huge", __HYPERVISOR_callback_op, {~0ULL, BUFFER}, {0}},
    {"nmi/register", __HYPERVISOR_nmi_op, {0, BUFFER}, {CODE}},
    {"nmi/register/bad", __HYPERVISOR_nmi_op, {0, BAD}, {0}},
    {"nmi/register/not_canonical", __HYPERVISOR_nmi_op, {0, BUFFER}, {NOT_CANONICAL}},
    {"nmi/unregister", __HYPERVISOR_nmi_op, {1, 0}, {0}},
    {"nmi/command/2", __HYPERVISOR_nmi_op, {2, BUFFER}, {0}},

    /* stack_switch */
    {"stack/good", __HYPERVISOR_stack_switch, {FLAT_RING3_SS64, STACK}, {0}},
    {"stack/zero", __HYPERVISOR_stack_switch, {0, 0}, {0}},
    {"stack/ss_zero", __HYPERVISOR_stack_switch, {0, STACK}, {0}},
    {"stack/ss_ring0", __HYPERVISOR_stack_switch, {0xe010, STACK}, {0}},
    {"stack/ss_wide", __HYPERVISOR_stack_switch, {~0ULL, STACK}, {0}},
    {"stack/not_canonical", __HYPERVISOR_stack_switch, {FLAT_RING3_SS64, NOT_CANONICAL}, {0}},
    {"stack/hypervisor", __HYPERVISOR_stack_switch, {FLAT_RING3_SS64, HYPERVISOR}, {0}},

    /* fpu_taskswitch */
    {"fpu/clear", __HYPERVISOR_fpu_taskswitch, {0}, {0}},
    {"fpu/other", __HYPERVISOR_fpu_taskswitch, {2}, {0}},

    /* set_debugreg, get_debugreg */
    {"debug/set0", __HYPERVISOR_set_debugreg, {0, CODE}, {0}},
    {"debug/set0/hypervisor", __HYPERVISOR_set_debugreg, {0, HYPERVISOR}, {0}},
    {"debug/set0/not_canonical", __HYPERVISOR_set_debugreg, {0, NOT_CANONICAL}, {0}},
    {"debug/set0/zero", __HYPERVISOR_set_debugreg, {0, 0}, {0}},
    {"debug/set3/hypervisor", __HYPERVISOR_set_debugreg, {3, HYPERVISOR}, {0}},
    {"debug/set3/reserved", __HYPERVISOR_set_debugreg, {3, RESERVED}, {0}},
    {"debug/set4", __HYPERVISOR_set_debugreg, {4, 0}, {0}},
    {"debug/set5", __HYPERVISOR_set_debugreg, {5, 0}, {0}},
    {"debug/set6", __HYPERVISOR_set_debugreg, {6, 0}, {0}},
    {"debug/set6/all", __HYPERVISOR_set_debugreg, {6, 0xffffffff}, {0}},
    {"debug/set6/wide", __HYPERVISOR_set_debugreg, {6, 1ULL << 32}, {0}},
    {"debug/set7/zero", __HYPERVISOR_set_debugreg, {7, 0}, {0}},
    {"debug/set7/l0", __HYPERVISOR_set_debugreg, {7, 1}, {0}},
    {"debug/set7/g0", __HYPERVISOR_set_debugreg, {7, 2}, {0}},
    {"debug/set7/gd", __HYPERVISOR_set_debugreg, {7, 0x2000}, {0}},
    {"debug/set7/io", __HYPERVISOR_set_debugreg, {7, 0x20001}, {0}},
    {"debug/set7/len8", __HYPERVISOR_set_debugreg, {7, 0x90001}, {0}},
    {"debug/set7/wide", __HYPERVISOR_set_debugreg, {7, 1ULL << 32}, {0}},
    {"debug/set7/reserved", __HYPERVISOR_set_debugreg, {7, 0xd000}, {0}},
    {"debug/set8", __HYPERVISOR_set_debugreg, {8, 0}, {0}},
    {"debug/sethuge", __HYPERVISOR_set_debugreg, {~0ULL, 0}, {0}},
    {"debug/get0", __HYPERVISOR_get_debugreg, {0}, {0}},
    {"debug/get4", __HYPERVISOR_get_debugreg, {4}, {0}},
    {"debug/get5", __HYPERVISOR_get_debugreg, {5}, {0}},
    {"debug/get6", __HYPERVISOR_get_debugreg, {6}, {0}},
    {"debug/get7", __HYPERVISOR_get_debugreg, {7}, {0}},
    {"debug/get8", __HYPERVISOR_get_debugreg, {8}, {0}},
    {"debug/gethuge", __HYPERVISOR_get_debugreg, {~0ULL}, {0}},

    /* set_segment_base */
    {"base/fs", __HYPERVISOR_set_segment_base, {SEGBASE_FS, STACK}, {0}},
    {"base/fs/not_canonical", __HYPERVISOR_set_segment_base, {SEGBASE_FS, NOT_CANONICAL}, {0}},
    {"base/fs/hypervisor", __HYPERVISOR_set_segment_base, {SEGBASE_FS, HYPERVISOR}, {0}},
    {"base/fs/zero", __HYPERVISOR_set_segment_base, {SEGBASE_FS, 0}, {0}},
    {"base/gs_user", __HYPERVISOR_set_segment_base, {SEGBASE_GS_USER, STACK}, {0}},
    {"base/gs_user/not_canonical", __HYPERVISOR_set_segment_base, {SEGBASE_GS_USER, NOT_CANONICAL}, {0}},
    {"base/gs_kernel", __HYPERVISOR_set_segment_base, {SEGBASE_GS_KERNEL, 0}, {0}},
    {"base/gs_kernel/not_canonical", __HYPERVISOR_set_segment_base, {SEGBASE_GS_KERNEL, NOT_CANONICAL}, {0}},
    {"base/selector/zero", __HYPERVISOR_set_segment_base, {SEGBASE_GS_USER_SEL, 0}, {0}},
    {"base/selector/flat", __HYPERVISOR_set_segment_base, {SEGBASE_GS_USER_SEL, FLAT_RING3_DS32}, {0}},
    {"base/selector/bad", __HYPERVISOR_set_segment_base, {SEGBASE_GS_USER_SEL, 0x1230}, {0}},
    {"base/selector/zero_again", __HYPERVISOR_set_segment_base, {SEGBASE_GS_USER_SEL, 0}, {0}},
    {"base/4", __HYPERVISOR_set_segment_base, {4, 0}, {0}},
    {"base/huge", __HYPERVISOR_set_segment_base, {~0ULL, 0}, {0}},

    /* set_gdt */
    {"gdt/none", __HYPERVISOR_set_gdt, {0, 0}, {0}},
    {"gdt/writable", __HYPERVISOR_set_gdt, {BUFFER, 512}, {FRAME}},
    {"gdt/bad", __HYPERVISOR_set_gdt, {BAD, 512}, {0}},
    {"gdt/bad_none", __HYPERVISOR_set_gdt, {BAD, 0}, {0}},
    {"gdt/zero_frame", __HYPERVISOR_set_gdt, {BUFFER, 512}, {0}},
    {"gdt/nowhere", __HYPERVISOR_set_gdt, {BUFFER, 512}, {1ULL << 39}},
    {"gdt/too_many", __HYPERVISOR_set_gdt, {BUFFER, 7169}, {FRAME}},
    {"gdt/8192", __HYPERVISOR_set_gdt, {BUFFER, 8192}, {FRAME}},
    {"gdt/huge", __HYPERVISOR_set_gdt, {BUFFER, ~0ULL}, {FRAME}},
    {"gdt/huge_bad", __HYPERVISOR_set_gdt, {BAD, ~0ULL}, {FRAME}},

    /* update_descriptor */
    {"descriptor/plain", __HYPERVISOR_update_descriptor, {MACHINE, 0x00cff3000000ffff}, {0}},
    {"descriptor/plain/ring0", __HYPERVISOR_update_descriptor, {MACHINE, 0x00cf93000000ffff}, {0}},
    {"descriptor/plain/gate", __HYPERVISOR_update_descriptor, {MACHINE, 0x0000ec000008abcd}, {0}},
    {"descriptor/unaligned", __HYPERVISOR_update_descriptor, {MACHINE + (1ULL << 52), 0}, {0}},
    {"descriptor/nowhere", __HYPERVISOR_update_descriptor, {1ULL << 51, 0}, {0}},
    {"descriptor/zero", __HYPERVISOR_update_descriptor, {0, 0}, {0}},

    /* vm_assist */
    {"assist/enable/0", __HYPERVISOR_vm_assist, {0, 0}, {0}},
    {"assist/enable/1", __HYPERVISOR_vm_assist, {0, 1}, {0}},
    {"assist/enable/2", __HYPERVISOR_vm_assist, {0, 2}, {0}},
    {"assist/disable/2", __HYPERVISOR_vm_assist, {1, 2}, {0}},
    {"assist/enable/3", __HYPERVISOR_vm_assist, {0, 3}, {0}},
    {"assist/disable/3", __HYPERVISOR_vm_assist, {1, 3}, {0}},
    {"assist/enable/4", __HYPERVISOR_vm_assist, {0, 4}, {0}},
    {"assist/disable/4", __HYPERVISOR_vm_assist, {1, 4}, {0}},
    {"assist/enable/5", __HYPERVISOR_vm_assist, {0, 5}, {0}},
    {"assist/disable/5", __HYPERVISOR_vm_assist, {1, 5}, {0}},
    {"assist/enable/6", __HYPERVISOR_vm_assist, {0, 6}, {0}},
    {"assist/enable/31", __HYPERVISOR_vm_assist, {0, 31}, {0}},
    {"assist/enable/32", __HYPERVISOR_vm_assist, {0, 32}, {0}},
    {"assist/disable/32", __HYPERVISOR_vm_assist, {1, 32}, {0}},
    {"assist/enable/33", __HYPERVISOR_vm_assist, {0, 33}, {0}},
    {"assist/enable/64", __HYPERVISOR_vm_assist, {0, 64}, {0}},
    {"assist/enable/huge", __HYPERVISOR_vm_assist, {0, ~0ULL}, {0}},
    {"assist/command/2", __HYPERVISOR_vm_assist, {2, 2}, {0}},
    {"assist/command/wide", __HYPERVISOR_vm_assist, {1ULL << 32, 2}, {0}},

    /* physdev_op set_iopl, set_iobitmap */
    {"iopl/0", __HYPERVISOR_physdev_op, {6, BUFFER}, {0}},
    {"iopl/3", __HYPERVISOR_physdev_op, {6, BUFFER}, {3}},
    {"iopl/1", __HYPERVISOR_physdev_op, {6, BUFFER}, {1}},
    {"iopl/4", __HYPERVISOR_physdev_op, {6, BUFFER}, {4}},
    {"iopl/bad", __HYPERVISOR_physdev_op, {6, BAD}, {0}},
    {"iobitmap/none", __HYPERVISOR_physdev_op, {7, BUFFER}, {0, 0}},
    {"iobitmap/all", __HYPERVISOR_physdev_op, {7, BUFFER}, {BUFFER, 65536}},
    {"iobitmap/too_many", __HYPERVISOR_physdev_op, {7, BUFFER}, {BUFFER, 65537}},
    {"iobitmap/bad", __HYPERVISOR_physdev_op, {7, BAD}, {0}},

    /* sched_op and event_channel_op as they once were */
    {"old_sched/yield", __HYPERVISOR_sched_op_compat, {0, 0}, {0}},
    {"old_sched/3", __HYPERVISOR_sched_op_compat, {3, 0}, {0}},
    {"old_sched/4", __HYPERVISOR_sched_op_compat, {4, 0}, {0}},
    {"old_sched/huge", __HYPERVISOR_sched_op_compat, {~0ULL, 0}, {0}},
    {"old_event/status",
     __HYPERVISOR_event_channel_op_compat,
     {BUFFER},
     {EVTCHNOP_status | (uint64_t)DOMID_SELF << 32}},
    {"old_event/alloc", __HYPERVISOR_event_channel_op_compat, {BUFFER}, {EVTCHNOP_alloc_unbound | 0x7ff07ff0ULL << 32}},
    {"old_event/close", __HYPERVISOR_event_channel_op_compat, {BUFFER}, {EVTCHNOP_close | 1ULL << 32}},
    {"old_event/close_again", __HYPERVISOR_event_channel_op_compat, {BUFFER}, {EVTCHNOP_close | 1ULL << 32}},
    {"old_event/reset", __HYPERVISOR_event_channel_op_compat, {BUFFER}, {EVTCHNOP_reset | (uint64_t)DOMID_SELF << 32}},
    {"old_event/11", __HYPERVISOR_event_channel_op_compat, {BUFFER}, {11}},
    {"old_event/huge", __HYPERVISOR_event_channel_op_compat, {BUFFER}, {0xffffffff}},
    {"old_event/bad", __HYPERVISOR_event_channel_op_compat, {BAD}, {0}},
    {"old_physdev", __HYPERVISOR_physdev_op_compat, {BUFFER}, {6}},

    /* Numbers that nobody has. */
    {"number/11", 11, {0}, {0}},
    {"number/38", 38, {0}, {0}},
    {"number/43", 43, {0}, {0}},
    {"number/48", 48, {0}, {0}},
    {"number/55", 55, {0}, {0}},
    {"number/56", 56, {0}, {0}},
    {"number/63", 63, {0}, {0}},
    {"number/100", 100, {0}, {0}},

    /* memory_op: PV-MEM-09, -10 */
    {"memory/increase/none", __HYPERVISOR_memory_op, {XENMEM_increase_reservation, BUFFER}, {0, 0, 0, DOMID_SELF}},
    {"memory/increase/order", __HYPERVISOR_memory_op, {XENMEM_increase_reservation, BUFFER}, {0, 1, 64, DOMID_SELF}},
    {"memory/increase/domain", __HYPERVISOR_memory_op, {XENMEM_increase_reservation, BUFFER}, {0, 0, 0, 55}},
    {"memory/increase/bad", __HYPERVISOR_memory_op, {XENMEM_increase_reservation, BAD}, {0}},
    {"memory/increase/bad_list",
     __HYPERVISOR_memory_op,
     {XENMEM_increase_reservation, BUFFER},
     {BAD, 1, 0, DOMID_SELF}},
    {"memory/increase/too_many",
     __HYPERVISOR_memory_op,
     {XENMEM_increase_reservation, BUFFER},
     {0, ~0ULL, 0, DOMID_SELF}},
    {"memory/decrease/none", __HYPERVISOR_memory_op, {XENMEM_decrease_reservation, BUFFER}, {0, 0, 0, DOMID_SELF}},
    {"memory/decrease/nowhere",
     __HYPERVISOR_memory_op,
     {XENMEM_decrease_reservation, BUFFER},
     {BUFFER, 1, 0, DOMID_SELF}},
    {"memory/decrease/bad_list",
     __HYPERVISOR_memory_op,
     {XENMEM_decrease_reservation, BUFFER},
     {BAD, 1, 0, DOMID_SELF}},
    {"memory/decrease/bad", __HYPERVISOR_memory_op, {XENMEM_decrease_reservation, BAD}, {0}},
    {"memory/decrease/order", __HYPERVISOR_memory_op, {XENMEM_decrease_reservation, BUFFER}, {0, 1, 64, DOMID_SELF}},
    {"memory/populate/none", __HYPERVISOR_memory_op, {XENMEM_populate_physmap, BUFFER}, {0, 0, 0, DOMID_SELF}},
    {"memory/populate/bad_list", __HYPERVISOR_memory_op, {XENMEM_populate_physmap, BUFFER}, {BAD, 1, 0, DOMID_SELF}},
    {"memory/populate/domain", __HYPERVISOR_memory_op, {XENMEM_populate_physmap, BUFFER}, {0, 0, 0, 55}},
    {"memory/exchange/bad", __HYPERVISOR_memory_op, {XENMEM_exchange, BAD}, {0}},
    {"memory/current/domain", __HYPERVISOR_memory_op, {XENMEM_current_reservation, BUFFER}, {55}},
    {"memory/current/bad", __HYPERVISOR_memory_op, {XENMEM_current_reservation, BAD}, {0}},
    {"memory/maximum/domain", __HYPERVISOR_memory_op, {XENMEM_maximum_reservation, BUFFER}, {55}},
    {"memory/map/none", __HYPERVISOR_memory_op, {XENMEM_memory_map, BUFFER}, {0}},
    {"memory/map/bad", __HYPERVISOR_memory_op, {XENMEM_memory_map, BAD}, {0}},
    {"memory/machphys_list/bad", __HYPERVISOR_memory_op, {XENMEM_machphys_mfn_list, BAD}, {0}},
    {"memory/machphys_list/none", __HYPERVISOR_memory_op, {XENMEM_machphys_mfn_list, BUFFER}, {0}},
    {"memory/machphys/bad", __HYPERVISOR_memory_op, {XENMEM_machphys_mapping, BAD}, {0}},
    {"memory/add_to_physmap", __HYPERVISOR_memory_op, {XENMEM_add_to_physmap, BUFFER}, {DOMID_SELF, 0, 0}},
    {"memory/remove_from_physmap", __HYPERVISOR_memory_op, {XENMEM_remove_from_physmap, BUFFER}, {DOMID_SELF, 0}},
    {"memory/8", __HYPERVISOR_memory_op, {8, BUFFER}, {0}},
    {"memory/63", __HYPERVISOR_memory_op, {63, BUFFER}, {0}},

    /* vcpu_op */
    {"vcpu/initialise/none", __HYPERVISOR_vcpu_op, {VCPUOP_initialise, 2, BUFFER}, {0}},
    {"vcpu/initialise/bad", __HYPERVISOR_vcpu_op, {VCPUOP_initialise, 1, BAD}, {0}},
    {"vcpu/initialise/self", __HYPERVISOR_vcpu_op, {VCPUOP_initialise, 0, BUFFER}, {0}},
    {"vcpu/up/not_initialised", __HYPERVISOR_vcpu_op, {VCPUOP_up, 1, 0}, {0}},
    {"vcpu/get_physid", __HYPERVISOR_vcpu_op, {VCPUOP_get_physid, 0, BUFFER}, {0}},
    {"vcpu/send_nmi/other", __HYPERVISOR_vcpu_op, {VCPUOP_send_nmi, 1, 0}, {0}},
    {"vcpu/14", __HYPERVISOR_vcpu_op, {14, 0, BUFFER}, {0}},
};

void pv_ask_calls(void)
{
    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        ask_call(&calls[i]);
}
