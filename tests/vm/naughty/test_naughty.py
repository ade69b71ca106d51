# SPDX-License-Identifier: MIT
"""Guests that do all that they should not."""

import pytest

import harness


@pytest.mark.parametrize("cpus", [1, 2])
def test_naughty(cpus):
    """A hostile guest that takes others, or the hypervisor, with it."""
    run = harness.boot("naughty", cpus=cpus).expect_good()
    run.refuse(r"xen: panic")


def tiny(name, code, config="expect=crash memory=16"):
    path = harness.file(f"{name}.elf", harness.tiny_guest(code))
    return f"xenolith\nmodule {path} name={name} {config}\nmodule hello name=bystander memory=16"


CRASHES = {
    # lidt of nothing, int3: no handler for the handler of the handler
    "triple": b"\x0f\x01\x1d" + (0x100010).to_bytes(4, "little") + b"\xcc" + bytes(16),
    # mov %eax, 0xF0000000: no RAM there
    "beyond": b"\xa3" + (0xF0000000).to_bytes(4, "little") + b"\xf4",
    # jmp 0xE0000000
    "jump": b"\xb8" + (0xE0000000).to_bytes(4, "little") + b"\xff\xe0",
}


@pytest.mark.parametrize("name", CRASHES)
def test_crash_is_one_domain(name):
    """A guest's crash that is not noticed, or that stops the run; and one that nobody explains."""
    run = harness.boot(harness.adhoc(tiny(name, CRASHES[name]))).expect_good()
    run.expect(r"bystander: verdict: success")
    run.expect(rf"{name}: .*(triple fault|0x)")


def test_no_guest_says_that_it_was_destroyed():
    """A guest that shuts down with the hypervisor's own reason, so that it counts as one that ran on to the end."""
    code = b"\xb8\x1d\0\0\0\xbb\x02\0\0\0\xb9\x20\0\x10\0\x0f\x01\xd9\xf4"  # SCHEDOP_shutdown, reason 100
    code = code.ljust(0x20, b"\0") + b"\x64\0\0\0"
    run = harness.boot(harness.adhoc(tiny("liar", code, "expect=running memory=16"))).expect_bad()
    run.expect(r"liar +unknown +BAD")


def test_unexpected_crash_fails_the_run():
    """A run that is called good although a domain crashed that should not have."""
    run = harness.boot(harness.adhoc(tiny("triple2", CRASHES["triple"], "memory=16"))).expect_bad()
    run.expect(r"bystander: verdict: success")


def test_endless_loop_leaves_the_cpu():
    """A guest that never exits and keeps the only CPU: with interrupts on, and with interrupts off (cli; jmp .)."""
    for name, code in (("loop", b"\xeb\xfe"), ("deafloop", b"\xfa\xeb\xfe")):
        run = harness.boot(harness.adhoc(tiny(name, code, "expect=running memory=16")), cpus=1).expect_good()
        run.expect(r"bystander: verdict: success")


def test_wild_ports_and_registers():
    """An I/O port or MSR of the machine that a guest reaches: here it tries to end the run by isa-debug-exit, to reset
    by the keyboard controller and by port 0xcf9, and then crashes."""
    code = b"\xb8\x10\0\0\0\xba\xf4\0\0\0\xef"  # outl 0x10, 0xf4
    code += b"\xb0\xfe\xe6\x64"  # outb 0xfe, 0x64
    code += b"\xb0\x06\xba\xf9\x0c\0\0\xee"  # outb 6, 0xcf9
    code += CRASHES["jump"]
    run = harness.boot(harness.adhoc(tiny("ports", code))).expect_good()
    run.expect(r"bystander: verdict: success")
