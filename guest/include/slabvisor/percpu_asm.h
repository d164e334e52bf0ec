/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that the assembly entry code shares with C; percpu.h and exception.c
 * assert that they are true.
 */
#ifndef SLABVISOR_PERCPU_ASM_H
#define SLABVISOR_PERCPU_ASM_H

#define VECTORS       32
#define VECTOR_STRIDE 16

/* struct percpu, off GS. */
#define PERCPU_SELF      0
#define PERCPU_EXC_FRAME 8

/* What a vector stub fills in, off percpu.exc_frame (struct exc_frame.cr2 on). */
#define EXC_CR2    0
#define EXC_RAX    8
#define EXC_VECTOR 16
#define EXC_ERROR  24
#define EXC_RIP    32
#define EXC_CS     40
#define EXC_RFLAGS 48
#define EXC_RSP    56
#define EXC_SS     64
#define EXC_SIZE   80 /* with a word of padding, for the stack's alignment */

#define USER_CS     0x33
#define USER_DS     0x2b
#define RFLAGS_NONE 2

#endif
