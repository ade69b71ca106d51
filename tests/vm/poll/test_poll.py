# SPDX-License-Identifier: MIT
"""The guest `poll`."""

import pytest

import harness


@pytest.mark.parametrize("cpus", [1, 2])
def test_poll(cpus):
    """A poll that sleeps through its event or its time limit."""
    harness.boot("poll", cpus=cpus).expect_good()
