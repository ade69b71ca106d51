/* SPDX-License-Identifier: MIT */
// links: boot/boot_info.c boot/memory_map.c boot/multiboot1.c boot/multiboot2.c
/*
 * Boot information from a hostile loader. The first byte chooses the protocol; the rest is memory at 0x1000, where the
 * structure starts. What comes out must hold what boot/boot_info.h promises.
 */
#include <assert.h>

#include "boot/boot_info.h"
#include "tests/host/exact_window.h"

#define BASE 0x1000

static struct boot_info info;

static void check_string(const char *string)
{
    uintptr_t first = (uintptr_t)info.strings, last = first + sizeof(info.strings);

    if ((uintptr_t)string >= first && (uintptr_t)string < last)
        assert(memchr(string, '\0', last - (uintptr_t)string));
    else
        assert(strlen(string) < 32); /* one of our own */
}

static void check_info(void)
{
    assert(info.nr_regions <= BOOT_MAX_REGIONS && info.nr_modules <= BOOT_MAX_MODULES);
    check_string(info.cmdline);
    check_string(info.loader);
    for (unsigned i = 0; i < info.nr_modules; i++) {
        check_string(info.modules[i].cmdline);
        assert(info.modules[i].size <= UINT64_MAX - info.modules[i].start);
    }
    for (unsigned i = 0; i < info.nr_regions; i++) {
        assert(info.regions[i].size != 0 && info.regions[i].size <= UINT64_MAX - info.regions[i].start);
        assert(info.regions[i].type >= 1 && info.regions[i].type <= 5);
        assert(i == 0 || info.regions[i - 1].start + info.regions[i - 1].size <= info.regions[i].start);
    }
    assert(info.rsdp_copy_size <= sizeof(info.rsdp_copy));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *error = NULL, *warning = NULL;

    if (size < 1)
        return 0;
    exact_clear();
    exact_add(BASE, data + 1, size - 1);
    if (boot_info_parse(data[0] & 1 ? MULTIBOOT2_MAGIC : MULTIBOOT1_MAGIC, BASE, exact_window, &info, &error,
                        &warning) == 0)
        check_info();
    else
        assert(error && error[0]);
    exact_clear();
    return 0;
}
