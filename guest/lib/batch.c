/* SPDX-License-Identifier: MIT */
#include "guest/lib/batch.h"

#include "guest/lib/hypercall.h"

#define MAX 128

static guest_multicall_entry entry[MAX];
static evtchn_port_t argument[MAX]; /* struct evtchn_send and evtchn_unmask are one port number */
static unsigned count, failed;

static void flush(void)
{
    if (count && hv_multicall(entry, count))
        failed += count;
    for (unsigned i = 0; i < count; i++)
        failed += entry[i].result != 0;
    count = 0;
}

void batch_add(unsigned cmd, evtchn_port_t port)
{
    argument[count] = port;
    entry[count] = (guest_multicall_entry){
        .op = __HYPERVISOR_event_channel_op,
        .args = {cmd, guest_address(&argument[count])},
    };
    if (++count == MAX)
        flush();
}

unsigned batch_finish(void)
{
    unsigned n;

    flush();
    n = failed;
    failed = 0;
    return n;
}
