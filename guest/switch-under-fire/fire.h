/* SPDX-License-Identifier: MIT */
/* What the parts of this program share. */
#ifndef GUEST_SWITCH_UNDER_FIRE_FIRE_H
#define GUEST_SWITCH_UNDER_FIRE_FIRE_H

#include "guest/lib/events.h"

/* Ports that the sender domain offers: the first that it opens, so their numbers are known. */
#define PORT_BARRIER 1U /* answered when everything before it has been handled */
#define PORT_STOP 2U    /* the end */
#define PORT_FIRE 3U    /* the first of NR_FIRE */
#define NR_FIRE 64U

#define PATIENCE_S 60U

/* --- sender.c: role=sender */
void sender_main(domid_t target);

/* --- chains.c: the ports under fire, in the target domain */

/* Open the ports of both senders' chains, each with one event under way. */
void chains_open(domid_t sender);
/* A domain of one vcpu: send what the upcalls owe. Upcalls answer by themselves where there are workers. */
void chains_answer(void);
/* The ports have been closed, and nobody uses them any more. */
void chains_forget(void);
/* Wait until each chain has made n more rounds; a failure says which stands still. */
void chains_await(unsigned n, const char *phase);
/* Let another vcpu answer some of the chains; seed says which. And mask some and unmask them again. */
void chains_move(unsigned seed);
void chains_unmask(unsigned seed);
/* FIFO: all words were masked when they came. And the highest port that needs one. */
void chains_unmask_all(void);
evtchn_port_t chains_highest_port(void);
/* Events that have been answered since the start. */
uint64_t chains_total(void);
/* From now on a send may meet a closed port; or not. */
void chains_may_fail(bool may);

/* --- workers.c: the other vcpus of the target domain */

#define MAX_VCPUS 4U

/* Vcpu 0 makes the switches. Which one answers this chain, and which is the sender within the domain: as many of the
 * others as there are share it. */
unsigned workers_answers(unsigned chain);
unsigned workers_sends(void);

enum order {
    ORDER_REGISTER, /* the domain is on three levels or FIFO: register the L2 selector or the control block */
    ORDER_LEAVE,    /* the domain has been reset: scan two levels; then wait */
    ORDER_GO,       /* the tables are those of two levels: go on */
};

void workers_start(bool with_unmask);
/* Give an order and wait until all workers have carried it out. */
void workers_order(enum order order);

#endif
