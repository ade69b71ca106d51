# SPDX-License-Identifier: MIT
"""When the run is over: a virtual machine goes off, a real one stays on until somebody has read how it went."""

import harness

HELLO = "module hello name=hello memory=16"
REAL = {"cpu": "max,-hypervisor", "debug_exit": False}
STAYS = r"^The machine stays on: .* q switches it off\."


def ends(machine):
    machine.process.wait(timeout=harness.HANG)


def test_real_machine_stays():
    """The only thing that the user of a PC sees of the run would be a dark screen."""
    with harness.start(harness.adhoc(f"xenolith\n{HELLO}"), **REAL) as machine:
        machine.wait_for(STAYS)
        machine.output().expect(r"xen: verdict: success")
        assert machine.process.poll() is None
        machine.type("q")
        ends(machine)


def test_real_machine_stays_after_a_panic():
    """Nor what is wrong with it."""
    scenario = harness.adhoc(f"xenolith clock=pit\n{HELLO}")
    with harness.start(scenario, extra=("-M", "q35,pit=off"), **REAL) as machine:
        machine.wait_for(r"xen: panic: .*take option clock= away")
        machine.wait_for(r"xen: verdict: failure")
        machine.type("R")
        ends(machine)  # QEMU is told to end instead of a reset


def test_poweroff():
    """A machine in a rack that nobody sits at."""
    with harness.start(harness.adhoc(f"xenolith poweroff\n{HELLO}"), **REAL) as machine:
        ends(machine)
        machine.output().expect(r"xen: verdict: success")
        machine.output().refuse(STAYS)


def test_virtual_machine_goes_off():
    """A window that stays open, or a script that waits for ever."""
    with harness.start(harness.adhoc(f"xenolith\n{HELLO}"), debug_exit=False) as machine:
        ends(machine)
        machine.output().refuse(STAYS)
