/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exception table: instructions that may fault on user memory, and where to go on
 * when they do. Entries are relative, half the size of pointers.
 */
#ifndef GUEST_LIB_MACHINE_EXTABLE_H
#define GUEST_LIB_MACHINE_EXTABLE_H

#include <linux/types.h>

struct ex_entry {
	s32 insn;
	s32 fixup;
};

extern const struct ex_entry __start___ex_table[], __stop___ex_table[];

static inline unsigned long ex_address(const s32 *field)
{
	return (unsigned long)field + (unsigned long)(long)*field;
}

/* In an asm statement: the instruction at label `insn` goes on at `fixup`. */
#define EX_TABLE(insn, fixup)              \
	".pushsection __ex_table, \"a\"\n" \
	".balign 4\n"                      \
	".long " insn " - .\n"             \
	".long " fixup " - .\n"            \
	".popsection\n"

#endif
