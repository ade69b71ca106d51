#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Count instructions: how much a hypercall and an event cost, here and on the real Xen.

Runs the guest "counts" in QEMU with a clock that counts instructions (-icount shift=0), so that two runs agree: on
Xenolith with two CPU models, and as the initial domain of the real Xen (tools/oracle.sh fetches it; its columns stay
empty if that fails) with its own defaults and with spec-ctrl=no. There is a table for each container, PVH and PV; its
last column says how many times as much as Xenolith the real Xen takes with its defaults. Fails if a new port costs more
when 200,000 are open than when 1 is, or if anything costs more than on the real Xen.
"""

import argparse
import collections
import os
import re
import shlex
import subprocess
import sys

HANG = 900  # seconds
CLOCK = ["-icount", "shift=0,sleep=off"]
MAX_RATIO = 1.10
FEW, MANY = "alloc+close, 1 port open", "alloc+close, 200000 ports open"
CALIBRATION = "1000 instructions"  # costs the same everywhere
NO_PACKAGE = 3  # exit status of tools/oracle.sh
MISSING = "none"
TIMES_AS_DEAR = {"pvh64": 1, "pv64": 1.6}  # as the real Xen: nothing may be more

Column = collections.namedtuple("Column", "env title options counts")
ENVIRONMENTS = {"pvh64": ("EPYC", "max"), "pv64": ("EPYC", "max,-smap")}  # models; SMAP: see docs/hardware.md


def run(command, build, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, env=dict(os.environ, O=build), check=False, **options)


def progress(what):
    if sys.stderr.isatty():
        print(f"counting on {what} ...", file=sys.stderr)


def parse(text, what):
    """Name -> instructions, in the order in which the guest counted."""
    log = text.decode("utf-8", "replace").replace("\r", "")
    found = {name: int(n) for name, n in re.findall(r"count: (.+): (\d+)\s*$", log, re.MULTILINE)}
    if not found:
        sys.exit(f"{log}\ncounts: the guest 'counts' failed on {what}.")
    return found


def count_xenolith(env, model, build):
    progress(f"Xenolith, {env}, CPU model {model}")
    options = ["-n", "-m", "qemu", "-f", "direct", "-c", "1", "-e", env, "-g", "counts", "--", "-cpu", model, *CLOCK]
    printed = run(["./run.sh", *options], build, capture_output=True, text=True)
    if printed.returncode:
        sys.exit(printed.stderr.strip())
    command = shlex.split(printed.stdout.splitlines()[-1])
    result = run(command, build, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=HANG)
    return parse(result.stdout if result.returncode == 33 else b"", f"Xenolith, CPU model {model}")


def count_real_xen(env, xen_options, build):
    """{} if the real Xen cannot be fetched."""
    progress(f"the real Xen, {env}, options: {xen_options or 'none'}")
    image = os.path.join(build, "guest", f"counts.{env}")
    command = ["tools/oracle.sh", "-p", "EPYC", "-t", str(HANG), "-x", xen_options, image, "--", *CLOCK]
    result = run(command, build, capture_output=True)
    if result.returncode == NO_PACKAGE:
        return {}
    if result.returncode:
        sys.exit(f"{(result.stdout + result.stderr).decode('utf-8', 'replace')}\ncounts: the real Xen's run failed.")
    return parse(result.stdout, "the real Xen")


def cell(column, name):
    if not column.counts:
        return ""
    count = column.counts.get(name)
    return MISSING if count is None else f"{count:,}"


def times(mine, theirs, name):
    if not theirs.get(name) or name == CALIBRATION:
        return ""
    return f"{theirs[name] / mine[name]:.1f}"


def table(columns):
    """The lines of the table: two lines of headings, then a row for each count."""
    ours, theirs = columns[0].counts, columns[2].counts
    rows = [(columns[0].env, *(c.title for c in columns), "Xen EPYC /")]
    rows.append(("instructions", *(c.options for c in columns), "Xenolith EPYC"))
    for name in ours:
        rows.append((name, *(cell(c, name) for c in columns), times(ours, theirs, name)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [(f"{row[0]:{widths[0]}}  " + "  ".join(f"{c:>{w}}" for c, w in zip(row[1:], widths[1:]))).rstrip() for row in rows]


def notes(columns):
    """What the table cannot say by itself."""
    if not columns[2].counts:
        return ["The real Xen's columns are empty: its Debian package cannot be fetched here (apt-get update may help)."]
    return [f"{MISSING}: the real Xen has no 3-level ABI, hence no more than 4,095 ports beside FIFO's."]


def flat(columns):
    """Is a new port as cheap with many open ports as with few?"""
    good = True
    for column in columns[:2]:
        if FEW not in column.counts or MANY not in column.counts:
            sys.exit(f"counts: the guest did not count '{FEW}' and '{MANY}'.")
        ratio = column.counts[MANY] / column.counts[FEW]
        verdict = "good" if ratio <= MAX_RATIO else f"more than {MAX_RATIO}"
        print(f"{column.env}, {column.options}: alloc+close with 200,000 open ports costs {ratio:.3f} times what it costs with 1: {verdict}")
        good = good and ratio <= MAX_RATIO
    return good


def cheaper(columns):
    """Does nothing cost more than on the real Xen, or than it is known to?"""
    env, ours, theirs = columns[0].env, columns[0].counts, columns[2].counts
    compared = [name for name in ours if name in theirs and name != CALIBRATION]
    dearer = [name for name in compared if ours[name] > theirs[name]]
    worst = max((ours[name] / theirs[name] for name in compared), default=0)
    if compared:
        verdict = "dearer here: " + ", ".join(dearer) if dearer else "none is dearer here"
        print(f"{env}: {len(compared)} counts compared with the real Xen's: {verdict}")
    if dearer:
        print(f"{env}: at most {worst:.2f} times as dear (allowed: {TIMES_AS_DEAR[env]})")
    return worst <= TIMES_AS_DEAR[env]


def measure(env, models, build):
    """The columns of one table."""
    columns = [Column(env, "Xenolith", f"-cpu {model}", count_xenolith(env, model, build)) for model in models]
    for options in ("", "spec-ctrl=no"):
        columns.append(Column(env, "Xen 4.17, EPYC", options or "its defaults", count_real_xen(env, options, build)))
    return columns


def main():
    parser = argparse.ArgumentParser(description="Count the instructions of hypercalls and events in an emulator.")
    parser.add_argument("--build", default="build", help="folder of the build (default: build)")
    parser.add_argument("--env", choices=ENVIRONMENTS, help="only this table")
    args = parser.parse_args()
    good = []
    for env in [args.env] if args.env else ENVIRONMENTS:
        columns = measure(env, ENVIRONMENTS[env], args.build)
        print("\n".join([*table(columns), "", *notes(columns)]))
        good += [flat(columns), cheaper(columns)]
        print()
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
