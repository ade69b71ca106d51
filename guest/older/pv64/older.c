/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls in the forms that they had before, and others that a pv guest finds otherwise than one in an hvm
 * container: docs/abi/pv-start.md, PV-START-11 and -16 to -21.
 */
#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/abi/hvm.h"
#include "guest/abi/physdev.h"
#include "guest/abi/sched.h"
#include "guest/abi/version.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/verdict.h"

#define UNMAPPED 0x7FFFFFFFF000UL
#define NOT_CANONICAL 0x800000000000UL
#define HYPERVISORS 0xFFFF800000000000UL
#define FEATURE(name) (1U << XENFEAT_##name)

/* No command of it has a structure. */
static long older_sched(unsigned cmd)
{
    return (long)hypercall2(__HYPERVISOR_sched_op_compat, cmd, SHUTDOWN_poweroff);
}

static long older_event(const void *op)
{
    return (long)hypercall2(__HYPERVISOR_event_channel_op_compat, guest_address(op), 0);
}

static long older_physdev(const void *op)
{
    return (long)hypercall2(__HYPERVISOR_physdev_op_compat, guest_address(op), 0);
}

/* The last `size` bytes of a page with nothing behind it. */
static void *at_the_end(size_t size)
{
    static uint8_t *pages;

    if (!pages) {
        pages = memory_pages(2);
        CHECK_VALUE(pv_set_mapping(pages + GUEST_PAGE_SIZE, 0), 0);
    }
    return pages + GUEST_PAGE_SIZE - size;
}

/* PV-START-16. Blocking is SCHEDOP_block's: an event is waiting, so it returns. */
static void check_sched(void)
{
    struct evtchn_bind_virq timer = {.virq = VIRQ_TIMER};

    CHECK_VALUE(older_sched(SCHEDOP_yield), 0);
    for (unsigned cmd = SCHEDOP_poll; cmd < 12; cmd++)
        CHECK_VALUE(older_sched(cmd), -XEN_ENOSYS);
    CHECK_VALUE(hv_event_channel_op(EVTCHNOP_bind_virq, &timer), 0);
    CHECK_VALUE(hv_set_timer_op(1), 0);
    evt_unmask(timer.port);
    CHECK_VALUE(older_sched(SCHEDOP_block), 0);
    CHECK_VALUE(guest_vcpu()->info->evtchn_upcall_mask, 0);
    env_upcalls_off();
    evt_close(timer.port);
}

/* PV-START-17 */
static void check_events(void)
{
    struct evtchn_op op = {.cmd = EVTCHNOP_alloc_unbound,
                           .u.alloc_unbound = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF}};
    struct evtchn_op *last = at_the_end(sizeof(*last) - 4);
    evtchn_port_t port;

    CHECK_VALUE(older_event(&op), 0);
    port = op.u.alloc_unbound.port;
    CHECK(port > 0);
    op = (struct evtchn_op){.cmd = EVTCHNOP_status, .u.status = {.dom = DOMID_SELF, .port = port}};
    CHECK_VALUE(older_event(&op), 0);
    CHECK_VALUE(op.u.status.status, EVTCHNSTAT_unbound);
    op = (struct evtchn_op){.cmd = EVTCHNOP_close, .u.close = {port}};
    CHECK_VALUE(older_event(&op), 0);
    CHECK_VALUE(older_event(&op), -XEN_EINVAL);
    for (op.cmd = EVTCHNOP_reset; op.cmd < 20; op.cmd++)
        CHECK_VALUE(older_event(&op), -XEN_ENOSYS);
    CHECK_VALUE(older_event((void *)UNMAPPED), -XEN_EFAULT);
    last->cmd = 99;
    CHECK_VALUE(older_event(last), -XEN_EFAULT);
    last = at_the_end(sizeof(*last));
    last->cmd = 99;
    CHECK_VALUE(older_event(last), -XEN_ENOSYS);
}

/* PV-START-18, PV-START-19 */
static void check_physdev(void)
{
    struct physdev_op op = {.cmd = PHYSDEVOP_set_iopl, .u.set_iopl = {4}};
    struct physdev_set_iobitmap bitmap = {.bitmap = 0, .nr_ports = 65537};
    struct physdev_op *last = at_the_end(sizeof(*last) - 4);

    CHECK_VALUE(older_physdev(&op), -XEN_EINVAL);
    CHECK_VALUE(hv_physdev_op(PHYSDEVOP_set_iopl, &op.u.set_iopl), -XEN_EINVAL);
    op.u.set_iopl.iopl = 1;
    CHECK_VALUE(older_physdev(&op), 0);
    CHECK_VALUE(hv_physdev_op(PHYSDEVOP_set_iopl, &op.u.set_iopl), 0);
    CHECK_VALUE(hv_physdev_op(PHYSDEVOP_set_iobitmap, &bitmap), -XEN_EINVAL);
    bitmap = (struct physdev_set_iobitmap){.bitmap = HYPERVISORS, .nr_ports = 65536};
    CHECK_VALUE(hv_physdev_op(PHYSDEVOP_set_iobitmap, &bitmap), -XEN_EINVAL);
    bitmap.bitmap = NOT_CANONICAL;
    CHECK_VALUE(hv_physdev_op(PHYSDEVOP_set_iobitmap, &bitmap), -XEN_EINVAL);
    bitmap.bitmap = UNMAPPED;
    CHECK_VALUE(hv_physdev_op(PHYSDEVOP_set_iobitmap, &bitmap), 0);
    CHECK_VALUE(hv_physdev_op(PHYSDEVOP_set_iobitmap, (void *)UNMAPPED), -XEN_EFAULT);
    CHECK_VALUE(older_physdev((void *)UNMAPPED), -XEN_EFAULT);
    last->cmd = 99;
    CHECK_VALUE(older_physdev(last), -XEN_EFAULT);
    last = at_the_end(sizeof(*last));
    last->cmd = 99;
    CHECK_VALUE(older_physdev(last), -XEN_ENOSYS);
}

/* PV-START-20: operations that are for a virtual machine, with a pointer that is bad and with one that is good. */
static void check_hvm_op(void)
{
    static const struct {
        unsigned cmd;
        int bad, good;
    } cases[] = {
        {HVMOP_set_param, -XEN_EFAULT, -XEN_EINVAL},
        {HVMOP_get_param, -XEN_EFAULT, -XEN_EINVAL},
        {HVMOP_pagetable_dying, -XEN_EFAULT, -XEN_EINVAL},
        {HVMOP_get_mem_type, -XEN_EFAULT, -XEN_EINVAL},
        {HVMOP_get_time, -XEN_EFAULT, 0},
        {HVMOP_flush_tlbs, -XEN_EINVAL, -XEN_EINVAL},
        {2, -XEN_ENOSYS, -XEN_ENOSYS},
        {25, -XEN_EOPNOTSUPP, -XEN_EOPNOTSUPP},
    };
    uint64_t arg[4];

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(arg, 0, sizeof(arg));
        arg[0] = DOMID_SELF;
        CHECK_VALUE(hv_hvm_op(cases[i].cmd, (void *)UNMAPPED), cases[i].bad);
        CHECK_VALUE(hv_hvm_op(cases[i].cmd, arg), cases[i].good);
    }
    CHECK_VALUE(hv_hvm_op(HVMOP_flush_tlbs, NULL), -XEN_EINVAL);
}

static uint32_t features(void)
{
    struct xen_feature_info info = {.submap_idx = 0};

    CHECK_VALUE(hv_xen_version(XENVER_get_features, &info), 0);
    return info.submap & ~FEATURE(dom0);
}

/* PV-START-11 */
static void check_features(void)
{
    struct xen_feature_info info = {.submap_idx = 1};
    uint32_t wanted = FEATURE(mmu_pt_update_preserve_ad) | FEATURE(highmem_assist) | FEATURE(gnttab_map_avail_bits) |
                      FEATURE(memory_op_vnode_supported) | FEATURE(direct_mapped);

    CHECK_VALUE(hv_xen_version(XENVER_get_features, &info), -XEN_EINVAL);
    CHECK_VALUE(features(), wanted);
    CHECK_VALUE(hypercall2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_pae_extended_cr3), 0);
    CHECK_VALUE(features(), wanted | FEATURE(pae_pgdir_above_4gb));
    CHECK_VALUE(hypercall2(__HYPERVISOR_vm_assist, VMASST_CMD_disable, VMASST_TYPE_pae_extended_cr3), 0);
    CHECK_VALUE(features(), wanted);
}

/* A multicall whose second entry is an iret to here, with rax: the rax behind it. */
static uint64_t multicall_with_iret(struct multicall_entry64 *list, unsigned n, uint64_t rax)
{
    uint64_t result = __HYPERVISOR_multicall;

    __asm__ volatile(
        "mov %%rsp, %%r15\n"
        "push %[ss]\n"
        "push %%r15\n"
        "push $0x202\n"
        "push %[cs]\n"
        "lea 1f(%%rip), %%rcx\n"
        "push %%rcx\n"
        "push $0\n" /* flags */
        "push $0\n" /* rcx */
        "push $0\n" /* r11 */
        "push %[rax]\n"
        "syscall\n"
        "mov $0xbad, %%eax\n"
        "mov %%r15, %%rsp\n"
        "1:\n"
        : "+a"(result)
        : "D"(list),
          "S"((uint64_t)n), [ss] "r"((uint64_t)FLAT_RING3_SS64), [cs] "r"((uint64_t)PV_KERNEL_CS), [rax] "r"(rax)
        : "rcx", "r11", "r15", "memory");
    return result;
}

/* PV-START-21 */
static void check_iret(void)
{
    struct multicall_entry64 list[3] = {
        {.op = __HYPERVISOR_xen_version, .result = 77},
        {.op = __HYPERVISOR_iret, .result = 77},
        {.op = __HYPERVISOR_xen_version, .result = 77},
    };

    CHECK_VALUE(multicall_with_iret(list, 3, 0x333), 0x333);
    CHECK_VALUE(list[0].result, hv_xen_version(XENVER_version, NULL));
    CHECK_VALUE(list[1].result, 0x333);
    CHECK_VALUE(list[2].result, 77);
}

void guest_main(void)
{
    check_sched();
    check_events();
    check_physdev();
    check_hvm_op();
    check_features();
    check_iret();
    guest_report();
    older_sched(SCHEDOP_shutdown);
}
