#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the tests that `make test` asks for, whatever fails on the way, and end with one line:

    N passed, N failed, N skipped

Exit code 0 only if something passed and nothing failed.
"""

import argparse
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

HANG = 1800  # seconds: no part takes as long unless it hangs


class Tally:
    """Counts results; says each part in one line as soon as it is known."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, name, seconds, passed=0, failed=0, skipped=0, output=""):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        parts = [f"{n} {word}" for n, word in ((passed, "passed"), (failed, "failed"), (skipped, "skipped")) if n]
        if failed and output:
            print(output.rstrip())
        print(f"  {name:<28} {', '.join(parts) or 'no test'} ({seconds:.1f} s)", flush=True)


def run(command, **kwargs):
    """(exit code or None for a hang, output with errors, seconds)."""
    start = time.monotonic()
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=HANG,
            close_fds=False,  # make hands its jobs down by them
            **kwargs,
        )
        code, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as hang:
        code, output = None, f"{hang.stdout or ''}\nno end within {HANG} s"
    return code, output, time.monotonic() - start


def count_tap(output):
    """Results in the output of a cmocka program: (planned, passed, failed, skipped)."""
    planned = sum(int(n) for n in re.findall(r"^1\.\.(\d+)", output, re.M))
    failed = len(re.findall(r"^not ok\b", output, re.M))
    skipped = len(re.findall(r"^ok\b.*# SKIP", output, re.M | re.I))
    passed = len(re.findall(r"^ok\b", output, re.M)) - skipped
    return planned, passed, failed, skipped


def make(options, targets):
    """Build; None, or the output if that failed."""
    code, output, _ = run([*shlex.split(options.make), "--no-print-directory", "-k", *targets])
    return None if code == 0 else output


def host(options, tally):
    """Unit tests: one cmocka program each."""
    for name in options.host:
        program = os.path.join(options.build, "host", name)
        errors = make(options, [program])
        if errors:
            tally.add(name, 0, failed=1, output=errors)
            continue
        code, output, seconds = run([program], env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"})
        planned, passed, failed, skipped = count_tap(output)
        if code != 0 or passed + failed + skipped != planned or not planned:
            failed = max(failed, 1)  # it died, or ran nothing
        tally.add(name, seconds, passed, failed, skipped, output)


def most_runs(name):
    """A fuzzer whose runs are long says `// runs: N` near its top: more than N are for `make fuzz`."""
    with open(os.path.join("tests/fuzz", f"{name}.c"), encoding="utf-8") as source:
        for line in source:
            if line.startswith("// runs: "):
                return int(line.split()[2])
    return sys.maxsize


def fuzz(options, tally):
    """Fuzzers: a bounded number of runs from a fixed seed, or for some seconds."""
    for name in options.fuzz:
        if not shutil.which(os.environ.get("FUZZ_CC", "clang")):
            print("The fuzzers need the Debian package clang.")
            tally.add(name, 0, skipped=1)
            continue
        program = os.path.join(options.build, "fuzz", name)
        errors = make(options, [program])
        if errors:
            tally.add(name, 0, failed=1, output=errors)
            continue
        found = os.path.join(options.build, "fuzz", f"{name}.found")
        os.makedirs(found, exist_ok=True)
        corpus = os.path.join("tests/fuzz/corpus", name.removeprefix("fuzz_"))
        bound = [f"-max_total_time={options.fuzz_seconds}"] if options.fuzz_seconds else ["-seed=1"]
        if not options.fuzz_seconds:
            # A directory of its own would make the next run differ: only the corpus of the repository counts.
            bound += [f"-runs={min(options.fuzz_runs, most_runs(name))}"]
            directories = []
        else:
            directories = [found]
        directories += [corpus] if os.path.isdir(corpus) else []
        if not options.fuzz_seconds and directories:
            # libFuzzer adds what it finds to the first directory: give it a copy.
            copy = os.path.join(options.build, "fuzz", f"{name}.corpus")
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(corpus, copy)
            directories = [copy]
        arguments = [f"-artifact_prefix={found}/", "-timeout=20", "-rss_limit_mb=2048", "-verbosity=0", *bound]
        code, output, seconds = run([program, *arguments, *directories])
        tally.add(name, seconds, passed=int(code == 0), failed=int(code != 0), output=output[-6000:])


def abi(options, tally):
    """guest/abi as a 32-bit guest sees it, and its numbers, against Xen's public headers."""
    compiler = shlex.split(options.cc)
    command = [*compiler, "-m32", "-std=c11", "-ffreestanding", "-fsyntax-only", "-Werror", "-I.", "tests/host/abi32.c"]
    code, output, seconds = run(command)
    tally.add("abi32", seconds, passed=int(code == 0), failed=int(code != 0), output=output)
    code, output, seconds = run([sys.executable, "tools/check/abi_numbers.py", "--cc", options.cc])
    tally.add("abi_numbers", seconds, passed=int(code == 0), failed=int(code != 0), output=output)


def targets(options, tally):
    """Targets of the Makefile that are tests: each says by its exit code whether all is well."""
    for name in options.targets:
        code, output, seconds = run([*shlex.split(options.make), "--no-print-directory", name])
        tally.add(name, seconds, passed=int(code == 0), failed=int(code != 0), output=output[-6000:])


def build(options, tally, target):
    """Images or ISO; False, and a failure counted, if they do not build."""
    start = time.monotonic()
    errors = make(options, [target])
    if errors:
        tally.add(f"build of {target}", time.monotonic() - start, failed=1, output=errors[-6000:])
    return not errors


def reproducible(options, tally):
    command = [sys.executable, "tools/check/reproducible.py", "--build", options.build, "--make", options.make]
    code, output, seconds = run(command)
    tally.add("reproducible", seconds, passed=int(code == 0), failed=int(code != 0), output=output)


def pytest(options, tally):
    """Tests in an emulator; pytest shows its own progress."""
    report = os.path.join(options.build, "pytest.xml")
    if os.path.exists(report):
        os.unlink(report)
    start = time.monotonic()
    environment = {**os.environ, "O": options.build}
    # Debian's pytest, even if another Python comes first in PATH.
    program = [sys.executable, "-m", "pytest"] if importlib.util.find_spec("pytest") else ["pytest"]
    code = subprocess.call(
        [*program, "-v", "--tb=short", "-m", "long" if options.long else "not long", f"--junitxml={report}", *options.pytest], env=environment
    )
    seconds = time.monotonic() - start
    try:
        suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    except (OSError, ElementTree.ParseError):
        tally.add("pytest", seconds, failed=1, output="pytest left no report (Debian package python3-pytest)")
        return
    total = sum(int(s.get("tests", 0)) for s in suites)
    failed = sum(int(s.get("failures", 0)) + int(s.get("errors", 0)) for s in suites)
    skipped = sum(int(s.get("skipped", 0)) for s in suites)
    passed = max(total - failed - skipped, 0)
    if code not in (0, 5) and not failed:
        failed = 1
    tally.add("pytest", seconds, passed, failed, skipped)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="folder of the build")
    parser.add_argument("--make", default="make", help="command that builds")
    parser.add_argument("--cc", default="gcc", help="compiler of the images")
    parser.add_argument("--host", nargs="*", default=[], metavar="TEST", help="unit tests")
    parser.add_argument("--fuzz", nargs="*", default=[], metavar="FUZZER")
    parser.add_argument("--fuzz-runs", type=int, default=20000, metavar="N")
    parser.add_argument("--fuzz-seconds", type=int, default=0, metavar="S", help="instead of runs")
    parser.add_argument("--abi32", action="store_true", help="guest/abi against Xen's headers, by the compiler")
    parser.add_argument("--targets", nargs="*", default=[], metavar="TARGET", help="of the Makefile, each a test")
    parser.add_argument("--reproducible", action="store_true", help="compare with a build of a copy")
    parser.add_argument("--long", action="store_true", help="those tests that take long, and only those")
    parser.add_argument("--pytest", nargs="*", default=[], metavar="PATH")
    return parser.parse_args()


def main():
    options, tally = arguments(), Tally()
    if options.host:
        # All at once first: make uses its jobs. What fails is built again, alone, to show its errors.
        make(options, [os.path.join(options.build, "host", name) for name in options.host])
    host(options, tally)
    if options.abi32:
        abi(options, tally)
    fuzz(options, tally)
    targets(options, tally)
    built = build(options, tally, "all") if options.reproducible or options.pytest else False
    if built and options.reproducible:
        reproducible(options, tally)
    if built and options.pytest and build(options, tally, "iso"):
        pytest(options, tally)
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 0 if tally.passed and not tally.failed else 1


if __name__ == "__main__":
    sys.exit(main())
