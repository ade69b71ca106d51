# SPDX-License-Identifier: MIT
"""As much of gdb's remote protocol as stops a CPU of QEMU at an address and makes it go on elsewhere."""

import re
import socket
import subprocess

import harness

RAX, RDI, RSP, RIP = 0, 5, 7, 16


def symbols():
    """Name -> address in the hypervisor's image."""
    elf = harness.ROOT / harness.BUILD / "xenolith.elf"
    lines = subprocess.run(["nm", elf], capture_output=True, text=True, check=True).stdout.splitlines()
    return {words[-1]: int(words[0], 16) for words in map(str.split, lines) if len(words) == 3}


class Debugger:
    """A machine that was started with -S."""

    def __init__(self, machine):
        path = f"{machine.folder.name}/gdb"
        machine.monitor(f"gdbserver unix:{path},server=on,wait=off")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(harness.HANG)
        self.socket.connect(path)
        self.ask("qXfer:features:read:target.xml:0,1000")  # QEMU lets no register be touched before

    def ask(self, text):
        self.socket.sendall(f"${text}#{sum(text.encode()) % 256:02x}".encode())
        answer = b""
        while not re.search(rb"\$[^#]*#..", answer):
            received = self.socket.recv(4096)
            assert received, f"QEMU ended; it had answered {answer!r} to {text}"
            answer += received
        self.socket.sendall(b"+")
        return re.search(rb"\$([^#]*)#", answer).group(1).decode()

    def done(self, text):
        answer = self.ask(text)
        assert answer == "OK", f"{text}: {answer!r}"

    def run_to(self, address):
        """Until a CPU is there: the one that the next calls are about."""
        self.done(f"Z1,{address:x},1")
        stopped = self.ask("c")
        assert stopped.startswith("T05"), stopped
        self.done(f"z1,{address:x},1")

    def set_register(self, number, value):
        self.done(f"P{number:x}={value.to_bytes(8, 'little').hex()}")

    def register(self, number):
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    def go_on_at(self, address):
        self.set_register(RIP, address)

    def return_from_function(self, value):
        """At its first instruction."""
        stack = self.register(RSP)
        self.set_register(RAX, value)
        self.go_on_at(int.from_bytes(bytes.fromhex(self.ask(f"m{stack:x},8")), "little"))
        self.set_register(RSP, stack + 8)

    def let_go(self):
        self.socket.sendall(b"$D#44")
        self.socket.close()
