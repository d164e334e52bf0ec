/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a program that did wrong: who, where, and what it was in words. */
#include "guest/lib/machine/grt.h"
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sprintf.h>

#define TRACE_MAX 16
#define MAX_FRAME PLATFORM_VCPU_STRIDE /* no function takes more of a stack at once */

/* Page fault error code. */
#define PF_PROTECTION (1u << 0)
#define PF_WRITE      (1u << 1)
#define PF_FETCH      (1u << 4)

#define VECTOR_PAGE_FAULT 14

static bool in_text(u64 addr)
{
	return addr >= (unsigned long)_text && addr < (unsigned long)_etext;
}

/* Tells whether 16 bytes at addr are in one of this vCPU's stacks. */
static bool in_stack(u64 addr)
{
	unsigned int cpu = this_cpu()->cpu;
	u64 top = PLATFORM_STACK_TOP(cpu);
	u64 exc = PLATFORM_EXC_STACK_TOP(cpu);

	if (addr % 8)
		return false;
	return (addr >= top - PLATFORM_STACK_SIZE && addr <= top - 16) ||
	       (addr >= exc - PLATFORM_EXC_STACK_SIZE && addr <= exc - 16);
}

/* Follows frame pointers, which the program may have ruined: they must stay in a
 * stack and rise, and what they lead to must be code. */
static void trace_from(struct platform_fault *fault, u64 rbp)
{
	u64 last = 0;

	while (in_stack(rbp) && rbp > last && fault->frames < TRACE_MAX) {
		const u64 *frame = (const u64 *)rbp;

		if (!in_text(frame[1]))
			break;
		fault->trace[fault->frames++] = frame[1];
		last = rbp;
		rbp = frame[0];
	}
}

static bool below_stack(u64 addr, u64 stack)
{
	return addr < stack && addr >= stack - MAX_FRAME;
}

static void describe_page_fault(char *text, size_t size, const struct exc_frame *frame)
{
	const char *what = frame->error & PF_FETCH   ? "execution"
			   : frame->error & PF_WRITE ? "write"
						     : "read";
	u64 addr = frame->cr2;
	u64 stack = PLATFORM_STACK_TOP(this_cpu()->cpu) - PLATFORM_STACK_SIZE;

	if (frame->error_in_handler == -ENOMEM)
		snprintf(text, size, "no memory for a page of user memory: %s at 0x%llx", what,
			 addr);
	else if (addr < PAGE_SIZE)
		snprintf(text, size, "null pointer dereference: %s at 0x%llx", what, addr);
	else if (below_stack(addr, stack) || below_stack(frame->rsp, stack))
		snprintf(text, size, "stack overflow: %s at 0x%llx, below a stack of %llu KiB",
			 what, addr, PLATFORM_STACK_SIZE >> 10);
	else if (addr >= (unsigned long)__start_rodata && addr < (unsigned long)__end_rodata)
		snprintf(text, size, "%s of read-only data (.rodata) at 0x%llx", what, addr);
	else if (in_text(addr))
		snprintf(text, size, "%s of program code at 0x%llx", what, addr);
	else if (addr < TASK_SIZE)
		snprintf(text, size, "%s of user memory at 0x%llx, which is %s", what, addr,
			 frame->error & PF_PROTECTION ? "not mapped for that" : "not mapped");
	else
		snprintf(text, size, "%s of memory at 0x%llx, which is %s", what, addr,
			 frame->error & PF_PROTECTION ? "not mapped for that" : "not mapped");
}

static const char *exception_name(u64 vector)
{
	static const char *const name[VECTORS] = {
		[0] = "divide error",
		[1] = "debug exception",
		[2] = "non-maskable interrupt",
		[3] = "breakpoint",
		[4] = "overflow",
		[5] = "bound range exceeded",
		[6] = "invalid opcode",
		[7] = "floating-point unit not available",
		[8] = "double fault",
		[10] = "invalid TSS",
		[11] = "segment not present",
		[12] = "stack-segment fault",
		[13] = "general protection fault",
		[16] = "x87 floating-point error",
		[17] = "alignment check",
		[18] = "machine check",
		[19] = "SIMD floating-point error",
	};

	return vector < VECTORS && name[vector] ? name[vector] : "unknown exception";
}

static void fill(struct platform_fault *fault, const struct exc_frame *frame)
{
	fault->vector = (u32)frame->vector;
	fault->error = (u32)frame->error;
	fault->cr2 = frame->vector == VECTOR_PAGE_FAULT ? frame->cr2 : 0;
	fault->rip = frame->rip;
	fault->rsp = frame->rsp;
	fault->rflags = frame->rflags;
	fault->cs = (u32)frame->cs;
	fault->rbp = frame->rbp;
	fault->rax = frame->rax;
	fault->rbx = frame->rbx;
	fault->rcx = frame->rcx;
	fault->rdx = frame->rdx;
	fault->rsi = frame->rsi;
	fault->rdi = frame->rdi;
	fault->r8 = frame->r8;
	fault->r9 = frame->r9;
	fault->r10 = frame->r10;
	fault->r11 = frame->r11;
	fault->r12 = frame->r12;
	fault->r13 = frame->r13;
	fault->r14 = frame->r14;
	fault->r15 = frame->r15;
	fault->frames = 0;
}

__attribute__((noreturn)) static void send(struct grt_cpu *gc)
{
	gc->fault.message = virt_to_phys(gc->message);
	barrier();
	platform_ring(PLATFORM_FAULT, virt_to_phys(&gc->fault));
	for (;;)
		grt_pause();
}

void grt_fault(const struct exc_frame *frame)
{
	struct grt_cpu *gc = this_cpu()->grt;

	fill(&gc->fault, frame);
	if (frame->vector == VECTOR_PAGE_FAULT)
		describe_page_fault(gc->message, sizeof(gc->message), frame);
	else
		snprintf(gc->message, sizeof(gc->message), "%s", exception_name(frame->vector));
	/* The monitor adds a caller whose address is on top of the stack only. */
	trace_from(&gc->fault, frame->rbp);
	grt_console_flush_all();
	send(gc);
}

void grt_fault_again(const struct exc_frame *frame)
{
	struct percpu *pc = this_cpu();
	struct grt_cpu *gc = pc->grt;

	/* Each try does less than the one before, so that this comes to an end. */
	if (pc->exc_depth == 2) {
		fill(&gc->fault, frame);
		snprintf(gc->message, sizeof(gc->message),
			 "%s while another exception was being handled",
			 exception_name(frame->vector));
		send(gc);
	}
	if (pc->exc_depth == 3)
		send(gc);
	for (;;)
		platform_ring(PLATFORM_EXIT, 120);
}

void grt_bug(u64 addr, const char *format, ...)
{
	struct grt_cpu *gc = this_cpu()->grt;
	struct platform_fault *fault = &gc->fault;
	const u64 *frame = __builtin_frame_address(0);
	va_list args;

	*fault = (struct platform_fault){
		.vector = PLATFORM_FAULT_BUG,
		.cr2 = addr,
		.rip = (u64)(unsigned long)__builtin_return_address(0),
		.rbp = frame[0],
		.rsp = (u64)(unsigned long)(frame + 2),
		.rflags = RFLAGS_NONE,
		.cs = platform()->ring ? USER_CS : PLATFORM_KERNEL_CS,
	};
	trace_from(fault, fault->rbp);
	va_start(args, format);
	vsnprintf(gc->message, sizeof(gc->message), format, args);
	va_end(args);
	grt_console_flush_all();
	send(gc);
}

noinline void dump_stack(void)
{
	struct platform_fault here = {.frames = 0};

	trace_from(&here, (u64)(unsigned long)__builtin_frame_address(0));
	printk("vCPU %u, calls, the last first:\n", this_cpu()->cpu);
	for (u32 i = 0; i < here.frames; i++)
		printk(" 0x%llx\n", here.trace[i]);
}

void grt_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintk(format, args);
	va_end(args);
	console_write("\n", 1);
}
