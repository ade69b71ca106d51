#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the ISO to a USB stick: `make usb DEV=/dev/sdX`, or tools/usb.py IMAGE DEVICE.

Everything on the stick is lost, so anything that is not a whole removable disk that nobody uses is refused, what will
be overwritten is shown, and the user types its name. What was written is read back and compared.
Without DEVICE: the disks that would be taken. XENOLITH_ROOT: a folder with a dev/, sys/ and proc/ of their own.
"""

import argparse
import errno
import os
import pathlib
import stat
import sys

ROOT = pathlib.Path(os.environ.get("XENOLITH_ROOT", "/"))
SECTOR = 512  # the unit of "size" in sysfs, whatever the disk's own sectors are
CHUNK = 4 << 20
SCSI_OPTICAL = "5"
SYSTEM_PLACES = ("/", "/boot", "/boot/efi", "/usr", "/var", "/home")


class Refusal(Exception):
    """One sentence: what is wrong, and what to do."""


def read(path):
    """A line of sysfs, or "" if it is not there."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


class Disk:
    """A whole disk as sysfs shows it."""

    def __init__(self, name):
        self.name = name
        self.sys = ROOT / "sys/block" / name
        self.size = int(read(self.sys / "size") or 0) * SECTOR
        self.title = " ".join(f"{read(self.sys / 'device/vendor')} {read(self.sys / 'device/model')}".split()) or "disk"

    def __str__(self):
        count = len(self.parts()) - 1
        partitions = f"{count or 'no'} partition{'' if count == 1 else 's'}"
        return f"/dev/{self.name}: {self.title}, {self.size / 1e9:.1f} GB, {partitions}"

    def parts(self):
        """Folders in sysfs of the disk and of its partitions."""
        return [self.sys] + sorted(p.parent for p in self.sys.glob("*/partition"))

    def is_removable(self):
        return read(self.sys / "removable") == "1" or "/usb" in os.path.realpath(self.sys)

    def uses(self):
        """(part of the disk, where it is mounted) for all that is in use; "swap" and names of volumes count as well."""
        parts = self.parts()
        by_number = {read(p / "dev"): p.name for p in parts}
        found = []
        for line in read(ROOT / "proc/self/mountinfo").splitlines():
            words = line.split()
            source = words[words.index("-") + 2].rpartition("/")[2]
            name = by_number.get(words[2]) or (source if source in by_number.values() else None)
            if name:
                found.append((name, words[4]))
        for line in read(ROOT / "proc/swaps").splitlines()[1:]:
            name = line.split()[0].rpartition("/")[2]
            if name in by_number.values():
                found.append((name, "swap"))
        for part in parts:
            found += [(part.name, holder.name) for holder in sorted(part.glob("holders/*"))]
        return found


def check_kind(disk):
    if not (disk.sys / "device").exists():
        raise Refusal(f"/dev/{disk.name} is made of other disks or of a file: name the stick itself.")
    if read(disk.sys / "device/type") == SCSI_OPTICAL:
        raise Refusal(f"/dev/{disk.name} is an optical drive: burn the ISO with a program for that.")
    if not disk.is_removable():
        raise Refusal(f"/dev/{disk.name} ({disk.title}) is not removable, so it is not touched: name a stick.")


def check_use(disk):
    uses = disk.uses()
    for name, place in uses:
        if place in SYSTEM_PLACES or place == "swap":
            raise Refusal(f"/dev/{disk.name} holds the running system ({name}: {place}): choose another disk.")
    for name, place in uses:
        if place.startswith("/"):
            raise Refusal(f"/dev/{name} is mounted on {place}: run `umount /dev/{name}` first.")
        raise Refusal(f"/dev/{name} is part of {place}, which is in use: stop that first.")


def check_room(disk, image_size):
    if disk.size == 0:
        raise Refusal(f"There is no medium in /dev/{disk.name}: put one in.")
    if disk.size < image_size:
        has, needs = disk.size >> 20, -(-image_size >> 20)
        raise Refusal(f"/dev/{disk.name} has {has} MiB, and the image needs {needs}: take a larger one.")
    if read(disk.sys / "ro") == "1":
        raise Refusal(f"/dev/{disk.name} is write-protected: look for a switch on it.")


def find_disk(device):
    """The disk that /dev/... names, perhaps by a link."""
    if not (ROOT / "sys/block").is_dir():
        raise Refusal("This works on Linux only; docs/hardware.md says how to write the ISO on other systems.")
    path = pathlib.Path(os.path.realpath(ROOT / device.lstrip("/")))
    if not path.exists():
        raise Refusal(f"There is no {device}. {candidates()}")
    if ROOT == pathlib.Path("/") and not stat.S_ISBLK(path.stat().st_mode):
        raise Refusal(f"{device} is not a disk. {candidates()}")
    if (ROOT / "sys/block" / path.name).exists():
        return Disk(path.name)
    if (ROOT / "sys/class/block" / path.name / "partition").exists():
        raise Refusal(f"{device} is a partition: name the whole disk, without the number at the end.")
    raise Refusal(f"{device} is not a disk. {candidates()}")


def check(disk, image_size):
    check_kind(disk)
    check_use(disk)
    check_room(disk, image_size)


def candidates(image_size=0):
    """The disks that would be taken, as a sentence."""
    good = []
    for path in sorted(ROOT.glob("sys/block/*")):
        try:
            check(Disk(path.name), image_size)
            good.append(str(Disk(path.name)))
        except Refusal:
            pass
    return f"What could be taken: {'; '.join(good)}." if good else "No removable disk is here that could be taken."


def confirm(disk):
    print(disk)
    print("All that is on it will be lost.")
    if os.environ.get("OVERWRITE") == "yes":
        return
    if not sys.stdin.isatty():
        raise Refusal("Nobody is there to be asked: say OVERWRITE=yes if it is the right disk.")
    if input(f"Type {disk.name} to overwrite it: ").strip() != disk.name:
        raise Refusal("Nothing was written.")


def progress(what, done, total):
    """One line that grows on a terminal; one line at the end elsewhere."""
    if sys.stdout.isatty():
        print(f"\r{what} {done >> 20} of {total >> 20} MiB", end="" if done < total else "\n", flush=True)
    elif done == total:
        print(f"{what} {total >> 20} MiB")


def open_disk(disk, image):
    path = ROOT / "dev" / disk.name
    try:
        return os.open(path, os.O_RDWR | os.O_EXCL)  # exclusive: the kernel refuses a disk in use
    except PermissionError:
        raise Refusal(f"You may not write to /dev/{disk.name}: sudo tools/usb.py {image} /dev/{disk.name}") from None
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise Refusal(f"/dev/{disk.name} is in use: close what uses it.") from None
        raise


def write(image, out, total):
    with open(image, "rb") as source:
        done = 0
        while chunk := source.read(CHUNK):
            done += write_all(out, chunk)
            progress("written", done, total)
    os.fsync(out)


def write_all(out, data):
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(out, rest) :]
    return len(data)


def verify(image, disk_file, total):
    """Read back from the medium, not from memory."""
    os.posix_fadvise(disk_file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.lseek(disk_file, 0, os.SEEK_SET)
    with open(image, "rb") as source, os.fdopen(os.dup(disk_file), "rb") as back:
        done = 0
        while chunk := source.read(CHUNK):
            if back.read(len(chunk)) != chunk:
                raise Refusal(f"What was read back differs (in the 4 MiB at {done}): the stick is broken, take another.")
            done += len(chunk)
            progress("compared", done, total)


def copy(image, disk, total):
    out = open_disk(disk, image)
    try:
        write(image, out, total)
        verify(image, out, total)
    except OSError as error:
        raise Refusal(f"/dev/{disk.name} failed ({error.strerror}): try another stick or another port.") from None
    finally:
        os.close(out)


def main():
    parser = argparse.ArgumentParser(description="Write the ISO to a USB stick.")
    parser.add_argument("image", help="the ISO (make iso: build/xenolith.iso)")
    parser.add_argument("device", nargs="?", help="the whole disk, such as /dev/sdb; if left out: what could be taken")
    args = parser.parse_args()
    try:
        if not os.path.isfile(args.image):
            raise Refusal(f"There is no image {args.image}: make iso")
        total = os.path.getsize(args.image)
        if not args.device:
            raise Refusal(f"Say which disk: make usb DEV=/dev/sdX. {candidates(total)}")
        disk = find_disk(args.device)
        check(disk, total)
        confirm(disk)
        copy(args.image, disk, total)
        print(f"/dev/{disk.name} can be taken out, and started from.")
    except Refusal as refusal:
        sys.exit(f"usb: {refusal}")
    except KeyboardInterrupt:
        sys.exit("\nusb: stopped; what was written is of no use.")


if __name__ == "__main__":
    main()
