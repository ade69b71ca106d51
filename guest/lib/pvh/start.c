/* SPDX-License-Identifier: MIT */
/* The pvh environments: from hvm_start_info to a filled guest_env, and the functions of env.h. */
#include "common/string.h"
#include "guest/abi/hvm.h"
#include "guest/abi/vcpu.h"
#include "guest/lib/console.h"
#include "guest/lib/cpu.h"
#include "guest/lib/env.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/pvh/traps.h"
#include "guest/lib/verdict.h"

extern uint8_t boot_stack[GUEST_STACK_SIZE];
extern uint8_t image_end[]; /* linker/guest.ld */

/* The hypervisor puts shared_info in the place of this page. */
static uint8_t shared_info_page[GUEST_PAGE_SIZE] __attribute__((aligned(GUEST_PAGE_SIZE)));

void pvh_start(const struct hvm_start_info *info);

/* --- What the start information says --- */

static void read_memory_map(const struct hvm_start_info *info)
{
    const struct hvm_memmap_table_entry *e = (const void *)(guest_word)info->memmap_paddr;

    for (unsigned i = 0; i < info->memmap_entries && i < GUEST_MAX_RANGES; i++)
        guest_env.range[guest_env.nr_ranges++] = (struct guest_range){e[i].addr, e[i].size, e[i].type};
}

/* The real Xen gives its initial domain version 0 of the structure, which has no memory map: ask for it. */
static void ask_memory_map(void)
{
    static struct e820entry e[GUEST_MAX_RANGES];
    guest_memory_map map = {.nr_entries = GUEST_MAX_RANGES, .buffer = guest_address(e)};

    if (hv_memory_op(XENMEM_memory_map, &map))
        return;
    for (unsigned i = 0; i < map.nr_entries && i < GUEST_MAX_RANGES; i++)
        guest_env.range[guest_env.nr_ranges++] = (struct guest_range){e[i].addr, e[i].size, e[i].type};
}

struct interval {
    guest_word start, end;
};

static struct interval at(uint64_t start, uint64_t size)
{
    return (struct interval){(guest_word)start, (guest_word)(start + size)};
}

/* Everything that the loader put into memory besides the image. */
static unsigned occupied(const struct hvm_start_info *info, struct interval *o, unsigned max)
{
    const struct hvm_modlist_entry *m = (const void *)(guest_word)info->modlist_paddr;
    unsigned n = 0;

    o[n++] = (struct interval){guest_address(info), guest_address(info + 1)};
    if (info->version >= 1)
        o[n++] = at(info->memmap_paddr, info->memmap_entries * sizeof(struct hvm_memmap_table_entry));
    o[n++] = at(info->cmdline_paddr, GUEST_CMDLINE_MAX);
    o[n++] = at(info->modlist_paddr, info->nr_modules * sizeof(*m));
    for (unsigned i = 0; i < info->nr_modules && n < max; i++)
        o[n++] = at(m[i].paddr, m[i].size);
    return n;
}

/* The free part that begins at start: up to the next thing, or the end of RAM. Empty if start is inside one. */
static guest_word gap_end(guest_word start, guest_word end, const struct interval *o, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (o[i].start <= start && start < o[i].end)
            return start;
        if (o[i].start > start && o[i].start < end)
            end = o[i].start;
    }
    return end;
}

static guest_word ram_end(void)
{
    for (unsigned i = 0; i < guest_env.nr_ranges; i++) {
        const struct guest_range *r = &guest_env.range[i];
        uint64_t end = r->start + r->size;

        if (r->type == XEN_HVM_MEMMAP_TYPE_RAM && r->start <= guest_address(image_end) &&
            guest_address(image_end) < end)
            return (guest_word)(end < pvh_mapped_end ? end : pvh_mapped_end - GUEST_PAGE_SIZE);
    }
    return guest_address(image_end);
}

/* The heap is the largest gap between the image's end and the end of its RAM. */
static void choose_heap(const struct hvm_start_info *info)
{
    struct interval o[16];
    unsigned n = occupied(info, o, 15);
    guest_word end = ram_end();

    o[n++] = (struct interval){0, guest_address(image_end)};
    for (unsigned i = 0; i < n; i++) {
        guest_word start = (o[i].end + GUEST_PAGE_SIZE - 1) & ~(guest_word)(GUEST_PAGE_SIZE - 1);
        guest_word stop = start < guest_address(image_end) || start >= end ? start : gap_end(start, end, o, n);

        if (stop - start > guest_env.heap_end - guest_env.heap_start) {
            guest_env.heap_start = start;
            guest_env.heap_end = stop & ~(guest_word)(GUEST_PAGE_SIZE - 1);
        }
    }
}

static void read_start_info(const struct hvm_start_info *info)
{
    const char *cmdline = (const char *)(guest_word)info->cmdline_paddr;

    guest_env.name = pvh_name;
    guest_env.flags = info->flags;
    if (cmdline)
        memcpy(guest_env.cmdline, cmdline, strnlen(cmdline, GUEST_CMDLINE_MAX - 1));
}

static void find_memory(const struct hvm_start_info *info)
{
    if (info->version >= 1)
        read_memory_map(info);
    else
        ask_memory_map();
    choose_heap(info);
}

/* --- What CPUID and the first hypercalls say --- */

static bool find_xen(void)
{
    for (uint32_t leaf = XEN_CPUID_FIRST_LEAF; leaf < XEN_CPUID_FIRST_LEAF + 0x10000; leaf += 0x100) {
        struct cpuid_result r = cpu_cpuid(leaf, 0);

        if (r.ebx == XEN_CPUID_SIGNATURE_EBX && r.ecx == XEN_CPUID_SIGNATURE_ECX && r.edx == XEN_CPUID_SIGNATURE_EDX) {
            guest_env.cpuid_base = leaf;
            return true;
        }
    }
    return false;
}

static void set_hypercall_page(void)
{
    cpu_wrmsr(cpu_cpuid(guest_env.cpuid_base + 2, 0).ebx, guest_address(hypercall_page));
}

static int32_t find_domid(void)
{
    struct cpuid_result r = cpu_cpuid(guest_env.cpuid_base + 4, 0);

    return r.eax & XEN_HVM_CPUID_DOMID_PRESENT ? (int32_t)r.ecx : -1;
}

static void map_shared_info(void)
{
    guest_add_to_physmap map = {
        .domid = DOMID_SELF,
        .space = XENMAPSPACE_shared_info,
        .gpfn = (guest_word)env_frame(shared_info_page),
    };
    guest_result rc = hv_memory_op(XENMEM_add_to_physmap, &map);

    guest_env.shared = (guest_shared_info *)shared_info_page;
    if (rc) {
        verdict(VERDICT_ERROR, "mapping shared_info: %d", (int)rc);
        guest_exit();
    }
}

static unsigned count_vcpus(void)
{
    unsigned n = 1;

    while (n < GUEST_MAX_VCPUS && hv_vcpu_op(VCPUOP_is_up, n, NULL) >= 0)
        n++;
    return n;
}

void pvh_start(const struct hvm_start_info *info)
{
    pvh_load_tables(0);
    read_start_info(info);
    if (!find_xen())
        env_halt();
    set_hypercall_page();
    find_memory(info);
    guest_env.domid = find_domid();
    guest_env.version = (uint32_t)hv_xen_version(0, NULL);
    map_shared_info();
    guest_env.nr_vcpus = count_vcpus();
    guest_run();
}

/* --- The functions of env.h --- */

uint64_t env_frame(const void *p)
{
    return guest_address(p) >> GUEST_PAGE_SHIFT;
}

struct cpuid_result env_cpuid(uint32_t leaf, uint32_t subleaf)
{
    return cpu_cpuid(leaf, subleaf);
}

guest_result env_hypercall(guest_word number)
{
    guest_word b = 0, c = 0, d = 0, S = 0, D = 0;
    guest_result result;

    if (cpu_cpuid(0, 0).ebx == 0x756E6547) /* "Genu" */
        __asm__ volatile("vmcall"
                         : "=a"(result), "+b"(b), "+c"(c), "+d"(d), "+S"(S), "+D"(D)
                         : "0"(number)
                         : "memory", "cc");
    else
        __asm__ volatile("vmmcall"
                         : "=a"(result), "+b"(b), "+c"(c), "+d"(d), "+S"(S), "+D"(D)
                         : "0"(number)
                         : "memory", "cc");
    return result;
}

guest_word env_fault_address(void)
{
    return cpu_cr2();
}

int env_set_upcall(void)
{
    struct xen_hvm_param param = {
        .domid = DOMID_SELF,
        .index = HVM_PARAM_CALLBACK_IRQ,
        .value = (uint64_t)HVM_PARAM_CALLBACK_TYPE_VECTOR << HVM_PARAM_CALLBACK_TYPE_SHIFT | VECTOR_UPCALL,
    };

    return (int)hv_hvm_op(HVMOP_set_param, &param);
}

#define RFLAGS_IF 0x200U

void env_upcalls_on(void)
{
    __asm__ volatile("sti" ::: "memory");
}

bool env_upcalls_off(void)
{
    guest_word flags;

    __asm__ volatile("pushf; pop %0; cli" : "=r"(flags)::"memory");
    return flags & RFLAGS_IF;
}

void env_wait(void)
{
    pvh_wait();
}

struct vcpu_start {
    struct guest_vcpu vcpu;
    void (*fn)(void *);
    void *arg;
};

static void vcpu_start(void)
{
    struct vcpu_start *s = (struct vcpu_start *)guest_vcpu();

    pvh_load_tables(s->vcpu.id);
    s->fn(s->arg);
    hv_vcpu_op(VCPUOP_down, s->vcpu.id, NULL);
    env_halt();
}

int env_vcpu_initialise(unsigned id, void (*fn)(void *), void *arg)
{
    uint8_t *stack = memory_pages_aligned(GUEST_STACK_SIZE / GUEST_PAGE_SIZE, GUEST_STACK_SIZE);
    struct vcpu_start *s = (struct vcpu_start *)stack;
    struct vcpu_hvm_context context;

    pvh_start_state(&context, vcpu_start, guest_address(stack + GUEST_STACK_SIZE - 8));
    s->vcpu = (struct guest_vcpu){.id = id, .info = evt_vcpu_info(id)};
    s->fn = fn;
    s->arg = arg;
    return (int)hv_vcpu_op(VCPUOP_initialise, id, &context);
}

void env_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}
