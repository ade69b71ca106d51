# SPDX-License-Identifier: MIT
"""The guest `timer`."""

import pytest

import harness


@pytest.mark.parametrize("cpus", [1, 2])
def test_timer(cpus):
    """A timer that never fires, fires early, or wakes the wrong vcpu; periods and deadlines at their limits (HC-TIME-04,
    HC-TIME-06, HC-VCPU-07, HC-VCPU-08)."""
    harness.boot("timer", cpus=cpus).expect_good()
