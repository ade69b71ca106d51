# SPDX-License-Identifier: MIT
"""The guest `upcall`: EVT-UP-01, EVT-UP-02, EVT-UP-03."""

import pytest

import harness


@pytest.mark.parametrize("env", ["pvh64", "pvh32"])
def test_upcall(env):
    """An upcall that needs an edge, or looks at evtchn_upcall_mask as a pv guest's does."""
    harness.boot("upcall", env=env).expect_good().expect(r"5 upcalls by the level")
