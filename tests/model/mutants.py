#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Is the model able to find what it is there for? Classic defects, one at a time, in a copy of the core.

Each is a few lines of a source that are replaced; the explorer must then find a bad schedule in the scenario that is
named, and say in its story what is expected. Ends with: mutants: N, found N
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import time

# (what is wrong, file, text, replacement, scenario, what the story says in the end)
MUTANTS = (
    (
        "2-level: the selector is set before the pending bit",
        "evtchn/abi_2level.c",
        """    if (!has_bits(d, port, w) || bits_test_and_set(evt_2level_pending(d), port, w))
        return;
    evt_count(d);
    if (!bits_test(evt_2level_mask(d, w), port, w))
        raise(d, port, p, w);
""",
        """    if (!has_bits(d, port, w))
        return;
    if (!bits_test(evt_2level_mask(d, w), port, w))
        raise(d, port, p, w);
    if (bits_test_and_set(evt_2level_pending(d), port, w))
        return;
    evt_count(d);
""",
        "send || consume",
        "the event is lost",
    ),
    (
        "2-level: unmask looks at the pending bit before it clears the mask bit",
        "evtchn/abi_2level.c",
        """    if (!has_bits(d, port, w) || !bits_test_and_clear(evt_2level_mask(d, w), port, w))
        return;
    if (bits_test(evt_2level_pending(d), port, w))
""",
        """    if (!has_bits(d, port, w))
        return;
    bool pending = bits_test(evt_2level_pending(d), port, w);
    if (bits_test_and_clear(evt_2level_mask(d, w), port, w) && pending)
""",
        "send || unmask",
        "the event is lost",
    ),
    (
        "2-level: pollers are woken only by ports that are not masked",
        "evtchn/abi_2level.c",
        """    if (!bits_test(evt_2level_mask(d, w), port, w))
        raise(d, port, p, w);
    env_wake_pollers(d, port);
""",
        """    if (bits_test(evt_2level_mask(d, w), port, w))
        return;
    raise(d, port, p, w);
    env_wake_pollers(d, port);
""",
        "poll || send, masked",
        "waits for ever",
    ),
    (
        "3-level: the L2 pointer is read before the L3 bit is set",
        "evtchn/abi_3level.c",
        """    if (!has_bits(port, w) || bits_test_and_set(pending_page(d, port), in_page(port), w))
        return;
    evt_count(d);
    if (!bits_test""",
        """    const void *l2 = __atomic_load_n(&evt_vcpu_of(d, evt_port_vcpu(p))->l2, __ATOMIC_ACQUIRE);
    if (!has_bits(port, w) || bits_test_and_set(pending_page(d, port), in_page(port), w))
        return;
    evt_count(d);
    if (l2 && !bits_test""",
        "L2 registration, consume || send",
        "the event is lost",
    ),
    (
        "3-level: bind_vcpu raises nothing on the new vcpu",
        "evtchn/abi_3level.c",
        """    if (is_pending(d, port, w) && !is_masked(d, port, w))
        raise(d, port, p, w);
""",
        "    (void)p;\n",
        "consume || bind_vcpu of a pending port",
        "the event is lost",
    ),
    (
        "switch to 3-level: nobody waits for those who still use the old ABI",
        "evtchn/register.c",
        "    env_quiesce_wait();\n",
        "",
        "switch to 3-level || send",
        "it is lost",
    ),
    (
        "switch to 3-level: the mask is not carried over",
        "evtchn/register.c",
        "        bits_and_word(d->mask[0], i, bits_read_word(mask, i, w), w);\n",
        "        (void)mask;\n",
        "switch to 3-level || unmask",
        "it is lost",
    ),
    (
        "switch to 3-level: two at once are not excluded",
        "evtchn/register.c",
        """    if (may)
        d->busy = EVT_SWITCHING;
""",
        "",
        "two REGISTER_BITMAPS",
        "",
    ),
    (
        "FIFO: an event that came before its word is remembered without a second look",
        "evtchn/abi_fifo.c",
        "    return !evt_word_of(d, port) || !(evt_fifo_change(p, EVT_FIFO_REMEMBERED, 0) & EVT_FIFO_REMEMBERED);\n",
        "    return !d || port || true;\n",
        "expand_array || send",
        "remembered for nobody",
    ),
    (
        "FIFO: the queue is not locked",
        "evtchn/abi_fifo.c",
        """    env_lock(&q->lock);
    if (queue_in(evt_fifo_of(p)) == to)
        enqueue(d, q, to, port, word);
    env_unlock(&q->lock);
""",
        """    if (queue_in(evt_fifo_of(p)) == to)
        enqueue(d, q, to, port, word);
""",
        "send || send, two ports",
        "not atomic",
    ),
    (
        "send: the port is not locked",
        "evtchn/ops.c",
        """    env_lock(&p->lock);
    if (p->state == EVTCHNSTAT_interdomain)
        evt_raise_peer(p);
    else if (p->state == EVTCHNSTAT_ipi)
        evt_set_pending(caller, port, p);
    else if (p->state != EVTCHNSTAT_unbound)
        rc = xen_error(XEN_EINVAL);
    env_unlock(&p->lock);
""",
        """    uint8_t state = evt_port_state(p);
    if (state == EVTCHNSTAT_interdomain)
        evt_raise_peer(p);
    else if (state == EVTCHNSTAT_ipi)
        evt_set_pending(caller, port, p);
""",
        "send || close, open again",
        "",
    ),
    (
        "reset: nobody waits for those who still use the old ABI",
        "evtchn/reset.c",
        "    env_quiesce_wait();\n",
        "",
        "reset || unmask || send",
        "not atomic",
    ),
    (
        "reset: pollers are not woken",
        "evtchn/reset.c",
        "    env_wake_all_pollers(d);\n",
        "",
        "reset || poll",
        "waits for ever",
    ),
    (
        "register_vcpu_info: nothing is selected in the new place",
        "evtchn/domain.c",
        """    if (may_have_missed)
        d->ops->select_all(d, vcpu);
""",
        "    (void)may_have_missed;\n",
        "register_vcpu_info || send",
        "the event is lost",
    ),
    (
        "x86-TSO: bind_vcpu stores the vcpu without a fence before it reads the event",
        "evtchn/ops.c",
        "__atomic_store_n(&p->vcpu, (uint8_t)vcpu, __ATOMIC_SEQ_CST);\n        evt_ops_of(d)->moved(d, port, p);",
        "__atomic_store_n(&p->vcpu, (uint8_t)vcpu, __ATOMIC_RELEASE);\n"
        "        if (evt_ops_of(d)->is_pending(d, port))\n"
        "            evt_ops_of(d)->moved(d, port, p);",
        "the new vcpu must see it",
        "the event is lost",
    ),
    (
        "SCHEDOP_poll: others can end the poll before the vcpu is blocked",
        "kernel/poll.c",
        """    __atomic_fetch_or(&v->blocked_by, VCPU_BLOCKED, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&v->domain->nr_pollers, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&v->poll_port, POLL_ANY, __ATOMIC_SEQ_CST);
    __atomic_fetch_or(word_of(v), bit_of(v), __ATOMIC_SEQ_CST);
""",
        """    __atomic_fetch_add(&v->domain->nr_pollers, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&v->poll_port, POLL_ANY, __ATOMIC_SEQ_CST);
    __atomic_fetch_or(word_of(v), bit_of(v), __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&v->blocked_by, VCPU_BLOCKED, __ATOMIC_SEQ_CST);
""",
        "kernel: poll, poll",
        "waits for ever",
    ),
    (
        "SCHEDOP_poll: a poll that was ended by the waker of an earlier one is not cleared away",
        "kernel/poll.c",
        """    timer_stop(&v->poll_timer, v->arch.cpu);
    take_port(v);
""",
        "    timer_stop(&v->poll_timer, v->arch.cpu);\n",
        "kernel: poll, poll",
        "nr_pollers is",
    ),
    (
        "a vcpu polls without looking at its ports after it has said so",
        "tests/model/env_model.c",
        """    (void)machine_update(&v->waits_for, 8, VERB_EXCHANGE, WAITS_ANY);
    (void)machine_update(&d->polls, 8, VERB_OR, mine);
    int rc = deliverable(d, vcpu) ? 1 : any_pending(d, port, n);
""",
        """    int rc = deliverable(d, vcpu) ? 1 : any_pending(d, port, n);
    (void)machine_update(&v->waits_for, 8, VERB_EXCHANGE, WAITS_ANY);
    (void)machine_update(&d->polls, 8, VERB_OR, mine);
""",
        "poll || send",
        "waits for ever",
    ),
    (
        "pv: an entry is written over, whatever stands there by then",
        "arch/x86/pv/update.c",
        "    bool done = change(at, old, new);\n",
        "    bool done = __atomic_load_n(at, __ATOMIC_RELAXED) == old;\n    if (done)\n        __atomic_store_n(at, new, __ATOMIC_SEQ_CST);\n",
        "update || update",
        "more references than there are",
    ),
    (
        "pv: the old entry's references are given back before it is replaced",
        "arch/x86/pv/update.c",
        "    bool done = change(at, old, new);\n    pv_entry_put(d, level, done ? old : new);\n",
        "    pv_entry_put(d, level, old);\n    bool done = change(at, old, new);\n    if (!done)\n        pv_entry_put(d, level, new);\n",
        "map || unmap",
        "fewer references than there are",
    ),
    (
        "pv: the table is not held while its entry is exchanged",
        "arch/x86/pv/update.c",
        "    int rc = exchange(d, u, level);\n    pv_put_type(d, u->mfn);\n",
        "    pv_put_type(d, u->mfn);\n    int rc = exchange(d, u, level);\n",
        "unpin || update",
        "assertion",
    ),
    (
        "pv: the mark of a pin is read, and then set",
        "arch/x86/pv/frame.c",
        "    uint64_t before = __atomic_fetch_or(pv_env_type(mfn), PV_WORD_PINNED, __ATOMIC_ACQ_REL);\n",
        "    uint64_t before = load(pv_env_type(mfn));\n    __atomic_fetch_or(pv_env_type(mfn), PV_WORD_PINNED, __ATOMIC_ACQ_REL);\n",
        "pin || pin",
        "more references than there are",
    ),
    (
        "pv: a frame is claimed by a store",
        "arch/x86/pv/frame.c",
        "    if (!change(at, word, pv_word(type, PV_VALIDATING, 0, 0))) {\n",
        "    __atomic_store_n(at, pv_word(type, PV_VALIDATING, 0, 0), __ATOMIC_SEQ_CST);\n    if (false) {\n",
        "pin || write",
        "assertion",
    ),
    (
        "pv: the list of doomed tables is looked at before it is locked",
        "arch/x86/pv/frame.c",
        "    pv_env_lock(&d->lock);\n    hand_over(mfn, pv_word(type, PV_DOOMED, index, d->doomed));\n",
        "    hand_over(mfn, pv_word(type, PV_DOOMED, index, d->doomed));\n    pv_env_lock(&d->lock);\n",
        "unpin || unpin of the table below",
        "doomed tables while",
    ),
    (
        "tlb: a copy in place does not say that it uses translations",
        "arch/x86/tlb.h",
        "    __atomic_store_n(&c->tlb_using, c->tlb_using + 1, __ATOMIC_SEQ_CST);\n",
        "",
        "tlb: forget || copy in place",
        "uses a translation that was to be forgotten",
    ),
    (
        "tlb: a copy in place looks at what is wanted, and then says that it uses translations",
        "arch/x86/tlb.h",
        """    __atomic_store_n(&c->tlb_using, c->tlb_using + 1, __ATOMIC_SEQ_CST);
    if (__builtin_expect(!__atomic_load_n(&c->tlb_wanted, __ATOMIC_SEQ_CST), 1))
        return true;
""",
        """    bool may = !__atomic_load_n(&c->tlb_wanted, __ATOMIC_SEQ_CST);
    __atomic_store_n(&c->tlb_using, c->tlb_using + 1, __ATOMIC_SEQ_CST);
    if (may)
        return true;
""",
        "tlb: forget || copy in place",
        "uses a translation that was to be forgotten",
    ),
    (
        "tlb: x86-TSO: a copy in place says so without a fence",
        "arch/x86/tlb.h",
        "    __atomic_store_n(&c->tlb_using, c->tlb_using + 1, __ATOMIC_SEQ_CST);\n",
        "    __atomic_store_n(&c->tlb_using, c->tlb_using + 1, __ATOMIC_RELEASE);\n",
        "tlb: forget || copy in place",
        "uses a translation that was to be forgotten",
    ),
    (
        "tlb: in_hv says that a guest is entered before tlb_entered says which kind",
        "arch/x86/tlb.h",
        """    __atomic_store_n(&c->tlb_entered, inside, __ATOMIC_RELEASE);
    __atomic_store_n(&c->in_hv, inside, __ATOMIC_SEQ_CST);
""",
        """    __atomic_store_n(&c->in_hv, inside, __ATOMIC_SEQ_CST);
    __atomic_store_n(&c->tlb_entered, inside, __ATOMIC_RELEASE);
""",
        "tlb: forget || guest",
        "uses a translation that was to be forgotten",
    ),
    (
        "tlb: a CPU enters a guest without a look at what is wanted",
        "arch/x86/tlb.h",
        """    __atomic_store_n(&c->in_hv, inside, __ATOMIC_SEQ_CST);
    if (__builtin_expect(__atomic_load_n(&c->tlb_wanted, __ATOMIC_SEQ_CST), 0))
        tlb_flush();
""",
        "    __atomic_store_n(&c->in_hv, inside, __ATOMIC_SEQ_CST);\n",
        "tlb: forget || guest",
        "uses a translation that was to be forgotten",
    ),
    (
        "tlb: who copies in place is not waited for",
        "arch/x86/tlb.c",
        "            wait_for_use(i);\n",
        "            (void)wait_for_use;\n",
        "tlb: forget || copy in place",
        "uses a translation that was to be forgotten",
    ),
    (
        "tlb: CPUs in guests are called, but not waited for",
        "arch/x86/tlb.c",
        "            inside |= 1ULL << i;\n",
        "            inside |= 0;\n",
        "tlb: forget || guest",
        "uses a translation that was to be forgotten",
    ),
    (
        "tlb: CPUs in guests are waited for, but not called",
        "arch/x86/tlb.c",
        "    cpu_request_work(cpu, CPU_WORK_SYNC);\n",
        "",
        "tlb: forget || guest",
        "waits for ever",
    ),
    (
        "tlb: idle CPUs are waited for",
        "arch/x86/tlb.c",
        " || __atomic_load_n(&cpus[cpu].tlb_entered, __ATOMIC_SEQ_CST) != *seen",
        "",
        "tlb: forget || idle",
        "waits for ever",
    ),
    (
        "tlb: what is wanted is cleared after the flush",
        "arch/x86/tlb.c",
        """    if (__atomic_load_n(&c->tlb_wanted, __ATOMIC_RELAXED))
        __atomic_store_n(&c->tlb_wanted, 0, __ATOMIC_SEQ_CST);
    uint64_t now = tlb_clock_read(&clock);
    write_cr3(cr3);
""",
        """    uint64_t now = tlb_clock_read(&clock);
    write_cr3(cr3);
    if (__atomic_load_n(&c->tlb_wanted, __ATOMIC_RELAXED))
        __atomic_store_n(&c->tlb_wanted, 0, __ATOMIC_SEQ_CST);
""",
        "tlb: forget || change of mode",
        "uses a translation that was to be forgotten",
    ),
    (
        "tlb: the clock is read after the flush",
        "arch/x86/tlb.c",
        """    uint64_t now = tlb_clock_read(&clock);
    write_cr3(cr3);
""",
        """    write_cr3(cr3);
    uint64_t now = tlb_clock_read(&clock);
""",
        "tlb: flush since || change of mode",
        "uses a translation that was to be forgotten",
    ),
    (
        "tlb: a flush is noted before it is made",
        "arch/x86/tlb.c",
        """    write_cr3(cr3);
    __atomic_store_n(&tlbs[c->id].flushed, now, __ATOMIC_RELEASE);
""",
        """    __atomic_store_n(&tlbs[c->id].flushed, now, __ATOMIC_RELEASE);
    write_cr3(cr3);
""",
        "tlb: free when flushed",
        "still remembers",
    ),
)


def mutate(folder, path, text, replacement):
    """The mutated source, in a folder that shadows the tree; false if the text is not there exactly once."""
    with open(path, encoding="utf-8") as file:
        source = file.read()
    if source.count(text) != 1:
        return False
    shadow = os.path.join(folder, path)
    os.makedirs(os.path.dirname(shadow), exist_ok=True)
    with open(shadow, "w", encoding="utf-8") as file:
        file.write(source.replace(text, replacement))
    return True


def judge(output, code, expected):
    """What the explorer made of it, in words; and whether that is what it should."""
    end = re.search(r"^ +So: (.*)", output, re.M)
    if code == 0 or not end:
        return False, "NOT FOUND"
    return expected in end.group(1), end.group(1)


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    return done.returncode, done.stdout


def attempt(options, number, mutant):
    """True if the explorer finds the mutant."""
    what, path, text, replacement, scenario, expected = mutant
    folder = os.path.join(options.build, "model", f"mutant{number}")
    program = os.path.join(folder, "pv" if path.startswith("arch/x86/") else "model")
    found, words = False, f"{path} does not have the lines that this one replaces"
    start = time.monotonic()
    if mutate(folder, path, text, replacement):
        code, output = run([*shlex.split(options.make), "--no-print-directory", f"MUTANT={folder}", f"MUTATED={path}", program])
        words = output
        if code == 0:
            code, output = run([program, "--only", scenario])
            found, words = judge(output, code, expected)
            if options.stories:
                print(output)
    print(f"  {what}\n      {'found' if found else 'FAILED'} in {time.monotonic() - start:.1f} s, {scenario}: {words}", flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="folder of the build")
    parser.add_argument("--make", default="make", help="command that builds")
    parser.add_argument("--stories", action="store_true", help="print what the explorer says")
    parser.add_argument("--only", default="", metavar="TEXT", help="mutants whose description contains TEXT")
    options = parser.parse_args()
    chosen = [(i, m) for i, m in enumerate(MUTANTS) if options.only in m[0]]
    found = sum([attempt(options, i, m) for i, m in chosen])
    print(f"mutants: {len(chosen)}, found {found}")
    return 0 if chosen and found == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
