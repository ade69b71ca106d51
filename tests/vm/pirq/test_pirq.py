# SPDX-License-Identifier: MIT
"""Physical interrupt lines: bind_pirq, PHYSDEVOP_eoi, sharing."""

import pytest

import harness

ALONE = """xenolith
module pirq name="alone" memory=16
"""


@pytest.mark.parametrize("env, cpus", [("pvh64", 1), ("pvh64", 2), ("pvh32", 2)])
def test_pirq(env, cpus):
    """A level that is never ended, or ended for one user and unmasked for all, storms or falls silent."""
    run = harness.boot("pirq", env=env, cpus=cpus).expect_good()
    run.expect(r"pirq: edge, level, affinity, reset: \d+ interrupts of line 16, \d+ of line 18")
    for name in ("driver", "follower"):
        assert "pirq: 100 interrupts of the shared line 19" in run.lines(name)


def test_without_a_line():
    """PIRQ-04: a domain that has no line has no physdev_op, as a PVH domain of the real Xen."""
    harness.boot(harness.adhoc(ALONE)).expect_good().expect(r"verdict: skip \(the domain has no interrupt line")


def test_on_vmx():
    """The generator's ports leave a guest through another exit there."""
    harness.bochs("pirq").expect_good()
