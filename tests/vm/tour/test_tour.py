# SPDX-License-Identifier: MIT
"""The main job: what ./run.sh does without arguments."""

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
