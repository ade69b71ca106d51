# SPDX-License-Identifier: MIT
"""Many vcpus: IPIs between them, and all of them up and down."""

import pytest

import harness

QUICK = """xenolith
module smp name="pairs" memory=16 vcpus=4 cmdline="rounds=100 info=all end=down"
module smp name="v40" memory=16 vcpus=40 cmdline="rounds=20 times=2 end=down"
module smp name="v128" memory=16 vcpus=128 evtchn_extended="3level" cmdline="rounds=20 info=all abi=3level end=down"
"""


@pytest.mark.parametrize("env, cpus", [("pvh64", 1), ("pvh64", 2), ("pvh64", 4), ("pvh32", 2)])
def test_smp(env, cpus):
    """An IPI that does not wake its vcpu; a vcpu beyond 31 that no event reaches; two vcpus that go down at the same
    time and leave a domain behind in which nobody is up."""
    run = harness.boot(harness.adhoc(QUICK), env=env, cpus=cpus).expect_good()
    run.expect(r"v128: smp: roll call: 127 vcpus came up")


def test_affinity():
    """cpus= is where the vcpus run: on one CPU of two, on two of four, and anywhere if none of the list is there."""
    run = harness.boot(
        harness.adhoc(
            """xenolith
module smp name="first" memory=16 vcpus=3 cpus="0" cmdline="rounds=10"
module smp name="last" memory=16 vcpus=3 cpus="3" cmdline="rounds=10"
module smp name="middle" memory=16 vcpus=4 cpus="1-2" cmdline="rounds=10"
module smp name="nowhere" memory=16 vcpus=2 cpus="9" cmdline="rounds=10"
"""
        ),
        cpus=4,
    ).expect_good()
    run.expect(r'"first".*first on CPU 0')
    run.expect(r'"last".*first on CPU 3')
    run.expect(r'"middle".*first on CPU [12]')


@pytest.mark.long
@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_smp_long(cpus):
    """The same with as many IPIs as the scenario has."""
    harness.boot("smp", cpus=cpus).expect_good()


@pytest.mark.long
def test_smp_on_vmx():
    """Interrupts between two CPUs, and vcpus up and down, on the other back end."""
    harness.bochs(harness.adhoc(QUICK.replace("rounds=100", "rounds=20")), cpus=2).expect_good()
