/* SPDX-License-Identifier: BSD-2-Clause */
/* The PVH entry of the kernel in check.c: keeps what the CPU holds, and calls main(). With
 * WIDE the note holds an address of 64 bits. */
	.section .note.Xen, "a", @note
	.balign	4
	.long	4, 2f - 1f, 18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
1:	.long	start
#ifdef WIDE
	.long	0
#endif
2:	.balign	4

	.section .note.GNU-stack, "", @progbits
	.text
	.globl	start
start:
	movl	$stack_top, %esp
	pushfl
	movl	%cr4, %eax
	pushl	%eax
	movl	%cr0, %eax
	pushl	%eax
	pushl	%ebx
	call	main
1:	hlt
	jmp	1b

	/* What an ELF without the note would be entered at. */
	.globl	_start
_start:	ud2

	.bss
	.balign	16
	.skip	16384
stack_top:
