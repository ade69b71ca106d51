# SPDX-License-Identifier: MIT
"""Serial port, screen, and the debug keys."""

import pytest

import harness


def test_no_uart():
    """A machine without com1: its registers read 0xff, and a loop that waits for the transmitter never ends."""
    run = harness.boot("hello", serial=False)
    assert run.code == harness.GOOD


@pytest.mark.parametrize("serial", [True, False])
def test_screen(serial):
    """Text that goes to the serial port only. The screen must show the end of the run."""
    with harness.start(harness.adhoc("xenolith noreboot\nmodule hello name=hello memory=16"), serial=serial) as machine:
        machine.wait_until(lambda: "xen: verdict: success" in machine.screen())
        assert "hello: verdict: success" in machine.screen()


@pytest.fixture(scope="module")
def running():
    """A machine with a domain that loops for ever and two that have ports."""
    path = harness.file("forever.elf", harness.tiny_guest(b"\xeb\xfe"))
    scenario = f"xenolith\nmodule {path} name=forever memory=16\nmodule hello name=hello memory=16"
    with harness.start(harness.adhoc(scenario), cpus=2) as machine:
        machine.wait_for(r"hello: verdict: success")
        yield machine


def test_key_h_lists_the_keys(running):
    """A key that exists but is not in the list."""
    answer = running.ask("h", r"xen: .*e.*event")
    for key in "hde":
        answer.expect(rf"xen: +'?{key}'?[ :]")


def test_key_d_shows_domains(running):
    """A dump that misses the domain that runs now."""
    answer = running.ask("d", r"forever")
    answer.expect(r"forever")


def test_key_e_shows_ports(running):
    """A dump of ports that stops at the first domain."""
    running.ask("e", r"forever")


def test_unknown_key(running):
    """A key that means nothing: the console must go on."""
    running.type("\x01\x02~")
    running.ask("h", r"xen: .*e.*event")
