/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases that the CPU, the platform page or the monitor finds. */
#include "cases.h"
#include <linux/bug.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <slabvisor/kmem.h>
#include <slabvisor/platform.h>

CASE case_null_read(void)
{
	u64 value = *(volatile u64 *)hide((void *)8);

	hide((void *)value);
}

CASE case_null_write(void)
{
	*(volatile u32 *)hide(NULL) = 1;
}

CASE case_null_call(void)
{
	((void (*)(void))hide(NULL))();
	hide(NULL);
}

static const char constant[64] = "constant";

CASE case_rodata_write(void)
{
	*(volatile char *)hide(constant) = 'C';
}

CASE case_text_write(void)
{
	*(volatile u8 *)hide(case_null_read) = 0xc3;
}

static u8 code[16] = {0xc3}; /* ret */

CASE case_data_exec(void)
{
	((void (*)(void))hide(code))();
	hide(NULL);
}

CASE case_heap_exec(void)
{
	u8 *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	p[0] = 0xc3;
	((void (*)(void))hide(p))();
	kfree(p);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winfinite-recursion"
CASE case_stack_overflow(void)
{
	volatile u8 local[512];

	local[0] = 1;
	case_stack_overflow();
	local[511] = local[0];
}
#pragma GCC diagnostic pop

CASE case_divide(void)
{
	unsigned long zero = (unsigned long)hide(NULL);

	hide((void *)(100 / zero));
}

CASE case_opcode(void)
{
	asm volatile("ud2");
}

CASE case_noncanonical(void)
{
	*(volatile u64 *)hide((void *)(1ul << 60)) = 1;
}

CASE case_port(void)
{
	asm volatile("outb %0, %1" : : "a"((u8)1), "Nd"((u16)0x80));
}

CASE case_unmapped_read(void)
{
	u64 value = *(volatile u64 *)hide((void *)0xffffffffc0000000ul);

	hide((void *)value);
}

static void fault_on_last(void *arg)
{
	(void)arg;
	if (smp_processor_id() == num_online_cpus() - 1)
		case_null_write();
}

CASE case_other_vcpu(void)
{
	smp_call_all(fault_on_last, NULL);
}

CASE case_bug(void)
{
	BUG();
}

CASE case_exit_large(void)
{
	platform_exit(120);
}

CASE case_exit_wild(void)
{
	console_flush();
	platform_ring(PLATFORM_EXIT, ~0ull);
}

/* Doorbells rung with addresses that are no memory. */

/* The store itself, so that the report names the case. */
static __always_inline void ring(unsigned int offset, u64 value)
{
	*(volatile u64 *)(PLATFORM_VA + offset) = value;
}

CASE case_wild_console(void)
{
	ring(PLATFORM_CONSOLE, PLATFORM_CONSOLE_VAL(0xfffffffff000ull, 100));
}

CASE case_wild_wait(void)
{
	ring(PLATFORM_WAIT, ~0ull - 7);
}

CASE case_wild_wake(void)
{
	ring(PLATFORM_WAKE, platform()->ram_size - 8);
}

CASE case_wild_read(void)
{
	static struct platform_read request;

	request = (struct platform_read){.addr = PLATFORM_BASE, .size = 64};
	asm volatile("" : : : "memory");
	ring(PLATFORM_CONSOLE_IN, virt_to_phys(&request));
}

CASE case_wild_fault(void)
{
	ring(PLATFORM_FAULT, 1ull << 63);
}

CASE case_pagemap_write(void)
{
	*(volatile u8 *)hide(kmem_channel()->page_map) = 1;
}

CASE case_heap_unhanded(void)
{
	const struct kmem_channel *channel = kmem_channel();

	*(volatile u64 *)hide((void *)(channel->heap_va + channel->heap_size - 8)) = 1;
}

CASE case_no_device(void)
{
	*(volatile u32 *)hide((void *)(PLATFORM_DIRECT_VA + PLATFORM_MMIO_BASE +
				       (PLATFORM_MMIO_MAX - 1) * PLATFORM_MMIO_STRIDE)) = 1;
}

/* Guests that do not end; who runs them does. */

static void spin(void *arg)
{
	(void)arg;
	for (;;)
		asm volatile("pause");
}

CASE case_spin(void)
{
	/* Seen though nobody flushes it: what comes after silence goes out at once. */
	printk("spinning\n");
	spin(NULL);
}

CASE case_spin_all(void)
{
	printk("spinning\n");
	console_flush();
	smp_call_all(spin, NULL);
}

CASE case_sleep(void)
{
	static u32 word;

	printk("sleeping\n");
	console_flush();
	for (;;)
		platform_wait(&word, 0, 0);
}
