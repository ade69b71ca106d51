# SPDX-License-Identifier: MIT
"""Instructions that the hypervisor plays for a pv guest, for real: docs/abi/pv-emulation.md. guest/emulate/ checks its
statements, and gives the same verdict on the real Xen (tools/oracle.sh build/guest/emulate.pv64)."""

import pytest

import harness


@pytest.mark.parametrize("cpu", ["qemu64,-svm", "max,-smap", "EPYC"])
def test_emulate(cpu):
    """With and without XSAVE, FSGSBASE, UMIP, SMAP; with and without SVM next to it."""
    harness.boot("emulate", cpu=cpu).expect_good()


@pytest.mark.long
def test_on_bochs():
    """A second processor: error codes and privileged instructions as the manuals have them."""
    harness.bochs("emulate").expect_good()
