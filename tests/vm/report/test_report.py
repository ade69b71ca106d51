# SPDX-License-Identifier: MIT
"""The report "what this machine can do": complete, aligned, and printed on machines that can run nothing."""

import pytest

import harness

SECTIONS = ["Machine", "Memory", "Processors", "Interrupts", "Timers", "Consoles", "Raw", "VMX", "SVM", "Verdict"]


def sections(log):
    """Section -> [(key, value)] of the report in a log; a value that goes on in the next lines is joined."""
    found, current = {}, None
    for line in log.split("Report: what this machine can do\n", 1)[1].splitlines():
        assert len(line) <= 80, f"wider than a screen: {line!r}"
        if line in SECTIONS:
            current = found.setdefault(line, [])
        elif line.startswith("   "):
            current[-1] = (current[-1][0], f"{current[-1][1]} {line.strip()}")
        elif line.startswith("  "):
            key, _, value = line.strip().partition(":")
            current.append((key, value.strip()))
        elif line:
            break
    return found


def verdict(run):
    return dict(sections(run.log)["Verdict"])["verdict"]


@pytest.mark.parametrize("cpu", ["max", "EPYC"])
def test_svm(cpu):
    """A section that is left out, a machine that does not go off after its report."""
    run = harness.boot("report", firmware="direct", cpu=cpu).expect_good()
    assert list(sections(run.log)) == SECTIONS
    assert verdict(run) == "SVM yes"


def test_svm_without_nested_paging():
    """A refusal that ends the report, which is there to explain it."""
    run = harness.boot("report", firmware="direct", cpu="qemu64").expect_good()
    found = sections(run.log)
    assert ("nested paging", "needed, MISSING") in found["SVM"]
    assert verdict(run).startswith("no, because SVM: the processor has SVM without nested paging")


def test_neither():
    """The same on a processor with nothing."""
    run = harness.boot("report", firmware="direct", cpu="qemu64,-svm").expect_good()
    found = sections(run.log)
    assert found["VMX"] == [("VMX", "missing")] and found["SVM"] == [("SVM", "missing")]
    assert verdict(run) == "no, because the processor has neither VMX nor SVM"


def test_vmx():
    """Controls that the report and the back end see differently."""
    run = harness.bochs("report").expect_good()
    found = sections(run.log)
    assert dict(found["VMX"])["extended page tables (EPT)"] == "needed, present"
    assert dict(found["VMX"])["FEATURE_CONTROL"] == "0x5: locked, VMX on"
    assert verdict(run) == "VMX yes"


def test_vmx_that_lacks_something():
    """The capabilities of a processor that is refused."""
    run = harness.bochs("report", "core2_penryn_t9600").expect_good()
    found = dict(sections(run.log)["VMX"])
    assert found["extended page tables (EPT)"] == "needed, MISSING"
    assert found["HLT exiting"] == "needed, present"
    assert verdict(run) == "no, because VMX: the processor's VMX lacks extended page tables (EPT), which Xenolith needs"
