/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the time of a start goes: preloaded into the monitor, it notes when the monitor makes those
 * calls of KVM's that part a start, and writes when each part ended. The monitor that is
 * measured is the one that ships.
 *
 * BENCH_MARKS names a file of MARKS_ROOM bytes. It is mapped at the start, for the sandbox of the
 * monitor lets nobody open or write one later. Its text are lines of a part and the microseconds
 * since the epoch at which it ended.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/kvm.h>

#define MARKS_ROOM 4096

enum mark {
	LOADED,   /* this library was: exec and the dynamic linker are through */
	VM_ASKED, /* options, files and the host's limits are read */
	VM_MADE,
	VCPU_ASKED,  /* memory is laid out, and KVM knows of it */
	RUN_FIRST,   /* the vCPU is there: the probe of CPL 0 runs its first instruction */
	PROBED,      /* ... and was answered for the last time */
	GUEST_FIRST, /* the guest's own thread runs it: threads and sandbox are there */
	GUEST_LAST,  /* its last exit */
	MARKS
};

static const char *const names[MARKS] = {
	"loaded",    "vm_asked", "vm_made",     "vcpu_asked",
	"run_first", "probed",   "guest_first", "guest_last",
};

/* Relaxed, for each mark is made by one thread, or by one after the other, and read when they have
 * ended. */
static _Atomic uint64_t at[MARKS];
static char *text;

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void set(enum mark mark, uint64_t us)
{
	atomic_store_explicit(&at[mark], us, memory_order_relaxed);
}

static void set_first(enum mark mark, uint64_t us)
{
	if (!atomic_load_explicit(&at[mark], memory_order_relaxed))
		set(mark, us);
}

__attribute__((visibility("default"))) int ioctl(int fd, unsigned long request, ...)
{
	int probe = getpid() == (int)syscall(SYS_gettid);
	uint64_t before;
	va_list args;
	void *arg;
	int ret;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request != KVM_CREATE_VM && request != KVM_CREATE_VCPU && request != KVM_RUN &&
	    request != KVM_SET_TSS_ADDR)
		return (int)syscall(SYS_ioctl, fd, request, arg);
	before = now_us();
	ret = (int)syscall(SYS_ioctl, fd, request, arg);
	if (request == KVM_CREATE_VM) {
		set_first(VM_ASKED, before);
	} else if (request == KVM_SET_TSS_ADDR) {
		set_first(VM_MADE, now_us());
	} else if (request == KVM_CREATE_VCPU) {
		set_first(VCPU_ASKED, before);
	} else {
		set_first(RUN_FIRST, before);
		set_first(probe ? PROBED : GUEST_FIRST, before);
		set(probe ? PROBED : GUEST_LAST, now_us());
	}
	return ret;
}

__attribute__((constructor)) static void marks_begin(void)
{
	const char *path = getenv("BENCH_MARKS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	set(LOADED, now_us());
	if (fd < 0)
		return;
	text = mmap(NULL, MARKS_ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (text == MAP_FAILED)
		text = NULL;
	close(fd);
}

__attribute__((destructor)) static void marks_end(void)
{
	int len = 0;

	for (int i = 0; i < MARKS && text; i++)
		len += snprintf(text + len, (size_t)(MARKS_ROOM - len), "%s %llu\n", names[i],
				(unsigned long long)at[i]);
	if (text)
		snprintf(text + len, (size_t)(MARKS_ROOM - len), "ended %llu\n",
			 (unsigned long long)now_us());
}
