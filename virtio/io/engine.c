/* SPDX-License-Identifier: BSD-2-Clause */
/* The I/O thread as others see it: made, ended, asked what it is. */
#include "virtio/io/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "mm/host/thread.h"
#include "virtio/io/priv.h"

static int start_thread(struct io_engine *e)
{
	int ret = thread_start(&e->thread, e->config.cpus, io_loop, e);

	if (ret)
		return ret;
	pthread_mutex_lock(&e->lock);
	while (!e->up)
		pthread_cond_wait(&e->cond, &e->lock);
	ret = e->start_result;
	pthread_mutex_unlock(&e->lock);
	if (ret)
		pthread_join(e->thread, NULL);
	return ret;
}

int io_engine_create(const struct io_engine_config *config, struct io_engine **out)
{
	struct io_engine *e;
	int ret;

	if (config->nr_regions > IO_MAX_REGIONS)
		return -EINVAL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->config = *config;
	io_regions_count(e);
	ret = -pthread_mutex_init(&e->lock, NULL);
	if (ret)
		goto err_free;
	ret = -pthread_cond_init(&e->cond, NULL);
	if (ret)
		goto err_lock;
	/* Blocking: the ring then waits for it by itself instead of saying -EAGAIN. */
	e->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (e->wake_fd < 0) {
		ret = -errno;
		goto err_cond;
	}
	ret = io_windows_create(e, &e->config, &e->windows);
	if (ret)
		goto err_wake;
	ret = start_thread(e);
	if (ret)
		goto err_windows;
	*out = e;
	return 0;

err_windows:
	io_windows_destroy(e->windows);
err_wake:
	close(e->wake_fd);
err_cond:
	pthread_cond_destroy(&e->cond);
err_lock:
	pthread_mutex_destroy(&e->lock);
err_free:
	free(e);
	return ret;
}

void io_engine_destroy(struct io_engine *e)
{
	if (!e)
		return;
	atomic_store(&e->stop, true);
	io_engine_kick(e);
	pthread_join(e->thread, NULL);
	io_windows_destroy(e->windows);
	close(e->wake_fd);
	pthread_cond_destroy(&e->cond);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

struct io_windows *io_engine_windows(struct io_engine *e)
{
	return e->windows;
}

unsigned int io_engine_features(const struct io_engine *e)
{
	return e->features;
}

static uint64_t thread_cpu_us(pthread_t thread)
{
	struct timespec ts;
	clockid_t clock;

	if (pthread_getcpuclockid(thread, &clock) || clock_gettime(clock, &ts))
		return 0;
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void io_engine_get_stats(const struct io_engine *e, struct io_engine_stats *stats)
{
#define IO_STAT(name, shown, ...) .name = io_stat_get(&e->name),
	*stats = (struct io_engine_stats){IO_THREAD_COUNTERS(IO_STAT)};
#undef IO_STAT
	stats->kicks = atomic_load_explicit(&e->kicks, memory_order_relaxed);
	stats->cpu_us = thread_cpu_us(e->thread);
	io_windows_get_stats(e->windows, stats);
}
