/* SPDX-License-Identifier: MIT */
#include "tests/host/pv_vcpu_fake.h"

#include <stdlib.h>
#include <string.h>

#include "arch/x86/pv/setup.h"
#include "guest/abi/callback.h"
#include "kernel/door.h"

struct arch_vcpu vcpu;
struct fake_processor processor;
const char *crashed;

static struct arch_domain domain;
static struct pv_container container;
static struct vcpu_info64 info;
static uint64_t tables[2 * PV_TABLE_PAGES * PV_ENTRIES];

static void set_handlers(void)
{
    for (unsigned i = 0; i < PV_NR_TRAPS; i++)
        P->trap[i] = (struct pv_gate){.address = HANDLER(i), .cs = PV_FLAT_CS64, .dpl = 3};
    for (unsigned i = 0; i < PV_NR_CALLBACKS; i++)
        P->callback[i] = (struct pv_callback){.address = CALLBACK(i), .disables_events = i == CALLBACKTYPE_event};
}

int fake_vcpu_reset(void **state)
{
    static struct pv_guest guest;

    (void)state;
    fake_reset();
    for (uint64_t mfn = 2; mfn < 32; mfn++)
        fake_give(mfn, 1);
    fake_give(40, 2);
    crashed = NULL;
    processor = (struct fake_processor){.kernel_root = true};
    info = (struct vcpu_info64){0};
    container = (struct pv_container){.vm_assist = 0};
    domain = (struct arch_domain){.hw = &container, .domid = 1};
    guest = (struct pv_guest){.kernel_mode = true, .cs = PV_FLAT_CS64, .ss = PV_FLAT_SS, .tables = tables};
    guest.mmu = (struct pv_vcpu){.dom = &fake.domain[0], .user_root = 2, .kernel_root = 3};
    vcpu = (struct arch_vcpu){.dom = &domain, .hw = &guest, .upcall_pending = &info.evtchn_upcall_pending};
    vcpu.regs = (struct guest_regs){.rax = 0xa, .rcx = 0xc, .r11 = 0x11, .rsp = STACK, .rip = 0x1234, .rflags = 0x202};
    guest.kernel_sp = KERNEL_STACK;
    set_handlers();
    return 0;
}

void fake_user_mode(void)
{
    P->kernel_mode = false;
    processor.kernel_root = false;
}

uint64_t word_at(uint64_t address)
{
    uint64_t word;

    memcpy(&word, fake.memory + address, sizeof word);
    return word;
}

uint64_t argument(const void *data, size_t n)
{
    memcpy(fake.memory + 64, data, n);
    return 64;
}

/* --- What the code asks of load.c and of the kernel */

void pv_enter_kernel_mode(struct arch_vcpu *v)
{
    pv_guest(v)->kernel_mode = processor.kernel_root = true;
}

void pv_enter_user_mode(struct arch_vcpu *v)
{
    if (!pv_guest(v)->mmu.user_root)
        fake_fail("user mode without page tables");
    pv_guest(v)->kernel_mode = processor.kernel_root = false;
}

void pv_load_fs_base(struct arch_vcpu *v, uint64_t base)
{
    (void)v;
    processor.fs_base = base;
}

void pv_load_gs_base(struct arch_vcpu *v, uint64_t base)
{
    (void)v;
    processor.gs_base = base;
}

bool pv_load_user_gs(struct arch_vcpu *v, uint16_t selector)
{
    (void)v;
    processor.user_gs = selector;
    return true;
}

/* Of a processor without FSGSBASE. */
uint64_t pv_cr4_choices(void)
{
    return CR4_TSD | CR4_DE | CR4_OSXSAVE;
}

void pv_load_task_switched(struct arch_vcpu *v)
{
    processor.task_switched = pv_guest(v)->cr0 & CR0_TS;
}

void pv_load_debug_registers(struct arch_vcpu *v)
{
    processor.debug_loaded = pv_debug_control(pv_guest(v)) != 0;
}

/* What is mapped is held as a page of descriptors. */
static void map(uint64_t *slot, uint64_t mfn)
{
    if (mfn && (fake_type(mfn) != PV_DESCRIPTORS || fake_phase(mfn) != PV_LIVE))
        fake_fail("frame %lu is mapped as a page of descriptors, and is none", (unsigned long)mfn);
    *slot = mfn;
}

void pv_map_gdt(struct pv_guest *p, unsigned n, uint64_t mfn)
{
    (void)p;
    map(&processor.gdt[n], mfn);
}

void pv_map_ldt(struct pv_guest *p, unsigned n, uint64_t mfn)
{
    (void)p;
    map(&processor.ldt[n], mfn);
}

void pv_load_ldtr(struct pv_guest *p)
{
    processor.ldt_entries = p->mmu.ldt_entries;
}

void door_guest_crash(struct arch_vcpu *v, const char *why)
{
    (void)v;
    if (!crashed)
        crashed = why;
}

void door_dump_line(const struct arch_vcpu *v, const char *fmt, ...)
{
    (void)v;
    (void)fmt;
}
