# SPDX-License-Identifier: MIT
"""Xenolith's transcript against what the real Xen answered when its transcript was recorded (conformance.py --record),
and, in `make test-long`, against the real Xen itself."""

import subprocess
import sys

import conformance
import pytest
import transcript

import harness


@pytest.mark.parametrize("env", conformance.ENVIRONMENTS)
def test_recorded(env):
    """Every cell as on the real Xen, or different for a reason in documented.txt."""
    documented, absent = conformance.read_reasons()
    xen = transcript.recorded(conformance.record_path(env).read_text(encoding="utf-8"))
    verdict = transcript.Verdict()
    xenolith = transcript.parse(harness.boot("conformance", hang=900, env=env).log)
    transcript.compare(verdict, env, xen, xenolith, documented, absent)
    assert not verdict.unexplained, "\n".join(verdict.unexplained + [verdict.line()])


def can_fetch():
    options = [sys.executable, "tests/conformance/conformance.py", "--build", harness.BUILD, "--fetch"]
    return subprocess.run(options, cwd=harness.ROOT, capture_output=True, check=False).returncode == 0


@pytest.mark.long
def test_real_xen():
    if not can_fetch():
        pytest.skip("Debian's package of the real Xen cannot be fetched")
    done = subprocess.run(
        [sys.executable, "tests/conformance/conformance.py", "--build", harness.BUILD],
        cwd=harness.ROOT, text=True, capture_output=True, timeout=4 * conformance.HANG, check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
