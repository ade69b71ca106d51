/* SPDX-License-Identifier: MIT */
/* What becomes of frames by memory_op; the numbers are those of docs/abi/pv-memory.md. */
#include "guest/abi/errno.h"
#include "guest/abi/memory.h"
#include "guest/frames/frames.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/memory.h"
#include "guest/lib/pv64/hypercalls.h"
#include "guest/lib/pv64/pv.h"
#include "guest/lib/verdict.h"

#define NONE UINT64_MAX /* in the machine-to-physical table */
#define BAD 0x7000dead0000ULL

static uint64_t list[16], numbers[16];

static uint64_t m2p(uint64_t mfn)
{
    return __atomic_load_n(&((const uint64_t *)MACH2PHYS_VIRT_START)[mfn], __ATOMIC_RELAXED);
}

static guest_result current(void)
{
    uint16_t domid = DOMID_SELF;
    return hv_memory_op(XENMEM_current_reservation, &domid);
}

static guest_result extents(unsigned cmd, uint64_t where, uint64_t count, unsigned order)
{
    struct xen_memory_reservation64 r = {where, count, order, 0, DOMID_SELF, {0}};
    return hv_memory_op(cmd, &r);
}

static guest_result give(uint64_t mfn)
{
    list[0] = mfn;
    return extents(XENMEM_decrease_reservation, guest_address(list), 1, 0);
}

static void unmap(const void *page)
{
    CHECK_VALUE(hv_update_va_mapping(guest_address(page), 0, UVMF_INVLPG | UVMF_LOCAL), 0);
}

static uint64_t pfn_of(const void *page)
{
    return guest_address(page) >> GUEST_PAGE_SHIFT;
}

/* PV-MEM-01, -02 */
static void given_back_and_mapped(void)
{
    volatile uint64_t *page = memory_pages(1);
    uint64_t mfn = env_frame((const void *)page);
    guest_result before = current();

    CHECK_VALUE(give(mfn), 1);
    CHECK_VALUE(give(mfn), 1);
    CHECK_VALUE(current(), before);
    CHECK_VALUE(m2p(mfn), pfn_of((const void *)page));
    *page = 7;
    CHECK_VALUE(*page, 7);
    unmap((const void *)page);
    CHECK_VALUE(current(), before - 1);
    CHECK_VALUE(m2p(mfn), NONE);
    CHECK_VALUE(give(mfn), 0);
    CHECK(hv_update_va_mapping(guest_address(page), mfn << GUEST_PAGE_SHIFT | PTE_ALL, 0) < 0);
}

/* PV-MEM-02: no harm is done, and nothing is lost. */
static void given_back_and_in_use(void)
{
    guest_result before = current();

    CHECK_VALUE(give(env_frame((const void *)pv_start_info->pt_base)), 1);
    CHECK_VALUE(give(pv_start_info->shared_info >> GUEST_PAGE_SHIFT), 1);
    CHECK_VALUE(current(), before);
    CHECK_VALUE(give(0x10), 0);
    CHECK_VALUE(give(1ULL << 40), 0);
    CHECK_VALUE(give(NONE), 0);
    CHECK_VALUE(extents(XENMEM_decrease_reservation, BAD, 1, 0), 0);
}

/* Room for more frames: n of them go. */
static void make_room(unsigned n)
{
    uint8_t *pages = memory_pages(n);

    for (unsigned i = 0; i < n; i++) {
        unmap(pages + i * GUEST_PAGE_SIZE);
        CHECK_VALUE(give(env_frame(pages + i * GUEST_PAGE_SIZE)), 1);
    }
}

/* PV-MEM-03 */
static void asked_for(void)
{
    guest_result before = current();

    CHECK_VALUE(extents(XENMEM_increase_reservation, guest_address(list), 2, 1), 2);
    CHECK_VALUE(current(), before + 4);
    CHECK_VALUE(m2p(list[0]), NONE);
    CHECK_VALUE(m2p(list[1] + 1), NONE);
    CHECK_VALUE(extents(XENMEM_decrease_reservation, guest_address(list), 2, 1), 2);
    CHECK_VALUE(current(), before);
    CHECK_VALUE(extents(XENMEM_increase_reservation, 0, 2, 0), 2);
    CHECK_VALUE(extents(XENMEM_increase_reservation, BAD, 2, 0), 0);
    CHECK_VALUE(current(), before + 3);
}

/* PV-MEM-04 */
static void asked_for_by_number(void)
{
    volatile uint64_t *page = memory_pages(1);

    unmap((const void *)page);
    list[0] = 0x12345;
    list[1] = 1ULL << 40;
    CHECK_VALUE(extents(XENMEM_populate_physmap, guest_address(list), 2, 2), 2);
    CHECK_VALUE(m2p(list[0] + 3), 0x12348);
    CHECK_VALUE(m2p(list[1]), 1ULL << 40);
    CHECK_VALUE(pv_set_mapping(page, list[1] << GUEST_PAGE_SHIFT | PTE_ALL), 0);
    CHECK_VALUE(*page, 0);
    *page = 1;
    CHECK_VALUE(extents(XENMEM_populate_physmap, BAD, 1, 0), 0);
}

static struct xen_memory_exchange64 x;

static guest_result exchange(uint64_t nr_in, unsigned in_order, uint64_t nr_out, unsigned out_order)
{
    x = (struct xen_memory_exchange64){
        .in = {guest_address(list), nr_in, in_order, 0, DOMID_SELF, {0}},
        .out = {guest_address(numbers), nr_out, out_order, 0, DOMID_SELF, {0}},
    };
    return hv_memory_op(XENMEM_exchange, &x);
}

/* PV-MEM-05: four single ones for four together, and back. */
static void exchanged(void)
{
    uint8_t *pages = memory_pages(4);
    guest_result before = current();

    for (unsigned i = 0; i < 4; i++) {
        list[i] = env_frame(pages + i * GUEST_PAGE_SIZE);
        unmap(pages + i * GUEST_PAGE_SIZE);
    }
    numbers[0] = pfn_of(pages);
    CHECK_VALUE(exchange(4, 0, 1, 2), 0);
    CHECK_VALUE(x.nr_exchanged, 4);
    CHECK_VALUE(numbers[0] & 3, 0);
    CHECK_VALUE(m2p(numbers[0] + 3), pfn_of(pages) + 3);
    list[0] = numbers[0];
    for (unsigned i = 0; i < 4; i++)
        numbers[i] = pfn_of(pages) + i;
    CHECK_VALUE(exchange(1, 2, 4, 0), 0);
    CHECK_VALUE(m2p(numbers[2]), pfn_of(pages) + 2);
    CHECK_VALUE(current(), before);
    for (unsigned i = 0; i < 4; i++)
        CHECK_VALUE(pv_replace_page(pages + i * GUEST_PAGE_SIZE, numbers[i] << GUEST_PAGE_SHIFT), 0);
    CHECK_VALUE(pages[3 * GUEST_PAGE_SIZE], 0);
}

/* PV-MEM-05, -06 */
static void not_exchanged(void)
{
    uint8_t *pages = memory_pages(2);
    guest_result before = current();

    unmap(pages);
    list[0] = env_frame(pages);
    list[1] = env_frame(pages + GUEST_PAGE_SIZE); /* mapped */
    numbers[0] = pfn_of(pages);
    CHECK_VALUE(exchange(2, 0, 1, 1), -XEN_EINVAL);
    CHECK_VALUE(x.nr_exchanged, 0);
    CHECK_VALUE(m2p(list[0]), pfn_of(pages));
    CHECK_VALUE(exchange(2, 0, 2, 0), -XEN_EINVAL);
    CHECK_VALUE(x.nr_exchanged, 1);
    list[0] = pv_start_info->shared_info >> GUEST_PAGE_SHIFT;
    CHECK_VALUE(exchange(1, 0, 1, 0), -XEN_EINVAL);
    CHECK_VALUE(exchange(1, 0, 2, 0), -XEN_EINVAL);
    CHECK_VALUE(exchange(1, 30, 1, 30), -XEN_EPERM);
    CHECK_VALUE(exchange(0, 0, 0, 0), 0);
    CHECK_VALUE(current(), before);
}

/* PV-MEM-07, -08 */
static void tables_and_maps(void)
{
    struct xen_machphys_mapping64 mapping = {0};
    struct xen_machphys_mfn_list64 parts = {16, 0, guest_address(list), 0, 0};
    guest_result pages = hv_memory_op(XENMEM_maximum_ram_page, NULL);
    struct e820entry entry = {0};
    struct xen_memory_map64 map = {1, 0, guest_address(&entry)};
    bool first = guest_env.flags & SIF_INITDOMAIN;

    CHECK_VALUE(hv_memory_op(XENMEM_machphys_mapping, &mapping), 0);
    CHECK_VALUE(mapping.v_start, MACH2PHYS_VIRT_START);
    CHECK_VALUE(mapping.max_mfn, pages - 1);
    CHECK_VALUE(hv_memory_op(XENMEM_machphys_mfn_list, &parts), 0);
    CHECK(parts.nr_extents > 0 && list[0] < (uint64_t)pages);
    CHECK_VALUE(hv_memory_op(XENMEM_memory_map, &map), first ? -XEN_ENOSYS : 0);
    CHECK(first || entry.size >= pv_start_info->nr_pages << GUEST_PAGE_SHIFT);
}

void frames_answers(void)
{
    tables_and_maps();
    given_back_and_mapped();
    given_back_and_in_use();
    make_room(64);
    asked_for();
    asked_for_by_number();
    exchanged();
    not_exchanged();
}
