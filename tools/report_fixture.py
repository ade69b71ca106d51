#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn a report "what this machine can do" into a fixture of the host tests (tests/host/machines/).

    tools/report_fixture.py PASTED.txt --about "a laptop of 2019" -o tests/host/machines/laptop.txt

The text may come from a mail or from a serial console: quoted with "> ", with time stamps, colours, carriage returns,
other lines before and after it, and broken at other places than the report's own. What is kept are the raw values and
the conclusions. tests/host/test_machines.c draws the conclusions again, with the code of the hypervisor.
"""

import argparse
import pathlib
import re
import sys

TITLE = "Report: what this machine can do"
NOISE = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]"  # colours and cursor movements
    r"|[\r\f\0]"
)
# What mail programs and Xenolith's console put before a line: "> > ", "[   0.012345] xen: ".
PREFIX = re.compile(r"^(?:[ \t]*[>|])*(?:[ \t]*\[ *\d+\.\d+\])?(?:[ \t]*xen:)?")
HEADINGS = ("Machine", "Memory", "Processors", "Interrupts", "Timers", "Consoles", "Raw", "VMX", "SVM", "PV", "Verdict")
HEX = r"[0-9a-f]+"
RAW = (
    ("e820", re.compile(rf"({HEX})-({HEX}) (\d+)\b"), 3),
    ("cpuid", re.compile(rf"({HEX})\.({HEX}) ({HEX}) ({HEX}) ({HEX}) ({HEX})\b"), 6),
    ("msr", re.compile(rf"({HEX})=({HEX})\b"), 2),
)
CONTROLS = re.compile(rf"controls: +pin ({HEX}), processor ({HEX}), secondary ({HEX}), exit ({HEX}), entry ({HEX})\b")
OBSTACLE = re.compile(r"(.*): +(?:needed|not used), (?:MISSING|FORCED ON)")
MODEL = re.compile(r"model: +(.*)")


class BadReport(Exception):
    """One sentence for the user."""


def clean(text):
    """The lines of a pasted text without what others have put around them."""
    return [PREFIX.sub("", NOISE.sub("", line)).strip() for line in text.splitlines()]


def sections(text):
    """Heading -> its lines, of the last report in the text."""
    lines = clean(text)
    titles = [i for i, line in enumerate(lines) if line == TITLE]
    if not titles:
        raise BadReport(f"There is no line '{TITLE}'.")
    found, current = {}, None
    for line in lines[titles[-1] + 1 :]:
        if line in HEADINGS:
            current = line
            found[current] = []
        elif line and current:
            found[current].append(line)
        elif current == "Verdict" and found[current]:
            break  # the report has ended
    missing = [h for h in HEADINGS if not found.get(h)]
    if missing:
        raise BadReport(f"The report has no section {missing[0]}: it is not complete.")
    return found


def raw_lines(lines):
    """The raw values in the fixture's form, a line each."""
    text = " ".join(lines)
    for kind, pattern, count in RAW:
        values = pattern.findall(" ".join(re.findall(rf"\b{kind}:(.*?)(?=\b(?:e820|cpuid|msr):|$)", text)))
        if not values:
            raise BadReport(f"There is no value of kind '{kind}' in the section Raw.")
        for value in values:
            assert len(value) == count
            yield f"{kind} {' '.join(value)}"


def conclusions(found):
    """What the report concluded: the controls, what is in the way, the verdict."""
    controls = CONTROLS.search(" ".join(found["VMX"]))
    if controls:
        yield f"controls {' '.join(controls.groups())}"
    for line in found["VMX"] + found["SVM"]:
        obstacle = OBSTACLE.fullmatch(line)
        if obstacle:
            yield f"obstacle {obstacle.group(1)}"
    words = " ".join(found["Verdict"]).partition("verdict:")[2]
    yield "verdict " + words.partition("pv domains:")[0].strip()


def fixture(text, about):
    """Text of a fixture."""
    found = sections(text)
    models = [m.group(1) for m in map(MODEL.fullmatch, found["Processors"]) if m]
    lines = [f"# {models[0] if models else 'A machine'}{': ' + about if about else ''}"]
    lines += list(raw_lines(found["Raw"])) + list(conclusions(found))
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Turn a pasted report into a fixture of the host tests.")
    parser.add_argument("report", nargs="?", help="a text that holds the report (default: standard input)")
    parser.add_argument("-o", "--output", help="the fixture (default: standard output)")
    parser.add_argument("--about", default="", help="where the report comes from, for the fixture's first line")
    args = parser.parse_args()
    try:
        text = pathlib.Path(args.report).read_text(encoding="utf-8", errors="replace") if args.report else sys.stdin.read()
        result = fixture(text, args.about)
        if args.output:
            pathlib.Path(args.output).write_text(result, encoding="utf-8")
        else:
            print(result, end="")
    except (BadReport, OSError) as error:
        sys.exit(f"report_fixture: {error}")


if __name__ == "__main__":
    main()
