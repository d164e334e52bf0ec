/* SPDX-License-Identifier: BSD-2-Clause */
/* Says that it runs, and never ends. */
#include "guest.inc"
	print	text, 8
1:	jmp	1b

	.section .rodata
text:	.ascii	"looping\n"
