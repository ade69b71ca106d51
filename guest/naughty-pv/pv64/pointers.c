/* SPDX-License-Identifier: MIT */
/*
 * Every hypercall that takes an address, with addresses of the hypervisor's, of nothing, and of what the guest may read
 * but must not write: its page tables and descriptors.
 */
#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/abi/physdev.h"
#include "guest/abi/version.h"
#include "guest/lib/memory.h"
#include "guest/naughty-pv/pv64/naughty.h"

#define POINTER 0xFEEDFACEUL /* in a row: the bad address */

struct question {
    unsigned number;
    guest_word arg[5];
    bool may_do_nothing; /* 0 is a right answer */
};

/* What only reads from the address. */
static const struct question readers[] = {
    {__HYPERVISOR_set_trap_table, {POINTER}, false},
    {__HYPERVISOR_mmu_update, {POINTER, 1, 0, DOMID_SELF}, false},
    {__HYPERVISOR_mmu_update, {POINTER, 0x7FFFFFFF, 0, DOMID_SELF}, false},
    {__HYPERVISOR_mmuext_op, {POINTER, 1, 0, DOMID_SELF}, false},
    {__HYPERVISOR_set_gdt, {POINTER, 512}, false},
    {__HYPERVISOR_set_gdt, {POINTER, 7168}, false},
    {__HYPERVISOR_multicall, {POINTER, 2}, false},
    {__HYPERVISOR_console_io, {CONSOLEIO_write, 64, POINTER}, false},
    {__HYPERVISOR_callback_op, {CALLBACKOP_register, POINTER}, false},
    {__HYPERVISOR_callback_op, {CALLBACKOP_unregister, POINTER}, false},
    {__HYPERVISOR_sched_op, {SCHEDOP_shutdown, POINTER}, false},
    {__HYPERVISOR_sched_op, {SCHEDOP_poll, POINTER}, false},
    {__HYPERVISOR_event_channel_op, {EVTCHNOP_send, POINTER}, false},
    {__HYPERVISOR_event_channel_op, {EVTCHNOP_close, POINTER}, false},
    {__HYPERVISOR_event_channel_op, {EVTCHNOP_unmask, POINTER}, false},
    {__HYPERVISOR_event_channel_op, {EVTCHNOP_bind_vcpu, POINTER}, false},
    {__HYPERVISOR_vcpu_op, {VCPUOP_register_vcpu_info, 0, POINTER}, false},
    {__HYPERVISOR_vcpu_op, {VCPUOP_register_runstate_memory_area, 0, POINTER}, false},
    {__HYPERVISOR_vcpu_op, {VCPUOP_set_singleshot_timer, 0, POINTER}, false},
    {__HYPERVISOR_vcpu_op, {VCPUOP_set_periodic_timer, 0, POINTER}, false},
    {__HYPERVISOR_vcpu_op, {VCPUOP_initialise, 0, POINTER}, false},
    {__HYPERVISOR_memory_op, {XENMEM_increase_reservation, POINTER}, true},
    {__HYPERVISOR_memory_op, {XENMEM_decrease_reservation, POINTER}, true},
    {__HYPERVISOR_memory_op, {XENMEM_populate_physmap, POINTER}, true},
    {__HYPERVISOR_memory_op, {XENMEM_current_reservation, POINTER}, false},
    {__HYPERVISOR_memory_op, {XENMEM_maximum_reservation, POINTER}, false},
    {__HYPERVISOR_memory_op, {XENMEM_exchange, POINTER}, false},
    {__HYPERVISOR_physdev_op, {PHYSDEVOP_set_iopl, POINTER}, false},
    {__HYPERVISOR_physdev_op, {PHYSDEVOP_set_iobitmap, POINTER}, false},
    {__HYPERVISOR_update_va_mapping, {POINTER, 0, UVMF_NONE}, false},
};

static const struct mmuext_op flush = {.cmd = MMUEXT_TLB_FLUSH_LOCAL};

/* What writes to it, or would, if it came so far. */
static const struct question writers[] = {
    {__HYPERVISOR_mmu_update, {0, 0, POINTER, DOMID_SELF}, true},
    {__HYPERVISOR_mmuext_op, {(guest_word)&flush, 1, POINTER, DOMID_SELF}, true},
    {__HYPERVISOR_xen_version, {XENVER_extraversion, POINTER}, false},
    {__HYPERVISOR_xen_version, {XENVER_compile_info, POINTER}, false},
    {__HYPERVISOR_xen_version, {XENVER_capabilities, POINTER}, false},
    {__HYPERVISOR_xen_version, {XENVER_changeset, POINTER}, false},
    {__HYPERVISOR_xen_version, {XENVER_platform_parameters, POINTER}, false},
    {__HYPERVISOR_xen_version, {XENVER_get_features, POINTER}, false},
    {__HYPERVISOR_memory_op, {XENMEM_machphys_mapping, POINTER}, false},
    {__HYPERVISOR_memory_op, {XENMEM_machphys_mfn_list, POINTER}, false},
    {__HYPERVISOR_memory_op, {XENMEM_memory_map, POINTER}, false},
    {__HYPERVISOR_vcpu_op, {VCPUOP_get_runstate_info, 0, POINTER}, false},
    {__HYPERVISOR_event_channel_op, {EVTCHNOP_status, POINTER}, false},
    {__HYPERVISOR_event_channel_op, {EVTCHNOP_alloc_unbound, POINTER}, false},
    {__HYPERVISOR_event_channel_op, {EVTCHNOP_bind_ipi, POINTER}, false},
};

static guest_result ask(const struct question *q, guest_word address)
{
    guest_word a[5];

    for (unsigned i = 0; i < 5; i++)
        a[i] = q->arg[i] == POINTER ? address : q->arg[i];
    return hypercall5(q->number, a[0], a[1], a[2], a[3], a[4]);
}

static void must_fail(const struct question *q, guest_word address)
{
    guest_result rc = ask(q, address);

    if (rc >= 0 && !(q->may_do_nothing && rc == 0))
        verdict(VERDICT_FAILURE, "hypercall %u(0x%llx, ...) at 0x%llx: %lld", q->number, (unsigned long long)q->arg[0],
                (unsigned long long)address, (long long)rc);
}

static void all_fail(guest_word address)
{
    for (unsigned i = 0; i < LENGTH(readers); i++)
        must_fail(&readers[i], address);
    for (unsigned i = 0; i < LENGTH(writers); i++)
        must_fail(&writers[i], address);
}

static const guest_word nowhere[] = {
    GUEST_UNMAPPED,
    NON_CANONICAL,
    NON_CANONICAL - 4,
    0xFFFF7FFFFFFFFFFC,
    0xFFFF804000000000,
    0xFFFF807FFFFFFFFC,
    0xFFFF808000000000,
    0xFFFF810000000000,
    0xFFFF820000000000,
    0xFFFF82D040000000,
    0xFFFF82D040200000,
    0xFFFF830000000000,
    0xFFFF830000100000,
    0xFFFF838000000000,
    0xFFFF840000000000,
    0xFFFF860000000000,
    0xFFFF87FFFFFFFFFC,
    (guest_word)-4,
    ~0UL,
    0xDEADBEEF00000000,
};

/* Pages that only the hypervisor's hypercalls may change: nothing that it writes for us may end up there. */
static void must_stay(guest_word address, unsigned length)
{
    uint8_t before[128];

    memcpy(before, (const void *)address, length);
    for (unsigned i = 0; i < LENGTH(writers); i++) {
        ask(&writers[i], address);
        if (memcmp(before, (const void *)address, length) != 0)
            verdict(VERDICT_FAILURE, "hypercall %u(0x%llx, ...) writes to 0x%llx", writers[i].number,
                    (unsigned long long)writers[i].arg[0], (unsigned long long)address);
    }
}

static void read_only_pages(void)
{
    uint64_t *page = memory_pages(1);

    make_read_only(page);
    must_stay(guest_address(page), 128);
    for (unsigned level = 1; level <= 4; level++) {
        CHECK_VALUE(pin(level, page), 0);
        must_stay(guest_address(page) + 1024, 128);
        must_stay(guest_address(page) + 4096 - 128, 128);
        CHECK_VALUE(unpin(page), 0);
        must_stay(guest_address(pv_table_at(spare_address(), level)), 64);
    }
    CHECK_VALUE(hv_set_gdt(&(uint64_t){env_frame(page)}, 512), 0);
    must_stay(guest_address(page), 128);
    CHECK_VALUE(hv_set_gdt(NULL, 0), 0);
    CHECK_VALUE(make_writable(page), 0);
}

/* The machine-to-physical table is there to be read. */
static void machine_to_physical(void)
{
    guest_word own = MACH2PHYS_VIRT_START + env_frame(spare_address()) * 8;
    uint64_t before = *(const volatile uint64_t *)own;

    for (unsigned i = 0; i < LENGTH(writers); i++)
        must_fail(&writers[i], own);
    CHECK(*(const volatile uint64_t *)own == before);
}

/* Addresses that the hypervisor keeps, for later. */
static void kept(void)
{
    for (unsigned i = 0; i < LENGTH(nowhere); i++) {
        guest_word a = nowhere[i];
        bool is_address = (a >> 47 == 0 || a >> 47 == 0x1FFFF);
        bool is_guests = is_address && (a < HYPERVISOR_VIRT_START || a >= HYPERVISOR_VIRT_END);

        if (!is_address)
            for (unsigned base = 0; base < 3; base++)
                CHECK(hv_set_segment_base(base, a) < 0);
        hv_set_segment_base(SEGBASE_FS, 0);
        hv_set_segment_base(SEGBASE_GS_USER, 0);
        hv_set_segment_base(SEGBASE_GS_KERNEL, 0);
        if (is_guests)
            continue;
        struct callback_register c = {.type = CALLBACKTYPE_sysenter, .address = a};
        if (!is_address)
            CHECK(hv_callback_op(CALLBACKOP_register, &c) < 0);
        hv_update_va_mapping(a, 0, UVMF_INVLPG | UVMF_ALL);
        mmuext(MMUEXT_INVLPG_LOCAL, a, 0);
        mmuext(MMUEXT_INVLPG_ALL, a, 0);
        CHECK(mmuext(MMUEXT_INVLPG_MULTI, 0, a) < 0);
        CHECK(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, a) < 0);
        CHECK(hv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &a) <= 0);
        hv_sched_op(SCHEDOP_yield, NULL);
    }
}

void attack_pointers(void)
{
    for (unsigned i = 0; i < LENGTH(nowhere); i++)
        all_fail(nowhere[i]);
    for (guest_word a = MACH2PHYS_VIRT_END; a < HYPERVISOR_VIRT_END; a += 0x1F40201000)
        all_fail(a);
    read_only_pages();
    machine_to_physical();
    kept();
}
