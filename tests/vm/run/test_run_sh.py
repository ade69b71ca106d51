# SPDX-License-Identifier: MIT
"""run.sh: what it refuses, what it prints, and its exit status."""

import os
import re
import shlex

import pytest

import harness

REFUSED = {
    "an option that does not exist": (["-x"], "-x"),
    "an option without its value": (["-g"], "-g"),
    "a scenario that does not exist": (["-g", "nonsense"], "hello"),
    "a scenario file that does not exist": (["-g", "/nowhere/x.cfg"], "/nowhere/x.cfg"),
    "an environment that does not exist": (["-e", "dos"], "pvh64, pvh32, pv64"),
    "a machine that does not exist": (["-m", "vax"], "qemu, kvm, bochs"),
    "a processor for QEMU": (["-M", "haswell"], "-cpu"),
    "a processor that Bochs lacks": (["-m", "bochs", "-M", "i486"], "corei7_icelake_u"),
    "a processor of Bochs that is not clear": (["-m", "bochs", "-M", "corei7"], "corei7_icelake_u"),
    "keys for Bochs": (["-m", "bochs", "-i"], "-i"),
    "a debugger for Bochs": (["-m", "bochs", "-d"], "-d"),
    "Bochs without BIOS": (["-m", "bochs", "-f", "direct"], "-f direct"),
    "firmware that does not exist": (["-f", "openboot"], "bios, direct"),
    "no CPU": (["-c", "0"], "1 to 64"),
    "too many CPUs": (["-c", "65"], "1 to 64"),
    "CPUs in words": (["-c", "two"], "1 to 64"),
    "a word that is no command": (["tset"], "test"),
    "options before a command": (["-c", "1", "test"], "test"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    """Arguments that make no sense and start a build, or are answered by a page of shell errors."""
    args, word = REFUSED[what]
    result = harness.run_sh(*args)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1 and result.stderr.startswith("run.sh: ")
    assert word in result.stderr


def test_help_names_every_option():
    """An option that was added and not documented."""
    result = harness.run_sh("-h")
    assert result.returncode == 0
    for option in "glmMfcidnhe":
        assert re.search(rf"^    -{option}\b", result.stdout, re.MULTILINE)


def test_list():
    """A scenario without a description; one that -g does not find."""
    lines = harness.run_sh("-l").stdout.splitlines()
    assert lines[0].startswith("tour ")
    for line in lines:
        name, _, description = line.partition(" ")
        assert description.strip() and "no description" not in description
        assert harness.run_sh("-n", "-m", "qemu", "-g", name).returncode == 0


def test_print_only():
    """-n that builds something, or that leaves out what stands after --."""
    result = harness.run_sh("-n", "-m", "qemu", "-g", "hello", "-f", "direct", "-c", "3", "--", "-m", "2048", "a b")
    assert result.returncode == 0
    words = shlex.split(result.stdout.splitlines()[-1])
    assert words[0] == "qemu-system-x86_64"
    assert words[words.index("-smp") + 1] == "3"
    assert words[-3:] == ["-m", "2048", "a b"]


def test_environment():
    """-e that the hypervisor is not told of: a pv image in an hvm container, or the other way round."""
    scenario = harness.adhoc("xenolith\nmodule hello name=a\nmodule hello.pvh32 name=b\nmodule hello.pv64 name=c")
    printed = harness.run_sh("-n", "-m", "qemu", "-e", "pv64", "-f", "direct", "-g", scenario).stdout
    modules = re.findall(r"hello\.(\w+) name=(.)( type=\"pv\")?", printed)
    assert modules == [("pv64", "a", ' type="pv"'), ("pvh32", "b", ""), ("pv64", "c", ' type="pv"')]


def test_second_images():
    """A default environment whose guests have no image for a machine without VMX and SVM; or a domain that the user
    wants to be of one kind and that changes to another there."""
    lines = ["module hello name=a", 'module hello "name=b c"', "module hello.pvh64 name=d", "module hello name=e type=pvh"]
    scenario = harness.adhoc("\n".join(["xenolith", *lines, "module hello memory=16"]))
    printed = harness.run_sh("-n", "-m", "qemu", "-f", "direct", "-g", scenario).stdout
    assert re.findall(r'hello\.pv64 ("?instead_of=[^,\']*)', printed) == ["instead_of=a", '"instead_of=b c"']
    assert "instead_of" not in harness.run_sh("-n", "-m", "qemu", "-e", "pvh32", "-f", "direct", "-g", scenario).stdout


def test_debugger_waits():
    """-d that does not stop the machine before its first instruction."""
    words = shlex.split(harness.run_sh("-n", "-d", "-m", "qemu").stdout.splitlines()[-1])
    assert "-s" in words and "-S" in words


def test_scenario_file_of_the_user(tmp_path):
    """-g with a path that is relative to the user's folder, not to the project's."""
    (tmp_path / "mine.cfg").write_text("# Mine\nxenolith\nmodule hello name=mine\n")
    result = harness.run_sh("-n", "-m", "qemu", "-f", "direct", "-g", "mine.cfg", cwd=tmp_path)
    assert "name=mine" in result.stdout


@pytest.mark.parametrize(
    "text, word",
    [
        ("module hello", "no line 'xenolith'"),
        ("xenolith\nmodule", "needs the name"),
        ("xenolith\nmodul hello", "'modul'"),
        ('xenolith\nmodule hello cmdline="open', "quote"),
        ("xenolith\nmodule hello\nxenolith", "stands once"),
    ],
)
def test_broken_scenario_file(tmp_path, text, word):
    """A mistake in a scenario file that is found only by a machine that does not boot."""
    (tmp_path / "broken.cfg").write_text(text + "\n")
    result = harness.run_sh("-n", "-g", "broken.cfg", cwd=tmp_path)
    assert result.returncode == 2
    assert word in result.stderr and result.stderr.count("\n") == 1


def test_failing_run_fails():
    """run.sh that says 0 although a domain did not end as it should."""
    scenario = harness.adhoc("xenolith\nmodule hello name=odd colour=blue\nmodule hello name=good memory=16")
    result = harness.run_sh("-m", "qemu", "-f", "direct", "-c", "1", "-g", scenario)
    assert result.returncode == 1, result.stdout
    assert "run.sh: The run failed" in result.stderr


# --- KVM, on machines that a folder describes


def fake_machine(root, flag="", module=None, device=True, **parameters):
    """/proc, /sys and /dev of a processor with this flag and a kernel with this module."""
    for folder in ("dev", "proc", "sys/module"):
        (root / folder).mkdir(parents=True)
    (root / "proc/cpuinfo").write_text(f"flags\t\t: fpu {flag} sse\nvmx flags\t: ept vpid\n" * (2 if flag else 0))
    if device:
        (root / "dev/kvm").touch()
    if module:
        folder = root / "sys/module" / module / "parameters"
        folder.mkdir(parents=True)
        for name, value in parameters.items():
            (folder / name).write_text(value + "\n")


def fake_qemu(root, probe):
    """A QEMU that answers the question whether KVM works with these shell commands, and tells how it was started."""
    (root / "bin").mkdir()
    path = root / "bin/qemu-system-x86_64"
    path.write_text(f'#!/bin/sh\ncase "$*" in *-monitor*) {probe} ;; esac\necho "started: $*"\nexit 33\n')
    path.chmod(0o755)


def run_kvm(root, monkeypatch, *args):
    monkeypatch.setenv("XENOLITH_ROOT", str(root))
    if (root / "bin").exists():
        monkeypatch.setenv("PATH", f"{root}/bin:{os.environ['PATH']}")
    return harness.run_sh("-g", "hello", "-f", "direct", *args)


INTEL = {"flag": "vmx", "module": "kvm_intel", "nested": "Y", "ept": "Y", "unrestricted_guest": "Y"}
AMD = {"flag": "svm", "module": "kvm_amd", "nested": "1", "npt": "1"}
KVM_PROBLEMS = {
    "no virtualisation": ({}, "neither VMX nor SVM"),
    "Intel, no module": ({"flag": "vmx"}, "modprobe kvm_intel nested=1"),
    "Intel, nesting off": ({**INTEL, "nested": "N"}, "modprobe kvm_intel nested=1"),
    "Intel, no EPT": ({**INTEL, "ept": "N"}, "kvm_intel.ept=1"),
    "Intel, no unrestricted guest": ({**INTEL, "unrestricted_guest": "N"}, "kvm_intel.unrestricted_guest=1"),
    "AMD, no module": ({"flag": "svm"}, "modprobe kvm_amd nested=1"),
    "AMD, nesting off": ({**AMD, "nested": "0"}, "modprobe kvm_amd nested=1"),
    "AMD, no NPT": ({**AMD, "npt": "N"}, "kvm_amd.npt=1"),
    "no device": ({**INTEL, "device": False}, "no /dev/kvm"),
}


@pytest.mark.parametrize("what", KVM_PROBLEMS)
def test_kvm_that_lacks_something(tmp_path, monkeypatch, what):
    """A refusal that does not say what to do; a build, and a machine that starts, before it is found out."""
    machine, words = KVM_PROBLEMS[what]
    fake_machine(tmp_path, **machine)
    result = run_kvm(tmp_path, monkeypatch, "-m", "kvm")
    assert result.returncode == 1
    assert words in result.stderr and "-m qemu" in result.stderr
    assert result.stderr.count("\n") == 1 and "building" not in result.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every device")
def test_kvm_of_others(tmp_path, monkeypatch):
    """A device that belongs to a group, and a user who is not told which."""
    fake_machine(tmp_path, **INTEL)
    (tmp_path / "dev/kvm").chmod(0)
    assert "sudo usermod -aG" in run_kvm(tmp_path, monkeypatch, "-m", "kvm").stderr


def test_kvm_that_qemu_cannot_use(tmp_path, monkeypatch):
    """A device that is there and does not work: QEMU's own words."""
    fake_machine(tmp_path, **INTEL)
    fake_qemu(tmp_path, "echo 'qemu-system-x86_64: failed to initialize kvm: Permission denied' >&2; exit 1")
    result = run_kvm(tmp_path, monkeypatch, "-m", "kvm")
    assert result.returncode == 1
    assert "(failed to initialize kvm: Permission denied)" in result.stderr


@pytest.mark.parametrize(
    "machine, args, accelerator",
    [
        (INTEL, ["-m", "kvm"], "kvm -cpu host"),
        (AMD, ["-m", "kvm"], "kvm -cpu host"),
        (AMD, [], "kvm -cpu host"),
        (INTEL, [], "tcg -cpu max"),
        ({**AMD, "nested": "0"}, [], "tcg -cpu max"),
        ({}, [], "tcg -cpu max"),
    ],
)
def test_machine_that_is_chosen(tmp_path, monkeypatch, machine, args, accelerator):
    """KVM that serves and is refused; or that is taken unasked though nobody has tried it, or though it does not work."""
    fake_machine(tmp_path, **machine)
    fake_qemu(tmp_path, "exit 0")
    result = run_kvm(tmp_path, monkeypatch, *args)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"-accel {accelerator}" in result.stdout
