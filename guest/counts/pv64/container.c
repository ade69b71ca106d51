/* SPDX-License-Identifier: MIT */
/* What only pv guests do: page tables by hypercall, exceptions and modes by the hypervisor. */
#include "guest/counts/counts.h"
#include "guest/lib/memory.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"

static uint8_t *page;   /* whose mapping is changed */
static uint64_t *table; /* which is pinned */

static struct mmu_update writable, read_only;

static void same_mapping(evtchn_port_t port)
{
    (void)port;
    hv_update_va_mapping(guest_address(page), writable.val, UVMF_INVLPG | UVMF_LOCAL);
}

static void same_mapping_unflushed(evtchn_port_t port)
{
    (void)port;
    hv_update_va_mapping(guest_address(page), writable.val, UVMF_NONE);
}

static void make_read_only(evtchn_port_t port)
{
    (void)port;
    hv_mmu_update(&read_only, 1, NULL, DOMID_SELF);
}

static void make_writable(evtchn_port_t port)
{
    (void)port;
    hv_mmu_update(&writable, 1, NULL, DOMID_SELF);
}

static void mmuext(unsigned cmd, uint64_t mfn)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = mfn};

    hv_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void flush(evtchn_port_t port)
{
    (void)port;
    mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0);
}

static void same_root(evtchn_port_t port)
{
    (void)port;
    mmuext(MMUEXT_NEW_BASEPTR, env_frame((const void *)pv_start_info->pt_base));
}

static void pin_and_unpin(evtchn_port_t port)
{
    (void)port;
    mmuext(MMUEXT_PIN_L1_TABLE, env_frame(table));
    mmuext(MMUEXT_UNPIN_TABLE, env_frame(table));
}

static void stack_switch(evtchn_port_t port)
{
    (void)port;
    hv_stack_switch(FLAT_RING3_SS64, guest_address(__builtin_frame_address(0)));
}

static void segment_base(evtchn_port_t port)
{
    (void)port;
    hv_set_segment_base(SEGBASE_FS, 0);
}

/* By the hypercall to where it was called. */
static void iret(evtchn_port_t port)
{
    (void)port;
    __asm__ volatile(
        "mov %%rsp, %%rax; push %[ss]; push %%rax; pushfq; push %[cs]; push $1f; push $0; push $0; push $0; "
        "push $0; mov $23, %%eax; syscall; 1:"
        :
        : [ss] "i"(FLAT_RING3_SS64), [cs] "i"(PV_KERNEL_CS)
        : "rax", "rcx", "r11", "memory", "cc");
}

static void ud2(void *arg)
{
    (void)arg;
    __asm__ volatile("ud2");
}

static void exception(evtchn_port_t port)
{
    (void)port;
    trap_try(ud2, NULL);
}

static void forced_cpuid(evtchn_port_t port)
{
    (void)port;
    env_cpuid(0, 0);
}

void count_container(void)
{
    page = memory_pages(1);
    table = memory_pages(1);
    writable = (struct mmu_update){pv_machine(&pv_table_at(page, 1)[pv_index_at(page, 1)]), pv_machine(page) | PTE_ALL};
    read_only = (struct mmu_update){writable.ptr, pv_machine(page) | PTE_READ_ONLY};
    count("update_va_mapping, same entry", count_nothing, same_mapping_unflushed);
    count("update_va_mapping, same entry, INVLPG", count_nothing, same_mapping);
    count("mmu_update, read-only to writable", make_read_only, make_writable);
    count("mmu_update, writable to read-only", make_writable, make_read_only);
    make_writable(0);
    CHECK_VALUE(pv_make_table(table), 0);
    count("pin and unpin an empty L1 table", count_nothing, pin_and_unpin);
    count("flush of the TLB", count_nothing, flush);
    count("new_baseptr, the same", count_nothing, same_root);
    count("stack_switch", count_nothing, stack_switch);
    count("set_segment_base", count_nothing, segment_base);
    count("iret", count_nothing, iret);
    count("exception, handler, back", count_nothing, exception);
    count("forced cpuid", count_nothing, forced_cpuid);
}
