/* SPDX-License-Identifier: MIT */
/* The pv64 environment: from start_info to a filled guest_env, and the functions of env.h. */
#include "common/string.h"
#include "guest/abi/hvm.h"
#include "guest/abi/physdev.h"
#include "guest/lib/events.h"
#include "guest/lib/memory.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/verdict.h"

extern uint8_t boot_stack[GUEST_STACK_SIZE];

/* The address at which the hypervisor's shared_info is mapped, in place of the page that was there. */
static uint8_t shared_info_page[GUEST_PAGE_SIZE] __attribute__((aligned(GUEST_PAGE_SIZE)));

void pv_start(const struct start_info *info, guest_word used_end);

/* --- What the start information says --- */

static void read_start_info(const struct start_info *info)
{
    const char *cmdline = (const char *)info->cmd_line;

    pv_start_info = info;
    guest_env.name = "pv64";
    guest_env.flags = info->flags;
    memcpy(guest_env.cmdline, cmdline, strnlen(cmdline, GUEST_CMDLINE_MAX - 1));
}

static void map_shared_info(void)
{
    int rc = pv_replace_page(shared_info_page, pv_start_info->shared_info);

    guest_env.shared = (guest_shared_info *)shared_info_page;
    if (rc) {
        verdict(VERDICT_ERROR, "mapping shared_info: %d", rc);
        guest_exit();
    }
}

/* The hypervisor lays its things out in a row, and the stack is the last of them. */
static void find_memory(guest_word used_end)
{
    guest_env.heap_start = (used_end + GUEST_PAGE_SIZE - 1) & ~(guest_word)(GUEST_PAGE_SIZE - 1);
    guest_env.heap_end = pv_map_memory(&guest_env.heap_start);
    guest_env.range[0] = (struct guest_range){0, pv_start_info->nr_pages << GUEST_PAGE_SHIFT, XEN_HVM_MEMMAP_TYPE_RAM};
    guest_env.nr_ranges = 1;
}

/* --- What CPUID and the first hypercalls say --- */

/* The processor's own CPUID is not always intercepted. The hypervisor answers it behind this invalid opcode, which no
 * program uses otherwise. */
struct cpuid_result env_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_result r;

    __asm__ volatile("ud2; .ascii \"xen\"; cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

static void find_xen(void)
{
    for (uint32_t leaf = XEN_CPUID_FIRST_LEAF; leaf < XEN_CPUID_FIRST_LEAF + 0x10000; leaf += 0x100) {
        struct cpuid_result r = env_cpuid(leaf, 0);

        if (r.ebx == XEN_CPUID_SIGNATURE_EBX && r.ecx == XEN_CPUID_SIGNATURE_ECX && r.edx == XEN_CPUID_SIGNATURE_EDX) {
            guest_env.cpuid_base = leaf;
            return;
        }
    }
}

/* Nothing says it. But a domain may ask for the state of its own ports only; the initial one, which may ask for all, is
 * the first that it asks for. */
static int32_t find_domid(void)
{
    for (domid_t domid = 0; domid < DOMID_FIRST_RESERVED; domid++) {
        struct evtchn_status status = {.dom = domid};

        if (!hv_event_channel_op(EVTCHNOP_status, &status))
            return domid;
    }
    return -1;
}

static unsigned count_vcpus(void)
{
    unsigned n = 1;

    while (n < GUEST_MAX_VCPUS && hv_vcpu_op(VCPUOP_is_up, n, NULL) >= 0)
        n++;
    return n;
}

/*
 * What a vcpu of a pv domain has otherwise than in the other environments: 100 ticks a second on VIRQ_TIMER, and a
 * kernel that may not use I/O ports.
 */
static void set_up_vcpu(void)
{
    struct physdev_set_iopl op = {.iopl = 1};

    hv_vcpu_op(VCPUOP_stop_periodic_timer, guest_vcpu()->id, NULL);
    hv_physdev_op(PHYSDEVOP_set_iopl, &op);
}

void pv_start(const struct start_info *info, guest_word used_end)
{
    read_start_info(info);
    pv_load_traps();
    set_up_vcpu();
    map_shared_info();
    guest_vcpu()->info = &guest_env.shared->vcpu_info[0];
    find_memory(used_end);
    find_xen();
    guest_env.domid = find_domid();
    guest_env.version = (uint32_t)hv_xen_version(0, NULL);
    guest_env.nr_vcpus = count_vcpus();
    guest_run();
}

/* --- The functions of env.h --- */

guest_result env_hypercall(guest_word number)
{
    guest_word D = 0, S = 0, d = 0;
    register guest_word r10 __asm__("r10") = 0;
    register guest_word r8 __asm__("r8") = 0;

    __asm__ volatile("syscall"
                     : "+a"(number), "+D"(D), "+S"(S), "+d"(d), "+r"(r10), "+r"(r8)
                     :
                     : "rcx", "r9", "r11", "memory", "cc");
    return (guest_result)number;
}

/* pv_load_traps() has told the hypervisor already. */
int env_set_upcall(void)
{
    return 0;
}

static uint8_t *upcall_mask(void)
{
    return &guest_vcpu()->info->evtchn_upcall_mask;
}

bool env_upcalls_off(void)
{
    return !__atomic_exchange_n(upcall_mask(), 1, __ATOMIC_SEQ_CST);
}

/* What became pending behind the mask is delivered at the next return from the hypervisor: any hypercall will do. */
void env_upcalls_on(void)
{
    __atomic_store_n(upcall_mask(), 0, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&guest_vcpu()->info->evtchn_upcall_pending, __ATOMIC_SEQ_CST))
        hv_xen_version(0, NULL);
}

/* The hypervisor clears the mask and looks for events in one step. */
void env_wait(void)
{
    hv_sched_op(SCHEDOP_block, NULL);
    env_upcalls_off();
}

struct vcpu_start {
    struct guest_vcpu vcpu;
    void (*fn)(void *);
    void *arg;
};

static void vcpu_start(void)
{
    struct vcpu_start *s = (struct vcpu_start *)guest_vcpu();

    set_up_vcpu();
    s->fn(s->arg);
    env_halt();
}

static void fill_context(struct vcpu_guest_context *context, uint8_t *stack_end)
{
    pv_fill_traps(context);
    context->user_regs.rip = (guest_word)vcpu_start;
    context->user_regs.cs = FLAT_RING3_CS64;
    context->user_regs.rsp = guest_address(stack_end - 8);
    context->user_regs.ss = FLAT_RING3_SS64;
    context->kernel_ss = FLAT_RING3_SS64;
    context->kernel_sp = guest_address(stack_end);
    context->ctrlreg[3] = GUEST_ABI_PFN_TO_CR3(env_frame((const void *)pv_start_info->pt_base));
}

int env_vcpu_initialise(unsigned id, void (*fn)(void *), void *arg)
{
    uint8_t *stack = memory_pages_aligned(GUEST_STACK_SIZE / GUEST_PAGE_SIZE, GUEST_STACK_SIZE);
    struct vcpu_guest_context *context = memory_alloc(sizeof(*context));
    struct vcpu_start *s = (struct vcpu_start *)stack;

    fill_context(context, stack + GUEST_STACK_SIZE);
    s->vcpu = (struct guest_vcpu){.id = id, .info = evt_vcpu_info(id)};
    s->fn = fn;
    s->arg = arg;
    s->vcpu.info->evtchn_upcall_mask = 1;
    return (int)hv_vcpu_op(VCPUOP_initialise, id, context);
}

void env_halt(void)
{
    for (;;)
        hv_vcpu_op(VCPUOP_down, guest_vcpu()->id, NULL);
}
