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
    """A machine with a domain that loops for ever; the other one has ended."""
    path = harness.file("forever.elf", harness.tiny_guest(b"\xeb\xfe"))
    scenario = f"xenolith\nmodule {path} name=forever memory=16\nmodule hello name=hello memory=16"
    with harness.start(harness.adhoc(scenario), cpus=2) as machine:
        machine.wait_for(r"hello: verdict: success")
        yield machine


def test_key_h_lists_the_keys(running):
    """A key that exists but is not in the list."""
    answer = running.ask("h", r"xen: +t  .*$")
    for key in "acdehlmnqRt":
        answer.expect(rf"xen: +{key}  \w")


def test_key_d_shows_domains(running):
    """A dump that misses the domain that runs now."""
    answer = running.ask("d", r'domain 1 "forever".*\n(.*\n)*?.*vcpu 0 on CPU \d: .*$')
    answer.expect(r"vcpu 0 on CPU \d: (running|runnable)")


def test_key_e_shows_ports(running):
    """A dump of ports that stops at a domain without any."""
    running.ask("e", r'domain 1 "forever": ABI 2-level, word size 64, 0 open ports')


def test_key_e_shows_what_is_pending():
    """An answer of thousands of lines, in which the one pending port that is looked for cannot be found."""
    code = b"\xbf\xc8\0\0\0"  # mov edi, 200
    code += b"\xb8\x20\0\0\0\xbb\x07\0\0\0\xb9\x60\0\x10\0\x0f\x01\xd9"  # again: bind_ipi, arguments at 0x100060
    code += b"\x4f\x75\xeb"  # dec edi; jnz again
    code += b"\xb8\x20\0\0\0\xbb\x04\0\0\0\xb9\x68\0\x10\0\x0f\x01\xd9"  # send, arguments at 0x100068
    code += b"\xb0\x78\xe6\xe9\xb0\x0a\xe6\xe9\xeb\xfe"  # "x" and a newline to port 0xe9; jmp .
    path = harness.file("ports.elf", harness.tiny_guest(code.ljust(0x68, b"\0") + b"\x96\0\0\0"))
    with harness.start(harness.adhoc(f"xenolith\nmodule {path} name=ports memory=16"), cpus=2) as machine:
        machine.wait_for(r"ports: x")
        answer = machine.ask("e", r"135 more quiet ports are left out")
    answer.expect(r"xen: +150 +P - +\d +1 +ipi ")
    answer.refuse(r"xen: +65 +- ")


def test_registers_are_the_domains(running):
    """Registers that a debug key shows as errors of the hypervisor."""
    answer = running.ask("d", r"cpl 0$")
    answer.expect(r"forever:   rip 0000000000100000  rsp ")
    answer.refuse(r"error")


def test_unknown_keys(running):
    """A key that means nothing, or that is no ASCII: the console must go on."""
    running.type("~\x02\x7f\u00ff")
    running.ask("h", r"xen: +t  .*$")


def test_keys_go_to_a_domain_after_three_ctrl_a(running):
    """Input that cannot be taken back from a domain: after the circle the debug keys must work again."""
    running.ask("\x01\x01\x01", r"console input goes to forever")
    running.type("hd")  # not debug keys now
    running.ask("\x01\x01\x01", r"console input goes to Xenolith")
    running.ask("h", r"xen: +t  .*$")


def test_key_q_ends_the_run():
    """Domains that cannot be destroyed from outside; the run is not good, for one of them never reported."""
    path = harness.file("forever.elf", harness.tiny_guest(b"\xeb\xfe"))
    with harness.start(harness.adhoc(f"xenolith\nmodule {path} name=forever memory=16"), cpus=2) as machine:
        machine.wait_for(r"domain 1 ")
        machine.type("q")
        run = machine.finish().expect_bad()
    run.expect(r"forever +running +BAD ")
    run.expect(r"every page came back")


def test_key_r_reboots():
    """A reset that does not happen: QEMU ends at a reset with 0 (it runs with -no-reboot)."""
    path = harness.file("forever.elf", harness.tiny_guest(b"\xeb\xfe"))
    with harness.start(harness.adhoc(f"xenolith\nmodule {path} name=forever memory=16"), cpus=2) as machine:
        machine.wait_for(r"domain 1 ")
        machine.type("R")
        run = machine.finish()
    assert run.code == 0, run.log
    run.expect(r"xen: rebooting")


def test_log_levels():
    """log=error that still chats, or that hides the domains' own words."""
    run = harness.boot(harness.adhoc("xenolith log=error\nmodule hello name=hello memory=16")).expect_good()
    run.expect(r"hello: verdict: success")
    run.refuse(r"xen: domain 1")
