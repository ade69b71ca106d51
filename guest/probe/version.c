/* SPDX-License-Identifier: MIT */
#include "guest/abi/version.h"

#include "common/string.h"
#include "guest/lib/hypercall.h"
#include "guest/probe/probe.h"

/* How many bytes of a buffer full of 0x5A the answer has changed. */
static void ask_size(unsigned cmd)
{
    static uint8_t buffer[2048];
    unsigned last = 0;

    memset(buffer, 0x5A, sizeof(buffer));
    if (cmd == XENVER_get_features)
        memset(buffer, 0, 4);
    note("xen_version(%u, buffer):", cmd);
    answer("that", hv_xen_version(cmd, buffer));
    for (unsigned i = 0; i < sizeof(buffer); i++)
        if (buffer[i] != 0x5A)
            last = i + 1;
    note("wrote %u bytes; as text \"%.60s\"", last, (const char *)buffer);
}

static void ask_build_id(uint32_t length)
{
    struct {
        uint32_t len;
        uint8_t buf[60];
    } id = {.len = length};

    note("xen_version(build_id, len %u):", length);
    answer("that", hv_xen_version(XENVER_build_id, &id));
}

void probe_version(void)
{
    struct xen_feature_info info = {.submap_idx = 1};

    ASK(hv_xen_version(XENVER_version, NULL));
    ASK(hv_xen_version(XENVER_version, UNMAPPED));
    ASK(hv_xen_version(XENVER_pagesize, NULL));
    for (unsigned cmd = 0; cmd < 10; cmd++)
        ask_size(cmd);
    ASK(hv_xen_version(XENVER_extraversion, NULL));
    ASK(hv_xen_version(XENVER_extraversion, UNMAPPED));
    ASK(hv_xen_version(XENVER_extraversion, NON_CANONICAL));
    ASK(hv_xen_version(XENVER_extraversion, NO_MEMORY));
    ASK(hv_xen_version(XENVER_capabilities, UNMAPPED));
    ASK(hv_xen_version(XENVER_get_features, UNMAPPED));
    ASK(hv_xen_version(XENVER_get_features, &info));
    note("submap 1 -> %x", info.submap);
    info.submap_idx = 2;
    ASK(hv_xen_version(XENVER_get_features, &info));
    info.submap_idx = 0xFFFFFFFF;
    ASK(hv_xen_version(XENVER_get_features, &info));
    ASK(hv_xen_version(XENVER_build_id, NULL));
    ask_build_id(0);
    ask_build_id(8);
    ask_build_id(60);
    ASK(hv_xen_version(11, NULL));
    ASK(hv_xen_version(99, NULL));
    ASK(hv_xen_version(0xFFFFFFFF, NULL));
    ASK(hypercall2(__HYPERVISOR_xen_version, ABOVE_32_BITS, 0));
}
