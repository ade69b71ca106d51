/* SPDX-License-Identifier: MIT */
#include "guest/conformance/copy.h"

#include "common/string.h"
#include "guest/abi/hvm.h"
#include "guest/conformance/conformance.h"
#include "guest/conformance/domctl.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/verdict.h"

#define MEMORY_PAGES 1024U /* from address 0; the image begins at 1 MiB */
#define PAGING_BYTES (2U << 20)

extern uint8_t image_start[], bss_start[], image_end[]; /* linker/guest.ld */
extern const uint8_t guest_entry[];

/* The other domain's page takes the place of this one. */
static uint8_t foreign[GUEST_PAGE_SIZE] __attribute__((aligned(GUEST_PAGE_SIZE)));

/* Public header memory.h; the handles have the width of the caller. */
struct add_to_physmap_batch {
    domid_t domid;
    uint16_t space;
    uint16_t size;
    domid_t foreign_domid;
    guest_word frames, gpfns, errors;
};

void copy_release(void)
{
    guest_remove_from_physmap op = {.domid = DOMID_SELF, .gpfn = (guest_word)env_frame(foreign)};

    hv_memory_op(XENMEM_remove_from_physmap, &op);
}

static void *map_foreign(domid_t domain, guest_word frame)
{
    guest_word gpfn = (guest_word)env_frame(foreign);
    int error = 0;
    struct add_to_physmap_batch map = {
        .domid = DOMID_SELF,
        .space = XENMAPSPACE_gmfn_foreign,
        .size = 1,
        .foreign_domid = domain,
        .frames = guest_address(&frame),
        .gpfns = guest_address(&gpfn),
        .errors = guest_address(&error),
    };
    guest_result rc;

    copy_release();
    rc = hv_memory_op(XENMEM_add_to_physmap_batch, &map);
    if (!rc && !error)
        return foreign;
    verdict(VERDICT_ERROR, "frame %llx of domain %u cannot be mapped: %d, %d", (unsigned long long)frame, domain,
            (int)rc, error);
    guest_exit();
}

const void *copy_page(domid_t domain, guest_word address)
{
    return map_foreign(domain, address >> GUEST_PAGE_SHIFT);
}

/* --- Memory --- */

static void populate(domid_t domain)
{
    union domctl_argument limit = {.memory = MEMORY_PAGES * 2 * GUEST_PAGE_SIZE / 1024};
    union domctl_argument paging = {.memory = PAGING_BYTES};

    must_domctl(domain, DOMCTL_set_paging_mempool_size, &paging);
    must_domctl(domain, DOMCTL_max_mem, &limit);
    for (guest_word frame = 0; frame < MEMORY_PAGES; frame++) {
        guest_memory_reservation op = {.extent_start = guest_address(&frame), .nr_extents = 1, .domid = domain};

        if (hv_memory_op(XENMEM_populate_physmap, &op) == 1)
            continue;
        verdict(VERDICT_ERROR, "domain %u gets no memory", domain);
        guest_exit();
    }
}

/* What is initialised as it is here and now, and nothing where the program expects nothing. */
static void copy_image(domid_t domain)
{
    for (guest_word frame = 0; frame < MEMORY_PAGES; frame++) {
        guest_word address = frame << GUEST_PAGE_SHIFT;
        uint8_t *page = map_foreign(domain, frame);

        if (address >= guest_address(image_start) && address < guest_address(bss_start))
            memcpy(page, (const void *)address, GUEST_PAGE_SIZE);
        else
            memset(page, 0, GUEST_PAGE_SIZE);
    }
}

/* --- Start of day --- */

/* The page behind the image. */
struct start_page {
    struct hvm_start_info info;
    struct hvm_memmap_table_entry map;
    char cmdline[256];
};

static guest_word write_start_page(domid_t domain, const char *cmdline)
{
    guest_word at = guest_address(image_end);
    struct start_page *p = map_foreign(domain, at >> GUEST_PAGE_SHIFT);

    p->info.magic = XEN_HVM_START_MAGIC_VALUE;
    p->info.version = 1;
    p->info.cmdline_paddr = at + offsetof(struct start_page, cmdline);
    p->info.memmap_paddr = at + offsetof(struct start_page, map);
    p->info.memmap_entries = 1;
    p->map.size = (uint64_t)MEMORY_PAGES << GUEST_PAGE_SHIFT;
    p->map.type = XEN_HVM_MEMMAP_TYPE_RAM;
    memcpy(p->cmdline, cmdline, strlen(cmdline) + 1);
    return at;
}

/* --- The processor: 32-bit protected mode, flat segments, paging off (public header arch-x86/hvm/save.h) --- */

struct save_head {
    uint16_t type, instance;
    uint32_t length;
};

#define SAVE_HEADER 1
#define SAVE_CPU 2

struct save_cpu {
    uint8_t fpu[512];
    uint64_t rax, rbx, rcx, rdx, rbp, rsi, rdi, rsp, r8_to_r15[8];
    uint64_t rip, rflags;
    uint64_t cr0, cr2, cr3, cr4;
    uint64_t dr[4], dr6, dr7;
    struct {
        uint32_t cs, ds, es, fs, gs, ss, tr, ldtr;
    } selector;
    struct {
        uint32_t cs, ds, es, fs, gs, ss, tr, ldtr, idtr, gdtr;
    } limit;
    struct {
        uint64_t cs, ds, es, fs, gs, ss, tr, ldtr, idtr, gdtr;
    } base;
    struct {
        uint32_t cs, ds, es, fs, gs, ss, tr, ldtr;
    } rights;
    uint64_t sysenter[3], shadow_gs;
    uint64_t msr_flags, lstar, star, cstar, syscall_mask, efer, tsc_aux;
    uint64_t tsc;
    uint32_t pending_event, error_code;
    uint32_t flags, pad;
};

#define CODE 0xC9BU /* 32 bits, 4 GiB, accessed */
#define DATA 0xC93U
#define TSS 0x8BU /* busy */

static void fill_cpu(struct save_cpu *c, guest_word start_info)
{
    *c = (struct save_cpu){
        .rbx = start_info,
        .rip = guest_address(guest_entry),
        .rflags = 2,
        .cr0 = 0x11, /* PE, ET */
        .dr6 = 0xFFFF0FF0,
        .dr7 = 0x400,
        .limit = {~0U, ~0U, ~0U, ~0U, ~0U, ~0U, 0x67, 0, 0, 0},
        .rights = {CODE, DATA, DATA, DATA, DATA, DATA, TSS, 0},
    };
}

/* All of the domain's state, of which the record at the front stays, and the one of vcpu 0. */
static uint8_t *get_context(domid_t domain, union domctl_argument *context)
{
    uint8_t *buffer;

    must_domctl(domain, DOMCTL_gethvmcontext, context);
    buffer = memory_alloc(context->context.size);
    context->context.buffer = guest_address(buffer);
    must_domctl(domain, DOMCTL_gethvmcontext, context);
    return buffer;
}

static void start_vcpu(domid_t domain, guest_word start_info)
{
    union domctl_argument context = {.memory = 0};
    uint8_t *buffer = get_context(domain, &context);
    struct save_head *header = (struct save_head *)(void *)buffer;
    struct save_head *cpu = (struct save_head *)(void *)(buffer + sizeof(*header) + header->length);

    *cpu = (struct save_head){.type = SAVE_CPU, .length = sizeof(struct save_cpu)};
    fill_cpu((struct save_cpu *)(void *)(cpu + 1), start_info);
    memset((uint8_t *)(cpu + 1) + cpu->length, 0, sizeof(*cpu)); /* the end */
    context.context.size = (uint32_t)(3 * sizeof(*cpu)) + header->length + cpu->length;
    context.context.buffer = guest_address(buffer);
    must_domctl(domain, DOMCTL_sethvmcontext, &context);
}

void copy_make(domid_t domain, evtchn_port_t last_port, const char *cmdline)
{
    domain_create(domain, DOMAIN_HVM | DOMAIN_HAP, VCPUS, last_port);
    populate(domain);
    copy_image(domain);
    start_vcpu(domain, write_start_page(domain, cmdline));
}
