/* SPDX-License-Identifier: MIT */
/* console_io(cmd, count, buffer). Unlike the real Xen every domain may write. */
#include "arch/x86/cpu.h"
#include "common/error.h"
#include "kernel/console.h"
#include "kernel/guest_copy.h"
#include "kernel/hypercall.h"

#define CHUNK 128U

static int64_t console_write_op(struct vcpu *v, uint64_t *args)
{
    char chunk[CHUNK];
    while (args[1] > 0) {
        size_t n = args[1] < CHUNK ? args[1] : CHUNK;
        if (copy_from_guest(v, chunk, args[2], n))
            return xen_error(XEN_EFAULT);
        console_guest_write(v, chunk, n);
        args[1] -= n;
        args[2] += n;
        if (args[1] > 0 && cpu_should_yield())
            return -XEN_ERESTART;
    }
    return 0;
}

static int64_t console_read_op(struct vcpu *v, const uint64_t *args)
{
    char chunk[CHUNK];
    if (args[1] > INT32_MAX)
        return xen_error(XEN_E2BIG); /* HC-CON-05 */
    size_t n = console_guest_read(v->domain, chunk, args[1] < CHUNK ? args[1] : CHUNK);
    if (copy_to_guest(v, args[2], chunk, n))
        return xen_error(XEN_EFAULT);
    return (int64_t)n;
}

int64_t hc_console_io(struct vcpu *v, uint64_t *args)
{
    args[1] = (uint32_t)args[1]; /* HC-CON-04 */
    switch ((uint32_t)args[0]) {
    case CONSOLEIO_write:
        return console_write_op(v, args);
    case CONSOLEIO_read:
        return console_read_op(v, args);
    default:
        return xen_error(XEN_ENOSYS);
    }
}
