# SPDX-License-Identifier: MIT
"""Serial ports besides COM1: those that the firmware's tables name, and those on PCI cards."""

import fcntl
import os
import struct

import pytest

import harness

HELLO = "module hello name=hello memory=16"
STDIO = ("-chardev", "stdio,id=said")


def table(name, body, revision=1):
    """Arguments that make QEMU hand over one more ACPI table; it fills in length and checksum."""
    path = harness.file(f"{name}.table", body)
    return ("-acpitable", f"sig={name[:4]},rev={revision},oem_id=XENO,oem_table_id=TEST,data={path}")


def address(space, bits, access, at):
    return struct.pack("<BBBBQ", space, bits, 0, access, at)


def spcr(port, kind=0, speed=7):
    body = struct.pack("<B3x", kind) + address(1, 8, 1, port) + bytes(6) + bytes([speed, 0, 1, 0, 3, 0])
    return table(f"SPCR-{port:x}-{kind}", body + b"\xff\xff\xff\xff" + bytes(12))


def dbg2(port):
    device = struct.pack("<BHBHHHHHHHHH", 0, 40, 1, 2, 38, 0, 0, 0x8000, 0, 0, 22, 34)
    return table("DBG2", struct.pack("<II", 44, 1) + device + address(1, 8, 1, port) + struct.pack("<I", 8) + b".\0")


def run(extra, options=""):
    """What the machine says, on whichever port `extra` gives to the test; the whole log must be there."""
    scenario = harness.adhoc(f"xenolith {options}\n{HELLO}")
    output = harness.boot(scenario, serial=False, extra=STDIO + extra).expect_good()
    output.expect(r"\A.*xen: Xenolith")
    output.expect(r"hello: verdict: success")
    return output


def test_pci_card():
    """A machine whose only serial port is a PCI card: silence, or a log that begins in its middle."""
    output = run(("-device", "pci-serial,chardev=said"))
    output.expect(r"xen: serial: +PCI 00:0\d\.0 at port 0x\w+, 115200 baud: no other answers")


def test_first_of_two_on_a_card():
    """A card of two ports that says no more of itself than one with one."""
    output = run(("-chardev", "null,id=b", "-device", "pci-serial-2x,chardev1=said,chardev2=b"))
    output.expect(r"xen: serial: +PCI 00:0\d\.0 at port 0x\w+, 115200 baud: no other answers")


def test_spcr():
    """The firmware's console is COM2, and COM1 answers too: its log must say where the rest is."""
    path = harness.ROOT / harness.BUILD / "vm" / "com1.txt"
    com1 = ("-chardev", f"file,id=first,path={path}", "-device", "isa-serial,chardev=first,index=0")
    output = run(com1 + ("-device", "isa-serial,chardev=said,index=1") + spcr(0x2F8))
    output.expect(r"xen: serial: +SPCR's at port 0x2f8, 115200 baud: the firmware's console")
    assert path.read_text().splitlines()[-1].endswith("SPCR's at port 0x2f8, 115200 baud: the firmware's console")


@pytest.mark.parametrize(
    "named, sentence",
    [
        (spcr(0x2E8), "port 0x2e8, where no UART answers"),
        (spcr(0x3F8, kind=3), r"type 0x3 \(ARM PL011\), which has no driver here"),
    ],
)
def test_spcr_of_no_use(named, sentence):
    """A table that leads nowhere takes the console away although COM1 works."""
    output = run(("-device", "isa-serial,chardev=said,index=0") + named)
    output.expect(rf"xen: serial: +SPCR names a serial port at .*{sentence}")
    output.expect(r"xen: serial: +COM1 at port 0x3f8, 115200 baud: the first that answers")


def test_dbg2():
    """A port where no PC has one, which only the table of debug ports names."""
    output = run(("-device", "isa-serial,chardev=said,iobase=0x220,irq=10") + dbg2(0x220))
    output.expect(r"xen: serial: +DBG2's at port 0x220, .*: the firmware's debug port")


def test_chosen():
    """com= that changes nothing, as COM1 answers first."""
    com1 = ("-chardev", "null,id=first", "-device", "isa-serial,chardev=first,index=0")
    output = run(com1 + ("-device", "isa-serial,chardev=said,index=2"), "com=3 baud=9600")
    output.expect(r"xen: serial: +COM3 at port 0x3e8, 9600 baud: com=3")


def test_chosen_but_missing():
    """com= for a port that is not there: the user would be left without any."""
    output = run(("-device", "isa-serial,chardev=said,index=0"), "com=spcr")
    output.expect(r"xen: serial: +there is no serial port that com=spcr could mean")
    output.expect(r"xen: serial: +COM1 at port 0x3f8, 115200 baud: the first that answers")


def test_none():
    """Something else is plugged into the serial port, and must not be talked to."""
    output = harness.boot(harness.adhoc(f"xenolith com=none\n{HELLO}"))
    assert output.code == harness.GOOD
    output.refuse(r"hello")


def test_nobody_reads(tmp_path):
    """The other end of the serial line is full: every character waited for as long as it took, and nobody was told."""
    for end in ("in", "out"):
        os.mkfifo(tmp_path / f"line.{end}")
    line = os.open(tmp_path / "line.out", os.O_RDWR)
    fcntl.fcntl(line, fcntl.F_SETPIPE_SZ, 4096)
    extra = ("-chardev", f"pipe,id=full,path={tmp_path}/line", "-device", "isa-serial,chardev=full")
    scenario = harness.adhoc(f"xenolith noreboot\n{HELLO}")
    try:
        with harness.start(scenario, serial=False, extra=extra) as machine:
            machine.wait_until(lambda: "xen: verdict: success" in machine.screen())
            machine.wait_until(lambda: machine.press("h") or "the serial line (COM1" in machine.screen())
            os.read(line, 4096)
            machine.press("hm")  # it moves again: this goes there, too
            machine.wait_until(lambda: "frames free" in machine.screen())
            assert b"frames free" in os.read(line, 4096)
    finally:
        os.close(line)
