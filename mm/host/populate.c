/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/host/populate.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#define POPULATE_CHUNK   (64ull << 20)
#define POPULATE_THREADS 16

struct populate {
	uint8_t *host;
	uint64_t size, chunk;
	atomic_uint_fast64_t next, done; /* bytes */
	atomic_int error;
};

/*
 * For kernels without MADV_POPULATE_WRITE: where a store of this process's would be a SIGBUS,
 * one of the kernel's on its behalf is an error.
 */
static int populate_by_reading(uint8_t *host, uint64_t size)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (size) {
		n = read(fd, host, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		host += n;
		size -= (uint64_t)n;
	}
	close(fd);
	if (!size)
		return 0;
	return n < 0 ? -errno : -EFAULT;
}

static int populate_part(uint8_t *host, uint64_t size)
{
	int ret;

	do {
		ret = madvise(host, size, MADV_POPULATE_WRITE) ? -errno : 0;
	} while (ret == -EINTR || ret == -EAGAIN);
	return ret == -EINVAL ? populate_by_reading(host, size) : ret;
}

static void *populate_thread(void *opaque)
{
	struct populate *p = opaque;
	uint64_t at;
	uint64_t size;
	int ret = 0;

	/* Relaxed: they hand out work and collect what came of it; joining orders the rest. */
	while (!ret && !atomic_load_explicit(&p->error, memory_order_relaxed)) {
		at = atomic_fetch_add_explicit(&p->next, p->chunk, memory_order_relaxed);
		if (at >= p->size)
			break;
		size = p->size - at < p->chunk ? p->size - at : p->chunk;
		ret = populate_part(p->host + at, size);
		if (!ret)
			atomic_fetch_add_explicit(&p->done, size, memory_order_relaxed);
		else
			atomic_store_explicit(&p->error, ret, memory_order_relaxed);
	}
	return NULL;
}

/* Threads that have a CPU each, and a chunk at least. */
static unsigned int populate_threads(const struct populate *p)
{
	uint64_t n = (p->size + p->chunk - 1) / p->chunk;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	if (n > (unsigned int)CPU_COUNT(&set))
		n = (unsigned int)CPU_COUNT(&set);
	return n < POPULATE_THREADS ? (unsigned int)n : POPULATE_THREADS;
}

int populate(void *host, uint64_t size, uint64_t page, uint64_t *done)
{
	struct populate p = {
		.host = host,
		.size = size,
		.chunk = page > POPULATE_CHUNK ? page : POPULATE_CHUNK,
	};
	unsigned int want = populate_threads(&p);
	unsigned int n = 0;
	pthread_t thread[POPULATE_THREADS];

	/* This thread is one of them; it does the work of those that cannot be had. */
	while (n + 1 < want && !pthread_create(&thread[n], NULL, populate_thread, &p))
		n++;
	populate_thread(&p);
	while (n)
		pthread_join(thread[--n], NULL);
	*done = atomic_load(&p.done);
	return atomic_load(&p.error);
}
