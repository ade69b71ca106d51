/* SPDX-License-Identifier: MIT */
/* xen_version(cmd, arg): which Xen this claims to be. */
#include "common/error.h"
#include "guest/abi/pv.h"
#include "guest/abi/version.h"

#include "arch/x86/layout.h"
#include "common/format.h"
#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"
#include "kernel/version.h"

const char *hypervisor_cmdline = "";

#define VIRT_START_64 0xffff800000000000ULL

static int64_t put(struct vcpu *v, uint64_t arg, const void *data, size_t n)
{
    return copy_to_guest(v, arg, data, n);
}

static int64_t ver_version(struct vcpu *v, uint64_t arg)
{
    (void)v;
    (void)arg;
    return XENOLITH_ABI_MAJOR << 16 | XENOLITH_ABI_MINOR;
}

static int64_t ver_extraversion(struct vcpu *v, uint64_t arg)
{
    struct xen_extraversion e = {"-xenolith"};
    return put(v, arg, &e, sizeof e);
}

static int64_t ver_compile_info(struct vcpu *v, uint64_t arg)
{
    struct xen_compile_info info = {"C compiler", "xenolith", "", ""};
    return put(v, arg, &info, sizeof info);
}

static int64_t ver_capabilities(struct vcpu *v, uint64_t arg)
{
    struct xen_capabilities_info info = {"hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 "};
    return put(v, arg, &info, sizeof info);
}

static int64_t ver_changeset(struct vcpu *v, uint64_t arg)
{
    struct xen_changeset_info info = {"unavailable"};
    return put(v, arg, &info, sizeof info);
}

static int64_t ver_platform_parameters(struct vcpu *v, uint64_t arg)
{
    uint64_t start = VIRT_START_64;
    uint32_t start32 = 0;
    return v->narrow ? put(v, arg, &start32, sizeof start32) : put(v, arg, &start, sizeof start);
}

/* HC-VER-07 */
static uint32_t hvm_features(const struct vcpu *v)
{
    uint32_t features = 1U << XENFEAT_writable_page_tables | 1U << XENFEAT_auto_translated_physmap |
                        1U << XENFEAT_hvm_callback_vector | 1U << XENFEAT_hvm_safe_pvclock |
                        1U << XENFEAT_memory_op_vnode_supported | 1U << XENFEAT_not_direct_mapped;
    return v->domain->config.irqs ? features | 1U << XENFEAT_hvm_pirqs : features;
}

/* PV-START-11 */
static uint32_t pv_features(const struct vcpu *v)
{
    uint32_t features = 1U << XENFEAT_mmu_pt_update_preserve_ad | 1U << XENFEAT_highmem_assist |
                        1U << XENFEAT_gnttab_map_avail_bits | 1U << XENFEAT_memory_op_vnode_supported |
                        1U << XENFEAT_direct_mapped;
    bool above_4gb = v->domain->arch.ops->assists(&v->domain->arch) >> VMASST_TYPE_pae_extended_cr3 & 1;
    return above_4gb ? features | 1U << XENFEAT_pae_pgdir_above_4gb : features;
}

static int64_t ver_get_features(struct vcpu *v, uint64_t arg)
{
    struct xen_feature_info info;
    if (copy_from_guest(v, &info, arg, sizeof info))
        return xen_error(XEN_EFAULT);
    if (info.submap_idx != 0)
        return xen_error(XEN_EINVAL);
    info.submap = v->domain->container == CONTAINER_PV ? pv_features(v) : hvm_features(v);
    if (v->domain->privileged)
        info.submap |= 1U << XENFEAT_dom0;
    return put(v, arg, &info, sizeof info);
}

static int64_t ver_pagesize(struct vcpu *v, uint64_t arg)
{
    (void)v;
    return arg ? xen_error(XEN_EINVAL) : PAGE_SIZE;
}

/* The domain's handle: a UUID that a toolstack would have given it. */
static int64_t ver_guest_handle(struct vcpu *v, uint64_t arg)
{
    uint8_t handle[16] = {0};
    return put(v, arg, handle, sizeof handle);
}

/* HC-VER-10, but only for the privileged domain. */
static int64_t ver_commandline(struct vcpu *v, uint64_t arg)
{
    char line[1024] = "";
    if (v->domain->privileged)
        format(line, sizeof line, "%s", hypervisor_cmdline);
    return put(v, arg, line, sizeof line);
}

/* There is none in the image: it is the same bytes from every build folder without. */
static int64_t ver_build_id(struct vcpu *v, uint64_t arg)
{
    (void)v;
    (void)arg;
    return xen_error(XEN_ENODATA);
}

static int64_t (*const operations[])(struct vcpu *v, uint64_t arg) = {
    [XENVER_version] = ver_version,           [XENVER_extraversion] = ver_extraversion,
    [XENVER_compile_info] = ver_compile_info, [XENVER_capabilities] = ver_capabilities,
    [XENVER_changeset] = ver_changeset,       [XENVER_platform_parameters] = ver_platform_parameters,
    [XENVER_get_features] = ver_get_features, [XENVER_pagesize] = ver_pagesize,
    [XENVER_guest_handle] = ver_guest_handle, [XENVER_commandline] = ver_commandline,
    [XENVER_build_id] = ver_build_id,
};

int64_t hc_xen_version(struct vcpu *v, uint64_t *args)
{
    uint32_t cmd = (uint32_t)args[0];
    if (cmd >= sizeof operations / sizeof operations[0])
        return xen_error(XEN_ENOSYS);
    return operations[cmd](v, args[1]);
}
