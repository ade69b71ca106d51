# SPDX-License-Identifier: MIT
"""Guests that change their word size while they run: docs/abi/word-size.md, WS-01 to WS-13. Each statement is a check
in guest/mode/, which passes on the real Xen too (but for WS-12 and WS-13, which it has not):

    mode.c      WS-01 to WS-03 and WS-05 to WS-07: change(), check_not_latching(); WS-04: check_high_port()
    calls.c     WS-08: check_results(), WS-09: check_areas(), WS-10: check_alignment(), WS-11: check_registered()
    three.c     WS-12: check_frozen(), WS-13: check_arguments()
"""

import pytest

import harness


@pytest.mark.parametrize("env", ["pvh64", "pvh32"])
def test_mode(env):
    """A word size that is taken from the caller where the domain's counts, or the other way round."""
    run = harness.boot("mode", env=env, cpus=2).expect_good()
    for name in ("mode", "king"):
        run.expect(rf"{name}: mode: MSR written from the other mode: {32 if env == 'pvh64' else 64}-bit words")
        run.expect(rf"{name}: mode: callback set from this mode: {64 if env == 'pvh64' else 32}-bit words")


@pytest.mark.parametrize("env", ["pvh64", "pvh32"])
def test_high_port(env):
    """WS-04: a port that has no bits in 32-bit words, and yet raises some."""
    harness.boot("mode", env=env, cpus=2).expect(r"port 1100 under 32-bit words is refused$")


def test_on_epyc():
    """The same on one CPU, on a processor without the newest features."""
    harness.boot("mode", env="pvh32", cpu="EPYC").expect_good()
