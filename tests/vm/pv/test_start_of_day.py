# SPDX-License-Identifier: MIT
"""Domains of the pv container: their start, their images, and what becomes of those that can't be started."""

import re

import pytest

import harness
import images

WITHOUT_VIRTUALISATION = "qemu64,-svm"
RAMDISK = b"abc" + bytes(9000) + b"z"
GOOD = "module hello.pv64 name=good memory=16"


def legacy():
    image = images.start_of_day()
    entry, page = images.number_of(image, images.ENTRY), images.number_of(image, images.HYPERCALL_PAGE)
    return images.legacy(
        image,
        f"GUEST_OS=none,XEN_VER=xen-3.0,VIRT_BASE=0x0,VIRT_ENTRY={entry:#x},HYPERCALL_PAGE={page >> 12:#x},LOADER=generic",
    )


def variants():
    """Images that all start: name -> bytes."""
    day, note = images.start_of_day, images.with_note
    list_far = note(day(), images.PADDR_OFFSET, images.INIT_P2M, 0xFFFFC90000000000)
    both = note(list_far[:], images.VIRT_BASE, images.MOD_START_PFN, 1)
    return {
        "plain": day(),
        "list-far": list_far,
        "list-near": note(day(), images.PADDR_OFFSET, images.INIT_P2M, 0x40000000),
        "ramdisk-far": note(day(), images.PADDR_OFFSET, images.MOD_START_PFN, 1),
        "both-far": both,
        "legacy": legacy(),
    }


def modules(name, memory, ramdisk, image, more=""):
    path = harness.file(f"start-{name}.pv64", bytes(image))
    lines = [f'module {path} name={name} type=pv memory={memory} cmdline="hello {name}" {more}']
    if ramdisk:
        lines.append(f"module {harness.file('start.ramdisk', RAMDISK)} ramdisk_of={name}")
    return "\n".join(lines)


def test_start_of_day():
    """A field, a mapping or a page table that is not as the ABI says: the guest looks at each. Its verdict is the same
    on the real Xen (docs/abi/pv-start.md)."""
    lines = [
        modules(f"{what}{ramdisk}", memory, ramdisk, image)
        for (what, image), memory in zip(variants().items(), (6, 9, 33, 16, 64, 16))
        for ramdisk in (0, 1)
    ]
    lines.append(modules("king", 16, 0, images.start_of_day(), "privileged=yes"))
    run = harness.boot(harness.adhoc("xenolith\n" + "\n".join(lines)), cpu=WITHOUT_VIRTUALISATION).expect_good()
    assert len(re.findall(r"verdict: success$", run.log, re.MULTILINE)) == 14, run.log
    for what in variants():
        run.expect(rf'{what}0: start: command line "hello {what}0"')
        run.refuse(rf"{what}0: start: ramdisk")
        if what != "both-far":
            run.expect(rf'{what}1: start: ramdisk of 9004 bytes: "abc" to "z"')


def bad_images():
    """Images that no pv domain can be made of: name -> bytes, sentence."""
    day, note, text = images.start_of_day, images.with_note, images.with_text
    narrow = bytearray(harness.tiny_guest(b"\xf4"))
    return {
        "no notes": (images.legacy(day(), "").replace(b"__xen_guest", b"__nothing__"), "no Xen notes"),
        "pvh": (narrow, "PVH kernel"),
        "other Xen": (text(day(), images.XEN_VERSION, images.XEN_VERSION, "xen-2.0"), "Xen 3.0"),
        "other loader": (text(day(), images.LOADER, images.LOADER, "special"), "loader"),
        "features": (text(day(), images.GUEST_OS, images.FEATURES, "!made_up"), "feature"),
        "hypervisor's": (note(day(), images.VIRT_BASE, images.VIRT_BASE, 0xFFFF800000000000), "entry"),
        "list there": (note(day(), images.PADDR_OFFSET, images.INIT_P2M, 0xFFFF820000000000), "hypervisor's"),
        "list in it": (note(day(), images.PADDR_OFFSET, images.INIT_P2M, 0x200000), "INIT_P2M"),
        "hole": (note(day(), images.PADDR_OFFSET, images.HV_START_LOW, 0xFFFF880000000000), "hypervisor's"),
        "page": (note(day(), images.HYPERCALL_PAGE, images.HYPERCALL_PAGE, 0x100800), "hypercall page"),
        "entry": (note(day(), images.ENTRY, images.ENTRY, 0x90000000), "entry"),
        "offset": (note(day(), images.PADDR_OFFSET, images.PADDR_OFFSET, 0x200000), "PADDR_OFFSET"),
        "numbers": (images.legacy(day(), "VIRT_BASE=here"), "__xen_guest"),
        "small": (day(), "fit"),
    }


def test_bad_images():
    """An image that is started as what it is not, or refused without a sentence that says why; frames that stay with a
    domain that was given up half-way."""
    lines, sentences = [], []
    for n, (what, (image, sentence)) in enumerate(bad_images().items()):
        path = harness.file(f"bad-{n}.pv64", bytes(image))
        lines.append(f'module {path} "name={what}" type=pv memory={3 if what == "small" else 16}')
        sentences.append(rf"error: module {n} \({what}\) is skipped: .*{sentence}")
    lines.append(f"module {harness.file('two.pv64', bytes(images.start_of_day()))} name=two type=pv")
    lines += [f"module {harness.file('start.ramdisk', RAMDISK)} ramdisk_of=two"] * 2
    sentences.append(r"\(two\) is skipped: .*one ramdisk")
    run = harness.boot(harness.adhoc("\n".join(["xenolith", *lines, GOOD])), cpu=WITHOUT_VIRTUALISATION).expect_bad()
    for sentence in sentences:
        run.expect(sentence)
    run.expect("good: verdict: success")
    run.expect("every page came back")


@pytest.mark.parametrize("cpu, container", [("max,-smap", "pvh"), (WITHOUT_VIRTUALISATION, "pv")])
def test_instead_of(cpu, container):
    """The second image that is taken though there is virtualisation, or not taken though there is none; a domain that
    then has another number or another configuration."""
    scenario = """xenolith
module build/guest/hello.pv64 instead_of=second
module hello.pvh64 name=first memory=16
module hello.pv64 instead_of=first type=pv
module hello.pvh64 name=second memory=24 vcpus=2 cmdline="some words"
module hello.pv64 name=third memory=16""".replace("build/", f"{harness.BUILD}/", 1)
    run = harness.boot(harness.adhoc(scenario), cpu=cpu).expect_good()
    run.expect(rf'domain 1 +"first" +{container}, 16 MiB, 1 vcpu,')
    run.expect(rf'domain 2 +"second" +{container}, 24 MiB, 2 vcpus,')
    run.expect(r'domain 3 +"third" +pv, 16 MiB')
    run.expect(r'second: hello: command line "some words"')
    if container == "pv":
        run.expect(r"virtualisation: none for pvh domains \(the processor has neither VMX nor SVM\)")


def test_instead_of_nobody():
    """An image for a domain that does not exist: it would be forgotten in silence."""
    run = harness.boot(harness.adhoc(f"xenolith\nmodule hello.pv64 instead_of=nobody\n{GOOD}"), cpu=WITHOUT_VIRTUALISATION)
    run.expect_bad()
    run.expect(r"error: module 0 \(hello.pv64\) is skipped: .*instead_of=")
    run.expect("good: verdict: success")


def test_pvh_without_virtualisation():
    """A pvh domain where nothing can run it, and no other image: one sentence, and the others start."""
    run = harness.boot(harness.adhoc(f"xenolith\nmodule hello.pvh32 name=bad\n{GOOD}"), cpu=WITHOUT_VIRTUALISATION)
    run.expect_bad()
    run.expect(r"error: module 0 \(bad\) is skipped: the processor has neither VMX nor SVM")
    run.expect("good: verdict: success")


def test_meltdown_is_named():
    """A machine that leaks to pv domains, and nobody says so; or a line that comes without any pv domain."""
    line = r"pv: +this processor lets pv domains read all memory \(Meltdown\)"
    harness.boot(harness.adhoc(f"xenolith\n{GOOD}"), cpu="core2duo").expect_good().expect(line)
    harness.boot(harness.adhoc(f"xenolith\n{GOOD}"), cpu=WITHOUT_VIRTUALISATION).refuse(line)


def test_older_hypercalls():
    """Hypercalls in their older forms, those that are for virtual machines, features, an iret in a multicall: the
    program says the same on the real Xen."""
    harness.boot(harness.adhoc("xenolith\nmodule older.pv64 name=older memory=16"), cpu=WITHOUT_VIRTUALISATION).expect_good()
