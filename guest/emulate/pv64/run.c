/* SPDX-License-Identifier: MIT */
/* Instructions that a hypervisor plays for a pv guest: the statements of docs/abi/pv-emulation.md, one group a file. */
#include "guest/emulate/pv64/run.h"

#include "common/string.h"
#include "guest/abi/physdev.h"
#include "guest/lib/events.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/verdict.h"

struct run_registers run_in, run_out;
struct run_frame run_frame;
const void *run_code;
uint64_t run_user_sp, run_user_cs;
uint8_t run_data[8192] __attribute__((aligned(4096)));

static uint8_t code_pages[8192] __attribute__((aligned(4096)));
static uint8_t user_stack[4096] __attribute__((aligned(16)));
static uint8_t kernel_stack[4096] __attribute__((aligned(16)));

/* Behind all code is UD2. */
static const uint8_t end[] = {0x0f, 0x0b, 0x00};

void run_gates(uint8_t flags)
{
    static struct trap_info table[257]; /* its last is the end */

    for (unsigned i = 0; i < 256; i++)
        table[i] = (struct trap_info){
            .vector = (uint8_t)i,
            .flags = flags,
            .cs = FLAT_RING3_CS64,
            .address = (uint64_t)run_stubs[i],
        };
    CHECK_VALUE(hv_set_trap_table(table), 0);
}

void run_begin(void)
{
    struct mmuext_op root = {
        .cmd = MMUEXT_NEW_USER_BASEPTR,
        .arg1.mfn = env_frame((const void *)pv_start_info->pt_base),
    };

    CHECK_VALUE(hv_mmuext_op(&root, 1, NULL, DOMID_SELF), 0);
    CHECK_VALUE(hv_stack_switch(FLAT_RING3_SS64, (uint64_t)(kernel_stack + sizeof kernel_stack)), 0);
    run_user_cs = FLAT_RING3_CS64;
    run_user_sp = (uint64_t)(user_stack + sizeof user_stack - 64);
    run_gates(0);
    run_fresh();
}

void run_fresh(void)
{
    uint64_t *r = (uint64_t *)&run_in;

    for (unsigned i = 0; i < sizeof run_in / sizeof *r; i++)
        r[i] = 0x1000 + i;
    run_in.rdi = (uint64_t)run_data;
    run_in.rsi = (uint64_t)run_data + 2048;
    run_in.rflags = 0x202;
}

static int outcome(uint64_t start, size_t n)
{
    const struct run_frame *f = &run_frame;

    if (f->rip == start + n)
        return f->vector == 6 ? PLAYED : TRAP((int)f->vector);
    if (f->rip == start)
        return FAULT((int)f->vector, (int)f->error);
    return MOVED + (int)(f->rip - start);
}

static int run(bool user, uint8_t *at, size_t n)
{
    run_code = at;
    memset(&run_out, 0, sizeof run_out);
    if (user)
        run_user();
    else
        run_kernel();
    return outcome((uint64_t)at, n);
}

int run_bytes(bool user, const void *code, size_t n)
{
    memcpy(code_pages, code, n);
    memcpy(code_pages + n, end, sizeof end);
    return run(user, code_pages, n);
}

int run_at_page_end(bool user, const void *code, size_t n)
{
    memcpy(code_pages + 4096 - n, code, n);
    return run(user, code_pages + 4096 - n, n);
}

void run_map_second(bool present)
{
    uint8_t *second = code_pages + 4096;

    CHECK_VALUE(pv_set_mapping(second, present ? pv_machine(second) | PTE_ALL : 0), 0);
}

int run_set_iopl(unsigned iopl)
{
    struct physdev_set_iopl s = {.iopl = iopl};

    return (int)hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, guest_address(&s));
}

void guest_main(void)
{
    run_begin();
    check_system();
    check_msr();
    check_ports();
    check_interrupts();
    check_forced();
    check_stores();
    pv_load_traps();
}
