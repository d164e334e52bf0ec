/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that take no signals: those are for the main thread and the vCPUs. */
#ifndef MM_HOST_THREAD_H
#define MM_HOST_THREAD_H

#include <pthread.h>
#include <sched.h>

/*
 * Starts a thread that runs fn(arg) with every signal blocked, but SIGBUS, which a thread's own
 * access raises. A file that must not grow further says so to who writes to it (EFBIG), not by
 * SIGXFSZ. cpus: where it may run; NULL: where the caller may. The caller joins *thread.
 * Returns 0 or -errno, as pthread_sigmask() and pthread_create() have it.
 */
int thread_start(pthread_t *thread, const cpu_set_t *cpus, void *(*fn)(void *arg), void *arg);

#endif
