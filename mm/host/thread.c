/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/host/thread.h"

#include <signal.h>

int thread_start(pthread_t *thread, const cpu_set_t *cpus, void *(*fn)(void *arg), void *arg)
{
	pthread_attr_t attr;
	sigset_t all;
	sigset_t old;
	int ret;

	/* A thread inherits the mask: so no signal meets it before it has blocked them. */
	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	ret = -pthread_sigmask(SIG_SETMASK, &all, &old);
	if (ret)
		return ret;
	ret = -pthread_attr_init(&attr);
	if (ret)
		goto out;
	if (cpus)
		ret = -pthread_attr_setaffinity_np(&attr, sizeof(*cpus), cpus);
	if (!ret)
		ret = -pthread_create(thread, &attr, fn, arg);
	pthread_attr_destroy(&attr);
out:
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}
