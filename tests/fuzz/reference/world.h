/* SPDX-License-Identifier: MIT */
/*
 * The differential run. A world is three domains twice over: the real core on tests/host/env_fake.c, and the reference
 * model. A script is a list of steps; each is done to both, and results and shared memory are compared. In a hostile
 * world the model rests, the guests scribble over shared words at every touch of the seam, and only the invariants
 * (evt_check) and the sanitizers judge.
 *
 *   script.c   makes up steps at random, with script_calls.c and chance.c
 *   world.c    does them to both sides
 *   compare.c  what both sides must agree on
 *   guest.c    what well-behaved guests do   seam.c   evtchn/shm.h: notes what is touched, scribbles
 *   steps.c    names of steps, tables        main.c   workers, progress, shrinking a failure
 */
#ifndef TESTS_FUZZ_REFERENCE_WORLD_H
#define TESTS_FUZZ_REFERENCE_WORLD_H

#include "tests/fuzz/reference/reference.h"
#include "tests/host/env_fake.h"

enum step_kind {
    STEP_CALL,  /* a hypercall */
    STEP_FILL,  /* as many bind_ipi as arg[0] says */
    STEP_GUEST, /* a guest touches its own memory: arg[0] is an enum guest_act */
    STEP_VIRQ,
    STEP_PIRQ,
    STEP_ATTACH, /* a port of the hypervisor's own: arg[0] = remote, arg[1] = vcpu */
    STEP_NOTIFY,
    STEP_DETACH,
    STEP_POLL,
    STEP_LATCH,
    STEP_VCPU_INFO,
    STEP_FRAME, /* a frame cannot be mapped any more, or can be again */
    STEP_PAUSE,
    STEP_NEW, /* the domain dies and another takes its place */
    NR_STEP_KINDS
};

/* What is odd about the surroundings of a step. */
#define STEP_NARROW 1U      /* the caller is 32-bit code */
#define STEP_EACH_ALLOC 2U  /* try first with the first allocation failing, then the second, ... */
#define STEP_EACH_MAP 4U    /* the same with frames that are mapped */
#define STEP_NO_COPY_OUT 8U /* the argument is read-only */
#define STEP_BUSY 16U       /* another CPU waits for a quiescent moment */
#define STEP_YIELD 32U      /* long operations are asked to yield */
#define STEP_OTHER_CPU 64U  /* hostile: steps of other CPUs run while this one waits */

struct step {
    uint8_t kind, domain, flags, nested;
    uint32_t cmd;
    uint32_t noise;   /* hostile: seed of the scribbling */
    uint32_t list;    /* REGISTER_BITMAPS: the frames (LIST_*) */
    uint64_t address; /* of the argument */
    uint64_t arg[4];
};

/* Frames first, first + 1, ... but for entry number `at` of both lists together. */
#define LIST(first, at, odd) ((first) | (uint32_t)(at) << 8 | (uint32_t)(odd) << 16)
enum list_odd { LIST_PLAIN, LIST_TWIN, LIST_NO_FRAME, LIST_BEYOND_32_BITS };
#define LISTS_AT 4096U /* in guest memory for arguments: pending, and 1,024 bytes on mask */

#define SCRIPT_STEPS 2000U
#define NR_COMMANDS 18 /* operations 0-14, query, register, and one that does not exist */
enum port_state { PORT_RESERVED = 6, PORT_XEN, PORT_INVALID, NR_PORT_STATES }; /* below: EVTCHNSTAT_* */

/* What a worker tells the others; in shared memory, so that it outlives a crash. */
struct report {
    uint64_t world;                /* that it is in */
    uint64_t calls, steps, worlds; /* calls into the core */
    uint64_t scribbles;
    uint64_t result[NR_STEP_KINDS + NR_COMMANDS][128]; /* by operation: 0 and errors */
    uint64_t by_state[NR_STEP_KINDS + NR_COMMANDS][NR_PORT_STATES][3];
    struct step script[SCRIPT_STEPS];
    uint32_t script_length;
    bool finished;
};

struct options {
    bool hostile;
    bool strict; /* compare all memory after each step */
    bool trace;  /* tell each step */
};

extern struct options options;
extern struct report *report;

/* --- world.c */

void world_begin(const struct evt_config config[REF_DOMAINS]);
void world_end(void);
/* Do a step. After a difference or a broken invariant: words on stderr, abort(). */
void world_step(struct step *step);
/* Where a step gets the steps of other CPUs from; NULL: no more. */
extern struct step *(*world_next)(void);
/* One written word in both memories. */
void world_poke(unsigned domain, unsigned page, unsigned offset, const void *data, unsigned n);
const uint8_t *world_memory(unsigned domain, unsigned page);
void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* Which kind of port the core sees under this number. */
enum port_state world_port_state(unsigned domain, uint32_t port);

/* --- compare.c */

/* Domains have come: where their pages are. */
void compare_note_pages(void);
/* What the last step touched on either side. */
void compare_after_step(void);
/* Everything, not only what was touched. */
void compare_everything(void);
/* A page that the core sees. */
uint8_t *world_page(unsigned domain, unsigned page);

/* --- seam.c */

/* Where the core touched shared memory since the list was emptied: addresses. */
extern const void *seam_touched[];
extern unsigned seam_nr_touched;
#define SEAM_TOUCHES 8192U
/* From now on scribble: one touch in so many; 0: leave it. */
void seam_scribble(unsigned one_in, uint32_t seed);
void seam_set_pages(uint8_t *const *pages, unsigned n);

/* --- guest.c */

enum guest_act {
    GUEST_SCAN,    /* take all events of a vcpu as the ABI wants it; at most arg[2] of a FIFO */
    GUEST_MASK,    /* set or clear the mask bit of port arg[1] to arg[2] */
    GUEST_WRITE,   /* arg[1] = page, arg[2] = offset, arg[3] = 8 bytes */
    GUEST_PREPARE, /* fill frame arg[1] with words arg[2] */
    GUEST_CONTROL, /* clear a control block: frame arg[1], offset arg[2] */
    NR_GUEST_ACTS
};
void guest_act(unsigned domain, const uint64_t arg[4]);
/* The guest forgets what it knew of its queues. */
void guest_forget(unsigned domain);

/* --- script.c */

void script_seed(uint64_t seed);
/* Randomness from these bytes; when they end, script_is_over(). */
void script_bytes(const uint8_t *data, size_t size);
bool script_is_over(void);
void script_configs(struct evt_config config[REF_DOMAINS]);
void script_step(struct step *step);
struct evt_config script_config(unsigned domain, uint64_t traits);

/* --- steps.c */

/* Rows of the tables: STEP_VIRQ and so on, then the commands. */
unsigned step_row(const struct step *step);
/* Is this row a call into the core, and not what guests and the host do by themselves? */
bool step_is_operation(unsigned row);
/* The port that a step names, or UINT32_MAX; and whose it is. */
uint32_t step_port(const struct step *step, unsigned *domain);
/* Where the operation puts its answer; 0 for those that have none. */
unsigned step_out_at(const struct step *step);
void step_tell(const struct step *step);
void step_tell_result(int64_t result);
/* Print the tables. false: a cell is empty that must not be. */
bool steps_print(const struct report *sum);

#endif
