/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/vhost_user/guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
	/* 0: free. Written last and cleared first: what is read after it is whole. */
	_Atomic uintptr_t base;
	_Atomic size_t size;
	_Atomic(atomic_bool *) lost;
	_Atomic int alarm_fd;
};

static struct guard guards[VHOST_USER_GUARDS];
static pthread_mutex_t guards_lock = PTHREAD_MUTEX_INITIALIZER; /* adding, removing */

/* Only what may be called in a signal handler; errno is kept. */
static bool rescue(uintptr_t at)
{
	const uint64_t one = 1;

	for (size_t i = 0; i < VHOST_USER_GUARDS; i++) {
		uintptr_t base = atomic_load(&guards[i].base);
		size_t size = atomic_load(&guards[i].size);

		if (!base || at - base >= size)
			continue;
		if (mmap((void *)base, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
			 0) == MAP_FAILED)
			return false;
		atomic_store(atomic_load(&guards[i].lost), true);
		/* A full counter is as good as one more. */
		if (write(atomic_load(&guards[i].alarm_fd), &one, sizeof(one)) < 0)
			return true;
		return true;
	}
	return false;
}

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	struct sigaction fatal = {.sa_handler = SIG_DFL};
	int saved = errno;

	(void)context;
	/* The access is done again on return: on new memory, or to end the process as
	 * it should have. */
	if (info->si_code <= 0 || !rescue((uintptr_t)info->si_addr))
		sigaction(sig, &fatal, NULL);
	errno = saved;
}

int vhost_user_guard_setup(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO};

	sigemptyset(&action.sa_mask);
	return sigaction(SIGBUS, &action, NULL) ? -errno : 0;
}

int vhost_user_guard_add(void *base, size_t size, atomic_bool *lost, int alarm_fd)
{
	int ret = -ENOSPC;

	pthread_mutex_lock(&guards_lock);
	for (size_t i = 0; i < VHOST_USER_GUARDS; i++) {
		if (atomic_load(&guards[i].base))
			continue;
		atomic_store(&guards[i].size, size);
		atomic_store(&guards[i].lost, lost);
		atomic_store(&guards[i].alarm_fd, alarm_fd);
		atomic_store(&guards[i].base, (uintptr_t)base);
		ret = 0;
		break;
	}
	pthread_mutex_unlock(&guards_lock);
	return ret;
}

void vhost_user_guard_remove(void *base)
{
	pthread_mutex_lock(&guards_lock);
	for (size_t i = 0; i < VHOST_USER_GUARDS; i++)
		if (atomic_load(&guards[i].base) == (uintptr_t)base)
			atomic_store(&guards[i].base, 0);
	pthread_mutex_unlock(&guards_lock);
}
