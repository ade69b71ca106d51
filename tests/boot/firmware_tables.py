# SPDX-License-Identifier: MIT
"""ACPI tables of our own under QEMU's BIOS, which takes them instead of QEMU's (-M acpi=off).

The BIOS gets an RSDP and puts it where a BIOS has it; the tables themselves are loaded at HIGH, above 4 GiB.
"""

import hashlib
import struct

import harness

HIGH = 0x140000000
HEADER = 36
RSDP_REVISION = 2
LOADER_ALLOCATE, ZONE_BELOW_1_MIB = 1, 2
# 512 MiB of RAM below 4 GiB, and as much above it as HIGH needs.
MEMORY = ("-M", "acpi=off,max-ram-below-4g=512M", "-m", "1792")


def table(signature, body, length=None, good=True):
    """A table with a right (or wrong) checksum; length is what its header says."""
    origin = struct.pack("<6s8sI4sI", b"XENOLI", b"TESTTABL", 1, b"TEST", 1)
    data = bytearray(struct.pack("<4sIBB", signature, length or HEADER + len(body), 1, 0) + origin + body)
    data[9] = -sum(data) % 256 if good else (1 - sum(data)) % 256
    return bytes(data)


def rsdp(xsdt, rsdt=0):
    data = bytearray(b"RSD PTR \0XENOLI" + struct.pack("<BIIQB3x", RSDP_REVISION, rsdt, HEADER, xsdt, 0))
    data[8] = -sum(data[:20]) % 256
    data[32] = -sum(data) % 256
    return bytes(data)


def madt(*apic_ids):
    """Enabled processors with these ids."""
    entries = (struct.pack("<BBBBI", 0, 8, uid, apic_id, 1) for uid, apic_id in enumerate(apic_ids))
    return struct.pack("<II", 0xFEE00000, 1) + b"".join(entries)


def place(*tables):
    """Tables, each in a page of its own from HIGH on, and an XSDT that names them -> arguments for QEMU."""
    pages = [HIGH + 0x1000 * (n + 1) for n in range(len(tables))]
    xsdt = table(b"XSDT", struct.pack(f"<{len(pages)}Q", *pages))
    memory = b"".join(t.ljust(0x1000, b"\0") for t in (xsdt, *tables))
    return with_memory(rsdp(HIGH), memory)


def with_memory(root, memory):
    """An RSDP and what lies at HIGH -> arguments for QEMU."""
    allocate = struct.pack("<I56sIB", LOADER_ALLOCATE, b"etc/acpi/rsdp", 16, ZONE_BELOW_1_MIB).ljust(128, b"\0")
    files = {"rsdp": root, "loader": allocate, "tables": memory}
    tag = hashlib.sha256(root + memory).hexdigest()[:12]
    paths = {name: harness.file(f"acpi-{name}-{tag}", data) for name, data in files.items()}
    words = ("-fw_cfg", f"name=etc/acpi/rsdp,file={paths['rsdp']}")
    words += ("-fw_cfg", f"name=etc/table-loader,file={paths['loader']}")
    return MEMORY + words + ("-device", f"loader,addr={HIGH:#x},file={paths['tables']},force-raw=on")
