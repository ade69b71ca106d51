# SPDX-License-Identifier: MIT
"""The same programs as pv guests, on processors with and without SVM."""

import pytest

import harness

PLAIN = "qemu64,-svm"  # nothing but pv domains is possible
SVM = "max,-smap"  # QEMU's emulation of SMAP makes IRET within ring 3 fault

PATIENCE = 900  # seconds

QUICK = ["naughty", "smp", "storm", "upcall", "control"]  # and what is in the tour
LONG = ["hello", "pingpong", "poll", "timer", "three-level", "fifo", "priority"]
LONG += ["hub", "fairness", "switch-under-fire", "switch-all", "counts"]


@pytest.mark.parametrize("name", QUICK + [pytest.param(name, marks=pytest.mark.long) for name in LONG])
def test_program(name):
    """A guest in ring 3 whose traps, upcalls or page tables are not what they are in an hvm container."""
    harness.boot(name, env="pv64", cpu=PLAIN, cpus=2, hang=PATIENCE).expect_good()


@pytest.mark.parametrize("name", ["pingpong", "naughty"])
def test_program_on_one_cpu(name):
    """Domains that take turns on one processor, with one set of descriptors, segments and page tables."""
    harness.boot(name, env="pv64", cpu=PLAIN, cpus=1).expect_good()


@pytest.mark.long
@pytest.mark.parametrize("name", QUICK + LONG)
def test_program_on_four_cpus(name):
    """Vcpus of one domain that change its page tables at the same time."""
    harness.boot(name, env="pv64", cpu=PLAIN, cpus=4, hang=PATIENCE).expect_good()


@pytest.mark.parametrize("name", ["upcall", *(pytest.param(name, marks=pytest.mark.long) for name in QUICK[:-2] + LONG)])
def test_program_where_svm_is(name):
    """A pv domain that is told of the processor's SVM, or that needs it."""
    harness.boot(name, env="pv64", cpu=SVM, cpus=2, hang=PATIENCE).expect_good()


def test_environment():
    """A pvh image that is run by mistake."""
    harness.boot("hello", env="pv64", cpu=PLAIN, cpus=2).expect(r"hello: hello: Xen ABI 4\.\d+.*environment pv64")


def test_word_size():
    """A program that can't be asked of a pv domain, and fails instead of saying so."""
    harness.boot("mode", env="pv64", cpu=PLAIN).expect_good().expect(r"verdict: skip \(the word size")


def test_lesson():
    """The page of the lesson, told by a pv guest: the same steps."""
    page = harness.boot("lesson", env="pv64", cpu=PLAIN).expect_good().lines("lesson")
    assert page == harness.boot("lesson").expect_good().lines("lesson")


def test_interrupt_lines():
    """I/O ports that a pv domain owns and can't reach."""
    harness.boot("pirq", env="pv64", cpu=PLAIN, cpus=2).expect_good()


def test_tour_without_virtualisation():
    """./run.sh -- -cpu qemu64,-svm: domains that can't be pvh, and have an image for pv."""
    run = harness.boot("tour", cpu=PLAIN, cpus=2).expect_good()
    run.expect(r"hello: hello: Xen ABI .*environment pv64")


@pytest.mark.long
@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_tour_without_virtualisation_from_an_iso(firmware):
    """The second images are not on the ISO, or not in its menu."""
    harness.boot("tour", firmware=firmware, cpu=PLAIN, cpus=2).expect_good()


def test_both_containers_in_one_run():
    """A domain in ring 3 that leaves its segments, its page tables or its interrupts to one under SVM, or gets theirs: a
    pv and a pvh domain wake each other, both ways round, on one processor and on two."""
    pairs = [("pv64", "pvh64"), ("pvh64", "pv64"), ("pv64", "pvh32")]
    lines = ["xenolith"]
    for i, (server, client) in enumerate(pairs):
        domid = 2 * i + 1
        place = f'memory=16 cpus="{i % 2}"'
        lines.append(f'module pingpong.{server} name=server{i} {place} cmdline="role=server peer={domid + 1} rounds=500"')
        lines.append(f'module pingpong.{client} name=client{i} {place} cmdline="role=client peer={domid} port=1 rounds=500"')
    harness.boot(harness.adhoc("\n".join(lines)), cpu=SVM, cpus=2).expect_good()


@pytest.mark.long
@pytest.mark.parametrize("name", ["naughty", "timer", "smp"])
def test_program_on_bochs(name):
    """What QEMU's emulation of ring 3 lets pass: Bochs checks segments, stacks and returns as strictly as hardware."""
    harness.bochs(name, env="pv64").expect_good()


@pytest.mark.long
def test_tour_on_bochs_without_virtualisation():
    """The same tour on a processor whose VMX is not enough for pvh domains."""
    harness.bochs("tour", "core2_penryn_t9600").expect_good().expect(r"environment pv64")
