# SPDX-License-Identifier: MIT
"""Which CPUs run: those of the MADT that are there, that the user wants, and that come when they are called."""

import pytest

import harness
import remote

HELLO = "\nmodule hello name=hello memory=16"
SMP = '\nmodule smp name="pairs" memory=16 vcpus=4 cmdline="rounds=50 end=down"'


@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_all_are_started(cpus):
    """A CPU of the MADT that is left out."""
    harness.boot("hello", cpus=cpus).expect(rf"xen: processors: {cpus} running")


@pytest.mark.parametrize("option, running", [("maxcpus=1", 1), ("maxcpus=2", 2), ("maxcpus=99999", 3)])
def test_maxcpus(option, running):
    """An option that is read and not obeyed."""
    run = harness.boot(harness.adhoc(f"xenolith {option}{HELLO}"), cpus=3).expect_good()
    run.expect(rf"xen: processors: {running} running")
    run.refuse(r"xen: (warning|error)")


def test_maxcpus_0():
    """No CPU at all: it can't be obeyed, and must be said."""
    run = harness.boot(harness.adhoc(f"xenolith maxcpus=0{HELLO}"), cpus=2).expect_good()
    run.expect(r"xen: warning: option maxcpus=0 is ignored: it takes a number from 1")
    run.expect(r"xen: processors: 2 running")


def test_cpus_that_are_not_plugged_in():
    """The MADT has them as "online capable": starting one takes three seconds, and a sentence that alarms."""
    run = harness.boot(harness.adhoc(f"xenolith{HELLO}"), extra=("-smp", "cpus=2,maxcpus=4")).expect_good()
    run.expect(r"xen: processors: 2 running")
    run.refuse(r"xen: (warning|error)")


def test_holes_in_the_ids():
    """APIC ids that are no row: three cores a socket, so the fourth CPU has the id 4, and 5 and 6 are not there."""
    run = harness.boot(
        harness.adhoc(f"xenolith log=debug{SMP}"), extra=("-smp", "cpus=4,sockets=2,cores=3,threads=1,maxcpus=6")
    ).expect_good()
    run.expect(r"xen: processors: 4 running")
    run.refuse(r"xen: (warning|error)")


def stop_second_cpu(place, cpus, then):
    """Boot, do something to the first CPU that comes to a place after the boot CPU, and wait for the end."""
    with harness.start(harness.adhoc(f"xenolith{SMP}"), cpus=cpus, extra=("-S",)) as machine:
        debugger = remote.Debugger(machine)
        debugger.run_to(remote.symbols()[place])
        then(debugger)
        debugger.let_go()
        return machine.finish().expect_good()


@pytest.mark.long
def test_silent_cpu():
    """A CPU that never comes: one sentence that names it, and the others run."""

    def park(debugger):
        debugger.set_register(remote.RDI, 0)
        debugger.go_on_at(remote.symbols()["smp_park"])

    run = stop_second_cpu("in_image", 3, park)
    run.expect(r"xen: warning: the CPU with APIC id 1 does not start: going on without it")
    run.expect(r"xen: processors: 2 running")


def test_unequal_cpu():
    """A CPU that must not run beside the boot CPU: its stack is the next one's, so it may do nothing any more."""
    run = stop_second_cpu("unequal_this_cpu", 3, lambda d: d.return_from_function(remote.symbols()["trap_stubs"]))
    run.expect(r"xen: warning: the CPU with APIC id 1 is left out: ")
    run.expect(r"xen: processors: 2 running")


def test_panic_beside_a_parked_cpu():
    """The NMI that stops the others reaches one that has no interrupt table: the machine resets, and nothing is said. An
    NMI from outside reaches the CPU that panics: it stops in the middle of its message."""
    symbols = remote.symbols()
    with harness.start(harness.adhoc(f"xenolith{HELLO}"), cpus=3, extra=("-S",)) as machine:
        debugger = remote.Debugger(machine)
        debugger.run_to(symbols["in_image"])
        debugger.set_register(remote.RDI, 0)
        debugger.go_on_at(symbols["smp_park"])
        debugger.run_to(symbols["build_domains"])
        debugger.set_register(remote.RDI, symbols["no_long_mode"])  # some sentence
        debugger.go_on_at(symbols["panic"])
        debugger.run_to(symbols["backtrace"])
        machine.execute("inject-nmi")
        debugger.let_go()
        run = machine.finish().expect_bad()
    run.expect(r"xen: warning: the CPU with APIC id 1 does not start: going on without it")
    run.expect(r"xen: panic: xen: this processor has no 64-bit mode")


@pytest.mark.long
def test_hanging_cpu():
    """A CPU that starts and stands still half way: the run goes on with those before it."""

    def park(debugger):
        debugger.set_register(remote.RDI, 0)
        debugger.go_on_at(remote.symbols()["smp_park"])

    run = stop_second_cpu("smp_cpu_main", 3, park)
    run.expect(r"xen: warning: the CPU with APIC id 1 hangs at its start: going on with 1 CPUs")
    run.expect(r"xen: processors: 1 running")


PAIR = """
module pingpong name="server" memory=16 cpus=0 cmdline="role=server peer=2 rounds=100"
module pingpong name="client" memory=16 cpus=1 cmdline="role=client peer=1 port=1 rounds=100"
"""
FIRMWARE_X2APIC = ("insmod wrmsr", "wrmsr 0x1b 0xfee00d00")


@pytest.mark.parametrize("cpus", [1, pytest.param(2, marks=pytest.mark.long)])
def test_x2apic_left_on_by_firmware(cpus):
    """Registers in memory are gone in x2APIC mode, and there is no safe way back; the second CPU is in the other mode."""
    scenario = f"xenolith x2apic=no{PAIR if cpus > 1 else HELLO}\n# by the boot loader: x2APIC"
    run = harness.bochs(harness.adhoc(scenario), cpus=cpus, before=FIRMWARE_X2APIC).expect_good()
    run.expect(r"xen: warning: x2apic=no is ignored: firmware has turned the x2APIC on")
    run.expect(r"xen: interrupts: x2APIC \(firmware had x2APIC on\), boot CPU has id 0")
    run.expect(rf"xen: processors: {cpus} running")


@pytest.mark.long
def test_xapic_where_there_is_x2apic():
    """Interrupts by memory, on a processor that offers the MSRs as well."""
    run = harness.bochs(harness.adhoc(f"xenolith x2apic=no{PAIR}"), cpus=2).expect_good()
    run.expect(r"xen: interrupts: xAPIC, boot CPU has id 0")
    run.expect(r"xen: processors: 2 running")


def test_cpuid_that_is_wrong():
    """This model tells a crystal and a ratio that have nothing to do with how fast its TSC runs."""
    run = harness.bochs("hello").expect_good()
    run.expect(r"xen: warning: CPUID has the TSC at 1497600 kHz, HPET at (1999|2000)\d\d kHz: going on with HPET")
