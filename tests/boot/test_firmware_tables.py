# SPDX-License-Identifier: MIT
"""ACPI tables where they are out of easy reach, and tables that are broken: the machine runs with what can be read."""

import struct

import firmware_tables as acpi
import harness


def boot(extra, cpus=2):
    return harness.boot("hello", firmware="bios", cpus=cpus, extra=extra).expect_good()


def test_above_4_gib():
    """A pointer cut to 32 bits, or tables looked for in what the boot loader's page tables map."""
    run = boot(acpi.place(acpi.table(b"APIC", acpi.madt(0, 1))))
    run.expect(r"xen: ACPI: +2 CPUs")
    run.expect(r"xen: processors: 2 running")
    run.refuse("warning: ACPI")


def test_wrong_checksum():
    """Firmware that a machine runs with all the same: one processor, and a sentence that names the table."""
    run = boot(acpi.place(acpi.table(b"APIC", acpi.madt(0, 1), good=False), acpi.table(b"HPET", bytes(20))))
    run.expect(r"xen: warning: ACPI: an ACPI table has a wrong checksum and was ignored: APIC")
    run.expect(r"xen: processors: 1 running")


def test_wild_pointers_and_lengths():
    """
    Pointers to where nothing is, to the root table itself, to the end of what the processor can address, and a table
    as long as is allowed, of which all but the start lies in other people's memory.
    """
    madt, long = acpi.HIGH + 0x1000, acpi.HIGH + 0x2000
    pointers = [2**64 - 1, 2**64 - 4096, 2**47 - 4096, 1 << 39, acpi.HIGH, 3 << 30, long, long, madt]
    pages = [
        acpi.table(b"XSDT", struct.pack("<9Q", *pointers)),
        acpi.table(b"APIC", acpi.madt(0, 1)),
        acpi.table(b"HPET", bytes(20), length=16 << 20),
    ]
    run = boot(acpi.with_memory(acpi.rsdp(acpi.HIGH), b"".join(p.ljust(0x1000, b"\0") for p in pages)))
    run.expect(r"xen: warning: ACPI: an ACPI table lies in memory that cannot be read")
    run.expect(r"xen: processors: 2 running")
