/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two vCPUs hand a turn back and forth by WAIT and WAKE, ROUNDS times. A wake that
 * is lost leaves both asleep. Before that, on vCPU 0: a wait on a word that differs
 * returns at once, a timeout is 110 (ETIMEDOUT), a wake of nobody wakes 0.
 */
#include "guest.inc"
	.set	ROUNDS, 200

	.macro	want condition, status
	j\condition 1f
	exit	\status
1:
	.endm

	movl	%edi, %ebx
	testl	%edi, %edi
	jnz	play
	phys	turn
	movq	%rax, wait0
	movq	%rax, wait1
	movq	%rax, wake0
	movq	%rax, wake1
	movl	$5, wait0 + 8			/* it is 0 */
	movl	$1, wait0 + 12
	phys	wait0
	movq	%rax, WAIT(%rsi)
	cmpl	$0, wait0 + 12
	want	e, 1
	movl	$0, wait0 + 8
	movq	$1000000, wait0 + 16
	phys	wait0
	movq	%rax, WAIT(%rsi)
	cmpl	$110, wait0 + 12
	want	e, 2
	movq	$0, wait0 + 16
	movl	$9, wake0 + 12
	phys	wake0
	movq	%rax, WAKE(%rsi)
	cmpl	$0, wake0 + 12
	want	e, 3
	ring	START_CPUS
play:	movl	$ROUNDS, %ebp
again:	movl	turn, %ecx
	cmpl	%ebx, %ecx
	je	mine
	/* Not ours: sleep while it stays so. */
	testl	%ebx, %ebx
	jnz	2f
	movl	%ecx, wait0 + 8
	phys	wait0
	movq	%rax, WAIT(%rsi)
	jmp	again
2:	movl	%ecx, wait1 + 8
	phys	wait1
	movq	%rax, WAIT(%rsi)
	jmp	again
mine:	movl	$1, %eax
	subl	%ebx, %eax
	xchgl	%eax, turn
	testl	%ebx, %ebx
	jnz	3f
	phys	wake0
	jmp	4f
3:	phys	wake1
4:	movq	%rax, WAKE(%rsi)
	decl	%ebp
	jnz	again
	lock incl finished
	cmpl	$2, finished
	jne	5f
	exit	0
5:	pause
	jmp	5b

	.data
	.balign	64
turn:	.long	0
finished: .long	0
	.balign	8
wait0:	.quad	0, 0, 0
wait1:	.quad	0, 0, 0
wake0:	.quad	0
	.long	1, 0
wake1:	.quad	0
	.long	1, 0
