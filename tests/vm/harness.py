# SPDX-License-Identifier: MIT
"""Boot scenarios in QEMU and look at them from outside.

    run = harness.boot("hello")                  a finished run: run.log, run.code; equal calls share one run
    with harness.start("hello") as machine:      a running machine: keys, monitor, physical memory

The command line of QEMU is what ./run.sh -n prints, so that the tests boot what users boot.
Time limits are there to detect hangs; no test measures time.
"""

import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ.get("O", "build")
HANG = 180  # seconds without the awaited event: the machine hangs

GOOD, BAD = 33, 35  # exit codes through isa-debug-exit
USB_CONTROLLERS = {"usb3": "qemu-xhci", "usb2": "usb-ehci"}


class Output:
    """What a machine said on its serial console."""

    def __init__(self, log, code=None):
        self.log = log
        self.code = code

    def expect(self, pattern):
        """The match of a regular expression (^ and $ at line ends); the log is in the message if there is none."""
        match = re.search(pattern, self.log, re.MULTILINE)
        assert match, f"nothing matches {pattern!r} in:\n{self.log}"
        return match

    def refuse(self, pattern):
        """There must be no match."""
        match = re.search(pattern, self.log, re.MULTILINE)
        assert not match, f"{match.group(0)!r} should not be in:\n{self.log}"

    def lines(self, name):
        """The lines of one domain (or of "xen") without time and prefix."""
        return re.findall(rf"^\[[ 0-9.]+\] {re.escape(name)}: (.*)$", self.log, re.MULTILINE)

    def expect_good(self):
        """The run must have ended well, by exit code and by the last line."""
        assert self.code == GOOD, f"exit code {self.code} (expected {GOOD}):\n{self.log}"
        self.expect(r"xen: verdict: success\s*\Z")
        return self

    def expect_bad(self):
        assert self.code == BAD, f"exit code {self.code} (expected {BAD}):\n{self.log}"
        self.expect(r"xen: verdict: failure")
        return self


def adhoc(text):
    """A scenario that exists only for a test: its text -> a path that boot() and start() take."""
    folder = ROOT / BUILD / "vm"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"adhoc-{hashlib.sha256(text.encode()).hexdigest()[:12]}.cfg"
    path.write_text("# " + text.splitlines()[0] + "\n" + text + "\n", encoding="utf-8")
    return str(path)


def file(name, content):
    """A module that exists only for a test (a broken image, say) -> its path for a line 'module'."""
    folder = ROOT / BUILD / "vm"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return f"{BUILD}/vm/{name}"


def image(name, env="pvh64"):
    """The bytes of a guest's image."""
    return (ROOT / BUILD / "guest" / f"{name}.{env}").read_bytes()


def tiny_guest(code, entry=0x100000, machine=62):
    """A PVH image made by hand: 32-bit machine code that starts at its first byte."""
    note = struct.pack("<III4sI", 4, 4, 18, b"Xen\0", entry)
    code_at, note_at = 0x1000, 0x1000 + len(code)
    header = b"\x7fELF\2\1\1" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, entry, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    header += struct.pack("<IIQQQQQQ", 1, 7, code_at, entry, entry, len(code), len(code), 4096)
    header += struct.pack("<IIQQQQQQ", 4, 4, note_at, 0, 0, len(note), len(note), 4)
    return header.ljust(code_at, b"\0") + code + note


def run_sh(*args, cwd=None, timeout=4 * HANG):
    """./run.sh as users call it -> subprocess result with .stdout and .stderr."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    return subprocess.run(
        [str(ROOT / "run.sh"), *args], cwd=cwd or ROOT, env=env, stdin=subprocess.DEVNULL, text=True, capture_output=True,
        timeout=timeout, check=False,
    )


def make_iso(scenario, multiboot, env, before=()):
    name = f"{pathlib.Path(scenario).stem}-{env}"
    output = f"{BUILD}/vm/{name}-mb{multiboot}.iso"
    command = ["tools/mkiso.py", "--build", BUILD, "--default", scenario, "--multiboot", str(multiboot), "-o", output]
    command += ["--env", env, *(f"--before={line}" for line in before)]
    subprocess.run(command, cwd=ROOT, check=True)
    return output


def make_stick(iso):
    """The ISO as it lies on a USB stick, which is larger -> path of the image of the whole stick."""
    path = pathlib.Path(iso).with_suffix(".stick")
    shutil.copyfile(ROOT / iso, ROOT / path)
    os.truncate(ROOT / path, 64 << 20)
    return str(path)


def media_words(iso, media):
    """QEMU's arguments for a drive with the ISO in it."""
    if media == "cdrom":
        return ["-cdrom", iso]
    words = ["-drive", f"if=none,id=stick,format=raw,snapshot=on,file={make_stick(iso)}"]
    return ["-device", USB_CONTROLLERS[media], "-device", "usb-storage,drive=stick", *words]


@functools.lru_cache(maxsize=None)
def command(
    scenario, env="pvh64", firmware="direct", cpus=1, cpu=None, serial=True, multiboot=2, debug_exit=True, extra=(),
    media="cdrom",
):
    """QEMU's command line for a scenario. media is what firmware starts from: "cdrom", or a stick at "usb3" or "usb2"."""
    printed = run_sh("-n", "-m", "qemu", "-g", scenario, "-e", env, "-f", firmware, "-c", str(cpus), "--", *extra)
    assert printed.returncode == 0, printed.stderr
    words = shlex.split(printed.stdout.splitlines()[-1])
    if firmware != "direct":
        at = words.index("-cdrom")
        words[at : at + 2] = media_words(make_iso(scenario, multiboot, env), media)
    if cpu:
        words[words.index("-cpu") + 1] = cpu
    if not serial:
        words[words.index("-serial") + 1] = "none"
    if not debug_exit:
        at = next(i for i, w in enumerate(words) if w.startswith("isa-debug-exit"))
        del words[at - 1 : at + 1]
    return words


@functools.lru_cache(maxsize=None)
def boot(scenario, hang=HANG, **how):
    """Boot a scenario and wait for its end. The arguments are those of command(). Equal calls give the same run."""
    with start(scenario, **how) as machine:
        return machine.finish(hang)


@functools.lru_cache(maxsize=None)
def bochs(scenario, model="corei7_icelake_u", cpus=1, env="pvh64", before=()):
    """Boot a scenario in Bochs and wait for its end; its exit codes are those of QEMU. Equal calls give the same run.
    before are commands that GRUB executes first."""
    if not shutil.which("bochs"):
        pytest.skip("Bochs is not installed (Debian packages bochs, bochsbios, vgabios)")
    folder = f"{BUILD}/vm/bochs-{pathlib.Path(scenario).stem}-{model}-{cpus}-{env}"
    command = ["tools/bochs.py", "--model", model, "--cpus", str(cpus), "--folder", folder]
    command += ["--time-limit", str(2 * HANG), make_iso(scenario, 2, env, before)]
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False,
    )
    return Output(done.stdout, done.returncode)


def start(scenario, **how):
    """Boot a scenario and talk to the machine."""
    return Machine(command(scenario, **how))


def bits(pixels):
    """Eight pixels as a byte of the font: 1 is ink."""
    return sum(0x80 >> i for i, pixel in enumerate(pixels) if pixel > 64)


@functools.lru_cache(maxsize=None)
def console_font():
    """Character -> its 16 bytes, from the table of arch/x86/font.c."""
    rows = re.findall(r"\['(.|\\.)' - FONT_FIRST\] = \{(.*?)\}", (ROOT / "arch/x86/font.c").read_text())
    assert len(rows) == 95
    return {c[-1]: tuple(int(n, 16) for n in values.split(", ")) for c, values in rows}


class Machine:
    """A running QEMU."""

    def __init__(self, words):
        self.folder = tempfile.TemporaryDirectory()
        self.qmp_path = f"{self.folder.name}/qmp"
        self.qmp = None
        self.text = ""
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            words + ["-qmp", f"unix:{self.qmp_path},server=on,wait=off"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def read(self):
        while chunk := os.read(self.process.stdout.fileno(), 4096):
            with self.changed:
                self.text += chunk.decode("utf-8", "replace").replace("\r", "")
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def output(self):
        return Output(self.text, self.process.poll())

    def wait_for(self, pattern, start=0):
        """Wait until the console has said what the pattern matches, from offset start on, in whole lines; the match."""
        expression = re.compile(pattern, re.MULTILINE)
        found = []

        def said():
            whole = self.text.rfind("\n") + 1
            found[:] = [expression.search(self.text, start, whole)]
            return found[0] or not self.reader.is_alive()

        with self.changed:
            self.changed.wait_for(said, timeout=HANG)
        assert found[0], f"the console never said {pattern!r}:\n{self.text}"
        return found[0]

    def wait_until(self, condition):
        """Look again and again until the condition holds."""
        deadline = time.monotonic() + HANG
        while not condition():
            assert time.monotonic() < deadline, f"it never came true; the console said:\n{self.text}"
            time.sleep(0.1)

    def finish(self, hang=HANG):
        """Wait for the end of QEMU; what was said, and the exit code."""
        try:
            self.process.wait(timeout=hang)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the machine hangs; it said:\n{self.text}") from None
        self.reader.join(timeout=10)
        return self.output()

    def type(self, keys):
        """Keys on the serial console."""
        self.process.stdin.write(keys.encode())
        self.process.stdin.flush()

    def ask(self, key, pattern):
        """Press a key and wait for what the pattern matches in the answer; everything said since the key."""
        before = len(self.text)
        self.type(key)
        self.wait_for(pattern, before)
        return Output(self.text[before:])

    # --- QEMU's monitor

    def connect(self):
        self.qmp = socket.socket(socket.AF_UNIX)
        self.qmp.settimeout(HANG)
        deadline = time.monotonic() + HANG
        while self.qmp.connect_ex(self.qmp_path):
            assert time.monotonic() < deadline, "QEMU offers no monitor"
            time.sleep(0.02)
        self.answers = self.qmp.makefile("r", encoding="utf-8")
        self.answers.readline()
        self.execute("qmp_capabilities")

    def execute(self, name, **arguments):
        """One QMP command -> its result."""
        if not self.qmp:
            self.connect()
        self.qmp.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self.answers.readline())
            if "return" in answer:
                return answer["return"]
            assert "error" not in answer, answer["error"]

    def inject_nmis_until_the_end(self):
        """As fast as the monitor takes them; how many it took."""
        sent = 0
        try:
            while self.process.poll() is None:
                self.execute("inject-nmi")
                sent += 1
        except (OSError, ValueError):  # the end of the machine is the end of its monitor
            pass
        return sent

    def monitor(self, line):
        """One line for the human monitor -> its answer."""
        return self.execute("human-monitor-command", **{"command-line": line})

    def press(self, keys):
        """Keys on the machine's own keyboard: characters, or QEMU's names of keys."""
        names = {"\x01": "ctrl-a", " ": "spc", "\r": "ret"}
        for key in keys:
            self.monitor("sendkey " + names.get(key, f"shift-{key.lower()}" if key.isupper() else key) + " 20")

    def memory(self, address, size):
        """Bytes of physical memory."""
        path = f"{self.folder.name}/memory"
        self.execute("pmemsave", val=address, size=size, filename=path)
        return pathlib.Path(path).read_bytes()

    def screen(self):
        """The text on the VGA screen, 25 lines."""
        cells = self.memory(0xB8000, 80 * 25 * 2)[::2]
        return "\n".join(cells[i : i + 80].decode("latin-1").rstrip("\0 ") for i in range(0, len(cells), 80))

    def picture(self):
        """The screen as lines of pixels, each three bytes."""
        path = f"{self.folder.name}/screen.ppm"
        self.execute("screendump", filename=path)
        kind, size, _, pixels = pathlib.Path(path).read_bytes().split(b"\n", 3)
        assert kind == b"P6"
        width, height = map(int, size.split())
        return [pixels[3 * width * y :][: 3 * width] for y in range(height)]

    def drawn_text(self):
        """The text on a graphical screen, read with the hypervisor's own font; "?" is no character of it."""
        lines = self.picture()
        font = {glyph: character for character, glyph in console_font().items()}
        text = []
        for y in range(0, len(lines) - 15, 16):
            rows = [line[::3] for line in lines[y : y + 16]]  # the red part of each pixel will do
            cells = (tuple(row[x : x + 8] for row in rows) for x in range(0, len(rows[0]) - 7, 8))
            text.append("".join(font.get(tuple(bits(part) for part in cell), "?") for cell in cells).rstrip())
        return "\n".join(text)

    def screenshot(self, path):
        """The screen as a PNG file."""
        self.execute("screendump", filename=str(path), format="png")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(timeout=10)
        for each in (self.qmp, self.process.stdin, self.process.stdout):
            if each:
                each.close()
        self.folder.cleanup()
