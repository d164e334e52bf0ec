/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of an exception: it is resolved here, or reported by fault.c. */
#include "extable.h"
#include "grt.h"
#include <linux/mm.h>

#define VECTOR_PAGE_FAULT 14

_Static_assert(sizeof(struct exc_frame) - offsetof(struct exc_frame, cr2) == EXC_SIZE,
	       "see entry.S");
_Static_assert(offsetof(struct exc_frame, rip) - offsetof(struct exc_frame, cr2) == EXC_RIP,
	       "see entry.S");
_Static_assert(offsetof(struct exc_frame, ss) - offsetof(struct exc_frame, cr2) == EXC_SS,
	       "see entry.S");

/* Goes on at the fixup of the instruction at fault, if it has one. */
static bool fix_up(struct exc_frame *frame)
{
	const struct ex_entry *e;

	for (e = __start___ex_table; e < __stop___ex_table; e++) {
		if (ex_address(&e->insn) == frame->rip) {
			frame->rip = ex_address(&e->fixup);
			return true;
		}
	}
	return false;
}

void grt_exception(struct exc_frame *frame)
{
	struct percpu *pc = this_cpu();

	if (pc->exc_depth++)
		grt_fault_again(frame);
	if (frame->vector != VECTOR_PAGE_FAULT || frame->cr2 >= TASK_SIZE ||
	    grt_user_fault(frame->cr2, frame->error) != 0) {
		if (!fix_up(frame))
			grt_fault(frame);
	}
	pc->exc_depth--;
}
