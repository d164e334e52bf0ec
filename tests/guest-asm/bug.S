/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports a BUG whose message holds control characters, with a backtrace. */
#include "guest.inc"
	phys	message
	movq	%rax, record + 160
	movq	$helper, record + 16		/* as if called by _start's last bytes */
	movl	$200, record + 168		/* frames: more than there can be */
	movq	$helper + 1, record + 176
	phys	record
	movq	%rax, FAULT(%rsi)
	.size	_start, . - _start
	.type	helper, @function
helper:	nop
	nop
	.size	helper, . - helper

	.data
message: .asciz	"bad \033[31mcolour\n next"
	.balign	8
record:	.long	0xffffffff
	.fill	316, 1, 0
