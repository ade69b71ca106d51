# SPDX-License-Identifier: MIT
"""make usb: a tool that must never write to the wrong disk. It sees a /sys and a /dev made for the test."""

import os
import pathlib
import subprocess
import sys

import pytest

import harness

sys.path.insert(0, str(harness.ROOT / "tools"))

import usb  # noqa: E402  (needs the path above)

IMAGE = os.urandom(9 << 18)  # 2.25 MiB
FILE_SIZE = 3 << 20  # of the plain files that are disks here, however large sysfs says they are
MOUNT = "36 1 {number} / {place} rw,relatime shared:1 - {kind} {source} rw\n"


class Machine:
    """A folder with what the tool looks at: one system disk with two partitions, and whatever a test adds."""

    def __init__(self, folder):
        self.root = folder
        self.image = folder / "xenolith.iso"
        self.image.write_bytes(IMAGE)
        self.put("proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1048572 0 -2\n")
        self.put("proc/self/mountinfo", "")
        self.disk("sda", removable=0, parts=2, bus="pci0/ata1", model="INTERNAL SSD")

    def put(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")

    def disk(self, name, removable=1, size=16 * 10**9, parts=1, bus="pci0/usb2/2-1", model="Ultra", ro=0, kind="0"):
        place = f"sys/devices/{bus}/block/{name}"
        number = ord(name[-1])
        for file, text in dict(removable=removable, size=size // 512, ro=ro, dev=f"8:{number}").items():
            self.put(f"{place}/{file}", f"{text}\n")
        if kind is not None:
            for file, text in dict(vendor="SanDisk ", model=model, type=kind).items():
                self.put(f"{place}/device/{file}", f"{text}\n")
        for part in range(1, parts + 1):
            self.put(f"{place}/{name}{part}/partition", f"{part}\n")
            self.put(f"{place}/{name}{part}/dev", f"8:{number + part}\n")
            self.link(f"sys/class/block/{name}{part}", f"{place}/{name}{part}")
            self.put(f"dev/{name}{part}", "")
        self.link(f"sys/block/{name}", place)
        self.put(f"dev/{name}", "old" * 1000)
        os.truncate(self.root / "dev" / name, FILE_SIZE)
        return self.root / "dev" / name

    def link(self, path, target):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(self.root / target)

    def mount(self, place, number="0:50", source="none", kind="ext4"):
        with open(self.root / "proc/self/mountinfo", "a", encoding="ascii") as file:
            file.write(MOUNT.format(place=place, number=number, source=source, kind=kind))

    def run(self, *device, overwrite="yes", said=None):
        env = {**os.environ, "XENOLITH_ROOT": str(self.root), "OVERWRITE": overwrite}
        return subprocess.run(
            ["tools/usb.py", str(self.image), *device], cwd=harness.ROOT, env=env, text=True, capture_output=True,
            input=said, check=False,
        )  # fmt: skip

    def refused(self, *device, **how):
        """The one sentence, after making sure that nothing was written to any disk."""
        before = {path: path.read_bytes() for path in (self.root / "dev").iterdir()}
        result = self.run(*device, **how)
        assert result.returncode == 1
        assert result.stderr.startswith("usb: ") and result.stderr.count("\n") == 1, result.stderr
        assert all(path.read_bytes() == content for path, content in before.items())
        return result.stderr


@pytest.fixture
def pc(tmp_path):
    return Machine(tmp_path)


def test_written_and_compared(pc):
    """The image whole and at the start, the rest of the stick untouched; the user sees what is overwritten."""
    stick = pc.disk("sdb")
    result = pc.run("/dev/sdb")
    assert result.returncode == 0, result.stderr
    assert stick.read_bytes()[: len(IMAGE)] == IMAGE
    assert stick.stat().st_size == FILE_SIZE
    assert "/dev/sdb: SanDisk Ultra, 16.0 GB, 1 partition\n" in result.stdout
    assert "written 2 MiB" in result.stdout and "compared 2 MiB" in result.stdout


def test_usb_disk_that_is_not_removable(pc):
    """Disks in USB cases say removable = 0, and are removable all the same."""
    stick = pc.disk("sdb", removable=0)
    assert pc.run("/dev/sdb").returncode == 0
    assert stick.read_bytes()[: len(IMAGE)] == IMAGE


def test_card_in_a_reader(pc):
    """An SD card: no SCSI type, and not on USB."""
    pc.disk("mmcblk0", bus="pci0/mmc0", kind="SD")
    assert pc.run("/dev/mmcblk0").returncode == 0


def test_link(pc):
    """The names in /dev/disk/by-id are the careful user's."""
    stick = pc.disk("sdb")
    pc.link("dev/disk/by-id/usb-SanDisk_Ultra", "dev/sdb")
    assert pc.run("/dev/disk/by-id/usb-SanDisk_Ultra").returncode == 0
    assert stick.read_bytes()[: len(IMAGE)] == IMAGE


def test_no_device_lists_candidates(pc):
    pc.disk("sdb")
    pc.disk("sdc", size=1 << 20)
    said = pc.refused()
    assert "DEV=/dev/sdX" in said and "/dev/sdb: SanDisk Ultra" in said and "sda" not in said and "sdc" not in said


def test_no_candidates(pc):
    assert "No removable disk" in pc.refused("/dev/sdx")


def test_system_disk(pc):
    """Not removable, whatever is mounted."""
    assert "not removable" in pc.refused("/dev/sda")


def test_removable_system_disk(pc):
    """A system that was started from a stick; by number, and by the name that btrfs gives."""
    pc.disk("sdb", parts=2)
    pc.mount("/", number="8:99")
    assert "running system (sdb1: /)" in pc.refused("/dev/sdb")
    pc.put("proc/self/mountinfo", "")
    pc.mount("/", source="/dev/sdb2", kind="btrfs")
    assert "running system (sdb2: /)" in pc.refused("/dev/sdb")


def test_swap(pc):
    pc.disk("sdb", parts=2)
    pc.put("proc/swaps", "Filename Type Size Used Priority\n/dev/sdb2 partition 1048572 0 -2\n")
    assert "running system (sdb2: swap)" in pc.refused("/dev/sdb")


def test_mounted(pc):
    """Desktops mount a stick as soon as it is there; the disk itself may be mounted without partitions."""
    pc.disk("sdb")
    pc.mount("/media/me/STICK", number="8:99")
    assert "umount /dev/sdb1" in pc.refused("/dev/sdb")
    pc.put("proc/self/mountinfo", "")
    pc.mount("/mnt", number="8:98")
    assert "umount /dev/sdb`" in pc.refused("/dev/sdb")


def test_other_mounts_do_not_matter(pc):
    pc.disk("sdb")
    pc.mount("/", number="8:97", source="/dev/sda1")
    pc.mount("/proc", number="0:5", source="proc", kind="proc")
    assert pc.run("/dev/sdb").returncode == 0


def test_held_by_a_volume(pc):
    """Encryption, RAID and LVM hold a partition without mounting it."""
    pc.disk("sdb")
    pc.put("sys/block/sdb/sdb1/holders/dm-0/dev", "253:0\n")
    assert "sdb1 is part of dm-0" in pc.refused("/dev/sdb")


def test_partition(pc):
    pc.disk("sdb")
    assert "is a partition" in pc.refused("/dev/sdb1")


def test_optical_drive(pc):
    pc.disk("sr0", kind="5", parts=0)
    assert "optical" in pc.refused("/dev/sr0")


def test_loop_device(pc):
    """Removable or not, no stick."""
    pc.disk("loop0", kind=None, bus="virtual", parts=0)
    assert "name the stick itself" in pc.refused("/dev/loop0")


def test_too_small(pc):
    pc.disk("sdb", size=2 << 20)
    assert "2 MiB, and the image needs 3" in pc.refused("/dev/sdb")


def test_no_medium(pc):
    pc.disk("sdb", size=0, parts=0)
    assert "no medium" in pc.refused("/dev/sdb")


def test_write_protected(pc):
    pc.disk("sdb", ro=1)
    assert "write-protected" in pc.refused("/dev/sdb")


def test_nobody_confirms(pc):
    """A script, or a make without a terminal, that would have gone on without asking."""
    pc.disk("sdb")
    assert "OVERWRITE=yes" in pc.refused("/dev/sdb", overwrite="", said="sdb\n")


def test_no_image(pc):
    pc.disk("sdb")
    pc.image.unlink()
    assert "make iso" in pc.refused("/dev/sdb")


def test_not_linux(pc):
    pc.disk("sdb")
    (pc.root / "sys").rename(pc.root / "none")
    assert "Linux only" in pc.refused("/dev/sdb")


def test_not_a_disk(pc):
    pc.put("dev/null0", "")
    assert "is not a disk" in pc.refused("/dev/null0")
    real = subprocess.run(
        ["tools/usb.py", str(pc.image), str(pc.image)], cwd=harness.ROOT, text=True, capture_output=True, check=False
    )
    assert real.returncode == 1 and "is not a disk" in real.stderr
    assert pathlib.Path(pc.image).read_bytes() == IMAGE


def test_stick_that_does_not_keep_what_is_written(pc):
    """Worn-out sticks and those that claim more than they have: a difference in the last byte must be seen."""
    path = pc.root / "back"
    path.write_bytes(IMAGE[:-1] + bytes([IMAGE[-1] ^ 1]))
    with open(path, "rb") as back, pytest.raises(usb.Refusal, match="the stick is broken"):
        usb.verify(pc.image, back.fileno(), len(IMAGE))


@pytest.mark.parametrize("answer", ["sdb", "yes", ""])
def test_typed(pc, answer):
    """On a terminal the name must be typed: a habit of saying yes must not be enough."""
    stick = pc.disk("sdb")
    master, slave = os.openpty()
    env = {**os.environ, "XENOLITH_ROOT": str(pc.root), "OVERWRITE": ""}
    with subprocess.Popen(
        ["tools/usb.py", str(pc.image), "/dev/sdb"], cwd=harness.ROOT, env=env, stdin=slave,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as tool:  # fmt: skip
        os.write(master, answer.encode() + b"\n")
        _, errors = tool.communicate(timeout=30)
    os.close(master)
    os.close(slave)
    assert (tool.returncode == 0) == (answer == "sdb")
    assert (stick.read_bytes()[: len(IMAGE)] == IMAGE) == (answer == "sdb")
    assert answer == "sdb" or b"Nothing was written" in errors
