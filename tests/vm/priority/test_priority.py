# SPDX-License-Identifier: MIT
"""Priorities of the FIFO ABI."""

import pytest

import harness


@pytest.mark.parametrize("env", ["pvh64", "pvh32"])
def test_priority(env):
    """A queue of the wrong priority, a queue that is not first in, first out, a ready bit that is set too late."""
    run = harness.boot("priority", env=env).expect_good()
    run.expect(r"priority: 20 rounds of 128 events on 16 priorities came in order")
