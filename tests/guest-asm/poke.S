/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does what its arguments say, one after the other, and exits with 0. An argument is
 * a letter and one or two numbers in hexadecimal, "q40000000,1":
 *   q d b  stores 8, 4 or 1 bytes at a guest-physical address (in the direct map)
 *   r      loads 8 bytes from a guest-physical address
 *   V v    stores or loads 8 bytes at a virtual address
 *   o i    writes or reads an I/O port
 *   x      jumps to a virtual address
 *   h u    HLT, UD2
 *   e      exits with the status
 *   t      writes CR8, the task priority
 *   T      exits with what CR8 is
 *   c      prints one character by way of the image's data
 */
#include "guest.inc"
	movq	PAGE_ARGS(%rsi), %rbx
	movabsq	$DIRECT_VA, %r15
	addq	%r15, %rbx
	movl	PAGE_ARGS_SIZE(%rsi), %ebp
	addq	%rbx, %rbp			/* RBX: next byte, RBP: the end */
skip:	cmpb	$0, (%rbx)			/* the rest of an argument */
	leaq	1(%rbx), %rbx
	jne	skip
next:	cmpq	%rbp, %rbx
	jae	done
	movb	(%rbx), %r8b			/* R8: the letter */
	incq	%rbx
	call	number
	movq	%rax, %rdi			/* RDI: address, RAX: value */
	xorl	%eax, %eax
	cmpb	$',', (%rbx)
	jne	1f
	incq	%rbx
	call	number
1:	cmpb	$'q', %r8b
	je	op_q
	cmpb	$'d', %r8b
	je	op_d
	cmpb	$'b', %r8b
	je	op_b
	cmpb	$'r', %r8b
	je	op_r
	cmpb	$'V', %r8b
	je	op_V
	cmpb	$'v', %r8b
	je	op_v
	cmpb	$'o', %r8b
	je	op_o
	cmpb	$'i', %r8b
	je	op_i
	cmpb	$'x', %r8b
	je	op_x
	cmpb	$'h', %r8b
	je	op_h
	cmpb	$'u', %r8b
	je	op_u
	cmpb	$'e', %r8b
	je	op_e
	cmpb	$'t', %r8b
	je	op_t
	cmpb	$'T', %r8b
	je	op_T
	cmpb	$'c', %r8b
	je	op_c
	exit	119
op_q:	movq	%rax, (%r15, %rdi)
	jmp	skip
op_d:	movl	%eax, (%r15, %rdi)
	jmp	skip
op_b:	movb	%al, (%r15, %rdi)
	jmp	skip
op_r:	movq	(%r15, %rdi), %rax
	jmp	skip
op_V:	movq	%rax, (%rdi)
	jmp	skip
op_v:	movq	(%rdi), %rax
	jmp	skip
op_o:	movl	%edi, %edx
	outb	%al, %dx
	jmp	skip
op_i:	movl	%edi, %edx
	inb	%dx, %al
	jmp	skip
op_x:	jmp	*%rdi
op_h:	hlt
	jmp	skip
op_u:	ud2
op_e:	movq	%rdi, EXIT(%rsi)
op_t:	movq	%rdi, %cr8
	jmp	skip
op_T:	movq	%cr8, %rdi
	movq	%rdi, EXIT(%rsi)
op_c:	movq	%rdi, char
	print	char, 1
	jmp	skip
done:	exit	0
	.size	_start, . - _start

/* Reads hexadecimal digits at RBX into RAX; changes RCX. */
	.type	number, @function
number:	xorl	%eax, %eax
1:	movzbl	(%rbx), %ecx
	subl	$'0', %ecx
	cmpl	$9, %ecx
	jbe	2f
	subl	$'a' - '0', %ecx
	cmpl	$5, %ecx
	ja	3f
	addl	$10, %ecx
2:	shlq	$4, %rax
	orq	%rcx, %rax
	incq	%rbx
	jmp	1b
3:	ret
	.size	number, . - number

	.data
char:	.quad	0
