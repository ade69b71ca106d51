/* SPDX-License-Identifier: MIT */
/*
 * Segment selectors. An interrupt finds one CS selector in its gate, whatever GDT is loaded; a pv guest has the first
 * 14 pages of its GDT for itself, and the ABI says where its flat segments are behind them (public header
 * arch-x86/xen-x86_64.h). So each GDT has its entries from SEL_FIRST on; there is nothing of ours below. Included by
 * assembly too.
 */
#ifndef ARCH_X86_SELECTORS_H
#define ARCH_X86_SELECTORS_H

#define SEL_FIRST 0xe000 /* the null descriptor's place */
#define SEL_CODE64 0xe008
#define SEL_DATA 0xe010 /* SYSCALL asks for it behind SEL_CODE64 */
#define SEL_CODE32 0xe018
#define SEL_GUEST_CODE32 0xe023 /* SYSRET asks for these three in this order */
#define SEL_GUEST_DATA 0xe02b
#define SEL_GUEST_CODE64 0xe033
#define SEL_TSS 0xe040 /* two slots; a CPU's own GDT only */
#define SEL_LDT 0xe050 /* two slots; a pv vcpu's GDT only */
#define SEL_END 0xe060

#endif
