# SPDX-License-Identifier: MIT
"""Every way into the hypervisor: QEMU's own loader, and GRUB on BIOS and UEFI with multiboot 2 and 1."""

import pytest

import harness

LOADERS = {
    "direct": dict(firmware="direct"),
    "grub-multiboot2": dict(firmware="bios", multiboot=2),
    "grub-multiboot1": dict(firmware="bios", multiboot=1),
    "uefi": dict(firmware="uefi"),
}


@pytest.mark.parametrize("cpus", [1, 2])
@pytest.mark.parametrize("loader", LOADERS)
def test_hello(loader, cpus):
    """A header that one loader does not accept, or a boot structure that only one of the parsers reads well."""
    harness.boot("hello", cpus=cpus, **LOADERS[loader]).expect_good()


@pytest.mark.parametrize("loader", LOADERS)
def test_protocol_is_named(loader):
    """GRUB's entry for multiboot 1 that quietly boots by multiboot 2, so that one parser is never tested."""
    run = harness.boot("hello", cpus=1, **LOADERS[loader])
    run.expect(r"xen: .*multiboot 2" if loader in ("grub-multiboot2", "uefi") else r"xen: .*multiboot 1")


@pytest.mark.parametrize("loader", LOADERS)
def test_quotes_arrive(loader):
    """Loaders move quotes: a configuration value with blanks that arrives cut into pieces."""
    scenario = harness.adhoc('xenolith\nmodule hello name="two words" memory=16 cmdline="a b=c, it\'s \\"d\\" $x \\\\"')
    run = harness.boot(scenario, cpus=1, **LOADERS[loader]).expect_good()
    run.expect(r'two words: hello: command line "a b=c, it\'s "d" \$x \\"')


def test_memory_of_512_mib_and_3_gib():
    """Page tables for as much memory as the developer's machine had; 3 GiB leaves RAM above the 4 GiB hole."""
    for size in ("512", "3072"):
        harness.boot("hello", extra=("-m", size)).expect_good()
