#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`make check`: everything about the sources that can be judged without running them.

Each check prints one line, and on failure what it found. A tool that is missing fails its check with the name of the
Debian package. With names as arguments only these checks run.
"""

import argparse
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

JOBS = os.cpu_count() or 1
CC = os.environ.get("CC", "gcc").split()
CODE = (".c", ".h", ".S", ".ld", ".py", ".sh")
FREESTANDING = "-std=c11 -ffreestanding -fsyntax-only -I. -Wall -Wextra -Wundef -Werror -mgeneral-regs-only".split()
HOST = "-std=c11 -D_GNU_SOURCE -fsyntax-only -I. -Wall -Wextra -Wundef -Werror".split()


class Missing(Exception):
    """A tool is not installed."""


def files(*suffixes):
    """What git tracks and exists, by suffix."""
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for path in tracked if path.endswith(suffixes) and os.path.isfile(path)]


def need(tool, package):
    if not shutil.which(tool):
        raise Missing(f"{tool} is not installed: apt install {package}")


def output_of(command, **kwargs):
    """What a command says if it fails, else ''."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs)
    return "" if done.returncode == 0 else done.stdout or f"{command[0]} ends with {done.returncode}\n"


def contents(paths):
    """All of these files, one after another, names included."""
    return b"".join(path.encode() + pathlib.Path(path).read_bytes() for path in paths)


def in_parallel(function, arguments):
    with ThreadPoolExecutor(JOBS) as pool:
        return "".join(pool.map(function, arguments))


def check_format(_):
    """clang-format, with .clang-format"""
    need("clang-format", "clang-format")
    return output_of(["clang-format", "--dry-run", "-Werror", *files(".c", ".h")])


def check_layers(_):
    """who may include whom (tools/check/layers.py)"""
    return output_of([sys.executable, "tools/check/layers.py"])


def check_headers(_):
    """every header compiles alone, those of the guest ABI also for 32 bits"""

    def compile_alone(job):
        header, flags = job
        found = output_of([*CC, *flags, "-x", "c", "-"], input=f'#include "{header}"\n')
        return f"{header} does not compile alone ({' '.join(flags[:2])}):\n{found}" if found else ""

    headers = [h for h in files(".h") if h != "tests/host/abi_rows.h"]
    jobs = [(h, HOST if h.startswith("tests/") else FREESTANDING) for h in headers]
    jobs += [(h, ["-m32", *FREESTANDING]) for h in headers if h.startswith(("guest/abi/", "common/"))]
    return in_parallel(compile_alone, jobs)


LICENCES = {"arch/x86/font.c": "BSD-2-Clause"}  # the only file whose content others made


def check_licence(_):
    """the SPDX line comes first"""
    found = []
    for path in files(*CODE, "Makefile", "run.sh"):
        with open(path, encoding="utf-8") as file:
            head = [file.readline(), file.readline()]
        if f"SPDX-License-Identifier: {LICENCES.get(path, 'MIT')}" not in head[1 if head[0].startswith("#!") else 0]:
            found.append(f"{path} does not start with its SPDX line.\n")
    return "".join(found)


def check_words(_):
    """plain ASCII, and nothing that says the work is not finished"""
    unfinished = re.compile(r"\b(TO" r"DO|FIX" r"ME|HA" r"CK|PLACE" r"HOLDER)\b", re.I)
    found = []
    for path in files(*CODE, "Makefile"):
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.isascii():
                    found.append(f"{path}:{number} has a character that is not ASCII.\n")
                word = unfinished.search(line)
                if word:
                    found.append(f"{path}:{number} says {word.group()!r}: finish it, or say in CAVEATS.md what is missing.\n")
    return "".join(found)


def check_statements(_):
    """every statement about events and pv guests has a test that names it (tools/check/statements.py)"""
    return output_of([sys.executable, "tools/check/statements.py"])


def check_cppcheck(options):
    """cppcheck"""
    need("cppcheck", "cppcheck")
    cache = os.path.join(options.build, "cppcheck")
    os.makedirs(cache, exist_ok=True)
    sources = [path for path in files(".c") if not path.startswith("tests/")]
    return output_of(
        ["cppcheck", "--quiet", f"-j{JOBS}", "--std=c11", "--platform=unix64", "-I.", "-D__x86_64__", "-D__GNUC__=12"]
        + ["--enable=warning,performance,portability", "--inline-suppr", "--error-exitcode=1"]
        # A register structure is indexed by register number; two symbols of the linker script bound one array.
        + ["--suppress=missingIncludeSystem", "--suppress=objectIndex", "--suppress=comparePointers"]
        + [f"--cppcheck-build-dir={cache}", *sources]
    )


def check_tidy(options):
    """clang-tidy, with .clang-tidy"""
    need("clang-tidy", "clang-tidy")
    flags = "-std=c11 -ffreestanding -I. -mgeneral-regs-only -Wno-unknown-warning-option".split()

    # What was found good is remembered by the contents of the file and of every header.
    cache = os.path.join(options.build, "tidy")
    os.makedirs(cache, exist_ok=True)
    common = contents([".clang-tidy", *files(".h")])

    def tidy(path):
        stamp = os.path.join(cache, hashlib.sha256(common + contents([path])).hexdigest())
        if os.path.exists(stamp):
            return ""
        done = subprocess.run(
            ["clang-tidy", "--quiet", "--warnings-as-errors=*", path, "--", *flags], capture_output=True, text=True
        )
        if done.returncode:
            return done.stdout or done.stderr
        with open(stamp, "w", encoding="ascii"):
            return ""

    return in_parallel(tidy, [path for path in files(".c") if not path.startswith("tests/")])


def check_python(_):
    """pyflakes"""
    need("pyflakes3", "pyflakes3")
    scripts = files(".py")
    return output_of(["pyflakes3", *scripts]) if scripts else ""


def check_shell(_):
    """shellcheck"""
    need("shellcheck", "shellcheck")
    scripts = []
    for path in files(""):
        with open(path, "rb") as file:
            if re.match(rb"#!.*\b(sh|bash)\b", file.readline()):
                scripts.append(path)
    return output_of(["shellcheck", *scripts]) if scripts else ""


def check_man(_):
    """manual pages: mandoc finds nothing to warn of"""
    need("mandoc", "mandoc")
    return output_of(["mandoc", "-T", "lint", "-W", "warning", *sorted(str(p) for p in pathlib.Path("docs/man").glob("*.[1-8]"))])


def check_sentences(_):
    """refusals that docs/hardware.md explains: the sources say them, in these words"""
    text = pathlib.Path("docs/hardware.md").read_text(encoding="utf-8").partition("## What each refusal means")[2].partition("Before Xenolith")[0]
    sources = "".join(pathlib.Path(p).read_text(encoding="utf-8") for p in files(".c") if not p.startswith("tests/"))
    said = re.sub(r'"\s*\n\s*"|" PRI\w+ "', "", sources)
    wrong = []
    for sentence in re.findall(r"`([^`]+)`", "\n".join(line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `"))):
        parts = [part.strip(" :") for part in re.split(r"\.\.\.|\bN\b", sentence)]
        wrong += [f"docs/hardware.md: nothing says: {sentence}\n" for part in parts if part and part not in said]
    return "".join(wrong) if text else "docs/hardware.md: there is no table of refusals\n"


def check_abi(_):
    """guest/abi against Xen's public headers"""
    if not os.path.exists("/usr/include/xen/xen.h"):
        raise Missing("Xen's public headers are not installed: apt install libxen-dev")
    flags = "-m32 -std=c11 -ffreestanding -fsyntax-only -Werror -I. tests/host/abi32.c".split()
    return output_of([*CC, *flags]) + output_of([sys.executable, "tools/check/abi_numbers.py", "--cc", " ".join(CC)])


CHECKS = {
    "format": check_format,
    "layers": check_layers,
    "headers": check_headers,
    "licence": check_licence,
    "words": check_words,
    "abi": check_abi,
    "statements": check_statements,
    "python": check_python,
    "shell": check_shell,
    "man": check_man,
    "sentences": check_sentences,
    "cppcheck": check_cppcheck,
    "tidy": check_tidy,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="folder for what the tools remember")
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=" ".join(CHECKS))
    options = parser.parse_args()
    failed = 0
    for name in options.checks or CHECKS:
        start = time.monotonic()
        try:
            found = CHECKS[name](options)
        except Missing as missing:
            found = f"{missing}\n"
        print(f"  {name:<11}{'FAILED' if found else 'ok':<8} {CHECKS[name].__doc__} ({time.monotonic() - start:.1f} s)")
        if found:
            sys.stdout.write(found)
            failed += 1
        sys.stdout.flush()
    print(f"{failed} of {len(options.checks or CHECKS)} checks failed" if failed else "All checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
