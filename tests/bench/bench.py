#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Count the instructions of each event-channel operation with few and with many ports in use.

Runs tests/bench/bench_evtchn.c under valgrind's callgrind, and counts what is executed of evtchn/ alone: neither the
harness nor its stand-in for the hypervisor. Fails if the most expensive column of an operation costs more than 1.1
times its cheapest.
"""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys

MAX_RATIO = 1.10
HANG = 600  # seconds
LABEL = re.compile(r"^desc: Trigger: Client Request: (.+) \| (\d+) \| (.+) \| (\d+)$")
NEW_PORT = "bind_ipi, a new port"


def instructions(lines):
    """Instructions executed in evtchn/, by the lines of one dump. A line after calls= is the callee's."""
    total, counts, skip = 0, False, False
    for line in lines:
        if line.startswith(("fl=", "fi=", "fe=")):
            counts = "/evtchn/" in line
        elif line.startswith("calls="):
            skip = True
        elif line[:1].isdigit():
            if counts and not skip:
                total += int(line.split()[1])
            skip = False
    return total


def read_dump(path):
    """((ABI, operation, ports in use), instructions a call), or None for a dump without a name."""
    with open(path, encoding="utf-8") as dump:
        lines = dump.read().splitlines()
    for line in lines:
        label = LABEL.match(line)
        if label:
            abi, ports, operation, calls = label.groups()
            return (abi, operation, int(ports)), instructions(lines) / int(calls)
    return None


def measure(program, folder):
    """ABI -> operation -> ports in use -> instructions."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    pattern = os.path.join(folder, "dump")
    command = [
        *("valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no"),
        *("--compress-strings=no", "--compress-pos=no", f"--callgrind-out-file={pattern}", program),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=HANG, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}bench: {program} fails.")
    found = {}
    for path in sorted(glob.glob(f"{pattern}.*"), key=lambda p: int(p.rsplit(".", 1)[1])):
        dump = read_dump(path)
        if dump:
            (abi, operation, ports), cost = dump
            found.setdefault(abi, {}).setdefault(operation, {})[ports] = cost
    return found


def table(found):
    """Lines; and (ratio, where) of each row."""
    lines, ratios = [], []
    for abi, rows in found.items():
        columns = sorted({ports for name, row in rows.items() if name != NEW_PORT for ports in row})
        lines += ["", f"{abi:<25}" + "".join(f"{ports:>10,}" for ports in columns) + "     ratio"]
        for name, row in rows.items():
            ratio = max(row.values()) / min(row.values())
            ratios.append((ratio, f"{abi}: {name}"))
            if name == NEW_PORT:
                cells = ", ".join(f"{cost:.1f} at port {ports:,}" for ports, cost in sorted(row.items()))
                lines.append(f"  {name}: {cells}: {ratio:.3f}")
            else:
                lines.append(f"  {name:<23}" + "".join(f"{row[ports]:>10.1f}" for ports in columns) + f"{ratio:>10.3f}")
    return lines, ratios


def memory(program):
    """The memory table, which a unit test prints as comments."""
    done = subprocess.run(
        [program], stdout=subprocess.PIPE, text=True, timeout=HANG, check=False, env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"}
    )
    if done.returncode:
        sys.exit(f"{done.stdout}bench: {program} fails.")
    return [line[2:] for line in done.stdout.splitlines() if line.startswith("# ") and not line.startswith("# ok")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="folder of the build (default: build)")
    return parser.parse_args()


def main():
    build = arguments().build
    if not shutil.which("valgrind"):
        sys.exit("bench: valgrind is not installed: apt install valgrind")
    found = measure(os.path.join(build, "bench", "bench_evtchn"), os.path.join(build, "bench", "dumps"))
    lines, ratios = table(found)
    if not ratios:
        sys.exit("bench: nothing was measured.")
    print("\n".join(memory(os.path.join(build, "host", "test_evtchn_cost"))))
    print("\nInstructions of evtchn/ an operation, by ports in use")
    print("\n".join(lines))
    worst, where = max(ratios)
    good = worst <= MAX_RATIO
    verdict = "flat" if good else f"NOT FLAT (at most {MAX_RATIO} is allowed)"
    print(f"\nbench: rows {len(ratios)}, largest ratio {worst:.3f} ({where}): {verdict}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
