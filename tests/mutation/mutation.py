#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Would the tests notice? Break evtchn/ on purpose, one change at a time, and see which suite fails first.

Classic defects stand in tests/mutation/classic.txt, each with its story; every one must be caught. Mechanical mutants
are made from the text of the sources (tests/mutation/operators.py); at most 5 % may survive, and those that do stand
in tests/mutation/survivors.txt, each with the reason why nobody can notice, or with the test that is missing.
"""

import argparse
import collections
import functools
import glob
import hashlib
import os
import queue
import re
import shlex
import shutil
import sys
import threading
import time

import operators
from suites import Broken, Program, included_sources

HERE = "tests/mutation"
MAX_SURVIVORS = 0.05
SMOKE = (
    "2-level: masked event raises",
    "3-level: top down",
    "FIFO: BUSY stays after a failure",
    "ports: the peer is not told",
    "reset: frames go before senders have left",
)
REFERENCE_OPERATIONS = 60000
QUICK = 0.7  # seconds: suites that take longer wait until all others have looked
SANITIZERS = "MUTANT_FLAGS=-fsanitize=address,undefined -fno-sanitize-recover=all"
MODEL = ["--quick"]

COPIED = ("arch", "common", "evtchn", "guest", "kernel", "tests")

# Not mutated: check.c is a test itself (the invariants that the suites look at).
NOT_MUTATED = {"evtchn/check.c", "evtchn/env.h", "evtchn/evtchn.h"}

# The suite that is made for a file, where its name does not say so.
NEAREST = {"fifo_register": "fifo", "abi_fifo": "fifo", "register": "3level", "abi_3level": "3level", "abi_2level": "2level"}


def core_tests():
    return sorted(os.path.basename(path)[:-2] for path in glob.glob("tests/host/test_evtchn_*.c"))


def lone_tests():
    """Those that include a source of the core, and so are programs of their own."""
    return [name for name in core_tests() if included_sources(f"tests/host/{name}.c")]


def unit_tests(file, took):
    """Arguments of the program of unit tests, each with its limit: (those that come first, those that can wait). The
    cheapest come first, but a file's own a little earlier."""
    stem = os.path.basename(file).rsplit(".", 1)[0]
    nearest = f"test_evtchn_{NEAREST.get(stem, stem)}"
    parts = [], []
    names = [name for name in core_tests() if name not in lone_tests()]
    for name in sorted(names, key=lambda name: took.get(name, 0) / (4 if name == nearest else 1)):
        limited = f"{name}={1 + 4 * took[name]}" if name in took else name
        parts[took.get(name, 0) > QUICK and name != nearest].append(limited)
    return parts


def quick_tests(file, took):
    return unit_tests(file, took)[0]


def slow_tests(file, took):
    return unit_tests(file, took)[1]


def all_tests(file, took):
    return sum(unit_tests(file, took), [])


def enter_copy(build):
    """Work on a copy of the sources: somebody may edit them meanwhile. Dates are copied too, so little is built again."""
    copy = os.path.join(build, "mutation", "source")
    shutil.rmtree(copy, ignore_errors=True)
    for folder in COPIED:
        shutil.copytree(folder, os.path.join(copy, folder))
    shutil.copy2("Makefile", copy)
    os.chdir(copy)


@functools.lru_cache(maxsize=None)
def read(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


# --- The classic defects


def squeeze(text):
    return [line.strip() for line in text.strip("\n").splitlines()]


def find_block(path, text, block, title):
    """Where these lines stand in the text, whatever their indentation. They must stand there once."""
    wanted, lines = squeeze(block), text.splitlines(keepends=True)
    hits = [i for i in range(len(lines)) if [line.strip() for line in lines[i : i + len(wanted)]] == wanted]
    if len(hits) != 1:
        raise Broken(f"classic.txt: '{title}' does not apply any more: {path} has these lines {len(hits)} times:\n{block}")
    start = sum(len(line) for line in lines[: hits[0]])
    return start, start + sum(len(line) for line in lines[hits[0] : hits[0] + len(wanted)])


def read_classic():
    """Mutants from classic.txt: blocks of "== title", a file, a story, and pairs of --- old +++ new."""
    found = []
    for block in re.split(r"^== ", read(os.path.join(HERE, "classic.txt")), flags=re.M)[1:]:
        head, *pairs = re.split(r"^---\n", block, flags=re.M)
        title, path, *_ = head.splitlines()
        text, edits = read(path), []
        for pair in pairs:
            old, new = re.split(r"^\+\+\+\n", pair, flags=re.M)
            edits.append((*find_block(path, text, old, title), new.strip("\n") + "\n"))
        line = text.count("\n", 0, edits[0][0]) + 1
        found.append(operators.Mutant(path, "", line, "", title, tuple(sorted(edits))))
    return found


# --- The mechanical ones


def read_mechanical():
    found, seen = [], collections.Counter()
    for path in sorted(set(glob.glob("evtchn/*.[ch]")) - NOT_MUTATED):
        for mutant in operators.Source(path, read(path)).mutants():
            seen[mutant.key] += 1
            if seen[mutant.key] > 1:  # the same line twice in a function
                again = f"{mutant.change} [{seen[mutant.key]}]"
                mutant = operators.Mutant(mutant.file, mutant.function, mutant.line, mutant.text, again, mutant.edits)
            found.append(mutant)
    return found


def sample(mutants, one_in):
    """Always the same ones, but spread over everything."""
    return [m for m in mutants if int(hashlib.sha256(m.key.encode()).hexdigest(), 16) % one_in == 0]


def read_survivors():
    """key -> reason. A block: the key in one line, the reason in the next ones, indented."""
    listed = {}
    for block in re.split(r"\n(?=evtchn/)", "\n" + read(os.path.join(HERE, "survivors.txt")))[1:]:
        key, *reason = block.rstrip().splitlines()
        listed[key] = " ".join(" ".join(reason).split())
    return listed


# --- Running


class Run:
    """All mutants through the programs, with some threads. Those that are said to survive go through the quick ones
    only: if that is wrong, they count as survivors nevertheless."""

    def __init__(self, quick, dear, said_to_survive, folder, jobs):
        self.quick, self.dear, self.said_to_survive, self.folder, self.jobs = quick, dear, said_to_survive, folder, jobs
        self.verdicts, self.objects = {}, {}
        self.next_line = 60
        self.lock = threading.Lock()
        self.log = open(os.path.join(folder, "verdicts.txt"), "w", encoding="utf-8")  # all of them, as they come

    def all(self, mutants):
        """Mutant -> verdict: the name of a suite, or "survived", "invalid", "same", "twin"."""
        waiting, start = queue.Queue(), time.monotonic()
        for mutant in mutants:
            waiting.put(mutant)
        workers = [threading.Thread(target=self.work, args=(waiting, i), daemon=True) for i in range(self.jobs)]
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            for worker in workers:
                worker.join(timeout=5)
            self.progress(len(mutants), time.monotonic() - start)
        return {mutant: self.verdicts[mutant] for mutant in mutants}

    def progress(self, total, seconds):
        """On a terminal always the same line; otherwise one a minute."""
        if not sys.stderr.isatty() and seconds < self.next_line:
            return
        self.next_line = seconds + 60
        done = len(self.verdicts)
        survived = sum(verdict == "survived" for verdict in self.verdicts.values())
        line = f"  {done} of {total}, {survived} survived, {seconds:.0f} s"
        if sys.stderr.isatty():
            line = f"\r{line}" + ("" if done < total else "\n")
        print(line, end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)

    def work(self, waiting, number):
        while True:
            try:
                mutant = waiting.get_nowait()
            except queue.Empty:
                return
            start = time.monotonic()
            verdict = self.judge(mutant, os.path.join(self.folder, f"work{number}"))
            took = time.monotonic() - start
            with self.lock:
                self.verdicts[mutant] = verdict
                self.log.write(f"{verdict} | {took:.1f} s | {mutant.line} | {mutant.key}\n")
                self.log.flush()

    def judge(self, mutant, folder):
        path = os.path.join(folder, mutant.file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            with open(path, "w", encoding="utf-8") as text:
                text.write(mutant.apply(read(mutant.file)))
            return self.first_to_fail(mutant, folder)
        finally:
            os.unlink(path)

    def first_to_fail(self, mutant, folder):
        dear = [] if mutant.key in self.said_to_survive else self.dear
        for number, program in enumerate([*self.quick, *dear]):
            objects = program.build(mutant.file, folder)
            if objects is None:
                return "invalid"
            if number == 0:
                known = self.known(mutant, objects)
                if known:
                    return known
            caught = program.catch(mutant.file, folder, objects)
            if caught:
                return caught
        return "survived"

    def known(self, mutant, objects):
        """The compiler says that it is no change at all, or the same as another mutant's."""
        digest = hashlib.sha256(mutant.file.encode())
        same = True
        for original, here in objects:
            with open(original, "rb") as before, open(here, "rb") as after:
                old, new = before.read(), after.read()
            same = same and old == new
            digest.update(new)
        if same:
            return "same"
        with self.lock:
            twin = self.objects.setdefault(digest.digest(), mutant)
        return "twin" if twin is not mutant else None


def programs(build, make, smoke):
    """Cheapest first: (those that are quick, those that are dear)."""
    plain, checked = f"{build}/mutation/plain", f"{build}/mutation/checked"
    reference = ["--workers", "1", "--operations", str(REFERENCE_OPERATIONS)]
    quick = Program("unit", f"{build}/mutation/unit", [*make, f"O={build}"], quick_tests)
    lone = [Program(name, f"{build}/mutation/{name}", [*make, f"O={build}"], lambda *_: []) for name in lone_tests()]
    dear = [
        Program("model", f"{build}/model/model", [*make, f"O={build}"], lambda *_: MODEL),
        Program("reference", f"{plain}/fuzz/reference", [*make, f"O={plain}", "SANITIZE="], lambda *_: reference),
        Program("sanitizers", f"{checked}/mutation/unit", [*make, f"O={checked}", SANITIZERS], all_tests),
    ]
    if smoke:
        dear = []
    for program in [quick, *lone, *dear]:
        program.prepare()
    return [quick, *lone], [quick.with_arguments(slow_tests), *dear]


# --- Words


def print_classic(mutants, verdicts):
    width = max(len(m.change) for m in mutants)
    print("Classic defects")
    for mutant in mutants:
        verdict = verdicts[mutant]
        where = f"{mutant.file}:{mutant.line}"
        print(f"  {mutant.change:<{width}}  {where:<28}  {'SURVIVED' if verdict == 'survived' else verdict}")


def print_table(mutants, verdicts):
    """Which suite caught how many, by file."""
    counts = collections.defaultdict(collections.Counter)
    for mutant in mutants:
        counts[mutant.file][verdicts[mutant]] += 1
    suites = sorted({v for c in counts.values() for v in c} - {"survived", "same", "twin", "invalid"})
    short = [suite.replace("test_evtchn_", "") for suite in suites]
    columns = [*short, "survived"]
    widths = [max(len(column), 5) for column in columns]
    print("\nMechanical mutants, by the suite that was the first to catch them")
    print(f"  {'':<24}" + "".join(f"{column:>{width + 2}}" for column, width in zip(columns, widths)))
    for file, count in sorted(counts.items()):
        cells = [*(count[suite] for suite in suites), count["survived"]]
        print(f"  {file:<24}" + "".join(f"{cell or '':>{width + 2}}" for cell, width in zip(cells, widths)))


def print_survivors(survivors, listed):
    """Those that the list does not know; their number."""
    unknown = [mutant for mutant in survivors if mutant.key not in listed]
    for mutant in unknown:
        print(f"  {mutant.file}:{mutant.line}: {mutant.function}: {mutant.text}\n      survives: {mutant.change}")
    return len(unknown)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="folder of the build (default: build)")
    parser.add_argument("--make", default="make", help="command that builds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--one-in", type=int, default=1, metavar="N", help="a sample of the mechanical mutants")
    parser.add_argument("--smoke", action="store_true", help=f"{len(SMOKE)} classic defects and nothing else")
    parser.add_argument("--classic", metavar="REGEX", nargs="?", const=".", help="classic defects only, or some of them")
    parser.add_argument("--only", metavar="REGEX", help="mechanical mutants whose key matches, and no classic ones")
    parser.add_argument("--listed", action="store_true", help="those that survivors.txt lists, through all suites")
    return parser.parse_args()


def choose(options, listed):
    """The classic and the mechanical mutants of this run."""
    classic, mechanical = read_classic(), read_mechanical()
    if options.smoke:
        return [m for m in classic if m.change in SMOKE], []
    stale = sorted(set(listed) - {mutant.key for mutant in mechanical})
    if stale:
        raise Broken("survivors.txt lists mutants that there are not any more:\n  " + "\n  ".join(stale))
    if options.classic:
        return [m for m in classic if re.search(options.classic, m.change)], []
    if options.only:
        return [], [m for m in mechanical if re.search(options.only, m.key)]
    if options.listed:
        return [], [m for m in mechanical if m.key in listed]
    return classic, sample(mechanical, options.one_in)


def report(classic, mechanical, verdicts, listed):
    """The tables and the last line; is all well?"""
    caught_classic = sum(verdicts[m] not in ("survived", "same", "invalid") for m in classic)
    real = [m for m in mechanical if verdicts[m] not in ("invalid", "same", "twin")]
    survivors = [m for m in real if verdicts[m] == "survived"]
    if classic:
        print_classic(classic, verdicts)
    unknown = 0
    if real:
        print_table(real, verdicts)
        print()
        unknown = print_survivors(survivors, listed)
    share = len(survivors) / len(real) if real else 0
    equivalent = sum(listed.get(m.key, "").startswith("equivalent") for m in survivors)
    for m in mechanical:
        if m.key in listed and verdicts[m] != "survived":
            print(f"  survivors.txt lists a mutant that is caught now ({verdicts[m]}): {m.key}")
    print(
        f"mutation: classic {caught_classic} of {len(classic)} caught; mechanical {len(real)}, caught {len(real) - len(survivors)}, "
        f"survived {len(survivors)} ({100 * share:.1f} %), equivalent {equivalent} listed"
    )
    return caught_classic == len(classic) and not unknown and (share <= MAX_SURVIVORS or len(real) < 200)


def main():
    options = arguments()
    build = os.path.abspath(options.build)
    folder = os.path.join(build, "mutation")
    os.makedirs(folder, exist_ok=True)
    try:
        enter_copy(build)
        listed = read_survivors()
        classic, mechanical = choose(options, listed)
        quick, dear = programs(build, [*shlex.split(options.make), "--no-print-directory", "WERROR=0"], options.smoke)
        trusted = {} if options.listed else listed
        verdicts = Run(quick, dear, trusted, folder, options.jobs).all(classic + mechanical)
    except Broken as why:
        sys.exit(f"mutation: {why}")
    sys.exit(0 if report(classic, mechanical, verdicts, listed) else 1)


if __name__ == "__main__":
    main()
