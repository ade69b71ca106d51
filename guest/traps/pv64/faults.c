/* SPDX-License-Identifier: MIT */
/* Exceptions of the guest's instructions: PV-TRAP-07 and -08. */
#include "guest/lib/env.h"
#include "guest/traps/pv64/traps.h"

#define FAULT_PRESENT 1U
#define FAULT_WRITE 2U
#define FAULT_USER 4U
#define FAULT_FETCH 16U

#define NO_EXECUTE (1ULL << 63)

/* In both modes; the error code says which. What the hypervisor has mapped is its own business. */
static void page_fault(const char *what, const uint8_t *code, uint64_t address, uint32_t error)
{
    struct want want = {.vector = PF, .has_error = true, .error = error};

    want.ignored = address == HYPERVISOR ? FAULT_PRESENT : 0;
    shoot(what, kernel(code), address, want);
    CHECK(guest_vcpu()->info->arch_cr2 == address);
    guest_vcpu()->info->arch_cr2 = 0;
    want.error |= FAULT_USER;
    shoot(what, user(code), address, want);
    CHECK(guest_vcpu()->info->arch_cr2 == address);
    guest_vcpu()->info->arch_cr2 = 0;
}

static void data(void)
{
    page_fault("a read of nothing", code_read, NOWHERE + 5, 0);
    page_fault("a write to nothing", code_write, NOWHERE, FAULT_WRITE);
    page_fault("a write to a page table", code_write, pv_start_info->pt_base, FAULT_PRESENT | FAULT_WRITE);
    page_fault("a read of the hypervisor", code_read, HYPERVISOR, 0);
    page_fault("a write to the machine-to-physical table", code_write, MACH2PHYS_VIRT_START,
               FAULT_PRESENT | FAULT_WRITE);
    shoot("a read of the machine-to-physical table", kernel(code_read), MACH2PHYS_VIRT_START,
          (struct want){.lands = true});
}

static void fetch(void)
{
    static uint8_t page[GUEST_PAGE_SIZE] __attribute__((aligned(GUEST_PAGE_SIZE)));
    const uint8_t *nowhere = (const uint8_t *)NOWHERE;

    page_fault("a jump to nowhere", nowhere, NOWHERE, FAULT_FETCH);
    page_fault("a jump to the hypervisor", (const uint8_t *)HYPERVISOR, HYPERVISOR, FAULT_FETCH);
    CHECK_VALUE(pv_set_mapping(page, pv_machine(page) | PTE_ALL | NO_EXECUTE), 0);
    page_fault("a jump to data", page, guest_address(page), FAULT_PRESENT | FAULT_FETCH);
}

static void both_modes(const char *what, const uint8_t *code, uint64_t rsi, struct want want)
{
    shoot(what, kernel(code), rsi, want);
    shoot(what, user(code), rsi, want);
}

/* The task-switched flag: a #NM, once. */
static void floating_point(void)
{
    struct want lands = {.lands = true};

    CHECK_VALUE(hv_fpu_taskswitch(true), 0);
    shoot("floating point, task switched", kernel(code_fp), 0, (struct want){.vector = NM});
    shoot("floating point again", kernel(code_fp), 0, lands);
    CHECK_VALUE(hv_fpu_taskswitch(true), 0);
    shoot("floating point, task switched", user(code_fp), 0, (struct want){.vector = NM});
    CHECK_VALUE(hv_fpu_taskswitch(true), 0);
    CHECK_VALUE(hv_fpu_taskswitch(false), 0);
    shoot("floating point, not task switched", kernel(code_fp), 0, lands);
    CHECK_VALUE(hypercall2(__HYPERVISOR_fpu_taskswitch, 1ULL << 32, 0), 0);
    shoot("floating point, bit 32", kernel(code_fp), 0, lands);
}

void faults_run(void)
{
    data();
    fetch();
    both_modes("an address that can't be", code_read, NOT_CANONICAL, (struct want){.vector = GP, .has_error = true});
    both_modes("hlt", code_hlt, 0, (struct want){.vector = GP, .has_error = true});
    both_modes("division", code_div, 0, (struct want){.vector = DE, .length = 2, .rflags = 0x246});
    floating_point();
}
