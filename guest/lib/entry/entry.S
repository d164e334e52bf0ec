/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a vCPU enters the program, and where an exception does. The boot
 * protocol is virtio/abi/platform.h's.
 *
 * The vectors run at CPL 0 whatever ring the program is in, on hosts where each
 * of their instructions may cost half a microsecond in KVM's emulator. They
 * only move what the CPU pushed to the vCPU's exception stack and go on there in
 * the program's own ring, so all of them is plain loads, stores and an IRETQ.
 */
#include <slabvisor/percpu_asm.h>

	.section .note.slabvisor, "a", @note
	.balign	4
	.long	2f - 1f
	.long	4f - 3f
	.long	1			/* PLATFORM_NOTE_BOOT */
1:	.asciz	"Slabvisor"
2:	.balign	4
3:	.long	1			/* PLATFORM_VERSION */
	.long	VECTOR_STRIDE
	.quad	grt_vectors
4:	.balign	4

	.section .text.entry, "ax", @progbits

	.globl	grt_entry
	.type	grt_entry, @function
grt_entry:
	xorl	%ebp, %ebp		/* backtraces end here */
	pushq	%rbp			/* the C code finds its stack aligned */
	pushq	%rbp
	call	grt_start
	ud2
	.size	grt_entry, . - grt_entry

/* Vectors that come with an error code: 8, 10-14, 17, 21, 29, 30. */
#define HAS_ERROR_CODE 0x60227d00

	.balign	VECTOR_STRIDE
	.globl	grt_vectors
	.type	grt_vectors, @function
grt_vectors:
	vector = 0
	.rept	VECTORS
	.balign	VECTOR_STRIDE
	.if	((HAS_ERROR_CODE >> vector) & 1) == 0
	pushq	$0
	.endif
	pushq	$vector
	jmp	take
	vector = vector + 1
	.endr
	.size	grt_vectors, . - grt_vectors

/*
 * On the stack: vector, error code, RIP, CS, RFLAGS, RSP, SS. A frame that is
 * already on the exception stack is overwritten: the C code sees from RSP that
 * this exception came from there and ends the program.
 */
	.type	take, @function
take:
	pushq	%rax
	movq	%gs:PERCPU_EXC_FRAME, %rax
	popq	EXC_RAX(%rax)
	popq	EXC_VECTOR(%rax)
	popq	EXC_ERROR(%rax)
	popq	EXC_RIP(%rax)
	popq	EXC_CS(%rax)
	popq	EXC_RFLAGS(%rax)
	popq	EXC_RSP(%rax)
	popq	EXC_SS(%rax)
	testb	$3, EXC_CS(%rax)
	jz	1f
	pushq	$USER_DS
	pushq	%rax
	pushq	$RFLAGS_NONE
	pushq	$USER_CS
	pushq	$upcall
	movq	%cr2, %rax
	iretq
1:	movq	%rax, %rsp
	movq	%cr2, %rax
	jmp	upcall
	.size	take, . - take

/* On the exception stack, in the program's ring; CR2 is in RAX. */
	.type	upcall, @function
upcall:
	movq	%rax, EXC_CR2(%rsp)
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rdi
	call	grt_exception
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rbp
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rbx
	movq	EXC_RAX(%rsp), %rax
	addq	$EXC_RIP, %rsp
	iretq				/* to the same ring: no CPL 0 code runs */
	.size	upcall, . - upcall

	.section .note.GNU-stack, "", @progbits
