# SPDX-License-Identifier: MIT
"""A machine without VGA text: the console on a framebuffer, read back from the picture."""

import pytest

import harness


def on_screen(machine, *words):
    machine.wait_until(lambda: words[-1] in machine.drawn_text())
    text = machine.drawn_text()
    for word in words:
        assert word in text
    assert "?" not in text.replace("Xen?", ""), text


def test_bios_stays_in_text_mode():
    """The header asks for a framebuffer if there is one, for UEFI; GRUB on a BIOS would leave text mode for it."""
    harness.boot("hello", firmware="bios", cpus=1).expect(r"xen: screen: +VGA text")


@pytest.mark.parametrize("serial", [True, False])
def test_uefi(serial):
    """UEFI has no text mode: everything that is said must be on the framebuffer, also without a serial port."""
    scenario = harness.adhoc("xenolith noreboot\nmodule hello name=hello memory=16")
    with harness.start(scenario, firmware="uefi", cpus=2, serial=serial) as machine:
        on_screen(machine, "xen: Xenolith", "xen: screen:", "hello: verdict: success", "xen: verdict: success")


def test_what_cannot_run_says_why_on_the_screen():
    """A processor without SVM and VMX, and no serial port: the one sentence must be there to be read."""
    scenario = harness.adhoc("xenolith noreboot\nmodule hello name=hello memory=16")
    with harness.start(scenario, firmware="uefi", cpu="qemu64,-svm", serial=False) as machine:
        on_screen(machine, "xen: Xenolith", "SVM")
