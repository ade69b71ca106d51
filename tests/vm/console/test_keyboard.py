# SPDX-License-Identifier: MIT
"""The PS/2 keyboard: debug keys and a domain's input on a machine without a serial port."""

import pytest

import harness

NAMES = {"\x01": "ctrl-a", " ": "spc", "\r": "ret"}


def press(machine, keys):
    """Keys on the machine's own keyboard."""
    for key in keys:
        name = NAMES.get(key, f"shift-{key.lower()}" if key.isupper() else key)
        machine.monitor(f"sendkey {name} 20")


def forever():
    path = harness.file("forever.elf", harness.tiny_guest(b"\xeb\xfe"))
    return harness.adhoc(f"xenolith\nmodule {path} name=forever memory=16")


@pytest.mark.parametrize("firmware", ["direct", "uefi"])
def test_debug_keys(firmware):
    """A machine whose only way to say anything, and to be asked, is its screen and its keyboard."""
    with harness.start(forever(), firmware=firmware, cpus=2, serial=False) as machine:
        see = machine.screen if firmware == "direct" else machine.drawn_text
        machine.wait_until(lambda: '"forever"' in see())
        press(machine, "h")
        machine.wait_until(lambda: "R  reboot the machine at once" in see())
        press(machine, "\x01\x01\x01")
        machine.wait_until(lambda: "console input goes to forever" in see())
        press(machine, "q\x01\x01\x01")  # the q is the domain's
        machine.wait_until(lambda: "console input goes to Xenolith" in see())
        press(machine, "q")
        assert machine.finish().code == harness.BAD


def test_shift():
    """Shift is lost: r is no key, R starts the machine again (QEMU ends, as it runs with -no-reboot)."""
    with harness.start(forever(), cpus=2, serial=False) as machine:
        machine.wait_until(lambda: '"forever"' in machine.screen())
        press(machine, "rR")
        assert machine.finish().code == 0


def test_keys_of_a_machine_that_stays():
    """The run is over and the machine stays to be looked at: it hears no key any more."""
    scenario = harness.adhoc("xenolith noreboot\nmodule hello name=hello memory=16")
    with harness.start(scenario, cpus=2, serial=False) as machine:
        machine.wait_until(lambda: "xen: verdict: success" in machine.screen())
        press(machine, "m")
        machine.wait_until(lambda: "frames free" in machine.screen())
        press(machine, "q")
        assert machine.finish().code == harness.GOOD


def test_no_controller():
    """A machine without a keyboard controller: where its ports were, every read gives 0xff."""
    run = harness.boot("hello", extra=("-M", "q35,i8042=off")).expect_good()
    run.expect(r"xen: keyboard: +none")
