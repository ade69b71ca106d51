# SPDX-License-Identifier: MIT
"""The 3-level ABI with 200,000 channels."""

import pytest

import harness


@pytest.mark.parametrize("cpus", [1, 2])
def test_three_level(cpus):
    """An event that is lost or seen twice, at the switch, at moving ports between vcpus, or at the reset."""
    run = harness.boot("three-level", cpus=cpus).expect_good()
    run.expect(r"200,?000")


def test_three_level_by_iso():
    """As the README says: by GRUB."""
    harness.boot("three-level", firmware="bios", cpus=2).expect_good()
