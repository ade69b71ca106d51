#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The real Xen as judge: run the guest `conformance` on Debian's Xen 4.17 (as domain 0) and on Xenolith (as the
privileged domain), in QEMU, and compare the transcripts cell by cell. The package is fetched and unpacked, not installed.

Exit status 0 only if nothing is unexplained.
"""

import argparse
import os
import pathlib
import shlex
import subprocess
import sys
import time

import transcript

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ENVIRONMENTS = ("pvh64", "pvh32", "pv64")
BASE = ENVIRONMENTS[0]  # the records of the others tell the differences from it
VCPUS = 2
HANG = 1800  # seconds: the machine may be busy, and nothing is measured


class Failed(Exception):
    """One sentence for the user."""


def xen_command(options, environment, dry_run=False):
    # cpuidle=0: in QEMU 7.2, with the model EPYC and one CPU, Xen's own idling sometimes sleeps for ever.
    # With SMAP, IRET and LRET fault in ring 3 there.
    model = options.cpu + (",-smap" if environment == "pv64" else "")
    command = ["tools/oracle.sh", "-t", str(HANG), "-p", model, "-x", f"dom0_max_vcpus={VCPUS} cpuidle=0"]
    return [*command, *(["-n"] if dry_run else []), f"{options.build}/guest/conformance.{environment}"]


def xenolith_command(options, environment):
    printed = subprocess.run(
        ["./run.sh", "-n", "-m", "qemu", "-f", "direct", "-c", "1", "-e", environment, "-g", "conformance"],
        cwd=ROOT, env={**os.environ, "O": options.build}, text=True, capture_output=True, check=False,
    )
    if printed.returncode:
        raise Failed(printed.stderr.strip())
    return shlex.split(printed.stdout.splitlines()[-1])


def run(options, name, environment, command):
    """Run one side, keep its log in the build folder; its transcript."""
    start = time.monotonic()
    log = ROOT / options.build / "conformance" / f"{name.lower().replace(' ', '-')}-{environment}.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "wb") as file:
        subprocess.run(
            command, cwd=ROOT, env={**os.environ, "O": options.build}, stdin=subprocess.DEVNULL, stdout=file,
            stderr=subprocess.STDOUT, timeout=HANG + 60, check=False,
        )
    result = transcript.parse(log.read_text(encoding="utf-8", errors="replace"))
    if not result.cells:
        raise Failed(f"{name} did not run the guest conformance.{environment}; see {log.relative_to(ROOT)}.")
    seconds = time.monotonic() - start
    print(f"  {environment}  {name:<9} {len(result.cells):6} lines  ({seconds:.0f} s)", flush=True)
    return result


def fetch(options):
    """The real Xen's image, before anything else: without it there is nothing to compare with."""
    done = subprocess.run(
        xen_command(options, ENVIRONMENTS[0], dry_run=True),
        cwd=ROOT, env={**os.environ, "O": options.build}, text=True, capture_output=True, check=False,
    )
    if done.returncode:
        raise Failed((done.stderr.strip().splitlines() or ["tools/oracle.sh failed."])[-1])


def read_reasons():
    """documented.txt and absent.txt."""
    return [transcript.reasons((HERE / f"{name}.txt").read_text(encoding="utf-8")) for name in ("documented", "absent")]


def record_path(environment):
    return HERE / "recorded" / f"{environment}.txt"


def read_record(environment):
    """What the real Xen answered when it was recorded: of the other environments the differences from the first."""
    base = None if environment == BASE else read_record(BASE)
    return transcript.recorded(record_path(environment).read_text(encoding="utf-8"), base)


def write_record(environment, xen):
    base = None if environment == BASE else read_record(BASE)
    record_path(environment).write_text(transcript.to_record(xen, base), encoding="utf-8")


def compare_all(options):
    verdict = transcript.Verdict()
    documented, absent = read_reasons()
    for environment in options.env:
        xen = run(options, "Xen 4.17", environment, xen_command(options, environment))
        if options.record:
            write_record(environment, xen)
        xenolith = run(options, "Xenolith", environment, xenolith_command(options, environment))
        transcript.compare(verdict, environment, xen, xenolith, documented, absent)
    if set(options.env) == set(ENVIRONMENTS):
        transcript.unused(verdict, documented, absent)
    return verdict


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="folder of the build (default: build)")
    parser.add_argument("--cpu", default="EPYC", help="processor model of QEMU under the real Xen (default: EPYC)")
    parser.add_argument("--env", nargs="+", default=ENVIRONMENTS, choices=ENVIRONMENTS, help="environments of the guest")
    parser.add_argument("--record", action="store_true", help="keep the real Xen's transcripts in tests/conformance/recorded")
    parser.add_argument("--fetch", action="store_true", help="fetch the real Xen, and compare nothing")
    options = parser.parse_args()
    try:
        fetch(options)
        if options.fetch:
            return
        verdict = compare_all(options)
    except Failed as failed:
        sys.exit(f"conformance: {failed}")
    for difference in verdict.unexplained:
        print(difference)
    print(f"{verdict.absent} cells of the matrix cannot be asked; tests/conformance/absent.txt says why.")
    print(verdict.line())
    sys.exit(1 if verdict.unexplained else 0)


if __name__ == "__main__":
    main()
