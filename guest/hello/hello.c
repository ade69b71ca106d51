/* SPDX-License-Identifier: MIT */
/* The smallest program: what am I, where am I, what may I use? */
#include <stdbool.h>

#include "guest/abi/version.h"
#include "guest/lib/clock.h"
#include "guest/lib/console.h"
#include "guest/lib/env.h"
#include "guest/lib/hypercall.h"
#include "guest/lib/verdict.h"

static const char *const feature_name[32] = {
    [XENFEAT_writable_page_tables] = "writable_page_tables",
    [XENFEAT_writable_descriptor_tables] = "writable_descriptor_tables",
    [XENFEAT_auto_translated_physmap] = "auto_translated_physmap",
    [XENFEAT_supervisor_mode_kernel] = "supervisor_mode_kernel",
    [XENFEAT_pae_pgdir_above_4gb] = "pae_pgdir_above_4gb",
    [XENFEAT_mmu_pt_update_preserve_ad] = "mmu_pt_update_preserve_ad",
    [XENFEAT_highmem_assist] = "highmem_assist",
    [XENFEAT_gnttab_map_avail_bits] = "gnttab_map_avail_bits",
    [XENFEAT_hvm_callback_vector] = "hvm_callback_vector",
    [XENFEAT_hvm_safe_pvclock] = "hvm_safe_pvclock",
    [XENFEAT_hvm_pirqs] = "hvm_pirqs",
    [XENFEAT_dom0] = "dom0",
    [XENFEAT_grant_map_identity] = "grant_map_identity",
    [XENFEAT_memory_op_vnode_supported] = "memory_op_vnode_supported",
    [XENFEAT_linux_rsdp_unrestricted] = "linux_rsdp_unrestricted",
    [XENFEAT_not_direct_mapped] = "not_direct_mapped",
    [XENFEAT_direct_mapped] = "direct_mapped",
};

static void print_version(void)
{
    struct xen_extraversion extra = {""};
    guest_result version = hv_xen_version(XENVER_version, NULL);

    CHECK(version > 0);
    CHECK_VALUE(hv_xen_version(XENVER_extraversion, &extra), 0);
    guest_printf("hello: Xen ABI %u.%u%s, environment %s\n", (unsigned)(version >> 16), (unsigned)(version & 0xFFFF),
                 extra.text, guest_env.name);
}

static void print_features(void)
{
    struct xen_feature_info info = {.submap_idx = 0};

    CHECK_VALUE(hv_xen_version(XENVER_get_features, &info), 0);
    guest_printf("hello: features");
    for (unsigned i = 0; i < 32; i++)
        if (info.submap >> i & 1)
            guest_printf(" %s", feature_name[i] ? feature_name[i] : "(unnamed)");
    guest_printf("\n");
}

static void print_domain(void)
{
    guest_printf("hello: domain %d, %u vcpu%s%s\n", (int)guest_env.domid, guest_env.nr_vcpus,
                 guest_env.nr_vcpus == 1 ? "" : "s", guest_env.flags & SIF_INITDOMAIN ? ", the initial domain" : "");
    guest_printf("hello: command line \"%s\"\n", guest_env.cmdline);
}

static void print_memory(void)
{
    uint64_t ram = 0;

    for (unsigned i = 0; i < guest_env.nr_ranges; i++) {
        const struct guest_range *r = &guest_env.range[i];

        guest_printf("hello: memory 0x%010llx - 0x%010llx type %u\n", (unsigned long long)r->start,
                     (unsigned long long)(r->start + r->size), r->type);
        if (r->type == E820_RAM)
            ram += r->size;
    }
    guest_printf("hello: %llu KiB of RAM, %llu KiB of them free\n", (unsigned long long)(ram / 1024),
                 (unsigned long long)((guest_env.heap_end - guest_env.heap_start) / 1024));
    CHECK(ram > 0);
}

static void print_time(void)
{
    uint64_t first = clock_now(), second = clock_now();

    CHECK(first > 0);
    CHECK(second >= first);
    guest_printf("hello: system time %llu.%09llu s\n", (unsigned long long)(first / CLOCK_S),
                 (unsigned long long)(first % CLOCK_S));
}

void guest_main(void)
{
    print_version();
    print_features();
    print_domain();
    print_memory();
    print_time();
}
