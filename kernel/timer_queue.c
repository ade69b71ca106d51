/* SPDX-License-Identifier: MIT */
#include "kernel/timer_queue.h"

#include <stddef.h>

/* Two heaps become one; either may be NULL. The roots have neither siblings nor prev. */
static struct timer *meld(struct timer *a, struct timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->deadline < a->deadline) {
        struct timer *swap = a;
        a = b;
        b = swap;
    }
    b->sibling = a->child;
    b->prev = a;
    if (a->child)
        a->child->prev = b;
    a->child = b;
    return a;
}

static struct timer *detach(struct timer *t)
{
    t->sibling = NULL;
    t->prev = NULL;
    return t;
}

/* The children of a root that goes away become one heap: pairs from left to right, then those from right to left. */
static struct timer *meld_children(struct timer *first)
{
    struct timer *pairs = NULL; /* chained through sibling */
    while (first) {
        struct timer *a = first, *b = a->sibling;
        first = b ? b->sibling : NULL;
        detach(a);
        if (b)
            detach(b);
        a = meld(a, b);
        a->sibling = pairs;
        pairs = a;
    }
    struct timer *root = NULL;
    while (pairs) {
        struct timer *next = pairs->sibling;
        root = meld(root, detach(pairs));
        pairs = next;
    }
    return root;
}

void timer_queue_insert(struct timer_queue *q, struct timer *t)
{
    t->child = NULL;
    t->queued = true;
    q->root = meld(q->root, detach(t));
}

void timer_queue_remove(struct timer_queue *q, struct timer *t)
{
    struct timer *rest = meld_children(t->child);
    if (q->root == t) {
        q->root = rest;
    } else {
        if (t->prev->child == t)
            t->prev->child = t->sibling;
        else
            t->prev->sibling = t->sibling;
        if (t->sibling)
            t->sibling->prev = t->prev;
        q->root = meld(q->root, rest);
    }
    t->child = NULL;
    detach(t);
    t->queued = false;
}

uint64_t timer_queue_first(const struct timer_queue *q)
{
    return q->root ? q->root->deadline : TIMER_NEVER;
}

struct timer *timer_queue_pop(struct timer_queue *q, uint64_t now)
{
    struct timer *t = q->root;
    if (!t || t->deadline > now)
        return NULL;
    timer_queue_remove(q, t);
    return t;
}
