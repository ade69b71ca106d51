#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every number that guest/abi and Xen's public headers both define under one name must be the same."""

import argparse
import glob
import re
import shlex
import subprocess
import sys

XEN = """
#include <stdint.h>
#define __XEN_INTERFACE_VERSION__ 0x00040e00
#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/arch-x86/cpuid.h>
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/callback.h>
#include <xen/domctl.h>
#include <xen/elfnote.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/hvm_vcpu.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>
"""

# Names that Xen's headers don't have, or not for guests. A name missing from here and from Xen is a slip of the pen.
OWN = re.compile(
    r"E820_.*|EVTCHNOP_(rfc_)?(query_extended_abis|register_3level)|EVTCHN_EXTENDED_.*|REGISTER_.*|NR_HYPERCALLS"
    r"|XEN_ERESTART|XEN_EINTR|EVTCHNOP_reset_cont|XENFEAT_grant_map_identity|NR_VIRQS|SHUTDOWN_MAX|HVM_PARAM_CALLBACK_TYPE_SHIFT|XEN_CPUID_FEAT1_.*|GUEST_ABI_.*|IRQGEN_.*|LESSON_.*"
)


def macros(compiler, text):
    """{name: text} of the object-like macros that have a value."""
    command = [*compiler, "-ffreestanding", "-I.", "-dM", "-E", "-x", "c", "-"]
    output = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"^#define (\w+) (\S.*)$", output, re.M))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cc", default="gcc")
    compiler = shlex.split(parser.parse_args().cc)
    own_text = "".join(f'#include "{header}"\n' for header in sorted(glob.glob("guest/abi/*.h")))
    nothing = macros(compiler, "#include <stdint.h>\n")
    ours = {n: t for n, t in macros(compiler, own_text).items() if n not in nothing}
    theirs = macros(compiler, XEN)

    with open("/usr/include/xen/errno.h", encoding="utf-8") as errno:
        errors = {f"XEN_{name}" for name in re.findall(r"^XEN_ERRNO\((\w+),", errno.read(), re.M)}
    known = set(theirs) | errors  # the errors are enumerators
    wrong = [f"{name} of guest/abi is not in Xen's headers." for name in sorted(set(ours) - known) if not OWN.fullmatch(name)]

    # The compiler compares: our text, with our names put in, against Xen's macro.
    def expand(text):
        while True:
            new = re.sub(r"[A-Za-z_]\w*", lambda m: f"({ours[m.group()]})" if m.group() in ours else m.group(), text)
            if new == text:
                return text
            text = new

    common = [name for name in sorted(ours) if name in known and not OWN.fullmatch(name)]
    source = XEN + "".join(f'_Static_assert(({expand(ours[n])}) == ({n}), "{n}");\n' for n in common)
    command = [*compiler, "-ffreestanding", "-fsyntax-only", "-x", "c", "-"]
    result = subprocess.run(command, input=source, capture_output=True, text=True)
    if result.returncode:
        failed = re.findall(r'static assertion failed: "(\w+)"|static_assert failed[^"]*"(\w+)"', result.stderr)
        wrong += [f"{a or b} has another value in Xen's header." for a, b in failed] or [result.stderr[:2000]]
    for sentence in wrong:
        print(sentence)
    print(f"{len(common)} numbers compared.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
