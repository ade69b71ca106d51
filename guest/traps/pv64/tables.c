/* SPDX-License-Identifier: MIT */
/* GDT, LDT and what may be in them: PV-SEG-04 to -09. */
#include "common/string.h"
#include "guest/lib/env.h"
#include "guest/traps/pv64/traps.h"

#define DATA 0x00cff3000000ffffULL
#define CODE 0x00affb000000ffffULL
#define DATA_ABSENT 0x00cf73000000ffffULL

static const struct want lands = {.lands = true};

static uint64_t pages[15][PV_ENTRIES] __attribute__((aligned(GUEST_PAGE_SIZE)));

static int read_only(const void *page)
{
    return pv_set_mapping(page, pv_machine(page) | PTE_READ_ONLY);
}

static int writable(const void *page)
{
    return pv_set_mapping(page, pv_machine(page) | PTE_ALL);
}

static int set_gdt(const void *page, unsigned entries)
{
    const uint64_t frames[] = {env_frame(page)};

    return hv_set_gdt(frames, entries);
}

/* --- set_gdt */

static void gdt_arguments(void)
{
    uint64_t frames[15];

    for (unsigned i = 0; i < 15; i++) {
        frames[i] = env_frame(pages[i]);
        if (i > 0)
            CHECK_VALUE(read_only(pages[i]), 0);
    }
    CHECK_VALUE(hv_set_gdt(frames, 512), -XEN_EINVAL); /* one can be written */
    CHECK_VALUE(read_only(pages[0]), 0);
    CHECK_VALUE(hv_set_gdt(frames, 7168), 0);
    CHECK_VALUE(hv_set_gdt(frames, 7169), -XEN_EINVAL);
    CHECK_VALUE(hv_set_gdt((const void *)NOWHERE, 1), -XEN_EFAULT);
    CHECK_VALUE(hv_set_gdt((const void *)HYPERVISOR, 1), -XEN_EFAULT);
    CHECK_VALUE(hv_set_gdt((const void *)NOWHERE, 0), 0);
}

static void gdt_frames(void)
{
    uint64_t frames[2] = {0};

    CHECK_VALUE(hv_set_gdt(frames, 1), -XEN_EINVAL);
    frames[0] = 0xffffffffff;
    CHECK_VALUE(hv_set_gdt(frames, 1), -XEN_EINVAL);
    CHECK_VALUE(set_gdt((const void *)pv_start_info->pt_base, 1), -XEN_EINVAL);
    frames[0] = frames[1] = env_frame(pages[0]);
    CHECK_VALUE(hv_set_gdt(frames, 1024), 0);
    CHECK(writable(pages[0]) < 0);
    CHECK_VALUE(hv_set_gdt(frames, 0), 0);
    CHECK_VALUE(writable(pages[0]), 0);
}

/* --- What may be in a table. Rows that are 0 are refused. */

static const struct {
    uint64_t descriptor, becomes;
} descriptors[] = {
    {DATA, DATA},
    {CODE, CODE},
    {0x00cffb000000ffff, 0x00cffb000000ffff},
    {0x00cf93000000ffff, DATA}, /* rings 0 to 2 become 3 */
    {0x00cfb3000000ffff, DATA},
    {0x00cfd3000000ffff, DATA},
    {0x00af9b000000ffff, CODE},
    {0x00ef9b000000ffff, 0x00effb000000ffff}, /* long, and of a default size */
    {0x00cff7000000ffff, 0x00cff7000000ffff}, /* expands down */
    {0x00cfff000000ffff, 0x00cfff000000ffff}, /* conforms */
    {DATA_ABSENT, DATA_ABSENT},
    {0x00000c0000000000, 0x00000c0000000000},
    {0xffff7fffffff7fff, 0xffff7fffffff7fff},
    {0x0000ec0000000000, 0x00008c0000030000}, /* a call gate becomes one of ring 0 */
    {0x0000e90000000000, 0},                  /* TSS, LDT, interrupt, trap and task gates */
    {0x0000890000000067, 0},
    {0x0000ee0000000000, 0},
    {0x0000820000000000, 0},
    {0x0000e20000000000, 0},
    {0x0000e80000000000, 0},
    {0x0000e50000000000, 0},
    {0x0000e70000000000, 0},
};

static void by_hypercall(unsigned i)
{
    int rc = hv_update_descriptor(pv_machine(&pages[0][8]), descriptors[i].descriptor);

    CHECK_VALUE(rc, descriptors[i].becomes ? 0 : -XEN_EINVAL);
    CHECK(pages[0][8] == descriptors[i].becomes);
    CHECK_VALUE(hv_update_descriptor(pv_machine(&pages[0][8]), 0), 0);
}

static void by_page(unsigned i)
{
    CHECK_VALUE(writable(pages[1]), 0);
    pages[1][511] = descriptors[i].descriptor;
    CHECK_VALUE(read_only(pages[1]), 0);
    CHECK_VALUE(set_gdt(pages[1], 1), descriptors[i].becomes ? 0 : -XEN_EINVAL);
    if (descriptors[i].becomes)
        CHECK(pages[1][511] == descriptors[i].becomes);
    CHECK_VALUE(set_gdt(pages[0], 512), 0);
}

static void update_arguments(void)
{
    CHECK_VALUE(hv_update_descriptor(pv_machine(&pages[0][8]) + 4, 0), -XEN_EINVAL);
    CHECK_VALUE(hv_update_descriptor(pv_start_info->pt_base, 0), -XEN_EINVAL);
    CHECK_VALUE(hv_update_descriptor(0, 0), -XEN_EINVAL);
    CHECK_VALUE(hv_update_descriptor(0xffffffffff000, 0), -XEN_EINVAL);
    CHECK_VALUE(writable(pages[1]), 0); /* it is no page of descriptors: it may be one that the guest could write to */
    CHECK_VALUE(hv_update_descriptor(pv_machine(&pages[1][3]), DATA), 0);
    CHECK(pages[1][3] == DATA);
}

/* --- Selectors */

static void expect_load(const uint8_t *code, unsigned selector, struct want want)
{
    shoot("a selector of the kernel", kernel(code), selector, want);
    shoot("a selector of a user", user(code), selector, want);
}

static struct want refused(unsigned selector)
{
    return (struct want){.vector = GP, .has_error = true, .error = selector & 0xfffc};
}

static void gdt_selectors(void)
{
    static uint64_t word = 0x5555;
    static const uint16_t bad[] = {0x4b, 0x7, 0xdff8, 0xe008, 0xe043, 0xfff8};

    CHECK_VALUE(hv_update_descriptor(pv_machine(&pages[0][8]), DATA | (guest_address(&word) & 0xffffff) << 16), 0);
    expect_load(code_load_ds, 0x43, lands);
    CHECK_VALUE(shot.ds, 0x43);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        expect_load(code_load_ds, bad[i], refused(bad[i]));
    CHECK_VALUE(hv_set_segment_base(SEGBASE_GS_USER_SEL, 0x43), 0); /* with the base of its descriptor */
    shoot("%gs of a user", user(code_read_gs), 0, lands);
    CHECK_VALUE(shot.rax, 0x5555);
    CHECK_VALUE(hv_set_segment_base(SEGBASE_GS_USER_SEL, 0), 0);
    expect_load(code_load_ds, 0, lands);
}

/* --- LDT */

static int set_ldt(uint64_t base, unsigned entries)
{
    struct mmuext_op op = {.cmd = MMUEXT_SET_LDT, .arg1.linear_addr = base, .arg2.nr_ents = entries};

    return hv_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void ldt_arguments(void)
{
    uint64_t at = guest_address(pages[2]);

    CHECK_VALUE(set_ldt(at, 8192), 0);
    CHECK_VALUE(set_ldt(at, 8193), -XEN_EINVAL);
    CHECK_VALUE(set_ldt(at + 8, 1), -XEN_EINVAL);
    CHECK_VALUE(set_ldt(NOT_CANONICAL, 1), -XEN_EINVAL);
    CHECK_VALUE(set_ldt(HYPERVISOR, 1), -XEN_EINVAL);
    CHECK_VALUE(set_ldt(0, 0), 0);
}

static void ldt_page_fault(unsigned selector, uint64_t address)
{
    struct want want = {.vector = PF, .has_error = true, .error = 0};

    shoot("the LDT is not there", kernel(code_load_ds), selector, want);
    CHECK(guest_vcpu()->info->arch_cr2 == address + (selector & 0xfff8));
    want.error = 4;
    shoot("the LDT is not there for a user", user(code_load_ds), selector, want);
    CHECK(guest_vcpu()->info->arch_cr2 == address + (selector & 0xfff8));
}

static void ldt_selectors(void)
{
    expect_load(code_load_ds, 0x7, lands);
    CHECK_VALUE(pages[2][0], DATA); /* it was of ring 0 */
    expect_load(code_load_fs, 0x7, lands);
    expect_load(code_load_ds, 0xf, refused(0xf));
    expect_load(code_load_ds, 0x1f, (struct want){.vector = NP, .has_error = true, .error = 0x1c});
    expect_load(code_load_ds, 0x1007, refused(0x1007));
    CHECK(writable(pages[2]) < 0);
}

/* The iret hypercall meets the page first, or later, and gets there. */
static void ldt_returns(void)
{
    for (unsigned round = 0; round < 2; round++) {
        struct iret_context c = kernel(code_ud2);
        if (round == 0)
            CHECK_VALUE(set_ldt(guest_address(pages[2]), 512), 0);
        c.cs = 0x14;
        shoot("cs in the LDT", c, 0, (struct want){.vector = UD});
        c = user(code_ud2);
        c.cs = 0x17;
        shoot("cs of a user in the LDT", c, 0, (struct want){.vector = UD});
        c = user(code_ud2);
        c.ss = 0x7;
        shoot("ss in the LDT", c, 0, (struct want){.vector = UD});
    }
}

static void ldt_return_to_nothing(void)
{
    struct iret_context c = user(code_ud2);

    c.cs = 0x17;
    shoot("cs of a user, and the LDT is not there", c, 0, (struct want){.vector = PF, .has_error = true, .error = 4});
    CHECK(guest_vcpu()->info->arch_cr2 == NOWHERE + 0x10);
}

static void ldt(void)
{
    CHECK_VALUE(writable(pages[2]), 0);
    memset(pages[2], 0, sizeof(pages[2]));
    pages[2][0] = 0x00cf93000000ffff;
    pages[2][2] = CODE;
    pages[2][3] = DATA_ABSENT;
    ldt_arguments();
    CHECK_VALUE(set_ldt(guest_address(pages[2]), 512), 0);
    ldt_page_fault(0x7, guest_address(pages[2])); /* it can be written */
    CHECK_VALUE(read_only(pages[2]), 0);
    ldt_selectors();
    ldt_returns();
    CHECK_VALUE(set_ldt(NOWHERE, 512), 0);
    ldt_page_fault(0x17, NOWHERE);
    ldt_return_to_nothing();
    CHECK_VALUE(set_ldt(pv_start_info->pt_base, 512), 0);
    ldt_page_fault(0x17, pv_start_info->pt_base);
    CHECK_VALUE(set_ldt(0, 0), 0);
    CHECK_VALUE(writable(pages[2]), 0);
    expect_load(code_load_ds, 0, lands);
    expect_load(code_load_fs, 0, lands);
}

void tables_run(void)
{
    gdt_arguments();
    gdt_frames();
    CHECK_VALUE(read_only(pages[0]), 0);
    CHECK_VALUE(set_gdt(pages[0], 512), 0);
    for (unsigned i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++) {
        by_hypercall(i);
        by_page(i);
    }
    update_arguments();
    gdt_selectors();
    ldt();
    CHECK_VALUE(hv_set_gdt(NULL, 0), 0);
}
