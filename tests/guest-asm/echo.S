/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies its input to its output until the input ends. */
#include "guest.inc"
	phys	buffer
	movq	%rax, request
1:	movl	$512, request + 8
	phys	request
	movq	%rax, CONSOLE_IN(%rsi)
	movl	request + 12, %edx
	testl	%edx, %edx
	jz	2f
	shlq	$48, %rdx
	orq	request, %rdx
	movq	%rdx, CONSOLE(%rsi)
	jmp	1b
2:	exit	0

	.data
	.balign	8
request: .quad	0, 0
buffer:	.fill	512, 1, 0
