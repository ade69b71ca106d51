/* SPDX-License-Identifier: MIT */
/*
 * Conformance: the same questions to the real Xen and to Xenolith, and a transcript that a program can compare.
 *
 * This guest judges nothing. It prints one line a cell, "= NAME: what was done and what came of it", and
 * tests/conformance/compare.py holds the lines of two hypervisors against each other (make conformance). A cell is a
 * question with a name that is unique, such as bind_virq/EEXIST+ENOENT/-/2l; its last part is the ABI.
 *
 * How to write one:
 *
 *      if (cell_begin(ABI_FIFO, "fifo/one event")) {      the domain is clean and on FIFO
 *          evtchn_port_t port = must_bind_ipi(0);         preparation: not in the transcript
 *          port_clear(port, PORT_MASKED);
 *          cell_start();                                  from here on every step shows what it changed
 *          step_port(EVTCHNOP_send, port);                "send(1) -> 0; word[1]=a0000000 ... up0=1; upcalls 1"
 *          port_clear(port, PORT_PENDING);                the guest's own changes ...
 *          cell_forget();                                 ... are not the hypervisor's
 *          cell_end();
 *      }
 *
 * step.h has the operations as steps; cell_op() and cell_result() make others.
 *
 * To add a group of cells: a file here with a function, and a row in the table of conformance.c. A cell must not depend
 * on the time, on addresses, or on the cells before it, and says only what any correct hypervisor would say again.
 * What cannot be asked is said by cell_absent() and has its reason in tests/conformance/absent.txt; a difference that
 * is meant has its reason in tests/conformance/documented.txt.
 *
 * `only=GROUP` on the command line asks one group, `cell=PREFIX` only cells whose names begin so.
 */
#ifndef GUEST_CONFORMANCE_CONFORMANCE_H
#define GUEST_CONFORMANCE_CONFORMANCE_H

#include <stdbool.h>

#include "guest/lib/env.h"
#include "guest/lib/word.h"

enum abi {
    ABI_2LEVEL,
    ABI_FIFO,
    NR_ABIS,
};

extern const char *const abi_name[NR_ABIS]; /* "2l", "fifo" */

#define VCPUS 2U /* that the domain must have; vcpu 1 is down unless a cell starts it */

/* --- A cell (cell.c) --- */

/* Begin the cell NAME/ABI: the domain is cleaned (domain_clean) and its upcalls are off. false: this run does not ask
 * for it, and nothing has been done. */
bool cell_begin(enum abi abi, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, but the domain stays as the cell before has left it. */
bool cell_begin_as_it_is(enum abi abi, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A cell that has nothing to do with events: no ABI is in its name, and nothing is cleaned or looked at. */
bool cell_begin_plain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The preparation is over: what a guest can see now is what the first step is compared with. */
void cell_start(void);

/* One step: event_channel_op(cmd) with `size` bytes of arguments. Appends "name(words of the arguments) -> result", the
 * words that the operation wrote back, and the changes, as cell_result() does. Arguments that the operation fills in
 * should hold CELL_POISON before. */
guest_result cell_op(unsigned cmd, void *arg, size_t size);
#define CELL_POISON 0xEEEEEEEEU

/* The same with the arguments at `at`, where only `readable` bytes can be read and written; `arg` holds all of them. */
guest_result cell_op_at(unsigned cmd, uint8_t *at, const void *arg, size_t readable);

/* Frames are no part of a transcript: in the arguments of init_control and expand_array the frame of this page is shown
 * as "@name". The pages of domain.c have their names already. */
void cell_name_page(const char *name, const void *page);

/* One step that the caller has done itself: appends "what -> result", and the changes since the step before. Then the
 * upcalls are let in for a moment, and how many came is appended. */
void cell_result(const char *what, guest_result rc);

/* Append words to the line. */
void cell_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What has changed since the step before (by the guest itself) is not shown. */
void cell_forget(void);

/* End the cell and print its line. Whether a step has changed anything. */
bool cell_end(void);

/* There is no such cell: its preparation is impossible, or makes no sense. */
void cell_absent(enum abi abi, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* How many cells were printed. */
unsigned cell_count(void);

/* --- What a guest can see (look.c) --- */

/* The status of ports 0 to LOOK_PORTS - 1, which ABI is in use, pending and mask bitmaps, selectors and flags of the
 * two vcpus, and in FIFO the event words of the first page and the control blocks. */
#define LOOK_PORTS 24U

/* Watch more memory until the cell ends: `count` units of 1, 4 or 8 bytes. */
void look_watch(const char *name, const void *at, unsigned unit, unsigned count);

/* Of the event words, look only at those of these ports until the cell ends: word[0] is that of the first. */
void look_words(evtchn_port_t first, unsigned count);

/* Remember all of it. */
void look_remember(void);

/* Append what differs from what was remembered ("; pend[0]=40 p10=ipi@1"), and remember it. Whether anything did. */
bool look_changes(void);

/* --- The domain (domain.c) --- */

/* Every port closed, all words as at the start (all ports masked, nothing pending), on this ABI: on FIFO the first
 * `vcpus` vcpus have a control block, and there is one page of event words, all MASKED. The hypervisor's own words are
 * reset with the hypercall; a failure ends the run. */
void domain_clean(enum abi abi, unsigned vcpus);

/* The ABI that domain_clean() set. */
enum abi domain_abi(void);

/* How many ports that ABI has. */
evtchn_port_t domain_limit(void);

/* The shared memory of FIFO. */
#define FIFO_WORDS_PER_PAGE (GUEST_PAGE_SIZE / 4)
extern uint32_t fifo_words[FIFO_WORDS_PER_PAGE];               /* of ports 0 to 1023 */
struct evtchn_fifo_control_block *fifo_control(unsigned vcpu); /* of vcpu 0 and 1 */

/* An operation of a preparation: it must succeed, or the run ends with an error that names it. */
void must_op(unsigned cmd, void *arg);
evtchn_port_t must_alloc_unbound(domid_t remote);
evtchn_port_t must_bind_interdomain(domid_t remote, evtchn_port_t port);
evtchn_port_t must_bind_virq(unsigned virq, unsigned vcpu);
evtchn_port_t must_bind_ipi(unsigned vcpu);
void must_close(evtchn_port_t port);

/* The guest's bits of a port, in the ABI in use; each change is one atomic instruction. */
#define PORT_PENDING 1U
#define PORT_MASKED 2U
void port_set(evtchn_port_t port, unsigned bits);
void port_clear(evtchn_port_t port, unsigned bits);
bool port_is_pending(evtchn_port_t port);

/* Open one port of each kind, at these numbers: all masked, nothing pending. */
enum zoo {
    ZOO_RESERVED,  /* port 0 */
    ZOO_UNBOUND,   /* for the domain itself */
    ZOO_LOCAL,     /* interdomain with ZOO_REMOTE, both the domain's own */
    ZOO_REMOTE,    /* the one that called bind_interdomain */
    ZOO_VIRQ,      /* a global one: VIRQ_ARGO */
    ZOO_VCPU_VIRQ, /* VIRQ_DEBUG of vcpu 1 */
    ZOO_IPI,       /* of vcpu 0 */
    ZOO_IPI1,      /* of vcpu 1 */
    ZOO_PIRQ,      /* ZOO_PIRQ_NUMBER */
    ZOO_FOREIGN,   /* unbound for domain ZOO_DOMAIN, which does not exist */
    ZOO_FREE,      /* was open and was closed: the next port to be opened */
    ZOO_LAST,      /* unbound for the domain itself */
};
#define ZOO_PIRQ_NUMBER 9U
#define ZOO_DOMAIN 5U
void zoo_open(void);

/* Open every port that is left. */
void domain_fill(void);

/* --- The groups --- */
void conformance_rights(void);      /* unprivileged.c */
void conformance_matrix(void);      /* matrix.c */
void conformance_rights_once(void); /* unprivileged.c, when all ports of the domain have been open */
void conformance_ports(void);       /* ports.c */
void conformance_other(void);       /* other.c */
void conformance_deliver(void);     /* deliver.c */
void conformance_move(void);        /* move.c */
void conformance_poll(void);        /* poll.c */
void conformance_timer(void);       /* timer.c */
void conformance_fifo(void);        /* fifo.c */
void conformance_pointers(void);    /* pointers.c */
void conformance_width(void);       /* width.c */
void conformance_switch(void);      /* switch.c */
void conformance_info(void);        /* info.c: the last one */

/* Of an environment that has them (pv64/): cells of its own; and what must be done before a pirq can be bound. */
void conformance_pv(void) __attribute__((weak));
void conformance_map_pirqs(void) __attribute__((weak));

/* What domain 1 does under Xenolith (other.c). */
void conformance_second(void) __attribute__((noreturn));

/* Domain 1 is there, and has no port left. */
#define SECOND 1U
void other_fill(void);

/* What domain 2 does: it has no privilege (unprivileged.c). */
void conformance_unprivileged(void) __attribute__((noreturn));

/* The part of the matrix that needs a caller without privileges: on this ABI, when few ports of domain 0 have been open
 * or (once) when all of them have. */
void matrix_unprivileged(enum abi abi, bool once);

#endif
