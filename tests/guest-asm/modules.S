/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints name and contents of each module, of up to 64 KiB. */
#include "guest.inc"
	.set	MODULES, 92
	.set	MODULE, 120
	movl	MODULES(%rsi), %ebp
	leaq	MODULE(%rsi), %rbx
	movabsq	$0xffff888000000000, %r15
next:	testl	%ebp, %ebp
	jz	done
	movq	16(%rbx), %rax			/* the name, by way of RAM */
	movq	%rax, name
	movq	24(%rbx), %rax
	movq	%rax, name + 8
	print	name, 17
	movq	8(%rbx), %rdx
	shlq	$48, %rdx
	orq	(%rbx), %rdx
	movq	%rdx, CONSOLE(%rsi)
	addq	$56, %rbx
	decl	%ebp
	jmp	next
done:	exit	0

	.data
name:	.fill	16, 1, 0
	.ascii	"\n"
