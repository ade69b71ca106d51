/* SPDX-License-Identifier: MIT */
/* Frames that are not the guest's: other domains', the hypervisor's, devices', and what is no memory at all. */
#include "guest/lib/console.h"
#include "guest/naughty-pv/pv64/naughty.h"

#define BEYOND 4096U /* frames behind the end of memory that are tried, too */

static bool maps(uint64_t mfn, uint64_t flags)
{
    return hv_update_va_mapping(guest_address(spare_address()), mfn << GUEST_PAGE_SHIFT | flags, UVMF_INVLPG) == 0;
}

/* One way in for each frame that there is. The initial domain of the real Xen may map devices. */
static void every_frame(void)
{
    uint64_t end = machine_frames() + BEYOND;
    unsigned found = 0;

    for (uint64_t mfn = 0; mfn < end; mfn++) {
        if (is_mine(mfn) || (!maps(mfn, PTE_READ_ONLY) && !maps(mfn, PTE_ALL)))
            continue;
        if (found++ == 0 && !is_initial())
            verdict(VERDICT_FAILURE, "frame 0x%llx can be mapped", (unsigned long long)mfn);
    }
    CHECK_VALUE(hv_update_va_mapping(guest_address(spare_address()), 0, UVMF_INVLPG), 0);
    if (found)
        guest_printf("naughty-pv: %u frames of others could be mapped\n", found);
}

/* Every way in for some of them, and as tables of each level. */
static void every_way(uint64_t mfn)
{
    uint64_t entry = mfn << GUEST_PAGE_SHIFT;

    if (is_mine(mfn))
        return;
    if (!is_initial()) {
        refused(1, entry | PTE_READ_ONLY, "a foreign frame");
        refused(1, entry | PTE_ALL, "a foreign frame");
    }
    for (unsigned level = 2; level <= 4; level++) {
        refused(level, entry | PTE_ALL, "a foreign table");
        refused(level, entry | PTE_READ_ONLY, "a foreign table");
    }
    for (unsigned cmd = MMUEXT_PIN_L1_TABLE; cmd <= MMUEXT_NEW_BASEPTR; cmd++)
        CHECK(mmuext(cmd, mfn, 0) < 0);
    CHECK(mmuext(MMUEXT_CLEAR_PAGE, mfn, 0) < 0);
    CHECK(mmuext(MMUEXT_COPY_PAGE, mfn, env_frame(spare_address())) < 0);
    CHECK(mmuext(MMUEXT_COPY_PAGE, env_frame(spare_address()), mfn) < 0);
    if (mfn)
        CHECK(mmuext(MMUEXT_NEW_USER_BASEPTR, mfn, 0) < 0);
    CHECK(hv_set_gdt(&mfn, 512) < 0);
    CHECK(hv_update_descriptor(entry, 0) < 0);
}

/* Through mmu_update as data, through the machine-to-physical table, and in the name of others. */
static void other_doors(uint64_t mfn)
{
    struct mmu_update data = {mfn << GUEST_PAGE_SHIFT, 0};
    struct mmu_update m2p = {mfn << GUEST_PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 1};
    static const domid_t others[] = {0, 1, 2, 3, 100, 0x7FEF, DOMID_IO, DOMID_XEN, DOMID_INVALID, DOMID_IDLE, 0xFFFF};

    if (is_mine(mfn) || is_initial())
        return;
    CHECK(hv_mmu_update(&data, 1, NULL, DOMID_SELF) < 0);
    CHECK(hv_mmu_update(&m2p, 1, NULL, DOMID_SELF) < 0);
    for (unsigned i = 0; i < LENGTH(others); i++) {
        uint64_t entry = mfn << GUEST_PAGE_SHIFT | PTE_READ_ONLY;
        struct mmu_update l1 = {pv_machine(&pv_table_at(spare_address(), 1)[pv_index_at(spare_address(), 1)]), entry};

        CHECK(hv_mmu_update(&l1, 1, NULL, others[i]) < 0);
        CHECK(hypercall5(__HYPERVISOR_mmu_update, guest_address(&data), 1, 0, (others[i] + 1U) << 16 | others[i], 0) <
              0);
        CHECK(hv_update_va_mapping_otherdomain(guest_address(spare_address()), entry, UVMF_NONE, others[i]) < 0);
    }
}

void attack_frames(void)
{
    static const uint64_t special[] = {
        0,           0x9F,        0xA0,       0xB8,
        0xF0,        0xFEC00,     0xFED00,    0xFEE00,
        0xFFFFF,     0x100000,    0x10000000, 0xFFFFFFFF,
        0x100000000, 0x7FFFFFFFF, 1ULL << 34, (1ULL << 40) - 1,
        1ULL << 40,  1ULL << 51,  1ULL << 52, 0xFFFFFFFFFFFFFULL,
    };
    uint64_t end = machine_frames();

    every_frame();
    for (uint64_t mfn = 1; mfn < end; mfn += 2039) {
        every_way(mfn);
        other_doors(mfn);
    }
    for (unsigned i = 0; i < LENGTH(special); i++)
        if (!is_mine(special[i])) {
            every_way(special[i] & (PTE_ADDRESS >> GUEST_PAGE_SHIFT));
            CHECK(is_initial() || mmuext(MMUEXT_PIN_L1_TABLE, special[i], 0) < 0);
        }
    CHECK_VALUE(make_writable(spare_address()), 0);
}
