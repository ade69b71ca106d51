# SPDX-License-Identifier: MIT
"""The PS/2 keyboard: debug keys and a domain's input on a machine without a serial port."""

import pytest

import harness

def forever():
    path = harness.file("forever.elf", harness.tiny_guest(b"\xeb\xfe"))
    return harness.adhoc(f"xenolith\nmodule {path} name=forever memory=16")


@pytest.mark.parametrize("firmware", ["direct", pytest.param("uefi", marks=pytest.mark.long)])
def test_debug_keys(firmware):
    """A machine whose only way to say anything, and to be asked, is its screen and its keyboard."""
    with harness.start(forever(), firmware=firmware, cpus=2, serial=False) as machine:
        see = machine.screen if firmware == "direct" else machine.drawn_text
        machine.wait_until(lambda: '"forever"' in see())
        machine.press("h")
        machine.wait_until(lambda: "R  reboot the machine at once" in see())
        machine.press("\x01\x01\x01")
        machine.wait_until(lambda: "console input goes to forever" in see())
        machine.press("q\x01\x01\x01")  # the q is the domain's
        machine.wait_until(lambda: "console input goes to Xenolith" in see())
        machine.press("q")
        assert machine.finish().code == harness.BAD


def test_shift():
    """Shift is lost: r is no key, R starts the machine again (QEMU ends, as it runs with -no-reboot)."""
    with harness.start(forever(), cpus=2, serial=False) as machine:
        machine.wait_until(lambda: '"forever"' in machine.screen())
        machine.press("rR")
        assert machine.finish().code == 0


def test_keys_of_a_machine_that_stays():
    """The run is over and the machine stays to be looked at: it hears no key any more."""
    scenario = harness.adhoc("xenolith noreboot\nmodule hello name=hello memory=16")
    with harness.start(scenario, cpus=2, serial=False) as machine:
        machine.wait_until(lambda: "xen: verdict: success" in machine.screen())
        machine.press("m")
        machine.wait_until(lambda: "frames free" in machine.screen())
        machine.press("q")
        assert machine.finish().code == harness.GOOD


def test_no_controller():
    """A machine without a keyboard controller: where its ports were, every read gives 0xff."""
    run = harness.boot("hello", extra=("-M", "q35,i8042=off")).expect_good()
    run.expect(r"xen: keyboard: +none")


def turn_pages(machine, see):
    """The log is longer than the screen: page through it while the serial line makes more output."""
    for _ in range(6):
        machine.ask("h", r"xen: +t  .*$")
    machine.wait_until(lambda: see().count("this list") >= 2)
    machine.press(["home"])
    machine.wait_until(lambda: "--- rows 1 to " in see())
    page = see()
    assert "xen: Xenolith" in page.splitlines()[0]
    machine.ask("m", r"frames free")
    assert see() == page
    machine.press(["pgdn"])
    machine.wait_until(lambda: "--- rows " in see() and "--- rows 1 to " not in see())
    machine.press(["pgup"])
    machine.wait_until(lambda: "--- rows 1 to " in see())
    machine.press("q")  # not the debug key
    machine.wait_until(lambda: "frames free" in see())
    assert "---" not in see()


@pytest.mark.parametrize("firmware", ["direct", "uefi"])
def test_pages_of_the_log(firmware):
    """Lines that have left the screen of a PC are lost; or they can be read, until a domain says something."""
    with harness.start(forever(), firmware=firmware, cpus=2) as machine:
        machine.wait_for(r'"forever"')
        turn_pages(machine, machine.screen if firmware == "direct" else machine.drawn_text)


def test_pages_after_a_panic():
    """The machine has failed and stays to be looked at: what is above the backtrace cannot be read any more."""
    scenario = harness.adhoc("xenolith noreboot clock=pit\nmodule hello name=hello memory=16")
    with harness.start(scenario, serial=False, extra=("-M", "pit=off")) as machine:
        machine.wait_until(lambda: "xen: verdict: failure" in machine.screen())
        machine.press(["home"])
        machine.wait_until(lambda: "--- rows 1 to " in machine.screen())
        assert "xen: Xenolith" in machine.screen().splitlines()[0]
        machine.press("xR")
        assert machine.finish().code == 0
