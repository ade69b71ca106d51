#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn the output of nm (standard input) into the assembly of the hypervisor's symbol table (standard output).

Only functions are listed: data may move between the two links, code must not.
The layout is that of arch/x86/symbols.h.
"""

import sys

IMAGE_BASE = 0xFFFF808000000000
LABELS = ("image_start", "text_start", "rodata_start")  # the linker script's own; text_end stays, as the end of the last function


def functions(lines):
    """Sorted (offset, name) of the functions among the lines of nm, one name for each address."""
    found = {}
    for line in lines:
        fields = line.split()
        if len(fields) != 3 or fields[1] not in "tTwW":
            continue
        offset, name = int(fields[0], 16) - IMAGE_BASE, fields[2]
        if 0 <= offset < 1 << 32 and name not in LABELS:
            # Of several names for one address take the global one, then the first in the alphabet.
            rank = (fields[1] in "tw", name)
            found[offset] = min(found.get(offset, rank), rank)
    return [(offset, found[offset][1]) for offset in sorted(found)]


def assembly(symbols):
    yield "/* Made by tools/symbols.py. */"
    yield '.section .symtab_xl, "a"'
    yield ".balign 8"
    for label in ("symbols_count", "symbols", "symbol_names"):
        yield f".globl {label}"
        yield f".hidden {label}"
    yield "symbols_count:"
    yield f"    .long {len(symbols)}"
    yield "symbols:"
    position = 0
    for offset, name in symbols:
        yield f"    .long {offset:#x}, {position}"
        position += len(name) + 1
    yield "symbol_names:"
    for _, name in symbols:
        yield f'    .asciz "{name}"'
    yield "    .byte 0"
    yield '.section .note.GNU-stack, "", @progbits'


def main():
    lines = [] if "--empty" in sys.argv[1:] else sys.stdin
    print("\n".join(assembly(functions(lines))))


if __name__ == "__main__":
    main()
