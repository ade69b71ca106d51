# SPDX-License-Identifier: MIT
"""What `make conformance` says to a user without a network."""

import os
import re
import subprocess
import sys

import harness


def test_offline(tmp_path):
    """apt cannot fetch the package: one sentence, and no traceback."""
    folder = tmp_path / "guest"
    folder.mkdir()
    (folder / "conformance.pvh64").touch()
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\necho 'E: Unable to locate package' >&2\nexit 100\n", encoding="utf-8")
    apt.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "tests/conformance/conformance.py", "--build", str(tmp_path)],
        cwd=harness.ROOT, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}, text=True,
        capture_output=True, check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"conformance: .*xen-hypervisor-4\.17-amd64 cannot be .*apt-get update.*\n", done.stderr), done.stderr
