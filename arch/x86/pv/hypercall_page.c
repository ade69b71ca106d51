/* SPDX-License-Identifier: MIT */
/* What a guest calls to make a hypercall: slot n of 32 bytes makes hypercall n. Pure code. */
#include "arch/x86/layout.h"
#include "arch/x86/pv/container.h"
#include "common/string.h"
#include "guest/abi/xen.h"

#define SLOT_SIZE 32
#define NUMBER_AT 4 /* byte of the slots' instructions that is the hypercall's number */

/* SYSCALL takes rcx and r11 for itself; the guest's caller keeps them. */
static const uint8_t call[] = {
    0x51,                /* push %rcx */
    0x41, 0x53,          /* push %r11 */
    0xb8, 0,    0, 0, 0, /* mov $n, %eax */
    0x0f, 0x05,          /* syscall */
    0x41, 0x5b,          /* pop %r11 */
    0x59,                /* pop %rcx */
    0xc3,                /* ret */
};

/* iret never comes back: the frame on the stack has all three (struct iret_context). */
static const uint8_t iret[] = {
    0x51,       /* push %rcx */
    0x41, 0x53, /* push %r11 */
    0x50,       /* push %rax */
    0xb8, __HYPERVISOR_iret,
    0,    0,
    0,          /* mov $n, %eax */
    0x0f, 0x05, /* syscall */
};

void pv_fill_hypercall_page(void *page)
{
    uint8_t *slot = page;

    memset(page, 0xcc, PAGE_SIZE);
    for (unsigned n = 0; n < PAGE_SIZE / SLOT_SIZE; n++, slot += SLOT_SIZE) {
        memcpy(slot, call, sizeof call);
        slot[NUMBER_AT] = (uint8_t)n;
    }
    memcpy((uint8_t *)page + __HYPERVISOR_iret * SLOT_SIZE, iret, sizeof iret);
}
