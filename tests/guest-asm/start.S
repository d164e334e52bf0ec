/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks the boot protocol on every vCPU: registers, stack, per-vCPU data, and that
 * the vCPUs meet. Each that finds something wrong ends the guest with a status that
 * says what; the last to arrive ends it with 0.
 */
#include "guest.inc"
	.set	STACK_TOP, 0xfffffe8000020000
	.set	EXC_STACK_TOP, 0xfffffe8000030000
	.set	PERCPU, 0xfffffe8000040000

	.macro	want condition, status
	j\condition 1f
	movabsq	$0xffff8880d0000000, %rsi
	exit	\status
1:
	.endm

	orq	%rbx, %rax
	orq	%rcx, %rax
	orq	%rdx, %rax
	orq	%rbp, %rax
	orq	%r8, %rax
	orq	%r9, %rax
	orq	%r10, %rax
	orq	%r11, %rax
	orq	%r12, %rax
	orq	%r13, %rax
	orq	%r14, %rax
	orq	%r15, %rax
	want	z, 1
	movabsq	$0xffff8880d0000000, %rax
	cmpq	%rax, %rsi
	want	e, 2
	movq	%rdi, %rbp			/* RBP: this vCPU's area's offset */
	shlq	$20, %rbp
	movabsq	$STACK_TOP, %rax
	addq	%rbp, %rax
	cmpq	%rax, %rsp
	want	e, 3
	movl	%cs, %eax
	andl	$3, %eax
	cmpl	PAGE_RING(%rsi), %eax
	want	e, 5
	/* Interrupts are off; a host that runs CPL 3 as its own shows its own flag there. */
	testl	%eax, %eax
	jnz	2f
	pushfq
	testl	$0x200, (%rsp)
	want	z, 4
	popfq
2:
	movq	%gs:0, %rax			/* per-vCPU data is zero and GS finds it */
	testq	%rax, %rax
	want	z, 6
	movabsq	$PERCPU, %rbx
	addq	%rbp, %rbx
	movq	%rdi, %gs:8
	cmpq	%rdi, 8(%rbx)
	want	e, 7
	movq	$1, 0xfff8(%rbx)
	movq	$1, -0x10000(%rsp)		/* the whole stack is there */
	movabsq	$EXC_STACK_TOP, %rax
	movq	$1, -0x4000(%rax, %rbp)
	cmpl	PAGE_CPUS(%rsi), %edi
	want	b, 8
	movq	PAGE_RAM_FREE(%rsi), %rax	/* free RAM is zero; this word is vCPU 0's */
	movabsq	$0xffff888000000000, %rbx
	testl	%edi, %edi
	jnz	2f
	cmpq	$0, 8(%rbx, %rax)
	want	e, 9
	movq	$1, 8(%rbx, %rax)
	ring	START_CPUS
	ring	START_CPUS			/* a second ring is nothing */
2:	movl	$1, %eax
	lock xaddl %eax, arrived
	incl	%eax
	cmpl	PAGE_CPUS(%rsi), %eax
	jne	3f
	exit	0
3:	pause
	jmp	3b

	.data
arrived: .long	0
