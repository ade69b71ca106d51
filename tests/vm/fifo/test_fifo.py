# SPDX-License-Identifier: MIT
"""The FIFO ABI with 100,000 channels."""

import pytest

import harness


@pytest.mark.parametrize("cpus", [1, 2])
def test_fifo(cpus):
    """An event that is lost, seen twice or out of order, at the switch, at moving ports between vcpus, or at the reset."""
    run = harness.boot("fifo", cpus=cpus).expect_good()
    run.expect(r"100,?000")
