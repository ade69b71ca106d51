/* SPDX-License-Identifier: MIT */
/*
 * The width of this guest, taken from the compiler's target, and the ABI's structures of that width. Everything else
 * in guest/ is written in these names, so that one source makes 64- and 32-bit guests.
 */
#ifndef GUEST_LIB_WORD_H
#define GUEST_LIB_WORD_H

#include <stddef.h>
#include <stdint.h>

#include "guest/abi/event_channel.h"
#include "guest/abi/memory.h"
#include "guest/abi/sched.h"
#include "guest/abi/vcpu.h"
#include "guest/abi/xen.h"

#ifdef __x86_64__
#define GUEST_WORD_BITS 64U
typedef uint64_t guest_word;  /* a word of the event bitmaps; also wide enough for an address */
typedef int64_t guest_result; /* what a hypercall returns */
typedef struct vcpu_info64 guest_vcpu_info;
typedef struct shared_info64 guest_shared_info;
typedef struct sched_poll64 guest_sched_poll;
typedef struct vcpu_runstate_info guest_runstate_info;
typedef struct xen_memory_reservation64 guest_memory_reservation;
typedef struct xen_add_to_physmap64 guest_add_to_physmap;
typedef struct xen_remove_from_physmap64 guest_remove_from_physmap;
typedef struct xen_memory_map64 guest_memory_map;
typedef struct multicall_entry64 guest_multicall_entry;
typedef struct evtchn_register_3level64 guest_register_3level;
#define GUEST_UNMAPPED 0x700000000000UL      /* an address absent from every environment's page tables */
#define GUEST_NON_CANONICAL 0x800000000000UL /* no address at all, where there are such: bits 63 to 47 differ */
#else
#define GUEST_WORD_BITS 32U
typedef uint32_t guest_word;
typedef int32_t guest_result;
typedef struct vcpu_info32 guest_vcpu_info;
typedef struct shared_info32 guest_shared_info;
typedef struct sched_poll32 guest_sched_poll;
typedef struct vcpu_runstate_info32 guest_runstate_info;
typedef struct xen_memory_reservation32 guest_memory_reservation;
typedef struct xen_add_to_physmap32 guest_add_to_physmap;
typedef struct xen_remove_from_physmap32 guest_remove_from_physmap;
typedef struct xen_memory_map32 guest_memory_map;
typedef struct multicall_entry32 guest_multicall_entry;
typedef struct evtchn_register_3level32 guest_register_3level;
#define GUEST_UNMAPPED 0xFFC01000UL
#define GUEST_NON_CANONICAL 0xFFFFF000UL
#endif

#define GUEST_PAGE_SHIFT 12
#define GUEST_PAGE_SIZE 4096U

/* The ports of each ABI: a level of selectors multiplies by the width of a word. */
#define GUEST_PORTS_2LEVEL (GUEST_WORD_BITS * GUEST_WORD_BITS)
#define GUEST_PORTS_3LEVEL (GUEST_PORTS_2LEVEL * GUEST_WORD_BITS)

_Static_assert(sizeof(guest_word) * 8 == GUEST_WORD_BITS, "a word is GUEST_WORD_BITS wide");
_Static_assert(sizeof(guest_word) == sizeof(void *), "a word holds an address");

/* An address as an argument of a hypercall. */
static inline guest_word guest_address(const volatile void *p)
{
    return (guest_word)p;
}

#endif
