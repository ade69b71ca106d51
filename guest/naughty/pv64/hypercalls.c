/* SPDX-License-Identifier: MIT */
#include "guest/lib/pv64/hypercalls.h"
#include "guest/abi/errno.h"
#include "guest/lib/env.h"
#include "guest/lib/memory.h"
#include "guest/lib/trap.h"
#include "guest/lib/verdict.h"
#include "guest/lib/window.h"
#include "guest/naughty/naughty.h"

const uint64_t container_unknown[] = {47, 57, 62};
const unsigned container_unknown_count = LENGTH(container_unknown);

/* --- From user mode --- */

#define SYSCALL_CALLBACK 258 /* what guest/lib/pv64 makes of it */

__asm__(".text\n"
        "user_syscall: mov $17, %eax; syscall; ud2\n");
extern const uint8_t user_syscall[];

static void call_user(void *code)
{
    env_user_call(code);
}

/* It is a system call, and no hypercall. */
void container_user(void)
{
    CHECK_VALUE(trap_try(call_user, (void *)(guest_word)user_syscall), SYSCALL_CALLBACK);
    CHECK_VALUE(guest_vcpu()->trap_result, 17);
}

/* --- Others --- */

uint8_t *container_edge(void)
{
    return window_map(0, memory_pages(1), true);
}
