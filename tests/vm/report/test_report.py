# SPDX-License-Identifier: MIT
"""The report "what this machine can do": complete, aligned, and printed on machines that can run nothing."""

import re
import subprocess
import sys

import pytest

import harness

MACHINES = harness.ROOT / "tests/host/machines"
SECTIONS = ["Machine", "Memory", "Processors", "Interrupts", "Timers", "Consoles", "Raw", "VMX", "SVM", "PV", "Verdict"]


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
    assert dict(found["Verdict"])["pv domains"] == "yes"
    assert ("SYSCALL", "needed, present") in found["PV"]


@pytest.mark.long
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


def test_panic():
    """A machine on which the start fails: without a report nobody can tell why."""
    scenario = harness.adhoc("xenolith report clock=pit log=debug")
    run = harness.boot(scenario, firmware="direct", extra=("-M", "pit=off")).expect_bad()
    assert list(sections(run.log)) == SECTIONS
    assert verdict(run) == "no, because the PIT does not run: take option clock= away"
    run.expect(r"xen: processor: +family \d+, model \d+, stepping \d+, microcode revision 0x[0-9a-f]+, \d+ SMIs")
    clocks = dict(sections(run.log)["Timers"])
    assert clocks["PIT"] == "missing" and clocks["HPET"].startswith("present: the TSC has ")


# --- On every console

LAST = "The machine stays on: PgUp and PgDn turn pages, R restarts, q switches it off."


def test_vga_text():
    """A machine without a serial port and without an exit for emulators: the end of the report stays on the screen."""
    with harness.start("report", firmware="direct", serial=False, debug_exit=False) as machine:
        machine.wait_until(lambda: LAST in machine.screen())
        assert "Verdict\n  verdict:          SVM yes\n" in machine.screen()


def test_framebuffer():
    """The same on UEFI's framebuffer, from the boot menu's entry."""
    with harness.start("report", firmware="uefi", serial=False, debug_exit=False) as machine:
        machine.wait_until(lambda: LAST in machine.drawn_text())
        assert "Verdict\n  verdict:          SVM yes\n" in machine.drawn_text()


def test_restart_after_the_report():
    """A machine that can only be switched off once it has been read."""
    with harness.start("report", firmware="direct", debug_exit=False) as machine:
        machine.wait_for(re.escape(LAST))
        machine.type("R")
        machine.finish()  # QEMU was told not to restart


@pytest.mark.parametrize(
    "firmware, name, protocol",
    [("bios", "BIOS", "multiboot 2"), pytest.param("uefi", "UEFI", "multiboot 2", marks=pytest.mark.long)],
)
def test_firmware(firmware, name, protocol):
    """GRUB's entry, and what it says about how it came to run."""
    machine = dict(sections(harness.boot("report", firmware=firmware).expect_good().log)["Machine"])
    assert machine["firmware"] == name and machine["boot protocol"] == protocol
    assert machine["boot loader"].startswith("GRUB 2")


# --- A report that was pasted becomes a fixture

def fixture(text):
    """What tools/report_fixture.py makes of a text, without the first line."""
    done = subprocess.run(
        [sys.executable, "tools/report_fixture.py"], cwd=harness.ROOT, input=text, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n", 1)[1]


def rewrapped(log):
    """As a mail program does it that breaks lines at 50 columns."""
    return re.sub(r"^( +(?:cpuid|msr|verdict):.{30,}?) ", r"\1\n", log, flags=re.MULTILINE)


PASTED = {
    "carriage returns": lambda log: log.replace("\n", "\r\n"),
    "a quotation": lambda log: re.sub("^", "> > ", log, flags=re.MULTILINE),
    "time stamps": lambda log: re.sub("^", "[   12.345678] xen: ", log, flags=re.MULTILINE),
    "tabs": lambda log: re.sub(r"^  (\w+):", r"\t\1:\t", log, flags=re.MULTILINE),
    "no indentation": lambda log: re.sub("^ +", "", log, flags=re.MULTILINE),
    "colours": lambda log: re.sub("^", "\x1b[0;37m\x1b[40m", log, flags=re.MULTILINE),
    "broken lines": rewrapped,
    "words around it": lambda log: f"Dear all,\nVMX\n\n{log}\n-- \nVerdict\n",
    "two reports": lambda log: log.replace("cpuid:  8", "cpuid:  9") + log,
}


@pytest.mark.parametrize("how", PASTED)
def test_pasted_report(how):
    """Text that has been through a terminal and a mail program is not the text that was printed."""
    log = harness.boot("report", firmware="direct", cpu="EPYC").log
    assert fixture(PASTED[how](log)) == fixture(log)


def test_incomplete_report():
    """Half a report that becomes half a fixture."""
    log = harness.boot("report", firmware="direct", cpu="EPYC").log
    done = subprocess.run(
        [sys.executable, "tools/report_fixture.py"], cwd=harness.ROOT, input=log.partition("\nSVM\n")[0], text=True,
        capture_output=True, check=False,
    )
    assert done.returncode == 1 and "section SVM" in done.stderr


def comparable(text):
    """A fixture without what another run, or another firmware, may have otherwise: memory, and counters."""
    changing = re.compile(r"e820 |msr (?:34|1b|2..) |cpuid (?:00000001|0000000b) |#")
    return [line for line in text.splitlines() if not changing.match(line)]


@pytest.mark.parametrize("cpu, name", [("EPYC", "qemu-epyc"), ("qemu64,-svm", "qemu-nosvm")])
def test_fixture_is_what_qemu_says(cpu, name):
    """Recorded machines that no machine is like any more."""
    fresh = fixture(harness.boot("report", firmware="direct", cpu=cpu, cpus=2).log)
    assert comparable(fresh) == comparable((MACHINES / f"{name}.txt").read_text())


@pytest.mark.long
@pytest.mark.parametrize("path", sorted(MACHINES.glob("bochs-*.txt")), ids=lambda p: p.stem)
def test_fixture_is_what_bochs_says(path):
    """The same for the models of Bochs."""
    fresh = fixture(harness.bochs("report", path.stem.removeprefix("bochs-")).log)
    assert comparable(fresh) == comparable(path.read_text())


@pytest.mark.long
def test_registers_that_fault():
    """Most emulators read an unknown MSR as 0; a real processor faults, in the middle of the start."""
    strict = "cpu: model=corei7_haswell_4770, count=1, ips=200000000, reset_on_triple_fault=0, ignore_bad_msrs=0"
    result = harness.run_sh("-m", "bochs", "-M", "haswell", "-g", "report", "--", strict)
    assert result.returncode == 0, result.stdout + result.stderr
    log = result.stdout.replace("\r", "")
    assert dict(sections(log)["Processors"])["SMIs"] == "not counted by this processor"
    assert dict(sections(log)["Verdict"])["verdict"] == "VMX yes"
