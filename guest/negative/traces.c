/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults where the caller is not, or not only, to be found by the frame pointers. */
#include "cases.h"
#include <linux/kernel.h>
#include <linux/string.h>

/* memcpy() calls nobody and has no frame. */
CASE case_leaf(void)
{
	hide(memcpy(hide(NULL), hide("something to copy"), (size_t)hide((void *)16)));
}

void negative_load(const u64 *p);

asm(".pushsection .text.negative_load, \"ax\"\n"
    ".type negative_load, @function\n"
    "negative_load:\n"
    "	movq (%rdi), %rax\n"
    "	ret\n"
    ".size negative_load, . - negative_load\n"
    ".popsection\n");

/* By way of a pointer: a call without its target in it. */
CASE case_first_instruction(void)
{
	void (*load)(const u64 *) = hide(negative_load);

	load(hide(NULL));
	hide(NULL);
}

static noinline void jump_on(const u64 *p)
{
	negative_load(p);
}

CASE case_tail_call(void)
{
	jump_on(hide(NULL));
	hide(NULL);
}

static noinline void *where_from(void)
{
	return __builtin_return_address(0);
}

/* The call of where_from() stands here, so that a report that names it tells of a return
 * address which is none any more. */
static noinline void *stale_address(void)
{
	return hide(where_from());
}

/* It has a frame, and what lies on top of its stack looks like a return address. */
CASE case_stale_stack(void)
{
	void *volatile local[8];

	for (size_t i = 0; i < ARRAY_SIZE(local); i++)
		local[i] = stale_address();
	*(volatile u64 *)hide(NULL) = 1;
	hide(local[0]);
}
