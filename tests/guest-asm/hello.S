/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints its ring and its argument strings, and exits with 7. */
#include "guest.inc"
	movl	PAGE_RING(%rsi), %eax
	addb	%al, ring_digit
	print	text, (text_end - text)
	movq	PAGE_ARGS(%rsi), %rax
	movl	PAGE_ARGS_SIZE(%rsi), %edx
	shlq	$48, %rdx
	orq	%rdx, %rax
	movq	%rax, CONSOLE(%rsi)
	exit	7
	hlt

	.data
text:	.ascii	"hello from ring "
ring_digit:
	.ascii	"0\n"
text_end:
