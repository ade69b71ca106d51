# SPDX-License-Identifier: MIT
"""Transcripts of the guest program `conformance`, the files of reasons, and the comparison. No emulator is needed here."""

import fnmatch
import re

LINE = re.compile(r"^(?:\[[ 0-9.]+\] (?:conformance|unprivileged): )?([=+]) (.*)$")
ABSENT = "absent"


class Transcript:
    """What one hypervisor answered: cell -> text, and what is wrong with the transcript itself."""

    def __init__(self, cells, faults):
        self.cells = cells
        self.faults = faults


def parse(log):
    """The transcript in a console log, with or without Xenolith's prefixes."""
    cells, faults, name, promised = {}, [], None, None
    for line in log.replace("\r", "").splitlines():
        match = LINE.match(line)
        if not match:
            continue
        kind, rest = match.groups()
        if kind == "+" and name in cells:
            cells[name] += rest
            continue
        if kind == "+":
            continue  # somebody else's
        name, _, text = rest.partition(": ")
        if name == "end":
            promised = (promised or 0) + int(text.split()[0])  # of each domain that asked
        elif name in cells:
            faults.append(f"the cell {name} stands there twice")
        else:
            cells[name] = text
    if promised is None:
        faults.append("the guest did not get to its end")
    elif promised != len(cells) + len(faults):
        faults.append(f"the guest counted {promised} cells, and {len(cells)} arrived")
    return Transcript(cells, faults)


def recorded(text, base=None):
    """A transcript that was kept in a file, a line a cell; base: the one from which it tells the differences."""
    cells = dict(base.cells) if base else {}
    for line in text.splitlines():
        name, _, answer = line.partition(": ")
        cells[name] = answer
        if answer == "":
            del cells[name]
    return Transcript(cells, [])


def to_record(transcript, base=None):
    """The text for recorded(): all cells, or those that differ from base; a name alone is a cell that only base has."""
    known = base.cells if base else {}
    lines = [f"{name}: {text}\n" for name, text in transcript.cells.items() if known.get(name) != text]
    lines += [f"{name}: \n" for name in known if name not in transcript.cells]
    return "".join(lines)


# --- Reasons ---


class Reason:
    """A block of documented.txt or absent.txt: lines `key: value`; a line that begins with a blank goes on."""

    def __init__(self, fields):
        self.patterns = fields["cells"].split()
        self.environments = fields.get("env", "").split()
        self.xen = re.compile(fields["xen"]) if "xen" in fields else None
        self.xenolith = re.compile(fields["xenolith"]) if "xenolith" in fields else None
        self.why = fields["why"]
        self.used = False

    def names(self, cell, environment):
        if self.environments and environment not in self.environments:
            return False
        return any(fnmatch.fnmatchcase(cell, p) for p in self.patterns)

    def explains(self, xen, xenolith):
        """The lines differ in what the two expressions match, and in nothing else."""
        if not self.xen.search(xen) or not self.xenolith.search(xenolith):
            return False
        return self.xen.sub("<>", xen) == self.xenolith.sub("<>", xenolith)


def reasons(text):
    found = []
    for block in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n?", "", text)):
        fields, key = {}, None
        for line in block.splitlines():
            if line[:1].isspace():
                fields[key] += " " + line.strip()
            elif line:
                key, _, value = line.partition(":")
                fields[key] = value.strip()
        if fields:
            found.append(Reason(fields))
    return found


# --- The comparison ---


class Verdict:
    """Counts, and the differences without a reason in words."""

    def __init__(self):
        self.cells = self.compared = self.documented = self.absent = 0
        self.unexplained = []

    def line(self):
        return (
            f"conformance: cells {self.cells}, compared {self.compared}, documented {self.documented}, "
            f"unexplained {len(self.unexplained)}"
        )


def why_absent(verdict, cell, environment, absent):
    reason = next((r for r in absent if r.names(cell, environment)), None)
    if reason:
        reason.used = True
        verdict.absent += 1
    else:
        verdict.unexplained.append(f"{environment}: {cell} is absent, and absent.txt does not say why")


def why_different(verdict, cell, environment, lines, documented):
    reason = next((r for r in documented if r.names(cell, environment) and r.explains(*lines)), None)
    if reason:
        reason.used = True
        verdict.documented += 1
    else:
        verdict.unexplained.append(f"{environment}: {cell}\n  Xen:      {lines[0]}\n  Xenolith: {lines[1]}")


def compare(verdict, environment, xen, xenolith, documented, absent):
    """Hold two transcripts against each other and add to the verdict."""
    for name, transcript in (("Xen", xen), ("Xenolith", xenolith)):
        verdict.unexplained += [f"{environment}: {name}: {fault}" for fault in transcript.faults]
    for cell in list(xen.cells) + [c for c in xenolith.cells if c not in xen.cells]:
        lines = xen.cells.get(cell), xenolith.cells.get(cell)
        if lines == (ABSENT, ABSENT):
            why_absent(verdict, cell, environment, absent)
            continue
        verdict.cells += 1
        if None in lines:
            missing = "Xen's" if lines[0] is None else "Xenolith's"
            verdict.unexplained.append(f"{environment}: {cell} is missing from {missing} transcript")
            continue
        verdict.compared += 1
        if lines[0] != lines[1]:
            why_different(verdict, cell, environment, lines, documented)


def unused(verdict, *lists):
    """A reason for nothing is a difference that went away, or a mistake."""
    for reason in (r for each in lists for r in each if not r.used):
        verdict.unexplained.append(f"nothing needs this reason any more: {' '.join(reason.patterns)}: {reason.why}")
