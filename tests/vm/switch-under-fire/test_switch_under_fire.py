# SPDX-License-Identifier: MIT
"""The switch between the ABIs while others send."""

import pytest

import harness

QUICK = """xenolith
module switch-under-fire name="sender" memory=8 cmdline="role=sender peer=2"
module switch-under-fire name="target" memory=24 vcpus=3 evtchn_extended="3level" cmdline="role=target peer=1 rounds=12"
"""
ALL = QUICK.replace('"3level"', '"fifo,3level"').replace("peer=1", "peer=1 fifo=yes").replace("=24", "=32")


@pytest.mark.parametrize("env, cpus", [("pvh64", 1), ("pvh64", 2), ("pvh64", 4), ("pvh32", 2)])
def test_switch_under_fire(env, cpus):
    """An event that is raised while the domain changes its ABI, and is seen by neither: its sender waits for ever."""
    run = harness.boot(harness.adhoc(QUICK), env=env, cpus=cpus).expect_good()
    run.expect(r"12 rounds of 2-level, 3-level and reset")


@pytest.mark.parametrize("env, cpus", [("pvh64", 1), ("pvh64", 2), ("pvh64", 4), ("pvh32", 2)])
def test_switch_to_fifo_and_3level_under_fire(env, cpus):
    """An event that is pending on 2-level when the domain goes to FIFO and is forgotten, or comes while a vcpu has no
    control block; bits that a reset leaves behind and the next ABI meets."""
    run = harness.boot(harness.adhoc(ALL), env=env, cpus=cpus).expect_good()
    run.expect(r"12 rounds of 2-level, FIFO or 3-level and reset")


@pytest.mark.parametrize("vcpus, env, cpus", [(1, "pvh64", 2), (2, "pvh32", 2), (4, "pvh64", 2)])
def test_switch_on_as_many_vcpus(vcpus, env, cpus):
    """A domain of one vcpu is told of the events that come during its own switch by nobody else."""
    scenario = ALL.replace("vcpus=3", f"vcpus={vcpus}")
    harness.boot(harness.adhoc(scenario), env=env, cpus=cpus).expect_good().expect(r"12 rounds of 2-level, FIFO")


@pytest.mark.long
@pytest.mark.parametrize("scenario", ["switch-under-fire", "switch-all"])
@pytest.mark.parametrize("env, cpus", [("pvh64", 1), ("pvh64", 2), ("pvh64", 4), ("pvh32", 2), ("pvh32", 4)])
def test_switch_under_fire_long(scenario, env, cpus):
    """The same a thousand times."""
    harness.boot(scenario, env=env, cpus=cpus, hang=1800).expect_good()


def test_switch_under_fire_on_vmx():
    """Bochs keeps a pending interrupt from a CPU whose guest has the flag off: two vcpus that answered each other for
    ever were never preempted, and the sender on the same CPU never ran."""
    quick = QUICK.replace("rounds=12", "rounds=2")
    harness.bochs(harness.adhoc(quick), cpus=2).expect_good().expect(r"2 rounds of 2-level")
