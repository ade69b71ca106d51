# SPDX-License-Identifier: MIT
"""Images of pv guests that nobody links: the program start-of-day with other notes than it was built with."""

import struct

import harness

ENTRY, HYPERCALL_PAGE, VIRT_BASE, PADDR_OFFSET, XEN_VERSION, GUEST_OS, LOADER = 1, 2, 3, 4, 5, 6, 8
HV_START_LOW, FEATURES, INIT_P2M, MOD_START_PFN = 12, 10, 15, 16
NAME = b"Xen\0"
PT_NULL, PT_NOTE = 0, 4


def start_of_day():
    return bytearray(harness.image("start-of-day", env="pv64"))


def note_at(image, kind):
    """Where a note is: its offset in the image, and its size without the name."""
    for size in range(4, 64):
        at = image.find(struct.pack("<III", 4, size, kind) + NAME)
        if at >= 0:
            return at, size
    raise KeyError(kind)


def with_note(image, old, new, value):
    """A note that has a default becomes another one, which is a number."""
    at, size = note_at(image, old)
    assert size == 8
    image[at + 8 : at + 12] = struct.pack("<I", new)
    image[at + 16 : at + 24] = struct.pack("<Q", value)
    return image


def with_text(image, old, new, text):
    """A note that is a string becomes another one, no longer than it was."""
    at, size = note_at(image, old)
    assert len(text) < size
    image[at + 8 : at + 12] = struct.pack("<I", new)
    image[at + 16 : at + 16 + size] = text.encode().ljust(size, b"\0")
    return image


def number_of(image, kind):
    at, _ = note_at(image, kind)
    return struct.unpack_from("<Q", image, at + 16)[0]


def legacy(image, string):
    """No notes, but the older section __xen_guest with this string."""
    offset, size, count = struct.unpack_from("<Q14xHH", image, 32)
    for at in range(offset, offset + count * size, size):
        if struct.unpack_from("<I", image, at)[0] == PT_NOTE:
            struct.pack_into("<I", image, at, PT_NULL)
    names, string = b"\0__xen_guest\0.names\0", string.encode() + b"\0"
    names_at = len(image)
    string_at = names_at + len(names)
    table_at = string_at + len(string)
    sections = bytes(64)
    sections += struct.pack("<IIQQQQIIQQ", 1, 1, 0, 0, string_at, len(string), 0, 0, 1, 0)
    sections += struct.pack("<IIQQQQIIQQ", 13, 3, 0, 0, names_at, len(names), 0, 0, 1, 0)
    struct.pack_into("<Q", image, 40, table_at)
    struct.pack_into("<HHH", image, 58, 64, 3, 2)
    return image + names + string + sections
