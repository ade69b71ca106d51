# SPDX-License-Identifier: MIT
"""Xenolith's transcript against what the real Xen answered when its transcript was recorded (conformance.py --record),
and, in `make test-long`, against the real Xen itself. In all cells the first free port of the initial domain is 1
(EVT-OBJ-10), and a pirq is bound without a line behind it (EVT-OP-31). Of the cells attached/* and
dying/* only the real Xen's answers are there (EVT-OBJ-06, EVT-OBJ-08, EVT-OBJ-13)."""

import subprocess
import sys

import conformance
import pytest
import transcript

import harness


def compare(verdict, env, reasons):
    xenolith = transcript.parse(harness.boot("conformance", hang=900, env=env).log)
    transcript.compare(verdict, env, conformance.read_record(env), xenolith, *reasons)


@pytest.mark.parametrize("env", conformance.ENVIRONMENTS)
def test_recorded(env):
    """Every cell as on the real Xen, or different for a reason in documented.txt."""
    verdict = transcript.Verdict()
    compare(verdict, env, conformance.read_reasons())
    assert not verdict.unexplained, "\n".join(verdict.unexplained + [verdict.line()])


def test_no_idle_reason():
    """Every reason in documented.txt and absent.txt is needed."""
    verdict, reasons = transcript.Verdict(), conformance.read_reasons()
    for env in conformance.ENVIRONMENTS:
        compare(verdict, env, reasons)
    verdict.unexplained.clear()
    transcript.unused(verdict, *reasons)
    assert not verdict.unexplained, "\n".join(verdict.unexplained)


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
