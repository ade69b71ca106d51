# SPDX-License-Identifier: MIT
"""The VMX back end on Bochs, and the SVM back end on a second implementation. One CPU of one model gets everything."""

import shutil

import pytest

import harness

SMOKE = ["tigerlake", "corei7_skylake_x", "corei7_haswell_4770", "corei7_sandy_bridge_2600k"]
REFUSED = {
    "core2_penryn_t9600": r"VMX lacks extended page tables \(EPT\)",
    "corei5_lynnfield_750": r"VMX lacks unrestricted guest",
}


def test_tour():
    """./run.sh -m bochs that differs from ./run.sh in how it ends."""
    if not shutil.which("bochs"):
        pytest.skip("Bochs is not installed (Debian packages bochs, bochsbios, vgabios)")
    result = harness.run_sh("-m", "bochs")
    output = harness.Output(result.stdout.replace("\r", ""))
    assert result.returncode == 0, result.stdout + result.stderr
    output.expect(r"xen: container: +VMX, EPT.*unrestricted guest, VPID, true controls")
    output.expect(r"xen: +(\d+) of +\1 domains are good")
    output.expect(r"xen: verdict: success\s*\Z")


@pytest.mark.parametrize(
    "scenario",
    [
        "pingpong",
        "poll",
        "timer",
        "naughty",
        pytest.param("counts", marks=pytest.mark.long),
        pytest.param("three-level", marks=pytest.mark.long),
    ],
)
def test_scenario(scenario):
    """What the SVM back end does and VMX does not, or differently."""
    harness.bochs(scenario).expect_good()


def test_32_bit_guests():
    """What differs for guests outside 64-bit mode: registers' halves, PDPTEs, the entry control for IA-32e mode."""
    harness.bochs("tour", env="pvh32").expect_good()


CORNERS = """xenolith
module naughty name=processor memory=16 cmdline="what=processor"
module naughty name=paging memory=16 cmdline="what=paging"
module naughty name=vcpus memory=16 vcpus=2 cmdline="what=vcpus"
"""


def test_32_bit_corner_cases():
    """A reserved bit in a PDPTE, a step behind STI, INT1, NMIs: the entry fails, or the guest goes round in circles."""
    harness.bochs(harness.adhoc(CORNERS), env="pvh32").expect_good()


@pytest.mark.parametrize("model", SMOKE)
def test_model(model):
    """A control that one generation lacks and the table asks for; a field that it does not know."""
    harness.bochs("hello", model).expect_good().expect(r"xen: container: +VMX,")


@pytest.mark.parametrize("model", REFUSED)
def test_refused_model(model):
    """A processor that cannot run pvh guests, and a message that does not name what it lacks; or one that could run pv
    guests instead, and does not."""
    output = harness.bochs("hello", model).expect_good()
    output.expect(rf"xen: .*virtualisation: .*{REFUSED[model]}")
    output.expect(r"hello: hello: Xen ABI .*environment pv64")


# Without the guests that loop with interrupts off or end in a triple fault: Bochs' SVM does not let go of those.
RYZEN = """xenolith
module hello name=hello memory=16
module pingpong name=server memory=16 cmdline="role=server peer=3 rounds=500"
module pingpong name=client memory=16 cmdline="role=client peer=2 port=1 rounds=500"
module poll name=poll memory=16 vcpus=2
module timer name=timer memory=16 vcpus=2
module three-level name=three-level memory=32 vcpus=2 evtchn_extended="3level" cmdline="ports=2000"
module naughty name=registration memory=16 evtchn_extended="3level" cmdline="what=registration"
"""


def test_svm_with_all_it_offers():
    """NRIPS and flush by ASID, which QEMU's SVM does not have: paths that no other test enters."""
    run = harness.bochs(harness.adhoc(RYZEN), "ryzen").expect_good()
    run.expect(r"xen: container: +SVM, .*next rip, flush by ASID")


PAIR = """xenolith
module pingpong name=server memory=16 cpus=0 cmdline="role=server peer=2 rounds=100"
module pingpong name=client memory=16 cpus=1 cmdline="role=client peer=1 port=1 rounds=100"
"""


def test_two_cpus():
    """VMX that is turned on, with its host state, on the boot CPU only; events that reach no guest of another CPU."""
    run = harness.bochs(harness.adhoc(PAIR), cpus=2).expect_good()
    run.expect(r"xen: processors: 2 running")


@pytest.mark.long
@pytest.mark.parametrize("env", ["pvh64", "pvh32"])
def test_tour_on_two_cpus(env):
    """vcpus that move: a VMCS that is still current elsewhere, translations of another CPU."""
    harness.bochs("tour", env=env, cpus=2).expect_good()


OLDER = [pytest.param(model, marks=pytest.mark.long) for model in SMOKE]


@pytest.mark.parametrize("model", ["corei7_icelake_u", *OLDER])
def test_entry_checker(model):
    """The VM-entry checker says why an entry fails, and is wrong: over 100,000 states, each entered for real."""
    run = harness.bochs(harness.adhoc("xenolith selftest=vmentry\nmodule hello name=hello memory=16"), model)
    found = run.expect(r"xen: vm entry selftest: cases (\d+), agree (\d+), differ 0, known to differ (\d+)")
    cases, agree, known = map(int, found.groups())
    assert cases > 100000 and agree + known == cases, run.log
    run.expect_good()
