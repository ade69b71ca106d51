# SPDX-License-Identifier: MIT
"""Traps of pv guests: the guest "traps" says the same here as on the real Xen (docs/abi/pv-traps.md)."""

import re

import pytest

import harness

PARTS = (
    "frames", "faults", "software interrupts", "returns", "the edge", "events", "setting up", "debugging", "bases",
    "descriptor tables",
)
ENDS = {
    "no-handler": "it has no handler",
    "no-handler-user": "it has no handler",
    "no-callback": "it has no handler",
    "no-stack": "the stack for its handler can't be written",
    "read-only-stack": "the stack for its handler can't be written",
    "hypervisors-stack": "the stack for its handler can't be written",
    "impossible-stack": "the stack for its handler can't be written",
    "no-kernel-stack": "the stack for its handler can't be written",
    "no-iret-stack": "the stack for its iret can't be read",
    "no-user-root": "iret to user mode, which has no page tables",
}


def traps(more="", **how):
    scenario = harness.adhoc(f'xenolith\nmodule traps name="traps" memory=16 {more}')
    return harness.boot(scenario, env="pv64", **how).expect_good()


@pytest.mark.parametrize("cpu", ["max", "qemu64,-svm"])
def test_every_frame(cpu):
    """A frame with a wrong word, a mask that is not restored, an error code or a selector that is somebody else's."""
    run = traps(cpu=cpu)
    for part in PARTS:
        run.expect(f"traps: traps: {part}$")


def test_segments_that_are_gone():
    """A selector whose descriptor goes while the vcpu is off its CPU faults in the hypervisor when it comes back."""
    traps('vcpus=2 cmdline="failsafe=yes"')


def test_each_end_is_its_own():
    """A guest that can't take its exception any more, and takes another guest or the hypervisor with it."""
    lines = [f'module traps name="{how}" memory=16 expect="crash" cmdline="end={how}"' for how in ENDS]
    scenario = "\n".join(["xenolith", *lines, 'module hello name="bystander" memory=16'])
    run = harness.boot(harness.adhoc(scenario), env="pv64", cpus=2).expect_good()
    for how, why in ENDS.items():
        run.expect(f"{how}: error: crashed: {re.escape(why)}$")


@pytest.mark.long
@pytest.mark.parametrize("model", ["corei7_icelake_u", "ryzen"])
def test_strict_processor(model):
    """What QEMU's emulation does not do: RF in the flags of faults, error codes of INT n, checks of a return."""
    scenario = harness.adhoc('xenolith\nmodule traps name="traps" memory=16')
    run = harness.bochs(scenario, model=model, env="pv64").expect_good()
    for part in PARTS:
        run.expect(f"traps: traps: {part}$")
