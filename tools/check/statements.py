#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The numbered statements of docs/abi/ and those who name them.

Every statement about event channels, interrupt lines and pv guests (EVT-..., PIRQ-..., PV-...) is named by a test
(tests/, or a guest program), and every statement that is named anywhere exists. --list prints each with the files that name it.
"""

import argparse
import re
import subprocess
import sys

STATEMENT = re.compile(r"^\| ((?:EVT-[A-Z0-9]+|HC-[A-Z]+|PIRQ|PV-[A-Z]+|WS)-\d+) \|", re.MULTILINE)
# One name, or several: PV-DBG-01 to -04; PV-MEM-07, -08.
NAMES = re.compile(r"\b(EVT-[A-Z0-9]+|HC-[A-Z]+|PIRQ|PV-[A-Z]+|WS)-(\d+)\b((?:(?:,| to| and) (?:\1)?-\d+\b)*)")
TESTED = ("EVT-", "PIRQ-", "PV-")
MARKS = ("historic", "measured", "reconstructed", "ours")
UNMARKED = re.compile(rf"^\| ((?:EVT|PIRQ|PV-EMU|PV-MMU)-\S+) \| (?!(?:{'|'.join(MARKS)}) \|)", re.MULTILINE)
TEST = re.compile(r"tests/|guest/(?!lib/|abi/)")


def tracked(*patterns):
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    return sorted(set(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def statements():
    """{statement: document}; a sentence on standard output for each that stands twice or has no mark."""
    found, wrong = {}, []
    for path in tracked("docs/abi/*.md"):
        text = read(path)
        wrong += [f"{path}: {name} does not say how sure it is ({', '.join(MARKS)})." for name in UNMARKED.findall(text)]
        for name in STATEMENT.findall(text):
            if name in found:
                wrong.append(f"{path}: {name} stands in {found[name]} already.")
            found[name] = path
    return found, wrong


def names_in(line):
    """Every statement that a line names."""
    for prefix, first, rest in NAMES.findall(line):
        last = int(first)
        yield f"{prefix}-{first}"
        for word, digits in re.findall(r"(\w*) (?:[A-Z][A-Z0-9-]*)?-(\d+)\b", rest):
            for number in range(last + 1 if word == "to" else int(digits), int(digits) + 1):
                yield f"{prefix}-{number:02}"
            last = int(digits)


def citations():
    """{statement: {file: line}} of all that name one."""
    found = {}
    for path in tracked("*.c", "*.h", "*.S", "*.py", "*.md", "*.txt", "*.cfg"):
        if path == "tools/check/statements.py":
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            for name in names_in(line):
                found.setdefault(name, {}).setdefault(path, number)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="each statement and the tests that name it")
    args = parser.parse_args()
    known, wrong = statements()
    named = citations()
    for name, places in sorted(named.items()):
        if name not in known:
            wrong += [f"{path}:{line} names {name}, which is not in docs/abi/." for path, line in places.items()]
    for name, document in known.items():
        tests = [path for path in named.get(name, {}) if TEST.match(path)]
        if args.list:
            print(f"{name:<14} {' '.join(tests)}")
        if name.startswith(TESTED) and not tests:
            wrong.append(f"{document}: no test names {name}.")
    if args.list:
        marks = {mark: len(re.findall(rf"^\| EVT-\S+ \| {mark} \|", read("docs/abi/event-channels.md"), re.M)) for mark in MARKS}
        print(f"statements about event channels: {', '.join(f'{n} {mark}' for mark, n in marks.items())}")
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
