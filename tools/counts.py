#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Count instructions: how much a hypercall and an event cost.

Runs the scenario "counts" in QEMU with a clock that counts instructions (-icount shift=0), so that two runs agree
exactly, on two CPU models, and prints a table beside the real Xen's numbers. Fails if a new port costs more when
200,000 are open than when 1 is.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys

CPUS = ("EPYC", "max")
HANG = 900  # seconds
MAX_RATIO = 1.10
FEW, MANY = "alloc+close, 1 port open", "alloc+close, 200000 ports open"

# Xen 4.17 (release build, spec-ctrl=no) running a PVH domain 0 on the same emulated EPYC.
REAL_XEN = {
    "null hypercall": 5858,
    "xen_version": 5895,
    "send, masked and pending": 10373,
    "send, upcall, back": 11063,
    "status": 14746,
    FEW: 25420,
}


def command(cpu, build):
    """QEMU's command line: that of ./run.sh, with the counting clock."""
    options = ["-n", "-m", "qemu", "-f", "direct", "-c", "1", "-g", "counts"]
    extra = ["-cpu", cpu, "-icount", "shift=0,sleep=off"]
    printed = subprocess.run(
        ["./run.sh", *options, "--", *extra], capture_output=True, text=True, check=False, env=environment(build)
    )
    if printed.returncode:
        sys.exit(printed.stderr.strip())
    return shlex.split(printed.stdout.splitlines()[-1])


def environment(build):
    return dict(os.environ, O=build)


def count(cpu, build):
    """Name -> instructions, in the order in which the guest counted."""
    result = subprocess.run(
        command(cpu, build), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=HANG, check=False
    )
    log = result.stdout.decode("utf-8", "replace").replace("\r", "")
    found = {name: int(n) for name, n in re.findall(r"count: (.+): (\d+)\s*$", log, re.MULTILINE)}
    if result.returncode != 33 or not found:
        sys.exit(f"{log}\ncounts: the scenario 'counts' failed on CPU model {cpu}.")
    return found


def table(counts):
    """The lines of the table; counts: CPU model -> name -> instructions."""
    rows = [("instructions", *(f"-cpu {c}" for c in counts), "Xen 4.17, EPYC")]
    for name in next(iter(counts.values())):
        cells = [counts[c].get(name) for c in counts] + [REAL_XEN.get(name)]
        rows.append((name, *("" if n is None else f"{n:,}" for n in cells)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [f"{row[0]:{widths[0]}}  " + "  ".join(f"{c:>{w}}" for c, w in zip(row[1:], widths[1:])) for row in rows]


def judge(counts):
    """Is a new port as cheap with many open ports as with few?"""
    good = True
    for cpu, found in counts.items():
        if FEW not in found or MANY not in found:
            sys.exit(f"counts: the guest did not count '{FEW}' and '{MANY}'.")
        ratio = found[MANY] / found[FEW]
        verdict = "good" if ratio <= MAX_RATIO else f"more than {MAX_RATIO}"
        print(f"-cpu {cpu}: alloc+close with 200,000 open ports costs {ratio:.3f} times what it costs with 1: {verdict}")
        good = good and ratio <= MAX_RATIO
    return good


def main():
    parser = argparse.ArgumentParser(description="Count the instructions of hypercalls and events in an emulator.")
    parser.add_argument("--build", default="build", help="folder of the build (default: build)")
    build = parser.parse_args().build
    counts = {cpu: count(cpu, build) for cpu in CPUS}
    print("\n".join(table(counts)))
    print()
    sys.exit(0 if judge(counts) else 1)


if __name__ == "__main__":
    main()
