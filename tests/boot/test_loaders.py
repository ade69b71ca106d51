# SPDX-License-Identifier: MIT
"""Every way into the hypervisor: QEMU's own loader, and GRUB on BIOS and UEFI with multiboot 2 and 1."""

import struct
import uuid

import pytest

import harness

EFI_SYSTEM_PARTITION = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")

LOADERS = {
    "direct": dict(firmware="direct"),
    "grub-multiboot2": dict(firmware="bios", multiboot=2),
    "grub-multiboot1": dict(firmware="bios", multiboot=1),
    "uefi": dict(firmware="uefi"),
}

# firmware, protocol, what it starts from; rows that differ from others in make test by one thing only are long tests.
MATRIX = [
    ("bios", 2, "cdrom"),
    ("bios", 2, "usb2"),
    ("bios", 2, "usb3"),
    ("bios", 1, "cdrom"),
    ("bios", 1, "usb3"),
    ("uefi", 2, "cdrom"),
    pytest.param("uefi", 2, "usb2", marks=pytest.mark.long),
    ("uefi", 2, "usb3"),
    ("uefi", 1, "cdrom"),
    pytest.param("uefi", 1, "usb3", marks=pytest.mark.long),
]


@pytest.mark.parametrize("firmware, multiboot, media", MATRIX)
def test_matrix(firmware, multiboot, media):
    """
    An image that starts from a CD only: a stick has other sectors and partition tables, and a loader of its own. And
    GRUB's entry for multiboot 1 that quietly boots by multiboot 2, so that one parser is never tested.
    """
    run = harness.boot("hello", cpus=2, firmware=firmware, multiboot=multiboot, media=media).expect_good()
    run.expect(rf"xen: loader: +multiboot {multiboot} by GRUB")


def test_stick_has_what_firmware_looks_for():
    """
    Emulators start from anything. Some BIOSes want a partition that is marked active, and UEFI wants a GPT (or El
    Torito, on a CD) that names an EFI system partition.
    """
    image = (harness.ROOT / harness.make_iso("hello", 2, "pvh64")).read_bytes()
    partitions = [image[446 + 16 * n :][:16] for n in range(4)]
    assert image[510:512] == b"\x55\xaa"
    assert [p[0] for p in partitions].count(0x80) == 1
    assert partitions[0][4] == 0xEE and partitions[0][8:12] == b"\1\0\0\0"  # protects the GPT
    assert image[512:520] == b"EFI PART"
    table, count, size = struct.unpack_from("<QII", image, 512 + 72)
    types = [image[512 * table + n * size :][:16] for n in range(count)]
    assert EFI_SYSTEM_PARTITION.bytes_le in types


def test_multiboot_1_by_uefi_says_what_it_lacks():
    """A machine that runs with one of its processors, and nobody knows why."""
    run = harness.boot("hello", cpus=2, firmware="uefi", multiboot=1, media="cdrom")
    run.expect(r"xen: warning: ACPI: no RSDP was found \(.*multiboot 2")


@pytest.mark.parametrize("cpus", [1, 2])
def test_direct(cpus):
    """A header that QEMU's own loader does not accept, or a boot structure that is read well only from GRUB."""
    harness.boot("hello", cpus=cpus, firmware="direct").expect_good().expect(r"xen: loader: +multiboot 1 by qemu")


@pytest.mark.parametrize("loader", LOADERS)
def test_quotes_arrive(loader):
    """Loaders move quotes: a configuration value with blanks that arrives cut into pieces."""
    scenario = harness.adhoc('xenolith\nmodule hello name="two words" memory=16 cmdline="a b=c, it\'s \\"d\\" $x \\\\"')
    run = harness.boot(scenario, cpus=1, **LOADERS[loader]).expect_good()
    run.expect(r'two words: hello: command line "a b=c, it\'s "d" \$x \\"')


def test_memory_of_512_mib_and_5_gib():
    """Page tables for as much memory as the developer's machine had; 5 GiB leaves RAM above the 4 GiB hole."""
    for size in ("512", "5120"):
        harness.boot("hello", extra=("-m", size)).expect_good()


@pytest.mark.parametrize("firmware", ["direct", "bios"])
def test_guest_above_4_gib(firmware):
    """A physical address kept in 32 bits: 256 MiB of this machine's RAM lie below 4 GiB, and the guest is larger."""
    scenario = harness.adhoc('xenolith\nmodule hello name="hello" memory=300')
    harness.boot(scenario, firmware=firmware, extra=("-M", "max-ram-below-4g=256M", "-m", "768")).expect_good()
