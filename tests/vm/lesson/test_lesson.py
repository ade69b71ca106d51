# SPDX-License-Identifier: MIT
"""The lesson: what it prints is the order of the specification, and the guide shows what it prints."""

import re
import subprocess
import sys

import pytest

import harness

STEP = re.compile(r" *(\d+)  (xen|guest)  +(.+?)(?:  +|$)(0x\S+(?: -> 0x\S+)?)? *(.*)")

UPCALL, SELECTOR = "exchange upcall_pending", "test-and-set bit 0 of selector"
KICK = "kick vcpu 0"


def acts(lines):
    """{"1.1": [(who, what, values, meaning), ...]}"""
    found, act = {}, None
    for line in lines:
        if title := re.match(r"(\d\.\d)  ", line):
            act = found.setdefault(title.group(1), [])
        elif step := STEP.fullmatch(line):
            assert int(step.group(1)) == len(act) + 1, line
            act.append(step.groups()[1:])
    return found


@pytest.fixture(scope="module")
def lesson():
    run = harness.boot("lesson", cpus=1, firmware="bios").expect_good()
    return acts(run.lines("lesson"))


def steps(act, who):
    return [what for by, what, _, _ in act if by == who]


def test_2level_raise(lesson):
    """EVT-2L-03, EVT-2L-04, EVT-2L-05: a step of set_pending is left out, or comes too early for a guest that consumes meanwhile."""
    assert steps(lesson["1.1"], "xen") == [
        "test-and-set bit 5 of pending word 0",
        "read mask word 0",
        SELECTOR,
        UPCALL,
        KICK,
        "wake those who poll for port 5",
    ]
    assert steps(lesson["1.1"], "guest") == [
        UPCALL,
        "exchange selector",
        "read pending word 0",
        "read mask word 0",
        "test-and-clear bit 5 of pending word 0",
        UPCALL,
    ]


def test_2level_stops(lesson):
    """EVT-2L-03, EVT-2L-06: each level is left alone when the one below was set already: nobody is told twice."""
    assert steps(lesson["1.2"], "xen") == ["test-and-set bit 5 of pending word 0"]
    assert steps(lesson["1.3"], "xen") == [
        "test-and-set bit 6 of pending word 0",
        "read mask word 0",
        SELECTOR,
        "wake those who poll for port 6",
        "test-and-set bit 6 of pending word 1",
        "read mask word 1",
        "test-and-set bit 1 of selector",
        UPCALL,
        "wake those who poll for port 70",
    ]


def test_2level_mask(lesson):
    """EVT-2L-05, EVT-2L-08: a masked port tells nobody; the unmask operation clears the mask before it looks."""
    assert steps(lesson["1.4"], "xen") == [
        "test-and-set bit 5 of pending word 0",
        "read mask word 0",
        "wake those who poll for port 5",
        "test-and-clear bit 5 of mask word 0",
        "read pending word 0",
        SELECTOR,
        UPCALL,
        KICK,
    ]


def test_poll(lesson):
    """EVT-POLL-05: a masked port wakes who polls for it, and raises no upcall."""
    assert steps(lesson["1.5"], "xen") == [
        "read pending word 1",
        "test-and-set bit 7 of pending word 1",
        "read mask word 1",
        "wake those who poll for port 71",
    ]
    assert lesson["1.5"][3][3] == "a vcpu polls"


def test_3level(lesson):
    """EVT-3L-18, EVT-3L-19, EVT-3L-20: bottom up in the hypervisor, top down in the guest."""
    assert steps(lesson["2.1"], "xen") == [
        "test-and-set bit 18 of pending word 66",
        "read mask word 66",
        "test-and-set bit 2 of L2 selector word 1",
        "test-and-set bit 1 of L1 selector",
        UPCALL,
        KICK,
        "wake those who poll for port 4242",
    ]
    assert steps(lesson["2.1"], "guest")[:3] == [UPCALL, "exchange L1 selector", "exchange L2 selector word 1"]
    assert steps(lesson["2.2"], "xen")[-2:] == [
        "test-and-set bit 2 of L2 selector word 1",
        "wake those who poll for port 4243",
    ]
    assert steps(lesson["2.3"], "xen")[3:] == [
        "test-and-clear bit 18 of mask word 66",
        "read pending word 66",
        "test-and-set bit 2 of L2 selector word 1",
        "test-and-set bit 1 of L1 selector",
        UPCALL,
        KICK,
    ]


def test_fifo(lesson):
    """EVT-FIFO-12, EVT-FIFO-13: PENDING before the link, the link before ready, ready before the upcall."""
    assert steps(lesson["3.1"], "xen") == [
        "test-and-set PENDING of event word 5",
        "read event word 5",
        "test-and-set LINKED of event word 5",
        "exchange head 7",
        "test-and-set bit 7 of ready word",
        UPCALL,
        KICK,
        "wake those who poll for port 5",
    ]
    assert steps(lesson["3.2"], "xen")[-3:] == [
        "read event word 5",
        "compare-exchange event word 5",
        "wake those who poll for port 6",
    ]
    assert ("compare-exchange event word 5", "0xa0000000 -> 0xa0000006") in [s[1:3] for s in lesson["3.2"]]


def test_fifo_priorities(lesson):
    """EVT-FIFO-14: the port of the higher priority is handled first, though it was raised last."""
    handled = [s[1] for s in lesson["3.3"] if "its handler runs" in s[3]]
    assert handled == ["test-and-clear PENDING of event word 6", "test-and-clear PENDING of event word 5"]


def test_fifo_mask(lesson):
    """EVT-FIFO-16: a masked port is not linked; the unmask operation links it."""
    assert steps(lesson["3.4"], "xen")[:4] == [
        "test-and-set PENDING of event word 5",
        "wake those who poll for port 5",
        "test-and-clear MASKED of event word 5",
        "test-and-set LINKED of event word 5",
    ]


@pytest.mark.parametrize("env", ["pvh64", "pvh32"])
def test_values_follow_each_other(env):
    """A word changes between two steps: a step that the hook does not see, or a value that it invents."""
    run = harness.boot("lesson", cpus=1, env=env).expect_good()
    for act, seen in acts(run.lines("lesson")).items():
        value = {}
        for _, what, values, meaning in seen:
            assert meaning, (act, what)
            if not values:
                continue
            word = re.search(r"(?:of |read |exchange |^)((?:\w+ )*?\w+(?: word)?(?: \d+)?)$", what).group(1)
            before, _, after = values.partition(" -> ")
            assert value.get(word, before) == before, (act, what)
            value[word] = after or before


def test_normal_image_knows_nothing():
    """The trace is in every image, or the guest needs it to run."""
    elf = (harness.ROOT / harness.BUILD / "xenolith.elf").read_bytes()
    assert b"test-and-set" not in elf
    run = harness.boot(harness.adhoc('xenolith\nmodule lesson name="lesson" memory=16 evtchn_extended="fifo,3level"'))
    assert not any(acts(run.expect_good().lines("lesson")).values())


def test_guide_shows_it():
    """The first page of the course shows what an older version printed."""
    run = harness.boot("lesson", cpus=1, firmware="bios").expect_good()
    log = harness.ROOT / harness.BUILD / "vm" / "lesson.txt"
    log.write_text(run.log, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "tools/transcript.py", "--check", "lesson", str(log), "docs/guide/event-channels.md"],
        cwd=harness.ROOT, capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stderr
