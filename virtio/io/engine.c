/* SPDX-License-Identifier: BSD-2-Clause */
/* The I/O thread as others see it: made, ended, kicked, called. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "virtio/io/priv.h"

/* The kernel gives a disk nothing of a batch before all of it is prepared: with larger ones a
 * disk idles while they are made, with smaller ones each pays for a doorbell of its own. */
#define SUBMIT_BATCH 2u

static int start_thread(struct io_engine *e)
{
	const cpu_set_t *cpus = e->config.cpus;
	pthread_attr_t attr;
	sigset_t all, old;
	int ret;

	/* Signals are for the monitor's other threads, but what this one does itself. */
	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	ret = -pthread_sigmask(SIG_SETMASK, &all, &old);
	if (ret)
		return ret;
	pthread_attr_init(&attr);
	if (cpus)
		pthread_attr_setaffinity_np(&attr, sizeof(*cpus), cpus);
	ret = -pthread_create(&e->thread, &attr, io_loop, e);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
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

void io_engine_kick(struct io_engine *e)
{
	const uint64_t one = 1;

	/* Sequentially consistent: what the caller did is before this look; see
	 * sleep_until_something(). One of several that kick does the writing. */
	if (!atomic_load(&e->asleep) || !atomic_exchange(&e->asleep, false))
		return;
	/* Relaxed: a statistic. */
	atomic_fetch_add_explicit(&e->kicks, 1, memory_order_relaxed);
	/* It cannot fail: the counter is far from its limit. */
	if (write(e->wake_fd, &one, sizeof(one)) < 0)
		return;
}

void io_call(struct io_engine *e, struct io_call *c)
{
	pthread_mutex_lock(&e->lock);
	c->next = e->calls;
	e->calls = c;
	atomic_store(&e->has_calls, true);
	io_engine_kick(e);
	while (!c->done)
		pthread_cond_wait(&e->cond, &e->lock);
	pthread_mutex_unlock(&e->lock);
}

static bool do_attach(struct io_engine *e, struct io_call *c)
{
	c->source->next = e->sources;
	e->sources = c->source;
	return true;
}

static bool do_drain(struct io_engine *e, struct io_call *c)
{
	(void)e;
	return !*c->busy;
}

static bool do_detach(struct io_engine *e, struct io_call *c)
{
	struct io_source **at;

	if (!do_drain(e, c))
		return false;
	for (at = &e->sources; *at; at = &(*at)->next)
		if (*at == c->source) {
			*at = c->source->next;
			break;
		}
	return true;
}

static bool do_pause(struct io_engine *e, struct io_call *c)
{
	const struct io_source *source;

	if (!c->begun) {
		e->paused[c->how]++;
		e->again = true;
		c->begun = true;
		return false;
	}
	for (source = e->sources; source; source = source->next)
		if (source->busy > (c->how == IO_FINISH ? 0 : source->held))
			return false;
	return io_windows_release(e->windows);
}

static bool do_resume(struct io_engine *e, struct io_call *c)
{
	if (e->paused[c->how])
		e->paused[c->how]--;
	return true;
}

static bool do_add_file(struct io_engine *e, struct io_call *c)
{
	int i, ret;

	c->result = -ENOSPC;
	for (i = 0; i < IO_MAX_FILES; i++)
		if (!e->file_used[i])
			break;
	if (i == IO_MAX_FILES)
		return true;
	ret = io_uring_register_files_update(&e->ring, (unsigned int)i, &c->fd, 1);
	if (ret < 0) {
		c->result = ret;
		return true;
	}
	e->file_used[i] = true;
	c->result = i;
	return true;
}

static bool do_remove_file(struct io_engine *e, struct io_call *c)
{
	int none = -1;

	io_uring_register_files_update(&e->ring, (unsigned int)c->fd, &none, 1);
	e->file_used[c->fd] = false;
	return true;
}

void io_engine_attach(struct io_engine *e, struct io_source *source)
{
	struct io_call c = {.fn = do_attach, .source = source};

	io_call(e, &c);
}

void io_engine_detach(struct io_engine *e, struct io_source *source)
{
	struct io_call c = {.fn = do_detach, .source = source, .busy = &source->busy};

	io_call(e, &c);
}

void io_engine_drain(struct io_engine *e, const unsigned int *busy)
{
	struct io_call c = {.fn = do_drain, .busy = busy};

	io_call(e, &c);
}

void io_engine_pause(struct io_engine *e, enum io_rest how)
{
	struct io_call c = {.fn = do_pause, .how = how};

	io_call(e, &c);
}

void io_engine_resume(struct io_engine *e, enum io_rest how)
{
	struct io_call c = {.fn = do_resume, .how = how};

	io_call(e, &c);
}

bool io_engine_holds(const struct io_engine *e)
{
	return io_is_paused(e) && !e->paused[IO_FINISH];
}

bool io_engine_reclaims(const struct io_engine *e)
{
	return e->paused[IO_RECLAIM];
}

void io_engine_release(struct io_engine *e, struct io_release *release)
{
	release->held = false;
	pthread_mutex_lock(&e->lock);
	release->next = e->new_releases;
	e->new_releases = release;
	atomic_store(&e->has_calls, true);
	pthread_mutex_unlock(&e->lock);
	io_engine_kick(e);
}

int io_engine_add_file(struct io_engine *e, int fd)
{
	struct io_call c = {.fn = do_add_file, .fd = fd};

	io_call(e, &c);
	return c.result;
}

void io_engine_remove_file(struct io_engine *e, int index)
{
	struct io_call c = {.fn = do_remove_file, .fd = index};

	io_call(e, &c);
}

bool io_engine_room(const struct io_engine *e, unsigned int n)
{
	/* Half for completions that nobody counts: tags, timers, wake-ups. */
	return e->inflight + n <= e->cq_entries / 2;
}

bool io_engine_count_batch(struct io_engine *e)
{
	unsigned int queued = io_uring_sq_ready(&e->ring);

	if (!queued)
		return false;
	io_stat_add(&e->sqes, queued);
	io_stat_add(&e->batches, 1);
	return true;
}

void io_engine_submit(struct io_engine *e)
{
	if (io_engine_count_batch(e))
		io_uring_submit(&e->ring);
}

struct io_uring_sqe *io_engine_sqe(struct io_engine *e)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&e->ring);

	if (sqe)
		return sqe;
	io_engine_submit(e);
	return io_uring_get_sqe(&e->ring);
}

void io_engine_queue(struct io_engine *e, struct io_uring_sqe *sqe, struct io_op *op)
{
	op->counted = true;
	e->inflight++;
	io_uring_sqe_set_data(sqe, op);
}

void io_engine_begin(struct io_engine *e)
{
	if (io_uring_sq_ready(&e->ring) >= SUBMIT_BATCH)
		io_engine_submit(e);
}

const struct io_region *io_engine_region(const struct io_engine *e, const void *host, uint64_t len)
{
	unsigned int i;

	for (i = 0; i < e->config.nr_regions; i++) {
		const struct io_region *region = &e->config.region[i];
		uint64_t offset = (uintptr_t)host - (uintptr_t)region->host;

		if (offset < region->size && len <= region->size - offset)
			return region;
	}
	return NULL;
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
#define IO_STAT(name, shown) .name = io_stat_get(&e->name),
	*stats = (struct io_engine_stats){IO_THREAD_COUNTERS(IO_STAT)};
#undef IO_STAT
	stats->kicks = atomic_load_explicit(&e->kicks, memory_order_relaxed);
	stats->cpu_us = thread_cpu_us(e->thread);
	io_windows_get_stats(e->windows, stats);
}
