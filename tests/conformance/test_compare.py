# SPDX-License-Identifier: MIT
"""The comparer itself, with transcripts made by hand: what it must find, and what it must let pass."""

import transcript

GOOD = """\
(XEN) something of Xen's own
= send/ok/ipi/2l: send(6) -> 0; pend[0]=40
= send/ok/pirq/2l: send(8) -> -EINVAL
= send/EPERM/ipi/2l: absent
= long/one/2l: first half,
+ second half
= end: 4 cells
"""
ABSENT = transcript.reasons("cells: send/EPERM/*\nwhy: no such\n  caller")


def verdict_of(xen, xenolith, documented="", absent=ABSENT):
    verdict = transcript.Verdict()
    transcript.compare(
        verdict, "pvh64", transcript.parse(xen), transcript.parse(xenolith), transcript.reasons(documented), absent
    )
    return verdict


def test_equal():
    verdict = verdict_of(GOOD, GOOD)
    assert verdict.line() == "conformance: cells 3, compared 3, documented 0, unexplained 0"
    assert verdict.absent == 1


def test_prefixes_of_xenolith():
    """A console line of Xenolith has time and domain before the text."""
    ours = "\n".join(f"[   1.234567] conformance: {line}" for line in GOOD.splitlines())
    assert not verdict_of(GOOD, ours).unexplained


def test_two_domains():
    """What the domain without privileges asked; each domain says how many cells it printed."""
    other = "= status/EPERM/ipi/2l: status(0,6) -> -EPERM\n= end: 1 cells\n"
    ours = "".join(f"[   1.234567] unprivileged: {line}\n" for line in other.splitlines())
    assert verdict_of(other + GOOD, ours + GOOD).line() == "conformance: cells 4, compared 4, documented 0, unexplained 0"
    assert len(verdict_of(other + GOOD, other.replace("1 cells", "2 cells") + GOOD).unexplained) == 1


def test_result_differs():
    verdict = verdict_of(GOOD, GOOD.replace("-> -EINVAL", "-> 0"))
    assert verdict.line() == "conformance: cells 3, compared 3, documented 0, unexplained 1"
    assert "send/ok/pirq/2l" in verdict.unexplained[0]


def test_changed_word_differs():
    assert len(verdict_of(GOOD, GOOD.replace("pend[0]=40", "pend[0]=48")).unexplained) == 1


def test_continued_line_differs():
    assert len(verdict_of(GOOD, GOOD.replace("second", "other")).unexplained) == 1


def test_missing_cell():
    """Also when the guest's own count agrees with what arrived."""
    fewer = GOOD.replace("= send/ok/ipi/2l: send(6) -> 0; pend[0]=40\n", "").replace("4 cells", "3 cells")
    for verdict in (verdict_of(GOOD, fewer), verdict_of(fewer, GOOD)):
        assert verdict.line() == "conformance: cells 3, compared 2, documented 0, unexplained 1"
        assert "missing" in verdict.unexplained[0]


def test_asked_on_one_side_only():
    assert len(verdict_of(GOOD, GOOD.replace("ipi/2l: absent", "ipi/2l: send(6) -> -EPERM")).unexplained) == 1


def test_absent_without_reason():
    assert len(verdict_of(GOOD, GOOD, absent=[]).unexplained) == 1


def test_lost_line():
    """A line that the console swallowed on both sides is not agreement."""
    lost = GOOD.replace("= long/one/2l: first half,\n+ second half\n", "")
    assert len(verdict_of(lost, lost).unexplained) == 2


def test_cut_off():
    assert len(verdict_of(GOOD.replace("= end: 4 cells\n", ""), GOOD).unexplained) == 1


def test_twice():
    twice = GOOD.replace("4 cells", "5 cells") + "= send/ok/ipi/2l: send(6) -> 0; pend[0]=40\n"
    assert len(verdict_of(twice, GOOD).unexplained) == 1


DOCUMENTED = "cells: send/ok/pirq/*\nxen: -EINVAL\nxenolith: -> 0\nwhy: there are no pirqs here"


def test_documented():
    ours = GOOD.replace("-> -EINVAL", "-> 0")
    documented = DOCUMENTED.replace("xen: -EINVAL", "xen: -> -EINVAL")
    assert verdict_of(GOOD, ours, documented).line() == "conformance: cells 3, compared 3, documented 1, unexplained 0"


def test_documented_only_what_it_says():
    """A reason for one difference does not cover a second one in the same cell, nor another result."""
    documented = DOCUMENTED.replace("xen: -EINVAL", "xen: -> -EINVAL")
    assert verdict_of(GOOD, GOOD.replace("-> -EINVAL", "-> 0; pend[0]=1"), documented).unexplained
    assert verdict_of(GOOD, GOOD.replace("-> -EINVAL", "-> -EPERM"), documented).unexplained
    assert verdict_of(GOOD, GOOD.replace("pend[0]=40", "pend[0]=0"), documented).unexplained


def test_reason_for_one_environment():
    assert verdict_of(GOOD, GOOD.replace("-> -EINVAL", "-> 0"), DOCUMENTED + "\nenv: pvh32").unexplained


def test_unused_reason():
    verdict = transcript.Verdict()
    transcript.unused(verdict, transcript.reasons(DOCUMENTED))
    assert len(verdict.unexplained) == 1


def test_record():
    parsed = transcript.parse(GOOD)
    assert transcript.recorded(transcript.to_record(parsed)).cells == parsed.cells


def test_record_of_differences():
    """Another text, another cell, and one cell less than in the transcript from which it tells the differences."""
    base = transcript.parse(GOOD)
    text = GOOD.replace("pend[0]=40", "pend[0]=48").replace("= send/ok/pirq/2l: send(8)", "= send/ok/new/2l: send(9)")
    other = transcript.parse(text)
    record = transcript.to_record(other, base)
    assert len(record.splitlines()) == 3
    assert transcript.recorded(record, base).cells == other.cells
