# SPDX-License-Identifier: MIT
"""Fairness under a storm."""

import pytest

import harness

QUICK = """xenolith
module fairness name="fairness" memory=24 vcpus=2 evtchn_extended="fifo,3level" cmdline="ports=100 services=2000"
"""


@pytest.mark.parametrize("env, cpus", [("pvh64", 1), ("pvh64", 2), ("pvh32", 2)])
def test_fairness(env, cpus):
    """A scan that looks at a word again instead of going on to the next: as long as its ports are busy, no other is
    served."""
    run = harness.boot(harness.adhoc(QUICK), env=env, cpus=cpus).expect_good()
    for abi in ("2-level", "3-level", "FIFO"):
        run.expect(rf"fairness: {abi} +100 +\d+ +2\d\d\d ")


@pytest.mark.long
@pytest.mark.parametrize("env, cpus", [("pvh64", 1), ("pvh64", 2), ("pvh64", 4), ("pvh32", 4)])
def test_fairness_long(env, cpus):
    """The same with more ports, and so long that every scan meets every other."""
    harness.boot("fairness", env=env, cpus=cpus, hang=900).expect_good()
