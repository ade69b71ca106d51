# SPDX-License-Identifier: MIT
"""One domain on three levels and a hundred around it."""

import pytest

import harness

QUICK = """xenolith
module hub name="hub" memory=32 evtchn_extended="3level" cmdline="role=hub leaves=100 channels=50 rounds=1"
modules 100 hub name="leaf{n}" memory=2 cmdline="role=leaf hub=1 channels=50 rounds=1"
"""


@pytest.mark.parametrize("env, cpus", [("pvh64", 2), ("pvh32", 4)])
def test_hub(env, cpus):
    """Ports beyond the 4,096 (1,024) of two levels between domains; a page or a port that is not given back when a
    domain ends while its peer lives on."""
    run = harness.boot(harness.adhoc(QUICK), env=env, cpus=cpus).expect_good()
    run.expect(r"hub: 100 leaves, 5000 channels up to port 5001, 10000 events answered")
    run.expect(r"every page came back")


@pytest.mark.long
@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_hub_long(cpus):
    """The same with more events, and by GRUB."""
    harness.boot("hub", cpus=cpus, hang=900).expect_good()
    harness.boot("hub", cpus=cpus, firmware="bios", hang=900).expect_good()
