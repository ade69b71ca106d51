#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which file may include which: dependencies point one way.

    guest programs -> guest/lib -> guest/abi <- evtchn <- kernel -> arch/x86

arch calls up only through kernel/door.h; common/ lies below all. Prints a sentence for each include that breaks a rule.
"""

import re
import subprocess
import sys

# (files, what they may include, the rule in words); the first row whose files match counts. {own} is the file's folder.
RULES = (
    (r"common/", ["common/"], "common/ depends on nothing"),
    (r"guest/abi/", ["guest/abi/"], "guest/abi is the contract and depends on nothing"),
    (r"evtchn/", ["evtchn/", "guest/abi/", "common/"], "evtchn sees only itself, guest/abi and common"),
    (
        r"kernel/evtchn_env\.c",
        ["kernel/", "evtchn/", "guest/abi/", "common/", "boot/boot_info.h", r"arch/x86/[^/]+\.h"],
        "kernel never includes arch/x86's back ends",
    ),
    (
        r"kernel/",
        ["kernel/", "evtchn/", "guest/abi/", "common/", "boot/boot_info.h", r"arch/x86/[^/]+\.h"],
        "kernel includes of arch/x86 only the headers that are not a back end's, and nothing of guest/lib",
    ),
    (
        r"arch/x86/pv/env_frames\.h",
        [r"arch/x86/[^/]+\.h", "kernel/door_pages.h"],
        "the pv container reaches the array of frames only through kernel/door_pages.h",
    ),
    (
        r"arch/x86/(vmx|svm|pv)/",
        ["{own}", r"arch/x86/[^/]+\.h", "guest/abi/", "common/", "kernel/door.h", "kernel/printk.h"],
        "a back end sees itself, arch/x86, guest/abi and common, and calls up only through kernel/door.h",
    ),
    (
        r"arch/x86/",
        ["arch/x86/", r"boot/[^/]+\.h", "guest/abi/", "common/", "kernel/door.h", "kernel/printk.h"],
        "arch/x86 calls up only through kernel/door.h, and never sees evtchn",
    ),
    (
        r"boot/",
        ["boot/", r"arch/x86/[^/]+\.h", "guest/abi/", "common/", "kernel/door.h", "kernel/printk.h"],
        "boot sees itself, arch/x86, guest/abi and common",
    ),
    (r"guest/lib/", ["guest/lib/", "guest/abi/", "common/"], "guest/lib sees itself, guest/abi and common"),
    (
        r"guest/[^/]+/",
        ["{own}", "guest/lib/", "guest/abi/", "common/"],
        "a guest program sees itself, guest/lib, guest/abi and common",
    ),
    (
        r"tests/model/pv/",
        ["tests/", "arch/x86/pv/", r"arch/x86/(cpu|regs|tlb)\.h", "kernel/pages.h", "kernel/printk.h", "guest/abi/", "common/"],
        "the model of the pv container sees its memory core, kernel/pages.h, guest/abi and common",
    ),
    (
        r"tests/model/scenarios/kernel_",
        ["tests/", "kernel/", "evtchn/", "guest/abi/", "guest/lib/", "common/"],
        "a scenario of the kernel's sees kernel, evtchn, guest/abi, guest/lib and common",
    ),
    (
        r"tests/model/",
        ["tests/", "evtchn/", "guest/abi/", "guest/lib/", "common/"],
        "the model sees evtchn, guest/abi, guest/lib and common",
    ),
    (
        r"tests/",
        ["tests/", "boot/", "kernel/", "evtchn/", "guest/", "common/", "arch/x86/"],
        "every include names its folder",
    ),
    (r"linker/", ["arch/x86/layout.h"], "linker scripts see arch/x86/layout.h"),
)

# Only these of the C library's headers exist for code without one.
FREESTANDING = {"limits", "stdalign", "stdarg", "stdatomic", "stdbool", "stddef", "stdint", "stdnoreturn"}


def violations(path, text):
    """A sentence for each include of the file that its layer does not allow."""
    for pattern, allowed, rule in RULES:
        if re.match(pattern, path):
            break
    else:
        return
    folders = path.split("/")[:-1]
    own = "/".join(folders[:2] if folders[0] == "guest" else folders) + "/"
    allowed = [re.escape(own) if a == "{own}" else a for a in allowed]
    for number, line in enumerate(text.splitlines(), 1):
        include = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if not include:
            continue
        kind, name = include.groups()
        if kind == "<":
            if not path.startswith("tests/") and name.removesuffix(".h") not in FREESTANDING:
                yield f"{path}:{number} includes <{name}>, but there is no C library under it."
        elif "/" not in name:
            yield f'{path}:{number} includes "{name}", but every include names its folder.'
        elif not any(re.fullmatch(a if a.endswith("h") else f"{a}.*", name) for a in allowed):
            yield f'{path}:{number} includes "{name}", but {rule}.'


def self_test():
    """Includes that are allowed and that are not."""
    good = [
        ("evtchn/core.c", '"guest/abi/xen.h"'),
        ("evtchn/core.c", "<stdint.h>"),
        ("kernel/domain.c", '"arch/x86/virt.h"'),
        ("kernel/evtchn_env.c", '"evtchn/evtchn.h"'),
        ("arch/x86/trap.c", '"kernel/door.h"'),
        ("arch/x86/svm/svm.c", '"arch/x86/svm/vmcb.h"'),
        ("guest/hello/main.c", '"guest/lib/console.h"'),
        ("guest/hello/main.c", '"guest/hello/other.h"'),
        ("guest/hello/pvh32/more.c", '"guest/hello/other.h"'),
        ("tests/host/test_x.c", "<stdlib.h>"),
    ]
    bad = [
        ("evtchn/core.c", '"kernel/domain.h"'),
        ("evtchn/core.c", '"arch/x86/spinlock.h"'),
        ("evtchn/core.c", "<stdio.h>"),
        ("kernel/domain.c", '"arch/x86/svm/vmcb.h"'),
        ("kernel/domain.c", '"guest/lib/console.h"'),
        ("kernel/domain.c", '"domain.h"'),
        ("arch/x86/trap.c", '"kernel/domain.h"'),
        ("arch/x86/trap.c", '"evtchn/evtchn.h"'),
        ("arch/x86/vmx/vmx.c", '"arch/x86/svm/vmcb.h"'),
        ("guest/lib/console.c", '"evtchn/shm.h"'),
        ("guest/hello/main.c", '"guest/pingpong/x.h"'),
        ("guest/abi/xen.h", '"common/string.h"'),
        ("common/format.c", '"kernel/printk.h"'),
        ("tests/model/m.c", '"kernel/domain.h"'),
    ]
    wrong = [case for case in good if list(violations(case[0], f"#include {case[1]}\n"))]
    wrong += [case for case in bad if len(list(violations(case[0], f"#include {case[1]}\n"))) != 1]
    for path, name in wrong:
        print(f"The self-test of the layer rules fails: {path} including {name}.")
    return not wrong


def main():
    if not self_test():
        return 1
    files = sys.argv[1:] or subprocess.run(
        ["git", "ls-files", "*.c", "*.h", "*.S", "*.ld"], capture_output=True, text=True, check=True
    ).stdout.split()
    found = 0
    for path in files:
        with open(path, encoding="utf-8") as file:
            for sentence in violations(path, file.read()):
                print(sentence)
                found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
