# SPDX-License-Identifier: MIT
"""All vcpus send to all ports at random."""

import re

import pytest

import harness

QUICK = """xenolith
module storm name="two-level" memory=16 vcpus=4 cmdline="ports=200 sends=4000"
module storm name="three-level" memory=32 vcpus=4 evtchn_extended="3level" cmdline="abi=3level ports=5000 sends=4000"
"""


def check(run):
    """The guest's count of events handled is the hypervisor's of bits that went from 0 to 1."""
    run.expect_good()
    for name in ("two-level", "three-level"):
        handled = run.expect(rf" {name}: storm: .* (\d+) events handled").group(1)
        row = run.expect(rf"xen: +{name} +poweroff +good +(.*)").group(1)
        assert re.split(r" +", row)[2] == handled, row


@pytest.mark.parametrize("env, cpus", [("pvh64", 1), ("pvh64", 4), ("pvh32", 2)])
def test_storm(env, cpus):
    """An event that is lost between senders that meet at one word, or handled twice."""
    check(harness.boot(harness.adhoc(QUICK), env=env, cpus=cpus))


@pytest.mark.long
@pytest.mark.parametrize("env, cpus", [("pvh64", 1), ("pvh64", 2), ("pvh64", 4), ("pvh32", 4)])
def test_storm_long(env, cpus):
    """The same with as many events as the scenario has."""
    check(harness.boot("storm", env=env, cpus=cpus, hang=900))
