/* SPDX-License-Identifier: MIT */
/*
 * What a pv guest finds at its start (docs/abi/pv-start.md): each field of start_info, the order and the mapping of
 * everything in its memory, the machine-to-physical table, its first page tables.
 *
 * The library has run before: it has put shared_info in the place of one of our pages, and made page tables of some
 * that lie behind the stack.
 */
#include "common/string.h"
#include "guest/abi/errno.h"
#include "guest/abi/memory.h"
#include "guest/lib/console.h"
#include "guest/lib/events.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/verdict.h"

#define PAGE ((uint64_t)GUEST_PAGE_SIZE)
#define L1_SIZE (PAGE * PV_ENTRIES) /* mapped by an L1 table */
#define REGION_MULTIPLE (4UL << 20)
#define PADDING (512UL << 10)
#define FRAME_MASK 0x000FFFFFFFFFF000UL
#define SIF_PM_MASK 0xFF00U /* of the first domain alone: who manages its power */

extern const uint8_t image_end[]; /* linker script */

static const struct start_info *info;
static const uint64_t *p2m;

static uint64_t page_up(uint64_t address)
{
    return (address + PAGE - 1) & ~(PAGE - 1);
}

/* The first page behind the page tables. */
static uint64_t stack(void)
{
    return info->pt_base + info->nr_pt_frames * PAGE;
}

static uint64_t list_bytes(void)
{
    return info->nr_pages * sizeof(p2m[0]);
}

static bool is_first_domain(void)
{
    return info->flags & SIF_INITDOMAIN;
}

/* The entry of the last level for an address, 0 if there is none. */
static uint64_t entry_of(uint64_t address)
{
    const uint64_t *table = (const uint64_t *)info->pt_base;

    for (unsigned shift = 39; shift > GUEST_PAGE_SHIFT; shift -= 9) {
        uint64_t entry = table[address >> shift & (PV_ENTRIES - 1)];

        if (!(entry & PTE_PRESENT))
            return 0;
        table = pv_page(entry);
    }
    return table[address >> GUEST_PAGE_SHIFT & (PV_ENTRIES - 1)];
}

static uint64_t pfn_of(uint64_t entry)
{
    return ((const uint64_t *)MACH2PHYS_VIRT_START)[(entry & FRAME_MASK) >> GUEST_PAGE_SHIFT];
}

static bool is_first_table(uint64_t address)
{
    return address >= info->pt_base && address < stack();
}

/* The first address whose L1 table is none of the first tables. */
static uint64_t region_end(void)
{
    const uint64_t *l4 = (const uint64_t *)info->pt_base, *l3 = pv_page(l4[0]), *l2 = pv_page(l3[0]);
    uint64_t i = 0;

    while (i < PV_ENTRIES && (l2[i] & PTE_PRESENT) && is_first_table(guest_address(pv_page(l2[i]))))
        i++;
    return i * L1_SIZE;
}

/* --- The fields. PV-START-01 to PV-START-04 */

static void check_fields(void)
{
    uint16_t self = DOMID_SELF;
    uint32_t flags = info->flags & ~SIF_PM_MASK;

    CHECK(memcmp(info->magic, "xen-3.0-x86_64", sizeof("xen-3.0-x86_64")) == 0);
    CHECK_VALUE(info->nr_pages, hv_memory_op(XENMEM_current_reservation, &self));
    CHECK(info->shared_info % PAGE == 0);
    if (is_first_domain())
        flags &= ~(uint32_t)(SIF_PRIVILEGED | SIF_INITDOMAIN);
    if (info->mod_len)
        flags &= ~(uint32_t)SIF_MOD_START_PFN;
    CHECK_VALUE(flags, 0);
    CHECK(strnlen((const char *)info->cmd_line, sizeof(info->cmd_line)) < sizeof(info->cmd_line));
    if (!is_first_domain())
        return;
    CHECK_VALUE(info->store_mfn, 0);
    CHECK_VALUE(info->store_evtchn, 0);
}

/* --- The order. PV-START-05 */

static void check_order(void)
{
    uint64_t end = page_up(guest_address(image_end));
    bool in_region = info->mfn_list < region_end();

    if (info->mod_len && !(info->flags & SIF_MOD_START_PFN)) {
        CHECK_VALUE(info->mod_start, end);
        end = page_up(end + info->mod_len);
    }
    if (in_region) {
        CHECK_VALUE(info->mfn_list, end);
        end = page_up(end + list_bytes());
    }
    CHECK_VALUE(guest_address(info), end);
    if (is_first_domain()) /* without the pages of a store and a console */
        CHECK_VALUE(info->pt_base, end + PAGE);
    else
        CHECK(info->pt_base > end && info->pt_base <= end + 3 * PAGE);
}

/* --- What is mapped. PV-START-06, PV-START-07 */

static void check_mapping(uint64_t address)
{
    uint64_t entry = entry_of(address), pfn = address / PAGE;
    uint64_t wanted = PTE_PRESENT | PTE_USER | (is_first_table(address) ? 0 : PTE_WRITABLE);

    if (entry && (entry & FRAME_MASK) == info->shared_info)
        return;
    if ((entry & (PTE_PRESENT | PTE_USER | PTE_WRITABLE)) == wanted && pfn_of(entry) == pfn &&
        p2m[pfn] == (entry & FRAME_MASK) / PAGE)
        return;
    verdict(VERDICT_FAILURE, "the entry for 0x%llx is 0x%llx; pfn 0x%llx", (unsigned long long)address,
            (unsigned long long)entry, (unsigned long long)p2m[pfn]);
}

static void check_region(void)
{
    uint64_t end = region_end(), tables = 1 + 1 + 1 + end / L1_SIZE;

    for (uint64_t address = 0; address < stack() + PAGE; address += PAGE)
        check_mapping(address);
    CHECK(end % REGION_MULTIPLE == 0);
    CHECK(end - (stack() + PAGE) >= PADDING && end - (stack() + PAGE) < PADDING + REGION_MULTIPLE);
    CHECK_VALUE(info->nr_pt_frames, tables);
}

/* PV-START-08: the root is pinned, once, and nothing else is. */
static void check_pins(void)
{
    struct mmuext_op op = {.cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = p2m[info->pt_base / PAGE]};

    CHECK_VALUE(hv_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
    CHECK_VALUE(hv_mmuext_op(&op, 1, NULL, DOMID_SELF), -XEN_EINVAL);
    op.cmd = MMUEXT_PIN_L4_TABLE;
    CHECK_VALUE(hv_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
    op.cmd = MMUEXT_UNPIN_TABLE;
    op.arg1.mfn = p2m[info->pt_base / PAGE + 1];
    CHECK_VALUE(hv_mmuext_op(&op, 1, NULL, DOMID_SELF), -XEN_EINVAL);
}

/* --- The list of frames. PV-START-06, PV-START-12 */

static void check_list(void)
{
    unsigned wrong = 0;

    for (uint64_t pfn = 0; pfn < info->nr_pages; pfn++)
        if (p2m[pfn] << GUEST_PAGE_SHIFT != info->shared_info && pfn_of(p2m[pfn] << GUEST_PAGE_SHIFT) != pfn)
            wrong++;
    CHECK_VALUE(wrong, 0);
}

/* A list with an address of its own: at first_p2m_pfn, with the tables that map it. These are nowhere mapped. */
static void check_list_frames(void)
{
    uint64_t pages = page_up(list_bytes()) / PAGE;

    if (info->mfn_list < region_end()) {
        CHECK_VALUE(info->nr_p2m_frames, 0);
        return;
    }
    CHECK(info->first_p2m_pfn >= region_end() / PAGE);
    CHECK(info->first_p2m_pfn + info->nr_p2m_frames <= info->nr_pages);
    CHECK(info->nr_p2m_frames > pages && info->nr_p2m_frames <= pages + 6);
}

/* --- The rest. PV-START-09, PV-START-10, PV-MEM-11 */

static void check_events(void)
{
    for (unsigned i = 1; i < XEN_LEGACY_MAX_VCPUS; i++)
        CHECK_VALUE(guest_env.shared->vcpu_info[i].evtchn_upcall_mask, 1);
    CHECK_VALUE(guest_env.shared->vcpu_info[1].evtchn_upcall_pending, 0);
    CHECK(pfn_of(info->shared_info) == UINT64_MAX);
}

/* PV-START-14 */
static void check_registers(void)
{
    uint64_t rflags;
    uint16_t cs, ss;

    __asm__ volatile("pushfq; pop %0; mov %%cs, %1; mov %%ss, %2" : "=r"(rflags), "=r"(cs), "=r"(ss));
    CHECK_VALUE(rflags & 0x3f7700, 0x200);
    CHECK_VALUE(cs, FLAT_RING3_CS64);
    CHECK_VALUE(ss, FLAT_RING3_SS64);
}

/* A ramdisk that was not mapped is by now, unless the list of frames has the library stop mapping memory. */
static bool module_is_mapped(void)
{
    return info->mod_len && (!(info->flags & SIF_MOD_START_PFN) || info->mfn_list < region_end());
}

static void print_module(void)
{
    const char *module = (const char *)(info->flags & SIF_MOD_START_PFN ? info->mod_start * PAGE : info->mod_start);

    guest_printf("start: command line \"%s\"\n", (const char *)info->cmd_line);
    if (module_is_mapped())
        guest_printf("start: ramdisk of %llu bytes: \"%c%c%c\" to \"%c\"\n", (unsigned long long)info->mod_len,
                     module[0], module[1], module[2], module[info->mod_len - 1]);
}

void guest_main(void)
{
    info = pv_start_info;
    p2m = (const uint64_t *)info->mfn_list;
    check_fields();
    check_order();
    check_region();
    check_pins();
    check_list();
    check_list_frames();
    check_events();
    check_registers();
    print_module();
    guest_printf("start: %llu pages, %llu page tables, %llu KiB mapped, list at 0x%llx\n",
                 (unsigned long long)info->nr_pages, (unsigned long long)info->nr_pt_frames,
                 (unsigned long long)(region_end() >> 10), (unsigned long long)info->mfn_list);
}
