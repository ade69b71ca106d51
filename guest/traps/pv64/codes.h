/* SPDX-License-Identifier: MIT */
/* Code for shots: codes.S. */
#ifndef GUEST_TRAPS_PV64_CODES_H
#define GUEST_TRAPS_PV64_CODES_H

#include <stdint.h>

extern const uint8_t code_nops[], code_ud2[], code_hlt[], code_div[], code_read[], code_write[], code_fp[], code_int3[],
    code_int3_long[], code_int4[], code_int5[], code_int80[], code_int81[], code_syscall[], code_load_ds[],
    code_load_fs[], code_load_gs[], code_read_fs[], code_read_gs[], code_send_nmi[], code_nmi_handler[],
    code_start_other[], code_syscall_32[], code_int80_32[], code_mov_ss_syscall[], code_mov_ss_int3[];
extern uint32_t nmis; /* that code_nmi_handler has handled */

#endif
