/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors of others that an I/O thread waits for in its ring. A poll of many shots
 * completes once a signal, whatever the eventfd's count, so the count need not be read; a kernel
 * without them (before 5.13) has polls of one shot, and there it is read, by a system call: the
 * eventfd is another's, and whether it blocks is not ours to say.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "mm/util.h"
#include "virtio/io/priv.h"

static void fired(struct io_op *op, int result)
{
	struct io_watch *w = container_of(op, struct io_watch, op);
	uint64_t value;
	ssize_t n;

	w->armed = op->more;
	if (w->stopping)
		return;
	if (result == -EINVAL && !w->single) {
		w->single = true;
		return;
	}
	if (result < 0)
		return;
	/* Read before work is looked for: what comes after is a signal of its own. */
	if (!w->armed) {
		n = read(w->fd, &value, sizeof(value));
		if (!n || (n < 0 && errno != EAGAIN))
			w->stopping = true; /* nothing to wait for, for ever */
	}
	w->ready(w);
}

void io_watch_arm(struct io_engine *e)
{
	struct io_uring_sqe *sqe;

	for (struct io_watch *w = e->watches; w; w = w->next) {
		if (w->armed || w->stopping)
			continue;
		sqe = io_engine_sqe(e);
		if (!sqe)
			return;
		if (w->single)
			io_uring_prep_poll_add(sqe, w->fd, POLLIN);
		else
			io_uring_prep_poll_multishot(sqe, w->fd, POLLIN);
		io_uring_sqe_set_data(sqe, &w->op);
		w->armed = true;
	}
}

static bool do_watch(struct io_engine *e, struct io_call *c)
{
	c->watch->next = e->watches;
	e->watches = c->watch;
	return true;
}

/* A poll of many shots that is just being told of a signal is not removed (-EALREADY): the
 * call that waits for its end is looked at again, and asks again. */
static void removed(struct io_op *op, int result)
{
	struct io_watch *w = container_of(op, struct io_watch, remove);

	(void)result;
	w->removing = false;
}

static bool do_unwatch(struct io_engine *e, struct io_call *c)
{
	struct io_uring_sqe *sqe;

	c->watch->stopping = true;
	if (c->watch->armed && !c->watch->removing) {
		sqe = io_engine_sqe(e);
		if (!sqe)
			return false;
		io_uring_prep_poll_remove(sqe, (uintptr_t)&c->watch->op);
		io_uring_sqe_set_data(sqe, &c->watch->remove);
		c->watch->removing = true;
	}
	/* Both are to be over: the watch is its owner's again. */
	if (c->watch->armed || c->watch->removing)
		return false;
	for (struct io_watch **at = &e->watches; *at; at = &(*at)->next)
		if (*at == c->watch) {
			*at = c->watch->next;
			break;
		}
	return true;
}

void io_engine_watch(struct io_engine *e, struct io_watch *watch, int fd)
{
	struct io_call c = {.fn = do_watch, .watch = watch};

	watch->op = (struct io_op){.done = fired};
	watch->remove = (struct io_op){.done = removed};
	watch->removing = false;
	watch->fd = fd;
	watch->armed = false;
	watch->stopping = false;
	io_call(e, &c);
}

void io_engine_unwatch(struct io_engine *e, struct io_watch *watch)
{
	struct io_call c = {.fn = do_unwatch, .watch = watch};

	io_call(e, &c);
}
