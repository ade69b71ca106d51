# SPDX-License-Identifier: MIT
"""Processors that cannot run guests, and the hypervisor's own memory seen from outside."""

import re

import pytest

import harness

PATIENT = "xenolith noreboot\nmodule hello name=hello memory=16"


NOT_FOR_PVH = {"qemu64": "SVM without nested paging", "qemu64,-svm": "neither VMX nor SVM"}


@pytest.mark.parametrize("cpu", NOT_FOR_PVH)
def test_no_virtualisation(cpu):
    """A processor with SVM but no NPT, and one with neither VMX nor SVM: a reset or a hang in place of a sentence, and
    domains that are not run although they could be pv."""
    run = harness.boot("hello", cpu=cpu).expect_good()
    run.expect(rf"xen: .*{NOT_FOR_PVH[cpu]}")
    run.expect(r"hello: hello: Xen ABI .*environment pv64")


@pytest.mark.parametrize("cpu", NOT_FOR_PVH)
def test_no_virtualisation_and_no_pv_image(cpu):
    """The same for domains that can be nothing but pvh."""
    run = harness.boot("hello", cpu=cpu, env="pvh32").expect_bad()
    run.expect(rf"xen: .*{NOT_FOR_PVH[cpu]}")


def test_no_nx():
    """A processor without NX: page tables with a reserved bit set, and a triple fault at the first use."""
    run = harness.boot("hello", cpu="max,-nx")
    assert run.code in (harness.GOOD, harness.BAD), run.log


@pytest.fixture(scope="module")
def finished():
    """A machine that stays when its run is over, so that its page tables can be looked at."""
    with harness.start(harness.adhoc(PATIENT), cpus=2) as machine:
        machine.wait_for(r"xen: verdict: success")
        yield machine


@pytest.mark.parametrize("cpu", [0, 1])
def test_write_xor_execute(finished, cpu):
    """A page of the hypervisor that can be both written and executed, or a page that ring 3 can reach, but for the
    machine-to-physical table, which pv guests may read."""
    finished.monitor(f"cpu {cpu}")
    pages = re.findall(r"^([0-9a-f]{16}): [0-9a-f]{16} ([-XGPDACTUW]{9})", finished.monitor("info tlb"), re.MULTILINE)
    assert len(pages) > 10
    both = [where for where, flags in pages if "W" in flags and "X" not in flags]
    assert not both, f"writable and executable: {both[:10]}"
    user = [where for where, flags in pages if "U" in flags and (not where.startswith("ffff8000") or "W" in flags)]
    assert not user, f"open to ring 3: {user[:10]}"
    assert any("X" not in flags for _, flags in pages), "nothing is executable: the test looks at the wrong tables"


@pytest.mark.parametrize("cpu", [0, 1])
def test_protections_are_on(finished, cpu):
    """CR0.WP, CR4.SMEP, SMAP and UMIP, EFER.NXE: one that is left off on the second CPU is easily overlooked."""
    finished.monitor(f"cpu {cpu}")
    registers = finished.monitor("info registers")
    value = {name: int(re.search(rf"{name}=([0-9a-f]+)", registers).group(1), 16) for name in ("CR0", "CR4", "EFER")}
    assert value["CR0"] & 1 << 16, "WP"
    assert value["EFER"] & 1 << 11, "NXE"
    for bit, name in ((20, "SMEP"), (21, "SMAP"), (11, "UMIP")):
        assert value["CR4"] & 1 << bit, name


HELLO = "\nmodule hello name=hello memory=16"
CLOCKS = [
    ("", (), "HPET and ACPI PM timer"),
    ("", ("-M", "hpet=off"), "ACPI PM timer and PIT"),
    ("", ("-M", "hpet=off,pit=off"), "ACPI PM timer"),
    ("", ("-M", "pit=off"), "HPET and ACPI PM timer"),
    (" clock=pit", (), "PIT"),
]


@pytest.mark.parametrize("option, machine, named", CLOCKS)
def test_clocks(option, machine, named):
    """A machine without the clock that the TSC is measured by; a clock that is wrong, and nobody notices."""
    run = harness.boot(harness.adhoc(f"xenolith{option}{HELLO}"), extra=machine).expect_good()
    khz = int(run.expect(rf"xen: time: +TSC of (\d+) kHz by {named}; timer is").group(1))
    best = int(harness.boot(harness.adhoc(f"xenolith{HELLO}")).expect(r"TSC of (\d+) kHz").group(1))
    assert abs(khz - best) < best / 100


@pytest.mark.parametrize("clock, machine, name", [("pit", "pit=off", "PIT"), ("hpet", "hpet=off", "HPET")])
def test_clock_that_does_not_run(clock, machine, name):
    """Waiting for ever for a device that is not there."""
    run = harness.boot(harness.adhoc(f"xenolith clock={clock}{HELLO}"), extra=("-M", machine)).expect_bad()
    run.expect(rf"xen: .*the {name} does not run: take option clock= away")


@pytest.mark.long
@pytest.mark.parametrize("machine, named", [("acpi=off", "PIT"), ("acpi=off,pit=off", None)])
def test_without_acpi_tables(machine, named):
    """The PIT alone, and nothing at all: then a sentence, not a hang or a division by zero. (SeaBIOS would make tables.)"""
    run = harness.boot(harness.adhoc(f"xenolith{HELLO}"), firmware="uefi", extra=("-M", machine))
    if named:
        run.expect_good().expect(rf"xen: time: +TSC of \d+ kHz by {named}; timer is")
    else:
        run.expect_bad().expect(r"xen: panic: no clock to measure the TSC by: .* turn on the HPET")


def test_power_off_by_acpi():
    """Without isa-debug-exit, as on a real machine: the machine must go off by ACPI."""
    run = harness.boot("hello", debug_exit=False)
    assert run.code == 0, run.log
    run.expect(r"xen: verdict: success\s*\Z")
