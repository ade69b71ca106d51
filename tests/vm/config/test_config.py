# SPDX-License-Identifier: MIT
"""Configurations and images that make no sense: one clear sentence, that domain is skipped, the others start."""

import pytest

import harness

GOOD = "module hello name=good memory=16"
ELF = "module hello name=bad memory=16 "

CONFIGURATIONS = {
    "unknown key": ("colour=blue", r"colour"),
    "bad number": ("vcpus=many", r'vcpus="many"'),
    "no vcpu": ("vcpus=0", r'vcpus="0"'),
    "too many vcpus": ("vcpus=129", r'vcpus="129"'),
    "bad type": ("type=hvm", r'type="hvm"'),
    "bad memory": ("memory=1X", r"memory"),
    "key given twice": ("name=again", r"name"),
    "unknown event channel ABI": ("evtchn_extended=4level", r"4level"),
    "a value without a key": ("blue", r"blue"),
    "more memory than there is": ("memory=500G", r"memory"),
    "CPUs in words": ("cpus=first", r'cpus="first"'),
    "bad end": ("expect=triumph", r'expect="triumph"'),
    "pv with an image for pvh": ("type=pv", r"PVH kernel"),
}


def boot_beside(module):
    return harness.boot(harness.adhoc(f"xenolith\n{module}\n{GOOD}"))


def expect_skipped(run, sentence):
    run.expect_bad()
    run.expect(r"good: verdict: success")
    run.expect(rf"^.*(error|warning).*({sentence}).*$")
    run.refuse(r"bad: hello: ")
    run.refuse(r"xen: panic")


@pytest.mark.parametrize("what", CONFIGURATIONS)
def test_configuration(what):
    """A typing error that is passed over in silence, or that keeps the other domains from starting."""
    config, sentence = CONFIGURATIONS[what]
    line = ELF.replace("memory=16 ", "") if config.startswith("memory") else ELF
    expect_skipped(boot_beside(line + config), sentence)


def test_numbers_stay():
    """A typing error in one module that gives all later domains other numbers than their peers were told."""
    run = boot_beside("module hello name=one memory=16\nmodule hello name=two colour=blue\nmodule hello name=three memory=1X")
    run.expect(r"one: hello: domain 1,")
    run.expect(r"good: hello: domain 4,")


def broken_images():
    whole = harness.image("hello")
    far = bytearray(harness.tiny_guest(b"\xf4"))
    far[64 + 24 : 64 + 32] = (1 << 62).to_bytes(8, "little")  # paddr of the first segment
    long = bytearray(harness.tiny_guest(b"\xf4"))
    long[64 + 32 : 64 + 40] = (1 << 40).to_bytes(8, "little")  # filesz of the first segment
    return {
        "empty": (b"\0", "ELF|image"),
        "garbage": (bytes(range(256)) * 40, "ELF"),
        "truncated-header": (whole[:40], "truncated|short|ELF"),
        "truncated": (whole[:5000], "truncated|outside|short"),
        "wrong-machine": (harness.tiny_guest(b"\xf4", machine=40), "machine|x86"),
        "far-segment": (bytes(far), "segment|memory"),
        "long-segment": (bytes(long), "segment|truncated"),
        "entry-outside": (harness.tiny_guest(b"\xf4", entry=0x100000)[:0x1000] + b"\xf4" + bytes(20), "entry|PVH|note"),
    }


@pytest.mark.parametrize("what", broken_images() if (harness.ROOT / harness.BUILD / "guest/hello.pvh64").exists() else [])
def test_broken_image(what):
    """An image that is read beyond its end, or a message that does not say what is wrong with it."""
    content, sentence = broken_images()[what]
    path = harness.file(f"{what}.elf", content)
    expect_skipped(boot_beside(f"module {path} name=bad memory=16"), sentence)


def test_image_larger_than_the_memory_of_its_domain():
    """A guest with too little memory for its own image."""
    path = harness.file("fat.elf", harness.tiny_guest(b"\xf4" * (3 << 20)))
    expect_skipped(boot_beside(f"module {path} name=bad memory=2"), "memory")


def test_second_domain_does_not_fit():
    """Memory that runs out half-way: what the refused domain had taken must come back."""
    run = harness.boot(
        harness.adhoc(
            "xenolith\nmodule hello name=bad memory=700\nmodule hello name=bad2 memory=700\n" + GOOD
        )
    )
    run.expect_bad()
    run.expect(r"good: verdict: success")
    run.expect(r"memory")


def test_cpus_that_do_not_exist():
    """A domain that is placed elsewhere than its configuration says, and nobody is told."""
    run = harness.boot(harness.adhoc(f"xenolith\n{GOOD} cpus=40-50")).expect_good()
    run.expect(r"warning: .*good.*cpus=")


def test_two_domains_of_one_name():
    """Two domains that nobody can tell apart on the console."""
    run = harness.boot(harness.adhoc(f"xenolith\n{GOOD}\n{GOOD}")).expect_bad()
    run.expect(r"good: verdict: success")
    run.expect(r"error: .*name")


def test_ramdisk_of_nobody():
    """A file for a domain that does not exist: it would be forgotten in silence."""
    path = harness.file("some.data", b"some data")
    run = harness.boot(harness.adhoc(f"xenolith\nmodule {path} ramdisk_of=nobody\n{GOOD}")).expect_bad()
    run.expect(r"good: verdict: success")
    run.expect(r"error: module 0 \(some.data\) is skipped: .*ramdisk_of=")


def test_no_module_at_all():
    """Nothing to run: a sentence, not a hang."""
    run = harness.boot(harness.adhoc("xenolith"))
    assert run.code == harness.BAD, run.log
    run.expect(r"module|domain")


def test_unknown_option_of_the_hypervisor():
    """A misspelt option that is ignored in silence."""
    run = harness.boot(harness.adhoc(f"xenolith loud=yes\n{GOOD}"))
    run.expect(r"warning: .*loud")
    run.expect(r"good: verdict: success")
