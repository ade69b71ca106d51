# SPDX-License-Identifier: MIT
"""The same programs as 32-bit guests: words of 32 bits, arguments in the 32-bit layout."""

import pytest

import harness

SCENARIOS = ["hello", "pingpong", "poll", "timer", "three-level", "naughty", "smp", "storm"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_program(name):
    """An argument structure that is read in the layout of the other width, or a word that is touched too wide."""
    harness.boot(name, env="pvh32", cpus=2).expect_good()


@pytest.mark.parametrize("name", ["hello", "pingpong", "three-level"])
def test_program_on_epyc(name):
    """The same where interrupt windows and TLB features differ, on one CPU."""
    harness.boot(name, env="pvh32", cpu="EPYC").expect_good()


def test_environment():
    """A 64-bit image that is run by mistake."""
    harness.boot("hello", env="pvh32", cpus=2).expect(r"hello: hello: Xen ABI 4\.\d+.*environment pvh32")


def test_three_level_limits():
    """Limits of the other word size: 32-bit words give 1,024 channels on 2-level and 32,768 on 3-level."""
    run = harness.boot("three-level", env="pvh32", cpus=2).expect_good()
    run.expect(r"30,?000 channels bound")
    run.expect(r"2-level has 1022 channels")


def test_tour():
    """Domains of all kinds at once, from an ISO."""
    harness.boot("tour", env="pvh32", firmware="bios", cpus=2).expect_good()


def test_both_widths_in_one_run():
    """A word size that is the hypervisor's instead of the domain's: a 32- and a 64-bit domain wake each other, both
    ways round."""
    pairs = [("pvh32", "pvh64"), ("pvh64", "pvh32")]
    lines = ["xenolith"]
    for i, (server, client) in enumerate(pairs):
        domid = 2 * i + 1
        lines.append(f'module pingpong.{server} name=server{i} memory=16 cmdline="role=server peer={domid + 1} rounds=500"')
        lines.append(f'module pingpong.{client} name=client{i} memory=16 cmdline="role=client peer={domid} port=1 rounds=500"')
    harness.boot(harness.adhoc("\n".join(lines)), cpus=2).expect_good()
