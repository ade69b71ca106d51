/* SPDX-License-Identifier: MIT */
#include "guest/lib/error.h"

#include "common/format.h"
#include "guest/abi/errno.h"

static const char *const name[] = {
    [XEN_EPERM] = "EPERM",
    [XEN_ENOENT] = "ENOENT",
    [XEN_ESRCH] = "ESRCH",
    [XEN_EINTR] = "EINTR",
    [XEN_EIO] = "EIO",
    [XEN_ENXIO] = "ENXIO",
    [XEN_E2BIG] = "E2BIG",
    [XEN_ENOEXEC] = "ENOEXEC",
    [XEN_EBADF] = "EBADF",
    [XEN_EAGAIN] = "EAGAIN",
    [XEN_ENOMEM] = "ENOMEM",
    [XEN_EACCES] = "EACCES",
    [XEN_EFAULT] = "EFAULT",
    [XEN_EBUSY] = "EBUSY",
    [XEN_EEXIST] = "EEXIST",
    [XEN_ENODEV] = "ENODEV",
    [XEN_EINVAL] = "EINVAL",
    [XEN_ENOSPC] = "ENOSPC",
    [XEN_ERANGE] = "ERANGE",
    [XEN_ENOSYS] = "ENOSYS",
    [XEN_ENODATA] = "ENODATA",
    [XEN_ETIME] = "ETIME",
    [XEN_EOVERFLOW] = "EOVERFLOW",
    [XEN_ERESTART] = "ERESTART",
    [XEN_EOPNOTSUPP] = "EOPNOTSUPP",
};

const char *error_text(guest_result result, char *text, size_t size)
{
    guest_result error = -result;

    if (error > 0 && error < (guest_result)(sizeof(name) / sizeof(name[0])) && name[error])
        format(text, size, "-%s", name[error]);
    else
        format(text, size, "%lld", (long long)result);
    return text;
}
