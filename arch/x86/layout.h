/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's address space. Everything of ours lies in L4 slots 256-271, the hole that the PV ABI reserves for
 * the hypervisor (0xffff800000000000-0xffff87ffffffffff), so that a PV guest can own all the others.
 *
 *   slot 256       machine-to-physical table, readable by PV guests: 8 bytes a frame. The only slot with anything for
 *                  ring 3
 *   slot 257       image (at IMAGE_BASE + physical address)
 *   slot 258       per-CPU stacks with their guard pages, device mappings (VMAP_BASE ...), descriptor tables of pv
 *                  vcpus (VMAP_PV_TABLES ...)
 *   slot 259       the same table, for the hypervisor to write
 *   slot 260-271   direct map of all RAM (DIRECTMAP_BASE + physical address), 6 TiB, not executable
 */
#ifndef ARCH_X86_LAYOUT_H
#define ARCH_X86_LAYOUT_H

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096
#define M2P_BASE 0xffff800000000000
#define M2P_END 0xffff808000000000
#define M2P_WRITABLE 0xffff818000000000 /* its second address */
#define IMAGE_LOAD_ADDR 0x100000
#define IMAGE_BASE 0xffff808000000000
#define VMAP_BASE 0xffff810000000000
#define VMAP_PV_TABLES 0xffff814000000000
#define VMAP_END 0xffff818000000000
#define DIRECTMAP_BASE 0xffff820000000000
#define DIRECTMAP_END 0xffff880000000000
#define MAX_PHYS (DIRECTMAP_END - DIRECTMAP_BASE)

#define MAX_CPUS 64
#define STACK_PAGES 4 /* per CPU, plus one guard page below it; IST stacks are one page each with a guard page */

#endif
