# SPDX-License-Identifier: MIT
"""What an event costs, in instructions."""

import re
import subprocess
import sys

import harness


def test_make_counts():
    """A path whose cost grows with the number of open ports, one dearer than the real Xen's, a table that lost a line."""
    result = subprocess.run(
        [sys.executable, "tools/counts.py", "--build", harness.BUILD],
        cwd=harness.ROOT, text=True, capture_output=True, timeout=4 * harness.HANG, check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    for name in ("null hypercall", "send, upcall, back", "alloc+close, 200000 ports open"):
        costs = re.search(rf"^{re.escape(name)} +([\d,]+) +([\d,]+)", result.stdout, re.MULTILINE)
        assert costs, result.stdout
