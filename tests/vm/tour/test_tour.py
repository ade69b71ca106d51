# SPDX-License-Identifier: MIT
"""The main job: what ./run.sh does without arguments."""

import pytest

import harness


def test_run_sh_without_arguments():
    """Anything that a newcomer would see go wrong between ./run.sh and the summary."""
    result = harness.run_sh("-m", "qemu")
    output = harness.Output(result.stdout.replace("\r", ""))
    assert result.returncode == 0, result.stdout + result.stderr
    output.expect(r"xen: verdict: success\s*\Z")


def test_tour_on_one_cpu():
    """Domains that need each other and share one CPU."""
    harness.boot("tour", cpus=1).expect_good()


@pytest.mark.parametrize(
    "cpus", [2, pytest.param(1, marks=pytest.mark.long), pytest.param(4, marks=pytest.mark.long)]
)
def test_tour_by_uefi(cpus):
    """Memory, tables and a screen that are where a BIOS has none: all guests on a machine with UEFI."""
    harness.boot("tour", firmware="uefi", cpus=cpus).expect_good()
