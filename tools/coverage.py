#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the unit tests reach of evtchn/, from the counters that they left under O/coverage.

Every line must run, 95 % of the branches must be taken, and tests/coverage-missing must say why for each branch that is
not. Ends with one line; exit code 0 only if all that holds.
"""

import argparse
import collections
import json
import pathlib
import shutil
import subprocess
import sys

LEAST = 95  # % of the branches


def measure(build, folder):
    """gcovr's view of the files in this folder."""
    command = ["gcovr", "--root", ".", "--filter", f"{folder}/", f"{build}/coverage", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"gcovr fails:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)["files"]


def reasons(path):
    """{(file, text of the line): branches that may be missing}. Blocks of `file: n: text` under a reason."""
    allowed = collections.Counter()
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith("evtchn/"):
            name, count, text = line.split(": ", 2)
            allowed[name, text.strip()] += int(count)
    return allowed


def examine(report):
    """One file: [lines, run, branches, taken], lines that never ran, and Counter of missing branches by line."""
    lines = [line for line in report["lines"] if not line.get("gcovr/noncode")]
    never = [line["line_number"] for line in lines if not line["count"]]
    taken, total, missing = 0, 0, collections.Counter()
    for line in lines:
        for branch in line["branches"]:
            total += 1
            taken += branch["count"] > 0
            missing[line["line_number"]] += branch["count"] == 0
    return [len(lines), len(lines) - len(never), total, taken], never, +missing


def percent(part, whole):
    return 100 * part / whole if whole else 100


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--missing", default="tests/coverage-missing", help="branches that need not be taken, and why")
    options = parser.parse_args()
    if not shutil.which("gcovr"):
        sys.exit("gcovr is not installed: apt install gcovr")
    allowed, sums, bad = reasons(options.missing), [0, 0, 0, 0], 0
    print(f"{'file':<28} {'lines':>6} {'run':>7} {'branches':>9} {'taken':>7}")
    for report in sorted(measure(options.build, "evtchn"), key=lambda r: r["file"]):
        name = report["file"]
        source = pathlib.Path(name).read_text(encoding="utf-8").splitlines()
        numbers, never, missing = examine(report)
        sums = [a + b for a, b in zip(sums, numbers)]
        run, taken = percent(numbers[1], numbers[0]), percent(numbers[3], numbers[2])
        print(f"{name:<28} {numbers[0]:>6} {run:>6.1f}% {numbers[2]:>9} {taken:>6.1f}%")
        for number in never:
            print(f"  line {number} never runs: {source[number - 1].strip()}")
        bad += len(never)
        for number, count in missing.items():
            text = source[number - 1].strip()
            if count > allowed[name, text]:
                print(f"  line {number}: {count} branches not taken, {allowed[name, text]} explained: {text}")
                bad += 1
    lines, branches = percent(sums[1], sums[0]), percent(sums[3], sums[2])
    good = not bad and branches >= LEAST
    print(f"coverage of evtchn/: lines {lines:.1f} %, branches {branches:.1f} % (at least {LEAST}), unexplained {bad}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
