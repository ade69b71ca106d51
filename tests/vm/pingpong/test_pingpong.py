# SPDX-License-Identifier: MIT
"""Two domains that wake each other."""

import pytest

import harness


@pytest.mark.parametrize("cpus", [1, 2])
def test_pingpong(cpus):
    """A lost wake-up: the domains wait for each other for ever. One CPU: the scheduler switches at every event;
    two: the kick has to reach another CPU that may be about to fall asleep."""
    harness.boot("pingpong", cpus=cpus).expect_good()


def test_pingpong_on_epyc():
    """The same where interrupt windows and TLB features differ."""
    harness.boot("pingpong", cpus=2, cpu="EPYC").expect_good()
