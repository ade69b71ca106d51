# SPDX-License-Identifier: MIT
"""What all emulator tests share: the harness on the import path, and the log of a failed run in the report."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "vm"))

import harness  # noqa: E402  (needs the path above)


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; only in `make test-long`")


@pytest.fixture
def machine():
    """Start machines that the test talks to; they end with the test. Arguments are those of harness.start()."""
    started = []

    def start(*args, **kwargs):
        started.append(harness.start(*args, **kwargs))
        return started[-1]

    yield start
    for each in started:
        each.close()
