/* SPDX-License-Identifier: MIT */
/*
 * Instructions, taken to pieces (SDM vol. 2, chapter 2 and appendix A): the maps of one and two opcode bytes, in 64-bit
 * and in 32-bit code. Pure: bytes in, a structure out. What it doesn't know it refuses: VEX, EVEX, XOP and 3DNow!, the
 * maps of three bytes, 16-bit addresses, and what processors of different makers read differently.
 */
#ifndef ARCH_X86_PV_DECODE_H
#define ARCH_X86_PV_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#define PV_INSN_MAX 15 /* bytes of the longest instruction */

/* Opcode bytes as a number: 0x0f22 is 0f 22. */
#define PV_OPCODE_0F 0x0f00

enum pv_segment { PV_SEG_ES, PV_SEG_CS, PV_SEG_SS, PV_SEG_DS, PV_SEG_FS, PV_SEG_GS, PV_SEG_NONE };

#define PV_REG_NONE 0xff /* no base, no index */
#define PV_REG_RIP 0xfe  /* base is the address of the next instruction */

/* base + (index << shift) + displacement, in a segment, cut to 32 bits if `narrow`. */
struct pv_operand {
    uint8_t base, index, shift;
    bool narrow;
    enum pv_segment segment; /* with the default of the base register filled in */
    int64_t displacement;
};

struct pv_insn {
    uint8_t length;       /* 1 to 15 */
    bool is64;            /* code of a 64-bit segment */
    bool lock;            /* prefix f0 */
    uint8_t repeat;       /* the last of f2 and f3, or 0 */
    bool operand_prefix;  /* 66 */
    uint8_t rex;          /* or 0 */
    uint16_t opcode;      /* one byte, or PV_OPCODE_0F | second byte */
    uint8_t operand_size; /* of the opcode's general form: 1, 2, 4, 8 */
    uint8_t address_size; /* 4, 8 */
    bool has_modrm;
    uint8_t reg;               /* with REX.R */
    uint8_t rm;                /* of a register operand, with REX.B; else as it stands in the byte */
    bool is_memory;            /* the operand is memory: */
    struct pv_operand operand; /* also of an instruction with an absolute address */
    uint8_t immediate_size;    /* 0: none */
    int64_t immediate;         /* sign-extended */
};

/*
 * The first instruction of n bytes in code of 64 or 32 bits. n may be more than the instruction has, or less. Returns
 * its length; or 0: it is not known, longer than 15 bytes, or than n. Never looks at more than n bytes.
 */
unsigned pv_decode(struct pv_insn *insn, const uint8_t *bytes, unsigned n, bool is64);

#endif
