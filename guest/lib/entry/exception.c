/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of an exception: it is resolved here, or reported by fault.c. */
#include "guest/lib/entry/entry.h"
#include "guest/lib/machine/extable.h"
#include "guest/lib/machine/grt.h"
#include "guest/lib/vm/mmap.h"
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#define VECTOR_PAGE_FAULT 14

_Static_assert(sizeof(struct exc_frame) - offsetof(struct exc_frame, cr2) == EXC_SIZE,
	       "see entry.S");
_Static_assert(offsetof(struct exc_frame, rip) - offsetof(struct exc_frame, cr2) == EXC_RIP,
	       "see entry.S");
_Static_assert(offsetof(struct exc_frame, ss) - offsetof(struct exc_frame, cr2) == EXC_SS,
	       "see entry.S");

static const struct ex_entry *find_entry(u64 rip)
{
	for (const struct ex_entry *e = __start___ex_table; e < __stop___ex_table; e++)
		if (ex_address(&e->insn) == rip)
			return e;
	return NULL;
}

/* Goes on at the fixup of the instruction at fault, if it has one. */
static bool fix_up(struct exc_frame *frame)
{
	const struct ex_entry *e = find_entry(frame->rip);

	if (!e)
		return false;
	frame->rip = ex_address(&e->fixup);
	return true;
}

/*
 * How many bytes from the address at fault on will be touched next, as far as the
 * instruction tells: a copy in the exception table does. An exception costs more than
 * a page, so the pages of a copy come together.
 */
static unsigned long ahead(const struct exc_frame *frame)
{
	const u8 *insn = (const u8 *)frame->rip;
	u64 left = frame->rcx;
	u64 to = frame->cr2 - frame->rdi;
	u64 from = frame->cr2 - frame->rsi;
	bool copy;
	bool fill;

	/* REP, perhaps REX.W, then MOVS or STOS, which leave in RCX how often. */
	if (!find_entry(frame->rip) || *insn++ != 0xf3)
		return 1;
	if (*insn == 0x48) {
		left *= 8;
		insn++;
	}
	copy = (*insn & 0xfe) == 0xa4;
	fill = (*insn & 0xfe) == 0xaa;
	if ((copy || fill) && to < left)
		return left - to;
	if (copy && from < left)
		return left - from;
	return 1;
}

void grt_exception(struct exc_frame *frame)
{
	struct percpu *pc = this_cpu();

	if (pc->exc_depth++)
		grt_fault_again(frame);
	frame->error_in_handler = -EFAULT;
	if (frame->vector == VECTOR_PAGE_FAULT && frame->cr2 < TASK_SIZE && !pagefault_disabled())
		frame->error_in_handler =
			grt_user_fault(frame->cr2, ahead(frame), (unsigned int)frame->error);
	if (frame->error_in_handler && !fix_up(frame))
		grt_fault(frame);
	pc->exc_depth--;
}
