#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Put what a domain said in a run into a document, between two lines:

    <!-- transcript: NAME -->          and          <!-- end of transcript -->

    ./run.sh -g lesson && tools/transcript.py lesson build/log/lesson.txt docs/guide/event-channels.md
"""

import argparse
import pathlib
import re
import sys


def said(name, log):
    """The lines of the domain without time and prefix, and without its verdict."""
    lines = re.findall(rf"^\[[ 0-9.]+\] {re.escape(name)}: ?(.*?)\r?$", log, re.MULTILINE)
    while lines and (not lines[-1].strip() or lines[-1].startswith("verdict: ")):
        lines.pop()
    return "\n".join(lines).strip("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the document shows something else")
    parser.add_argument("name", help="the domain")
    parser.add_argument("log", type=pathlib.Path)
    parser.add_argument("document", type=pathlib.Path)
    args = parser.parse_args()

    text = args.document.read_text(encoding="utf-8")
    lines = said(args.name, args.log.read_text(encoding="utf-8"))
    head, tail = f"<!-- transcript: {args.name} -->\n", "<!-- end of transcript -->"
    parts = re.split(f"{re.escape(head)}.*?(?={re.escape(tail)})", text, flags=re.DOTALL)
    if not lines:
        sys.exit(f"transcript: {args.log} holds no line of '{args.name}'.")
    if len(parts) != 2:
        sys.exit(f"transcript: {args.document} does not have the two lines that mark one transcript of '{args.name}'.")
    new = f"{parts[0]}{head}```text\n{lines}\n```\n{parts[1]}"
    if args.check and new != text:
        sys.exit(
            f"transcript: {args.document} shows another transcript than this run's; renew it by\n"
            f"    ./run.sh -g {args.name} && tools/transcript.py {args.name} build/log/{args.name}.txt {args.document}"
        )
    if not args.check:
        args.document.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
