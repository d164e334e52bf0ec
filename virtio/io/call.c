/* SPDX-License-Identifier: BSD-2-Clause */
/* What other threads ask of the I/O thread: a look at its sources, and calls that wait for their
 * end. loop.c carries these out between two rounds. */
#include <unistd.h>

#include "virtio/io/priv.h"

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
	if (!do_drain(e, c))
		return false;
	for (struct io_source **at = &e->sources; *at; at = &(*at)->next)
		if (*at == c->source) {
			*at = c->source->next;
			break;
		}
	return true;
}

static bool do_pause(struct io_engine *e, struct io_call *c)
{
	if (!c->begun) {
		e->paused[c->how]++;
		e->again = true;
		c->begun = true;
		return false;
	}
	for (const struct io_source *source = e->sources; source; source = source->next)
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
	int i;
	int ret;

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
