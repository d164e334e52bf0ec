/* SPDX-License-Identifier: BSD-2-Clause */
/* What runs before main(), each vCPU's own variables, tasks, and accesses that bring nothing in. */
#include "selftest.h"
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>

static char order[8];

#define STEP(name, level, letter)                \
	static int name(void)                    \
	{                                        \
		order[strlen(order)] = (letter); \
		return 0;                        \
	}                                        \
	level(name)
STEP(last_step, late_initcall, 'd')
STEP(module_step, module_init, 'c')
STEP(early_step, early_initcall, 'a')
STEP(subsys_step, subsys_initcall, 'b')

static int start_number = 3;
module_param(start_number, int, 0);
MODULE_PARM_DESC(start_number, "what selftest.t sets to 7");

static unsigned int suite_ran;

static void a_case(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, order, "abcd");
	suite_ran++;
}

static struct kunit_case cases[] = {KUNIT_CASE(a_case), {}};
static struct kunit_suite suite = {.name = "selftest", .test_cases = cases};
kunit_test_suite(suite);

static DEFINE_PER_CPU(long, counter) = 40;

static void count(void *arg)
{
	(void)arg;
	this_cpu_add(counter, (long)smp_processor_id() + 1);
}

static void per_cpu_variables(void)
{
	long *allocated = alloc_percpu(long);
	long *other = alloc_percpu(long);
	bool zero = true;
	bool right = true;

	smp_call_all(count, NULL);
	for (unsigned int cpu = 0; cpu < num_online_cpus(); cpu++) {
		right = right && per_cpu(counter, cpu) == 41 + (long)cpu;
		if (allocated) {
			zero = zero && !*per_cpu_ptr(allocated, cpu);
			*per_cpu_ptr(allocated, cpu) = 7;
		}
	}
	check(right, "DEFINE_PER_CPU: each vCPU has its own, with the value that was given");
	check(allocated && zero, "alloc_percpu: zero on each vCPU");
	check(other && other != allocated && !*this_cpu_ptr(other),
	      "alloc_percpu: another is not the same");
	free_percpu(allocated);
	check(alloc_percpu(long) == allocated && !*this_cpu_ptr(allocated),
	      "free_percpu: what was freed is given again, zeroed");
	free_percpu(allocated);
	free_percpu(other);
	free_percpu(NULL);
	check(!__alloc_percpu(GRT_PERCPU_SIZE + 1, 8) && !__alloc_percpu(8, 2 * PAGE_SIZE) &&
		      !__alloc_percpu(0, 8) && !__alloc_percpu(8, 24),
	      "alloc_percpu: NULL for sizes and alignments that Linux refuses");
	check(this_cpu_xchg(counter, 5) == 41 && this_cpu_read(counter) == 5 &&
		      this_cpu_cmpxchg(counter, 5, 6) == 5 && this_cpu_inc_return(counter) == 7,
	      "this_cpu_xchg: and its kin, on this vCPU's");
}

/* More than the first areas have, of all alignments. */
static void per_cpu_plenty(void)
{
	static u32 *own[400];
	const u64 before = objects_out();
	bool right = true;
	bool apart = true;

	for (u32 i = 0; i < ARRAY_SIZE(own); i++) {
		own[i] = __alloc_percpu(700, 1ul << i % 13);
		for (unsigned int cpu = 0; own[i] && cpu < num_online_cpus(); cpu++) {
			u32 *p = per_cpu_ptr(own[i], cpu);

			right = right && !*p && !((unsigned long)p & ((1ul << i % 13) - 1));
			p[0] = p[174] = i << 8 | cpu;
		}
		right = right && own[i];
	}
	check(right, "alloc_percpu: aligned up to a page, zeroed, as much as there is memory");
	for (u32 i = 0; i < ARRAY_SIZE(own); i++) {
		for (unsigned int cpu = 0; own[i] && cpu < num_online_cpus(); cpu++) {
			const u32 *p = per_cpu_ptr(own[i], cpu);

			apart = apart && p[0] == (i << 8 | cpu) && p[174] == p[0];
		}
	}
	check(apart, "alloc_percpu: no two share a byte");
	for (u32 i = 0; i < ARRAY_SIZE(own); i++)
		free_percpu(own[i]);
	check(objects_out() == before, "free_percpu: what the areas take goes back with the last");
}

static pid_t pids[64];

static void note_pid(void *arg)
{
	(void)arg;
	pids[smp_processor_id()] = current->pid;
}

static void tasks(void)
{
	bool right = true;

	smp_call_all(note_pid, NULL);
	for (unsigned int cpu = 0; cpu < num_online_cpus(); cpu++)
		right = right && pids[cpu] == (pid_t)cpu + 1;
	check(right, "current: each vCPU's own task");
	check(get_current() == current && current->mm && !strcmp(current->comm, "cpu0"),
	      "get_current: a name and an address space");
	yield();
	check(cond_resched() == 0, "cond_resched: no other task has run");
}

static void without_faults(void)
{
	u8 __user *area = user_area(3, true);
	u8 bytes[16];
	char text[8];
	u8 value = 0;

	if (!area) {
		check(false, "user_area: there is one");
		return;
	}
	memset(bytes, 0x11, sizeof(bytes));
	check(copy_from_user_nofault(bytes, area, 8) == -EFAULT,
	      "copy_from_user_nofault: brings no page in");
	check(copy_to_user_nofault(area, bytes, 8) == -EFAULT,
	      "copy_to_user_nofault: brings no page in");
	pagefault_disable();
	pagefault_disable();
	pagefault_enable();
	check(pagefault_disabled() && get_user(value, area) == -EFAULT && !value,
	      "pagefault_disable: nests, and a page that is not there cannot be read");
	pagefault_enable();
	check(!pagefault_disabled(), "pagefault_enable: as often");
	check(fault_in_readable((char __user *)area + 100, PAGE_SIZE) == 0 &&
		      copy_from_user_nofault(bytes, area + 100, 8) == 0 && bytes_are(bytes, 8, 0),
	      "fault_in_readable: then the page is there");
	check(fault_in_writeable((char __user *)area, 3 * PAGE_SIZE) == 0 &&
		      copy_to_user_nofault(area + 2 * PAGE_SIZE, "ab", 3) == 0,
	      "fault_in_writeable: the same to write");
	check(strncpy_from_user_nofault(text, area + 2 * PAGE_SIZE, 8) == 3 &&
		      !strcmp(text, "ab") &&
		      strncpy_from_user_nofault(text, area + 2 * PAGE_SIZE, 2) == 2 && !text[1],
	      "strncpy_from_user_nofault: the length with the NUL, or count");
	check(strnlen_user_nofault(area + 2 * PAGE_SIZE, 8) == 3,
	      "strnlen_user_nofault: the length with the NUL");
	user_protect(area + PAGE_SIZE, 1, false);
	check(fault_in_writeable((char __user *)area + 8, 2 * PAGE_SIZE) == PAGE_SIZE + 8 &&
		      fault_in_safe_writeable((char __user *)area + PAGE_SIZE, 5) == 5,
	      "fault_in_writeable: the bytes from the first page on that may not be written");
	user_release(area + 2 * PAGE_SIZE, 1);
	check(fault_in_readable((char __user *)area + PAGE_SIZE, 2 * PAGE_SIZE) == PAGE_SIZE &&
		      fault_in_readable((char __user *)~0ul, 2) == 2 &&
		      fault_in_readable(NULL, 0) == 0,
	      "fault_in_readable: the bytes from the end of what is mapped on");
	check(raw_copy_to_user(area, bytes, 8) == 0 && raw_copy_from_user(bytes, area, 8) == 0 &&
		      raw_copy_from_user(bytes, area + 2 * PAGE_SIZE - 4, 8) == 4,
	      "raw_copy_from_user: the bytes that could not be copied");
	check(copy_from_kernel_nofault(bytes, order, 8) == 0 && !memcmp(bytes, "abcd", 5) &&
		      copy_from_kernel_nofault(bytes, (void *)0xffffe00000000000ul, 8) == -EFAULT &&
		      copy_from_kernel_nofault(bytes, area, 8) == -ERANGE,
	      "copy_from_kernel_nofault: -EFAULT where nothing is, -ERANGE for user space");
	check(copy_to_kernel_nofault(bytes, "xyz", 4) == 0 &&
		      copy_to_kernel_nofault((void *)0xffffe00000000000ul, "xyz", 4) == -EFAULT,
	      "copy_to_kernel_nofault: the same to write");
	check(strncpy_from_kernel_nofault(text, "kernel", 8) == 7 && !strcmp(text, "kernel") &&
		      strncpy_from_kernel_nofault(text, (void *)0xffffe00000000000ul, 8) == -EFAULT,
	      "strncpy_from_kernel_nofault: the length with the NUL");
	user_release(area, 2);
}

static int unsafe_copy(u32 __user *from, u32 __user *to)
{
	u32 value;

	if (!user_access_begin(from, 4))
		return -EPERM;
	unsafe_get_user(value, from, bad);
	unsafe_put_user(value + 1, to, bad);
	user_access_end();
	return 0;
bad:
	user_access_end();
	return -EFAULT;
}

static void unsafe_accesses(void)
{
	u32 __user *area = (u32 __user *)user_area(1, true);
	u32 value = 0;

	if (!area)
		return;
	check(!put_user(5u, area) && unsafe_copy(area, area + 1) == 0 &&
		      !get_user(value, area + 1) && value == 6,
	      "unsafe_get_user: within a stretch of accesses");
	check(unsafe_copy(area, area + PAGE_SIZE / 4) == -EFAULT,
	      "unsafe_put_user: goes on at the label where nothing is mapped");
	check(unsafe_copy((u32 __user *)0xffff888000001000ul, area) == -EPERM,
	      "user_access_begin: not beyond user space");
	user_release((u8 __user *)area, 1);
}

void test_start(void)
{
	check(!strcmp(order, "abcd"), "module_init: runs before main, by level");
	check(start_number == 3 || start_number == 7, "module_param: %d", start_number);
	check(suite_ran == 1, "kunit_test_suite: its tests run before main, once");
	per_cpu_variables();
	per_cpu_plenty();
	tasks();
	without_faults();
	unsafe_accesses();
}
