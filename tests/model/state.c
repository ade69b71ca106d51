/* SPDX-License-Identifier: MIT */
#include "tests/model/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/model/machine.h"

uint8_t state_arena[STATE_PAGES * STATE_PAGE] __attribute__((aligned(4096)));

/* The linker's bounds of MODEL_STATE. */
extern uint8_t __start_model_state[], __stop_model_state[];

#define VARIABLES_MAX 65536U
#define VCPU_SIZE 2048U /* of a stack, from its lowest address: the struct guest_vcpu */

static uint8_t kept_arena[STATE_PAGES * STATE_PAGE];
static uint8_t kept_variables[VARIABLES_MAX], first_variables[VARIABLES_MAX];
static uint8_t kept_vcpus[MACHINE_STACKS][VCPU_SIZE];
static uint8_t dirty[STATE_PAGES];
static uint16_t dirty_list[STATE_PAGES];
static unsigned nr_dirty;

static size_t variables_size(void)
{
    size_t size = (size_t)(__stop_model_state - __start_model_state);

    if (size > VARIABLES_MAX) {
        fprintf(stderr, "model: %zu bytes of variables, more than %u\n", size, VARIABLES_MAX);
        abort();
    }
    return size;
}

void state_touch(const void *p, size_t size)
{
    uintptr_t at = (uintptr_t)p - (uintptr_t)state_arena;

    if (at >= sizeof(state_arena) || !size)
        return;
    for (uintptr_t page = at / STATE_PAGE; page <= (at + size - 1) / STATE_PAGE; page++) {
        if (dirty[page])
            continue;
        dirty[page] = 1;
        dirty_list[nr_dirty++] = (uint16_t)page;
    }
}

static void clean(void)
{
    memset(dirty, 0, sizeof(dirty));
    nr_dirty = 0;
}

void state_pristine(void)
{
    static bool known;

    if (!known)
        memcpy(first_variables, __start_model_state, variables_size());
    known = true;
    memcpy(__start_model_state, first_variables, variables_size());
    memset(state_arena, 0, sizeof(state_arena));
    for (unsigned i = 0; i < MACHINE_STACKS; i++)
        memset(machine_stack(i), 0, VCPU_SIZE);
    clean();
}

void state_keep(void)
{
    memcpy(kept_variables, __start_model_state, variables_size());
    memcpy(kept_arena, state_arena, sizeof(state_arena));
    for (unsigned i = 0; i < MACHINE_STACKS; i++)
        memcpy(kept_vcpus[i], machine_stack(i), VCPU_SIZE);
    clean();
}

void state_restore(void)
{
    memcpy(__start_model_state, kept_variables, variables_size());
    for (unsigned i = 0; i < nr_dirty; i++) {
        size_t at = dirty_list[i] * (size_t)STATE_PAGE;
        memcpy(state_arena + at, kept_arena + at, STATE_PAGE);
        dirty[dirty_list[i]] = 0;
    }
    nr_dirty = 0;
    for (unsigned i = 0; i < MACHINE_STACKS; i++)
        memcpy(machine_stack(i), kept_vcpus[i], VCPU_SIZE);
}
