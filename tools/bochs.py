#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run an ISO in Bochs, without a window; what the machine says on its serial port goes to stdout meanwhile.

Bochs emulates VMX (and SVM, as model ryzen), but it ends with code 1 whatever happened, and it can't be told by the
hypervisor how the run went. So the last line of the console decides, and the exit codes here are those of run.sh's QEMU:
33 the verdict is success; 35 it is failure; 0 the machine went off without a verdict; 124 it hung.
"""

import argparse
import codecs
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

DEFAULT_MODEL = "corei7_icelake_u"
# What each has of VMX or SVM.
MODELS = {
    "corei7_icelake_u": "VMX with all that Xenolith uses",
    "tigerlake": "VMX",
    "corei3_cnl": "VMX",
    "corei7_skylake_x": "VMX",
    "broadwell_ult": "VMX",
    "corei7_haswell_4770": "VMX",
    "corei7_ivy_bridge_3770k": "VMX",
    "corei7_sandy_bridge_2600k": "VMX",
    "corei5_arrandale_m520": "VMX with unrestricted guest, the first",
    "corei5_lynnfield_750": "VMX without unrestricted guest: refused",
    "core2_penryn_t9600": "VMX without EPT: refused",
    "ryzen": "SVM with NRIPS and flush by ASID",
}
SHARE = "/usr/share/bochs"
GOOD, BAD, OFF, HUNG = 33, 35, 0, 124
VERDICT = re.compile(r"xen: verdict: (success|failure)")

# ips: emulated instructions in an emulated second; with sync=none the clock runs by these alone, so runs repeat.
# vga: since the image takes a framebuffer, GRUB 2.06 tries the VESA calls of the video BIOS first, and loses its way in
# them here; without them it goes on in text mode.
CONFIGURATION = """\
display_library: rfb, options="timeout=0"
romimage: file={share}/BIOS-bochs-latest
vga: extension=none
vgaromimage: file={share}/VGABIOS-lgpl-latest
cpu: model={model}, count={cpus}, ips=200000000, reset_on_triple_fault=0
clock: sync=none
megs: {memory}
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path="{iso}", status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev="{folder}/serial.txt"
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
speaker: enabled=0
panic: action=fatal
log: "{folder}/log.txt"
"""


class UnknownModel(Exception):
    """One sentence for the user."""


def model(name):
    """A model by its name, or by a part of it that fits only one."""
    found = [name] if name in MODELS else [m for m in MODELS if name in m]
    if len(found) != 1:
        raise UnknownModel(f"There is no model '{name}' in Bochs; there are: {', '.join(MODELS)}.")
    return found[0]


def configure(options, folder):
    """Write the configuration and the debugger's commands; Bochs' command line."""
    text = CONFIGURATION.format(
        share=SHARE, model=options.model, cpus=options.cpus, memory=options.memory,
        iso=pathlib.Path(options.iso).resolve(), folder=folder,
    )
    (folder / "bochsrc").write_text(text, encoding="utf-8")
    (folder / "commands").write_text("c\n", encoding="utf-8")  # Debian's Bochs starts in its debugger
    return ["bochs", "-q", "-f", str(folder / "bochsrc"), "-rc", str(folder / "commands"), *options.arguments]


class Console:
    """The serial port's file, while it grows."""

    def __init__(self, path):
        path.write_bytes(b"")
        self.file = path.open("rb")
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.text = ""

    def pass_on(self):
        new = self.decoder.decode(self.file.read())
        self.text += new
        sys.stdout.write(new)
        sys.stdout.flush()

    def verdict(self):
        """By the last line that holds anything."""
        lines = [line for line in self.text.splitlines() if line.strip()]
        found = VERDICT.search(lines[-1]) if lines else None
        if not found:
            return OFF
        return GOOD if found.group(1) == "success" else BAD


def watch(process, console, time_limit):
    """Wait for the end; the exit code."""
    deadline = time.monotonic() + time_limit
    while process.poll() is None:
        if time.monotonic() > deadline:
            console.pass_on()
            return HUNG
        time.sleep(0.05)
        console.pass_on()
    console.pass_on()
    return console.verdict()


def run(options):
    folder = pathlib.Path(options.folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    command = configure(options, folder)
    console = Console(folder / "serial.txt")
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            code = watch(process, console, options.time_limit)
        finally:
            process.kill()
            process.wait()
    if not console.text:
        print(f"bochs: nothing came from the console; {folder}/output.txt and log.txt say more", file=sys.stderr)
    return code


def main():
    parser = argparse.ArgumentParser(description="Run an ISO in Bochs.")
    parser.add_argument("iso", nargs="?")
    parser.add_argument("arguments", nargs="*", help="lines of a configuration for Bochs, after --")
    parser.add_argument("--model", default=DEFAULT_MODEL, help=f"processor, or a part of its name (default: {DEFAULT_MODEL})")
    parser.add_argument("--check", action="store_true", help="only say whether there is such a model")
    parser.add_argument("--cpus", type=int, default=1, help="number of CPUs (default: 1)")
    parser.add_argument("--memory", type=int, default=1024, metavar="MIB", help="memory (default: 1024)")
    parser.add_argument("--time-limit", type=int, default=900, metavar="S", help="then it hangs (default: 900)")
    parser.add_argument("--folder", default="build/bochs", help="for configuration and logs (default: build/bochs)")
    options = parser.parse_args()
    try:
        options.model = model(options.model)
    except UnknownModel as error:
        sys.exit(str(error))
    if options.check:
        return
    if not options.iso:
        parser.error("an ISO is missing")
    if not shutil.which("bochs"):
        sys.exit("bochs: Bochs is missing; install the Debian packages bochs, bochsbios and vgabios.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(HUNG))  # Bochs ends with us
    sys.exit(run(options))


if __name__ == "__main__":
    main()
