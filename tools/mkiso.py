#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a bootable ISO: GRUB, the hypervisor, the guests, and a menu entry for each scenario.

The menu starts the tour after a few seconds; --default NAME makes an ISO that starts NAME at once.
GRUB's modules for UEFI go in when they are installed (package grub-efi-amd64-bin, and mtools).
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import scenario as scenarios

GRUB_MODULES = pathlib.Path("/usr/lib/grub")
PLATFORMS = ("i386-pc", "x86_64-efi")
# Modules that the menu needs; fewer make a smaller ISO that starts faster.
USED = "multiboot multiboot2 normal serial terminal test echo halt reboot iso9660 part_msdos part_gpt search all_video"
# GRUB for UEFI looks for every partition map that it knows, and names those that it misses on the screen.
USED += " part_acorn part_amiga part_apple part_bsd part_dfly part_dvh part_plan part_sun part_sunpc"

# A BIOS machine stays in text mode; UEFI has none.
SCREEN = """\
if [ "$grub_platform" = efi ]; then
    insmod all_video
    set screen=auto
else
    set screen=text
fi
export screen

"""
MENU_HEAD = """\
set default='{default}'
set timeout={timeout}
if serial --unit=0 --speed=115200; then
    terminal_input console serial
    terminal_output console serial
fi

"""
QUIET_HEAD = """\
set default='{default}'
set timeout=0
set timeout_style=hidden

"""


def menu(found, env, default, timeout, multiboot, before):
    """The text of grub.cfg; before are commands that GRUB executes first."""
    choice = default if multiboot == 2 else f"multiboot1>{default}-mb1"
    head = MENU_HEAD if timeout else QUIET_HEAD
    text = head.format(default=choice, timeout=timeout) + SCREEN + "".join(f"{line}\n" for line in before)
    text += "\n".join(s.grub_entry(env) for s in found)
    text += "\nsubmenu 'The same by multiboot 1' --id multiboot1 {\n"
    text += "\n".join(s.grub_entry(env, multiboot=1) for s in found)
    text += "}\n\nmenuentry 'Restart' {\n    reboot\n}\n\nmenuentry 'Power off' {\n    halt\n}\n"
    return text


def choose(name, multiboot):
    """The scenarios of the menu and the one to start; a .cfg file from elsewhere is added to them."""
    found = [scenarios.load(n) for n in scenarios.names()]
    if not name:
        if not found:
            raise scenarios.ScenarioError("There is no scenario in scenarios/.")
        return found, found[0].name
    chosen = scenarios.load(name)
    if name.endswith(".cfg"):
        found = [chosen]
    return found, chosen.name


def sources(found, build, env):
    """Place on the ISO -> file. A module that was not built is an error."""
    files = {f"/boot/{s.hypervisor}": pathlib.Path(build) / s.hypervisor for s in found}
    for module in (m for s in found for m in s.loaded(env)):
        path = pathlib.Path(module.path(build, env))
        if files.setdefault(module.iso_path(env), path) != path:
            raise scenarios.ScenarioError(f"Two modules of the ISO have the same file name {path.name}.")
    for path in files.values():
        if not path.is_file():
            raise scenarios.ScenarioError(f"{path} does not exist; build it first.")
    return files


def up_to_date(output, text, files):
    """Was output made from this menu and these files? The menu is kept beside it."""
    note = output.with_suffix(".grub.cfg")
    if not output.is_file() or not note.is_file() or note.read_text(encoding="utf-8") != text:
        return False
    newest = max(p.stat().st_mtime for p in [*files.values(), pathlib.Path(__file__)])
    return output.stat().st_mtime >= newest


def platforms():
    """GRUB platforms that can be put on an ISO here."""
    have = [p for p in PLATFORMS if (GRUB_MODULES / p).is_dir()]
    if not shutil.which("mformat"):
        have = [p for p in have if "efi" not in p]
    if not have:
        raise scenarios.ScenarioError("GRUB's modules are missing; install grub-pc-bin.")
    return have


def make(output, text, files):
    """Run grub-mkrescue on a tree with the files and the menu."""
    have = platforms()
    with tempfile.TemporaryDirectory() as tree:
        for place, path in files.items():
            target = pathlib.Path(tree + place)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        config = pathlib.Path(tree, "boot/grub/grub.cfg")
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(text, encoding="utf-8")
        command = ["grub-mkrescue", f"--output={output}", "--locales=", "--fonts=", "--themes="]
        used = [USED, *re.findall(r"^insmod (\S+)$", text, re.MULTILINE)]
        command += [f"--install-modules={' '.join(used)} {'biosdisk' if have == ['i386-pc'] else ''}".rstrip()]
        if len(have) == 1:
            command.append(f"--directory={GRUB_MODULES / have[0]}")
        # As a stick: some BIOSes start from no disk without a partition marked active, and the MBR that protects a GPT
        # has none.
        command += [tree, "--mbr-force-bootable"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise scenarios.ScenarioError(f"grub-mkrescue failed: {result.stderr.strip()}")


def main():
    parser = argparse.ArgumentParser(description="Make a bootable ISO with a menu entry for each scenario.")
    parser.add_argument("-o", "--output", help="the ISO (default: BUILD/xenolith.iso)")
    parser.add_argument("--build", default="build", help="folder of the build (default: build)")
    parser.add_argument("--env", default="pvh64", choices=scenarios.ENVIRONMENTS, help="environment of the guests")
    parser.add_argument("--default", metavar="NAME", help="start this scenario (a name or a .cfg file) at once")
    parser.add_argument("--timeout", type=int, help="seconds that the menu waits (default: 5; 0 with --default)")
    parser.add_argument("--multiboot", type=int, default=2, choices=(1, 2), help="which protocol --default uses")
    parser.add_argument("--before", metavar="COMMAND", action="append", default=[], help="GRUB executes it first (a module by insmod)")
    args = parser.parse_args()
    timeout = args.timeout if args.timeout is not None else 0 if args.default else 5
    output = pathlib.Path(args.output or f"{args.build}/xenolith.iso")
    try:
        found, default = choose(args.default, args.multiboot)
        text = menu(found, args.env, default, timeout, args.multiboot, args.before)
        files = sources(found, args.build, args.env)
        if up_to_date(output, text, files):
            return
        output.parent.mkdir(parents=True, exist_ok=True)
        make(output, text, files)
        output.with_suffix(".grub.cfg").write_text(text, encoding="utf-8")
    except scenarios.ScenarioError as error:
        sys.exit(f"mkiso: {error}")


if __name__ == "__main__":
    main()
