# SPDX-License-Identifier: MIT
"""The guest `timer`."""

import pytest

import harness


@pytest.mark.parametrize("cpus", [1, 2])
def test_timer(cpus):
    """A timer that never fires, fires early, or wakes the wrong vcpu."""
    harness.boot("timer", cpus=cpus).expect_good()
