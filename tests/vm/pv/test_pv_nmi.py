# SPDX-License-Identifier: MIT
"""NMIs while pv guests run: between SYSCALL and SWAPGS, between SWAPGS and IRET, with the guest's stack and base of %gs."""

import re

import pytest

import harness
import remote

SERVER = 'name="server" memory=16 cmdline="role=server peer=2 rounds=3000"'
CLIENT = 'name="client" memory=16 cmdline="role=client peer=1 port=1 rounds=3000"'
ONE_EACH = ("pv64", "pvh64")


def scenario(server, client):
    lines = ["xenolith"]
    for env, config in ((server, SERVER), (client, CLIENT)):
        lines.append(f'module pingpong.{env} {config}')
    return harness.adhoc("\n".join(lines) + "\n")


@pytest.mark.parametrize("cpus, environments", [(1, ("pv64", "pv64")), (2, ("pv64", "pv64")), (1, ONE_EACH)])
def test_nmis_while_pv_guests_run(cpus, environments):
    """Each is counted and the guests do not notice, also where one container has just left the processor to the other."""
    with harness.start(scenario(*environments), cpus=cpus, cpu="max,-smap") as machine:
        machine.connect()
        machine.wait_for(r"xen: Xenolith")
        sent = machine.inject_nmis_until_the_end()
        run = machine.finish().expect_good()
    assert sent > 20
    said = run.expect(r"xen: unasked: (\d+) NMIs, ")
    assert int(said.group(1)) > 10, f"of {sent} that were sent; a processor remembers one while it is busy with another"


@pytest.mark.parametrize("place", ["pv_syscall", "pv_trap"])
def test_nmi_on_the_first_instruction(place):
    """With the guest's base of %gs in ring 0: who believes it reads the guest's memory, or nothing."""
    with harness.start(scenario("pv64", "pv64"), cpus=1, cpu="max,-smap", extra=("-S",)) as machine:
        debugger = remote.Debugger(machine)
        debugger.run_to(remote.symbols()[place])
        machine.execute("inject-nmi")
        debugger.let_go()
        run = machine.finish().expect_good()
    assert re.search(r"xen: unasked: 1 NMIs", run.log)
