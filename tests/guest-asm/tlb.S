/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every vCPU reads a word through its own mapping in the image, again and again;
 * vCPU 0 points the last-level entries of all of them at another page, flushes, and
 * from then on nobody may see the old page. Ends with 0, or 1 for a stale read.
 * Status 2: the page tables are not as expected.
 */
#include "guest.inc"
	.set	ROUNDS, 20

	movl	%edi, %ebx
	movabsq	$DIRECT_VA, %r15
	testl	%edi, %edi
	jnz	reader
	/* R14: the direct-map address of the entry that maps `window`. */
	movq	PAGE_TABLE(%rsi), %r14
	movq	$window, %rdx
	.irp	shift, 39, 30, 21
	movq	%rdx, %rcx
	shrq	$\shift, %rcx
	andl	$511, %ecx
	movq	(%r15, %r14), %rax		/* touch it: the table is mapped */
	addq	%r15, %r14
	movq	(%r14, %rcx, 8), %r14
	movabsq	$0x000ffffffffff000, %rax
	andq	%rax, %r14
	.endr
	movq	%rdx, %rcx
	shrq	$12, %rcx
	andl	$511, %ecx
	addq	%r15, %r14
	leaq	(%r14, %rcx, 8), %r14
	phys	window
	movq	(%r14), %rcx
	xorq	%rax, %rcx
	movabsq	$0x000ffffffffff000, %rdx
	testq	%rdx, %rcx
	jz	1f
	exit	2
1:	movq	$1, window
	movq	$2, other
	movq	(%r14), %r13			/* the entry for `window` */
	leaq	4096(%r13), %r12		/* ... and for `other`, which follows it */
	ring	START_CPUS
	movl	$ROUNDS, %ebp
round:	movq	%r12, (%r14)
	ring	TLB_FLUSH
	cmpq	$2, window
	jne	stale
	movl	$2, must_be			/* readers: only the new one from here */
	movl	readings, %eax
	addl	$50, %eax
2:	cmpl	$1, PAGE_CPUS(%rsi)
	je	3f
	pause
	cmpl	%eax, readings
	jb	2b
3:	movl	$0, must_be
	movq	%r13, (%r14)
	ring	TLB_FLUSH
	cmpq	$1, window
	jne	stale
	decl	%ebp
	jnz	round
	exit	0

/* A reading that began and ended while must_be was set must be of the new page. */
reader:	movl	must_be, %ecx
	movq	window, %rax
	lock incl readings
	testl	%ecx, %ecx
	jz	reader
	cmpl	must_be, %ecx
	jne	reader
	cmpq	$2, %rax
	je	reader
stale:	movabsq	$0xffff8880d0000000, %rsi
	exit	1

	.data
	.balign	4096
window:	.fill	4096, 1, 0
other:	.fill	4096, 1, 0
must_be: .long	0
readings: .long	0
