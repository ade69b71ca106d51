/* SPDX-License-Identifier: MIT */
/*
 * Put before every C file of the hypervisor by the Makefile: all that is declared lies in the same image, so its
 * address is taken directly and not from a table (-fvisibility=hidden says so only for what is defined).
 */
#pragma GCC visibility push(hidden)
