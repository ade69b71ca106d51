# SPDX-License-Identifier: MIT
"""What the README shows must work as it stands there."""

import re

import harness

README = (harness.ROOT / "README.md").read_text(encoding="utf-8")


def test_menu_entry():
    """The example of the grammar names a key that does not exist, or not in this way."""
    entry = re.search(r"menuentry .*?\n}", README, re.DOTALL).group(0).replace("\\\n", " ")
    options = re.search(r"multiboot2 /boot/xenolith (.*)", entry).group(1)
    modules = re.findall(r"module2 /guest/(\S+) (.*)", entry)
    data = harness.file("readme.data", b"a file for a guest")
    lines = [f"module {data if name == 'data' else name.split('.')[0]} {config}" for name, config in modules]
    run = harness.boot(harness.adhoc("\n".join([f"xenolith {options}", *lines])), firmware="bios", cpus=2)
    run.expect_good()
    run.expect(r"first: hello: domain 0, 2 vcpus, the initial domain")
    run.expect(r'first: hello: command line "words for the guest"')
    run.expect(r"second: verdict: success")


def test_every_key_is_in_the_table():
    """A key of the configuration that the README does not explain, or explains although it is gone."""
    source = (harness.ROOT / "kernel/config.c").read_text(encoding="utf-8")
    keys = set(re.findall(r'^    \{"(\w+)", SLOT_', source, re.MULTILINE))
    table = README.split("| key | value | default |")[1].split("\n\n")[0]
    assert keys == set(re.findall(r"\w+", " ".join(line.split("|")[1] for line in table.splitlines()[2:]))) - {"or"}


def test_files_exist():
    """A link or a folder in the map that leads nowhere."""
    for link in re.findall(r"\]\(([^)]+)\)", README) + re.findall(r"^\| `(\w+/)`", README, re.MULTILINE):
        assert (harness.ROOT / link).exists(), link
