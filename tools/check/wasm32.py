#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""evtchn/ is pure: it compiles and links for wasm32, and needs nothing that env.h and shm.h do not declare.

Twice: as on metal, where the seam is inline, and as on the teaching page, which supplies it (EVT_SHM_EXTERN). What the
linked module imports is compared with what the headers declare.
"""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys

# The core's own sources, and the one file of common/ that they use. bulk-memory: clearing a struct is an instruction.
SOURCES = [*sorted(glob.glob("evtchn/*.c")), "common/format.c"]
COMPILE = (
    "clang --target=wasm32 -mbulk-memory -std=c11 -ffreestanding -O2 -I. -Wall -Wextra -Werror -Wno-initializer-overrides"
).split()
LINK = "wasm-ld --no-entry --export-all --allow-undefined".split()
IMPORTS, FUNCTION = 2, 0  # of the WebAssembly format: the section, and the kind of an import


def declared(header, prefix):
    """Functions that a header of evtchn/ declares."""
    with open(os.path.join("evtchn", header), encoding="utf-8") as text:
        code = re.sub(r"/\*.*?\*/", "", text.read(), flags=re.S)
    return set(re.findall(rf"\b({prefix}_\w+)\(", code))


class Reader:
    """A WebAssembly module, from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def bytes(self, n):
        self.at += n
        return self.data[self.at - n : self.at]

    def name(self):
        return self.bytes(self.number()).decode()


def imports(path):
    """Functions that a module imports. It may import nothing else."""
    with open(path, "rb") as module:
        reader = Reader(module.read())
    if reader.bytes(8) != b"\0asm\1\0\0\0":
        sys.exit(f"wasm32: {path} is no WebAssembly module.")
    while reader.at < len(reader.data):
        section, size = reader.number(), reader.number()
        if section != IMPORTS:
            reader.at += size
            continue
        found = set()
        for _ in range(reader.number()):
            reader.name()  # the module that should export it
            found.add(reader.name())
            if reader.number() != FUNCTION:
                sys.exit(f"wasm32: {path} imports something that is no function.")
            reader.number()  # its type
        return found
    return set()


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}wasm32: evtchn/ does not build.")


def module(folder, name, flags):
    """Build the core; what it imports."""
    objects = [os.path.join(folder, f"{name}-{os.path.basename(source)}.o") for source in SOURCES]
    for source, target in zip(SOURCES, objects):
        run([*COMPILE, *flags, "-c", source, "-o", target])
    linked = os.path.join(folder, f"{name}.wasm")
    run([*LINK, *objects, "-o", linked])
    return imports(linked)


def judge(name, needs, may):
    """One line; is all well?"""
    print(f"wasm32, {name:<16} {len(SOURCES)} files, {len(needs)} functions imported of {len(may)} declared")
    for function in sorted(needs - may):
        print(f"  {function}: neither evtchn/ nor its two headers have it")
    return needs <= may


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="folder of the build (default: build)")
    folder = os.path.join(parser.parse_args().build, "wasm32")
    for tool, package in (("clang", "clang"), ("wasm-ld", "lld")):
        if not shutil.which(tool):
            sys.exit(f"wasm32: {tool} is not installed: apt install {package}")
    os.makedirs(folder, exist_ok=True)
    env, shm = declared("env.h", "env"), declared("shm.h", "shm")
    inline = module(folder, "metal", [])
    outside = module(folder, "page", ["-DEVT_SHM_EXTERN"])
    good = judge("seam inline", inline, env) and judge("seam outside", outside, env | shm)
    if good and not outside & shm:
        sys.exit("wasm32: the seam is not called, though it lies outside.")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
