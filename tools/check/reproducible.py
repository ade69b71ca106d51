#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build a copy of the sources in another folder with another O= and compare the images byte by byte."""

import argparse
import filecmp
import glob
import os
import shlex
import shutil
import subprocess
import sys

SOURCES = ("Makefile", "arch", "boot", "common", "evtchn", "guest", "kernel", "linker", "tests", "tools")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--make", default="make")
    options = parser.parse_args()

    copy = os.path.abspath(os.path.join(options.build, "copy"))
    shutil.rmtree(copy, ignore_errors=True)
    os.makedirs(copy)
    for name in SOURCES:
        if os.path.isdir(name):
            shutil.copytree(name, os.path.join(copy, name), ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(name, copy)
    command = [*shlex.split(options.make), "-C", copy, "--no-print-directory", "O=elsewhere", "all"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(done.stdout[-4000:])
        print("The copy of the sources does not build.")
        return 1

    images = ["xenolith", "xenolith.elf", "xenolith-lesson"]
    images += sorted(os.path.relpath(path, options.build) for path in glob.glob(f"{options.build}/guest/*.*"))
    different = 0
    for image in images:
        first, second = os.path.join(options.build, image), os.path.join(copy, "elsewhere", image)
        if not os.path.exists(second) or not filecmp.cmp(first, second, shallow=False):
            print(f"{image} is not the same bytes when it is built elsewhere: {second}")
            different += 1
    if different:
        return 1
    shutil.rmtree(copy)
    print(f"{len(images)} images are the same bytes when they are built elsewhere.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
