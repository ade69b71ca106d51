# SPDX-License-Identifier: MIT
"""NMIs at any moment: a button, a watchdog or failing hardware sends them, and nobody can hold them back."""

import re

import pytest

import harness
import remote

BUSY = """xenolith
module smp name="pairs" memory=16 vcpus=4 cmdline="rounds=300 info=all end=down"
module pingpong name="server" memory=16 cmdline="role=server peer=3 rounds=2000"
module pingpong name="client" memory=16 cmdline="role=client peer=2 port=1 rounds=2000"
module naughty name="paging" memory=16 cmdline="what=paging"
module timer name="timer" memory=16 vcpus=2
"""
QUIET = "xenolith\nmodule hello name=hello memory=16"


@pytest.mark.parametrize("cpus", [1, 2])
def test_any_moment(cpus):
    """From the first line to the last: in a world switch, on an interrupt's first instruction, while a CPU starts."""
    with harness.start(harness.adhoc(BUSY), cpus=cpus) as machine:
        machine.connect()
        machine.wait_for(r"xen: Xenolith")
        sent = machine.inject_nmis_until_the_end()
        run = machine.finish().expect_good()
    assert sent > 20
    said = run.expect(r"xen: unasked: (\d+) NMIs, ")
    assert int(said.group(1)) > sent / 10, "most of them did not arrive: the test tests little"
    assert 1 <= len(re.findall(r"xen: warning: .*NMIs? so far", run.log)) < 5, run.log


def test_debug_key():
    """Counts that nobody can look at. The guest loops for ever: an NMI must not end it, nor wait for its end."""
    path = harness.file("forever.elf", harness.tiny_guest(b"\xeb\xfe"))
    with harness.start(harness.adhoc(f"xenolith\nmodule {path} name=forever memory=16")) as machine:
        machine.wait_for(r'xen: domain 1 +"forever"')
        machine.ask("n", r"xen: unasked: 0 NMIs, 0 spurious")
        machine.execute("inject-nmi")
        machine.wait_until(lambda: "1 NMIs" in machine.ask("n", r"xen: unasked: .*").log)
        machine.wait_for(r"xen: warning: 1 NMI so far: by a button")
        machine.ask("d", r"vcpu 0 on CPU 0: (running|runnable)")


IMAGE_BASE = 0xFFFF808000000000
LOW = ["build_early_tables", "enable_long_mode", "entry64_low"]
HIGH = ["kmain", "descriptors_load", "boot_info_parse"]


@pytest.mark.parametrize("place", LOW + HIGH)
def test_early(place):
    """Before there are tables for exceptions, a single NMI resets the machine; in 32-bit code as well."""
    address = remote.symbols()[place] - (IMAGE_BASE if place in LOW else 0)
    with harness.start(harness.adhoc(QUIET), extra=("-S",)) as machine:
        debugger = remote.Debugger(machine)
        debugger.run_to(address)
        machine.execute("inject-nmi")
        debugger.let_go()
        machine.finish().expect_good()
