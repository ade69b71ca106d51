# SPDX-License-Identifier: MIT
"""One domain acts on another: what the privileged one may, and the others may not."""

import pytest

import harness


@pytest.mark.parametrize("env, cpus", [("pvh64", 1), ("pvh64", 2), ("pvh32", 2)])
def test_control(env, cpus):
    """An unprivileged domain that opens, sees or resets another's ports; a pause that is none; a domain that stays
    paused when its controller has gone."""
    run = harness.boot("control", env=env, cpus=cpus).expect_good()
    run.expect(r"control: paused, reset and heard again: \d+ events")
    run.expect(r"control: the subject's channels were reset, and it began anew")
    run.expect(r"control: the outsider was refused all but its own")
