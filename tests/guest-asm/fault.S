/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults as its first argument's first letter says, with vectors that report it:
 * w writes to .rodata, n reads address 0x10, u UD2, d divides by 0, g a #GP,
 * x executes data, b INT3. */
#include "guest.inc"
	movq	PAGE_ARGS(%rsi), %rbx
	movabsq	$DIRECT_VA, %r15
	addq	%r15, %rbx
1:	cmpb	$0, (%rbx)
	leaq	1(%rbx), %rbx
	jne	1b
	movb	(%rbx), %al
	cmpb	$'w', %al
	je	write_rodata
	cmpb	$'n', %al
	je	read_null
	cmpb	$'u', %al
	je	undefined
	cmpb	$'d', %al
	je	divide
	cmpb	$'g', %al
	je	general
	cmpb	$'x', %al
	je	execute_data
	cmpb	$'b', %al
	je	break_point
	exit	119
	.size	_start, . - _start
	.macro	function name
	.type	\name, @function
\name:
	.endm
	function write_rodata
	movq	$1, constant
	.size	write_rodata, . - write_rodata
	function read_null
	movq	0x10, %rax
	.size	read_null, . - read_null
	function undefined
	ud2
	.size	undefined, . - undefined
	function divide
	xorl	%ecx, %ecx
	divl	%ecx
	.size	divide, . - divide
	function general
	movabsq	$0x8000000000000000, %rax
	movq	(%rax), %rax
	.size	general, . - general
	function execute_data
	movq	$record, %rax
	jmp	*%rax
	.size	execute_data, . - execute_data
	function break_point
	int3
	.size	break_point, . - break_point

#include "vectors.inc"
	.section .rodata
constant: .quad	0
