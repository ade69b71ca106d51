# SPDX-License-Identifier: MIT
"""Machine frames of pv guests: whose they are, and what processors remember of them."""

import pytest

import harness

GUESTS = """xenolith
module frames.pv64 name="one" memory=16 vcpus=2 cpus="0-1" cmdline="rounds=10"
module frames.pv64 name="two" memory=16 cpus="1"
module frames.pvh64 name="pvh" memory=16
"""


@pytest.mark.parametrize("cpus", [1, 2])
def test_frames(cpus):
    """A frame that is given back twice; an exchange that loses a frame; a page table that another vcpu can still write
    to; and frames that do not come back to the pool when their domains have ended."""
    run = harness.boot(harness.adhoc(GUESTS), cpus=cpus, cpu="max,-smap").expect_good()
    run.expect(r"one: frames: [1-9][0-9]* writes, " + (r"[1-9]" if cpus > 1 else r"[0-9]"))
    run.expect(r"every page came back")


@pytest.mark.parametrize("image", ["frames.pv64", pytest.param("storm.pvh64", marks=pytest.mark.long)])
def test_frame_outlives_its_domain(image):
    """A domain whose frame another one has mapped: counted as a leak, or given to the next one, or forgotten when it is
    unmapped."""
    run = harness.boot(
        harness.adhoc(
            f"""xenolith
module frames.pv64 name="first" privileged=yes memory=16 cmdline="peer=1"
module {image} name="peer" memory=16 vcpus=2 cmdline="rounds=3 sends=2000"
"""
        ),
        cpus=2,
        cpu="max,-smap",
    ).expect_good()
    run.expect(r"a frame of domain 1 outlived it")
    run.expect(r"every page came back")


@pytest.mark.long
def test_frames_long():
    """The same for longer."""
    harness.boot("frames", cpus=2, cpu="max,-smap").expect_good()


@pytest.mark.long
def test_memory_of_a_domain_that_was_not_finished():
    """The next one can have it: frames of pv domains go to the pool only after a while, and at the start nobody waits
    for that. How many vcpus make the builder run out of memory depends on what the hypervisor itself needs."""
    for vcpus in range(32, 48, 2):
        modules = f"""xenolith
module hello.pv64 name="big" memory=60 vcpus={vcpus}
module hello.pv64 name="small" memory=40
"""
        run = harness.boot(harness.adhoc(modules), cpus=2, cpu="max,-smap", extra=("-m", "64"))
        if "there is not enough memory for it" in run.log:
            run.expect(r"small: verdict: success")
            run.expect(r"every page came back")
            return
    pytest.fail("no number of vcpus made the builder run out of memory")
