# SPDX-License-Identifier: MIT
"""A pv guest that tries every way out, and those beside it. The option audit compares all counts at each end."""

import pytest

import harness

WITHOUT_VIRTUALISATION = "qemu64,-svm"


def check(run):
    """Nobody but the attackers may end badly, no count may be wrong, and no event of the others' may be lost."""
    run.expect_good()
    run.refuse(r"panic|audit of domain")
    for name in ("pv-server", "pv-client"):
        run.expect(rf"^\[[ 0-9.]+\] {name}: verdict: success")


def test_naughty_pv():
    """A hole in the container; a frame whose counts are wrong after an attack; an attack that others notice."""
    run = harness.boot("naughty-pv", cpus=2)
    check(run)
    run.expect(r"stack1: error: crashed: ")
    run.expect(r"stack3: vcpu 0 can't handle #UD .* stack 0x")


@pytest.mark.long
@pytest.mark.parametrize("cpus", [1, 4])
@pytest.mark.parametrize("cpu", ["max,-smap", "EPYC", WITHOUT_VIRTUALISATION])
def test_naughty_pv_elsewhere(cpu, cpus):
    """The same with more and fewer CPUs, and where the processor lacks SMAP, or all virtualisation."""
    check(harness.boot("naughty-pv", cpus=cpus, cpu=cpu))


@pytest.mark.long
def test_naughty_pv_in_bochs():
    """The same on a processor that checks more than QEMU's. (When the wild ones end depends on the time.)"""
    text = (harness.ROOT / "scenarios" / "naughty-pv.cfg").read_text(encoding="utf-8")
    tame = "\n".join(line for line in text.splitlines() if "wild" not in line and not line.startswith("#"))
    check(harness.bochs(harness.adhoc(tame)))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 5))
def test_100000_random_hypercalls(seed):
    """A list of arguments that nobody thought of. The guest that makes them is still there afterwards."""
    domain = f'module naughty-pv.pv64 memory=16 name=random cmdline="what=random count=100000 seed={seed}"'
    beside = "modules 2 pingpong.pv64 name=beside{n} memory=16 cmdline=role=self"
    run = harness.boot(harness.adhoc(f"xenolith audit=yes\n{domain}\n{beside}"), cpus=2).expect_good()
    run.expect(r"100000 random hypercalls")
    run.refuse(r"panic|audit of domain")


@pytest.mark.long
def test_wild_hypercalls():
    """Random calls with nothing left out: each of the guests ends in its own way, and only it."""
    domains = 'modules 40 naughty-pv.pv64 memory=8 name=wild{n} expect=crash cmdline="what=wild count=100000 seed=10{n}"'
    run = harness.boot(harness.adhoc(f"xenolith audit=yes\n{domains}"), cpus=2)
    run.expect(r"xen: +every page came back")
    run.refuse(r"panic|audit of domain")


@pytest.mark.long
@pytest.mark.parametrize("cpus", [2, 4])
def test_races(cpus):
    """Frames that vcpus fight for: as page tables, descriptors, and to write to."""
    domain = f'module naughty-pv.pv64 memory=16 vcpus={cpus} name=races cmdline="what=races ms=10000"'
    run = harness.boot(harness.adhoc(f"xenolith audit=yes\n{domain}"), cpus=cpus).expect_good()
    run.expect(r"races: naughty-pv: \d{4,} pins, \d{4,} writable")
    run.refuse(r"panic|audit of domain")


def test_key_a_looks_at_all_frames():
    """Counts can be looked at while the guests run, which are stopped for it, and go on."""
    scenario = 'xenolith\nmodule naughty-pv.pv64 memory=16 vcpus=2 name=races cmdline="what=races ms=1000"'
    with harness.start(harness.adhoc(scenario), cpus=2) as machine:
        machine.wait_for(r"naughty-pv: races")
        machine.type("a")
        machine.wait_for(r'domain 1 "races": the counts of all frames are right')
        machine.wait_for(r"races: verdict: success")
