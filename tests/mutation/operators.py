# SPDX-License-Identifier: MIT
"""Mechanical mutants of C source, made on its text.

It knows as much C as evtchn/ uses: no goto, no declaration of two kinds in one statement, a function's brace in the
first column. A mutant that makes no sense does not compile and is not counted.
"""

import re
from dataclasses import dataclass

# Statements whose order another CPU or the guest can see: the seam, what is made of it, and what is published.
SEAM = re.compile(
    r"\b(shm_\w+|bits_\w+|__atomic_(?!load)\w+|env_quiesce_wait|evt_(publish_ops|mark_upcall|fifo_change|set_pending|mark\w*)"
    r"|raise|select_all|append|start_queue|set_linked|move_words|remember_pending|raise_remembered|release)\s*\("
)
DECLARATION = re.compile(r"^(?!return\b|else\b)(?:\w+\s+)*\w+[\s*]+\w+(\[[^\]]*\])?\s*(=[^=]|,|$)")


@dataclass(frozen=True)
class Mutant:
    file: str
    function: str
    line: int  # of the source, counted from 1
    text: str  # that line, without indentation
    change: str  # in words
    edits: tuple  # (start, end, replacement) in the source, ascending

    @property
    def key(self):
        return f"{self.file} | {self.function} | {self.text} | {self.change}"

    def apply(self, source):
        for start, end, replacement in reversed(self.edits):
            source = source[:start] + replacement + source[end:]
        return source


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def code_only(source):
    """The source with comments, strings, #include and #if lines blanked; every character keeps its place."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*", blank, source, flags=re.S)
    code = re.sub(r'"(\\.|[^"\\\n])*"', blank, code)
    code = re.sub(r"^#(?!define)[^\n]*", blank, code, flags=re.M)
    code = re.sub(r"^_Static_assert[^;]*;", blank, code, flags=re.M)
    return re.sub(r"\\$", " ", code, flags=re.M)


def matching(code, at, step=1):
    """The place of the parenthesis that closes (or, backwards, opens) the one at `at`."""
    pair = "()" if code[at] in "()" else "{}"
    depth = 0
    while True:
        depth += {pair[0]: step, pair[1]: -step}.get(code[at], 0)
        if depth == 0:
            return at
        at += step


class Source:
    """One file, its functions, and its mutants."""

    def __init__(self, path, text):
        self.path, self.text, self.code = path, text, code_only(text)
        self.bodies = list(self.find_bodies())  # (name, start, end): where there is code

    def find_bodies(self):
        """Bodies of functions, of macros with a body, and of tables."""
        for match in re.finditer(r"^\{", self.code, re.M):
            head = self.code[: match.start()].rstrip().rsplit("\n\n", 1)[-1]
            name = re.search(r"(\w+)\(", head)
            if name:
                yield name.group(1), match.start(), matching(self.code, match.start())
        for match in re.finditer(r"^(?:static )?const struct (?:\w+ )+\*?(\w+)(\[.*\])? = (\{)$", self.code, re.M):
            yield match.group(1), match.start(3), matching(self.code, match.start(3))
        for match in re.finditer(r"^#define (\w+)(\([^)]*\))? +((?:[^\n]*[\\]\n)*[^\n]*)$", self.text, re.M):
            yield match.group(1), match.start(3), match.end(3)

    def mutant(self, function, at, change, *edits):
        start = self.text.rfind("\n", 0, at) + 1
        end = self.text.find("\n", at)
        line = self.text[start:end].rstrip("\\").strip()
        return Mutant(self.path, function, self.text.count("\n", 0, at) + 1, line, change, tuple(sorted(edits)))

    def mutants(self):
        for name, start, end in self.bodies:
            for operator in (constants, comparisons, conditions, logic, statements, swaps, locks):
                yield from operator(self, name, start, end)


def constants(source, name, start, end):
    """+-1 on each number."""
    for match in re.finditer(r"(?<![\w.])(0x[0-9a-fA-F]+|\d+)(U?L{0,2})\b", source.code[start:end]):
        value, suffix = int(match.group(1), 0), match.group(2)
        at = start + match.start()
        for other in (value + 1, value - 1):
            if other >= 0:
                edit = (at, start + match.end(), f"{other}{suffix}")
                yield source.mutant(name, at, f"{match.group()} becomes {other}{number_of(source, at)}", edit)


def number_of(source, at):
    """Which one of the line it is, if the same text stands there twice: ' (2nd)'."""
    token = re.match(r"\w+|[<>=!&|?]+", source.code[at:]).group()
    before = source.code[source.code.rfind("\n", 0, at) + 1 : at]
    pattern = rf"\b{token}\b" if token[0].isalnum() else rf"(?<![<>=!&|?-]){re.escape(token)}(?![<>=&|])"
    n = len(re.findall(pattern, before))
    return f" ({n + 1})" if n else ""


OTHER = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}


def comparisons(source, name, start, end):
    for match in re.finditer(r"(?<![-<>=!])(<=|>=|==|!=|<|>)(?![<>=])", source.code[start:end]):
        at, old = start + match.start(), match.group()
        yield source.mutant(name, at, f"{old} becomes {OTHER[old]}{number_of(source, at)}", (at, at + len(old), OTHER[old]))


def conditions(source, name, start, end):
    """Negate what if, while, for and ?: ask."""
    code = source.code
    for match in re.finditer(r"\b(if|while|for)\s*\(", code[start:end]):
        first, last = start + match.end(), matching(code, start + match.end() - 1)
        if match.group(1) == "for":
            parts = code[first:last].split(";")
            first, last = first + len(parts[0]) + 1, first + len(parts[0]) + 1 + len(parts[1])
            if not parts[1].strip():
                continue
        yield source.mutant(name, start + match.start(), f"{match.group(1)} negated", (first, first, "!("), (last, last, ")"))
    for match in re.finditer(r"\?", code[start:end]):
        at = start + match.start()
        first = condition_start(code, at)
        yield source.mutant(name, at, f"?: negated{number_of(source, at)}", (first, first, " !("), (at, at, ")"))


def condition_start(code, at):
    """Where the condition of the ?: at this place begins."""
    at -= 1
    while True:
        if code[at] == ")":
            at = matching(code, at, -1)
        elif code[at] in "(;,{}?:" or (code[at] == "=" and code[at - 1] not in "=!<>" and code[at + 1] != "="):
            return at + 1
        elif code[at - 6 : at] == "return":
            return at
        at -= 1


def logic(source, name, start, end):
    for match in re.finditer(r"&&|\|\|", source.code[start:end]):
        at, other = start + match.start(), "||" if match.group() == "&&" else "&&"
        yield source.mutant(name, at, f"{match.group()} becomes {other}{number_of(source, at)}", (at, at + 2, other))


def simple_statements(code, start, end):
    """(start, end) of statements that end with a semicolon, which is included."""
    at = start + 1
    begin = None
    while at < end:
        c = code[at]
        if begin is None and re.match(r"(if|while|for|switch)\s*\(", code[at:end]):
            at = matching(code, code.index("(", at))
        elif begin is None and re.match(r"(else|do)\b", code[at:end]):
            at += 3 if code[at] == "e" else 1
        elif begin is None and re.match(r"(case\b[^:]*|default\s*|\w+##\w+\s*):", code[at:end]):
            at = code.index(":", at)
        elif c == "(":
            begin = at if begin is None else begin
            at = matching(code, at)
        elif c == ";":
            if begin is not None:
                yield begin, at + 1
            begin = None
        elif c in "{}":
            if begin is not None and c == "{":  # an initialiser or compound literal
                if "=" in code[begin:at] or code[begin:at].rstrip().endswith(")"):
                    at = matching(code, at)
                else:
                    begin = None
        elif not c.isspace() and begin is None:
            begin = at
        at += 1


def is_code(code, start):
    return code[start] == "{"


def statements(source, name, start, end):
    """Drop a statement that is no declaration. The last return of a function stays: nothing sensible follows it."""
    code = source.code
    if not is_code(code, start) and "{" not in code[start:end]:
        return
    for first, last in simple_statements(code, start, end):
        text = code[first : last - 1].strip()
        final = re.match(r"\s*\}", code[last:]) and code[last:].lstrip().startswith("}") and text.startswith("return ")
        if DECLARATION.match(text) or re.match(r"\(void\)\w+$", text) or (final and closes_function(code, last)):
            continue
        yield source.mutant(name, first, f"dropped: {' '.join(text.split())}", (first, last, ";"))


def closes_function(code, at):
    return code[at:].lstrip(" ").startswith("\n}") or re.match(r"\s*\}\s*(\n\s*static|$)", code[at:])


def units(source, start, end):
    """Simple statements, each with the if in front of it: what can change places."""
    code = source.code
    for first, last in simple_statements(code, start, end):
        head = re.search(r"\bif\s*\((?:[^;{}]*)\)\s*$", code[start:first])
        if head and matching(code, code.index("(", start + head.start())) == len(code[:first].rstrip()) - 1:
            first = start + head.start()
        yield first, last


def swaps(source, name, start, end):
    """Two accesses that follow each other change places."""
    if source.code[start] != "{":
        return
    found = list(units(source, start, end))
    for (a, b), (c, d) in zip(found, found[1:]):
        one, two = source.text[a:b], source.text[c:d]
        if source.code[b:c].strip() or one == two or not (SEAM.search(one) and SEAM.search(two)):
            continue
        if re.match(r"\s*return\b", one):
            continue
        change = f"swapped: {' '.join(one.split())} <-> {' '.join(two.split())}"
        yield source.mutant(name, a, change, (a, b, two), (c, d, one))


PAIRS = (("env_lock", "env_unlock"), ("evt_lock_pair", "evt_unlock_pair"))


def locks(source, name, start, end):
    """Take no lock: a lock and all its unlocks in the function."""
    code = source.code
    for take, give in PAIRS:
        for held in sorted(set(re.findall(rf"\b{take}\(([^;]*)\);", code[start:end]))):
            calls = list(re.finditer(rf"\b({take}|{give})\({re.escape(held)}\);", code[start:end]))
            if len({call.group(1) for call in calls}) != 2:
                continue
            edits = [(start + call.start(), start + call.end(), ";") for call in calls]
            yield source.mutant(name, edits[0][0], f"no lock: {held}", *edits)
