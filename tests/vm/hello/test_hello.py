# SPDX-License-Identifier: MIT
"""The smallest guest: what it is told about itself and its world."""

import pytest

import harness


@pytest.mark.parametrize("cpu", ["max", "EPYC", "EPYC-Rome"])
def test_cpu_models(cpu):
    """A feature that is used without being asked for: models differ in NX, SMEP, 1 GiB pages, XSAVE, x2APIC."""
    harness.boot("hello", cpus=2, cpu=cpu).expect_good()


def test_what_it_learns():
    """Start information that is wrong: version, domain number, memory, command line."""
    run = harness.boot("hello")
    run.expect(r"hello: hello: Xen ABI 4\.\d+.*environment pvh64")
    run.expect(r"hello: hello: domain 1, 1 vcpu$")
    run.expect(r"hello: hello: .* KiB of RAM")


def test_privileged_domain_is_number_0():
    """privileged=yes that gives rights but not the number 0 and the flag by which a domain 0 knows itself."""
    run = harness.boot(harness.adhoc("xenolith\nmodule hello name=king memory=16 privileged=yes")).expect_good()
    run.expect(r"king: hello: domain 0, 1 vcpu, the initial domain")
    run.expect(r"king: hello: features .*dom0")


def test_memory_is_as_configured():
    """A memory map that promises more RAM than the domain has, or less."""
    run = harness.boot(harness.adhoc("xenolith\nmodule hello name=small memory=8\nmodule hello name=large memory=96"))
    run.expect_good()
    for name, mib in (("small", 8), ("large", 96)):
        kib = int(run.expect(rf"{name}: hello: (\d+) KiB of RAM").group(1))
        assert (mib - 1) * 1024 <= kib <= mib * 1024, run.log


def test_time_agrees():
    """System time in the guest that is not the hypervisor's: the line's own time stamp tells."""
    stamp, told = harness.boot("hello").expect(r"^\[ *(\d+\.\d+)\] hello: hello: system time (\d+\.\d+) s").groups()
    assert 0 <= float(stamp) - float(told) < 1, (stamp, told)
