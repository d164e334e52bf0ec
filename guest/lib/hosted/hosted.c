/* SPDX-License-Identifier: BSD-2-Clause */
/* The port of the allocator, <slabvisor/kmem_port.h>, to a process of the host. */
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "slabvisor/hosted.h"
#include "slabvisor/kmem.h"
#include "slabvisor/kmem_port.h"
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

void (*hosted_on_bug)(u64 addr, const char *text);
void (*hosted_on_warn)(const char *text);

void grt_bug(u64 addr, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (hosted_on_bug)
		hosted_on_bug(addr, text);
	fprintf(stderr, "%s\n", text);
	abort();
}

void grt_warn(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (hosted_on_warn)
		hosted_on_warn(text);
	else
		fprintf(stderr, "%s\n", text);
}

void *grt_ram_alloc(size_t size, size_t align)
{
	void *p = aligned_alloc(align, ALIGN(size, align));

	return p ? memset(p, 0, size) : NULL;
}

/* Threads that use the allocator: their numbers, and an end to their magazines. */
__thread struct kmem_cpu kmem_hosted_cpu = KMEM_CPU_EMPTY;

static pthread_mutex_t cpu_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t cpu_once = PTHREAD_ONCE_INIT;
static pthread_key_t cpu_key;
static u64 cpus_taken; /* a bit for each of KMEM_MAX_CPUS */
_Static_assert(KMEM_MAX_CPUS == 64, "the bits of cpus_taken");

static void cpu_leave(void *opaque)
{
	struct kmem_cpu *kc = opaque;

	pthread_mutex_lock(&cpu_lock);
	kmem_cpu_exit(kc);
	cpus_taken &= ~(1ull << kc->cpu);
	pthread_mutex_unlock(&cpu_lock);
}

static void cpu_key_make(void)
{
	if (pthread_key_create(&cpu_key, cpu_leave))
		abort();
}

static void cpu_join(struct kmem_cpu *kc)
{
	unsigned int cpu;

	pthread_once(&cpu_once, cpu_key_make);
	pthread_mutex_lock(&cpu_lock);
	cpu = ~cpus_taken ? (unsigned int)__builtin_ctzll(~cpus_taken) : KMEM_MAX_CPUS;
	kmem_cpu_init(kc, cpu);
	cpus_taken |= 1ull << cpu;
	pthread_mutex_unlock(&cpu_lock);
	pthread_setspecific(cpu_key, kc);
}

struct kmem_cpu *kmem_self(void)
{
	struct kmem_cpu *kc = &kmem_hosted_cpu;

	if (!kc->online)
		cpu_join(kc);
	return kc;
}

/* User memory: the process's own, read and written by the kernel so that a bad address
 * is an answer. */
static unsigned long copy_user(const void *user, void *own, unsigned long n, bool write)
{
	unsigned long done = 0;

	while (done < n) {
		struct iovec here = {(char *)own + done, n - done};
		struct iovec there = {(char *)user + done, n - done};
		ssize_t got = write ? process_vm_writev(getpid(), &here, 1, &there, 1, 0)
				    : process_vm_readv(getpid(), &here, 1, &there, 1, 0);

		if (got <= 0)
			break;
		done += (unsigned long)got;
	}
	return n - done;
}

unsigned long copy_from_user(void *to, const void __user *from, unsigned long n)
{
	unsigned long left = access_ok(from, n) ? copy_user(from, to, n, false) : n;

	memset((char *)to + (n - left), 0, left);
	return left;
}

unsigned long copy_to_user(void __user *to, const void *from, unsigned long n)
{
	return access_ok(to, n) ? copy_user(to, (void *)from, n, true) : n;
}

long strnlen_user(const char __user *str, long n)
{
	for (long len = 0; len < n; len++) {
		char c;

		if (copy_from_user(&c, str + len, 1))
			return 0;
		if (!c)
			return len + 1;
	}
	return n + 1;
}

static int rodata_segment(struct dl_phdr_info *info, size_t size, void *opaque)
{
	unsigned long *va = opaque;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_LOAD && !(ph->p_flags & PF_W) &&
		    *va - (info->dlpi_addr + ph->p_vaddr) < ph->p_memsz)
			return 1;
	}
	return 0;
}

bool kmem_is_rodata(const void *p)
{
	unsigned long va = (unsigned long)p;

	return dl_iterate_phdr(rodata_segment, &va) == 1;
}

void kvfree_call_rcu(struct rcu_head *head, void *ptr)
{
	if (head) {
		kmem_free_after_readers(head, (size_t)((char *)head - (char *)ptr));
		return;
	}
	synchronize_rcu();
	kfree(ptr);
}

/* There is no struct page to have references of. */
bool kmem_run_put(u64 addr)
{
	(void)addr;
	return false;
}
