/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel that says that it is up, then does what it is told by a byte from the serial port:
 * r: resets the machine; any other: powers it off. */
	.section .note.Xen, "a", @note
	.balign	4
	.long	4, 2f - 1f, 18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
1:	.long	start
2:	.balign	4

	.section .note.GNU-stack, "", @progbits
	.text
	.globl	start, _start
start:
_start:	movl	$up, %esi
	movw	$0x3f8, %dx
1:	lodsb
	testb	%al, %al
	jz	2f
	outb	%al, %dx
	jmp	1b
2:	movw	$0x3fd, %dx			/* the line's status: has a byte come? */
	inb	%dx, %al
	testb	$1, %al
	jz	2b
	movw	$0x3f8, %dx
	inb	%dx, %al
	cmpb	$'r', %al
	jne	3f
	movw	$0x606, %dx
	movb	$1, %al
	outb	%al, %dx
3:	movw	$0x604, %dx			/* SLP_EN, and the type of S5 */
	movw	$0x3400, %ax
	outw	%ax, %dx
4:	hlt
	jmp	4b

up:	.asciz	"up\n"
