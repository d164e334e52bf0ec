/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring's submission queue: entries for whoever prepares an operation, submitted in batches. */
#include "virtio/io/priv.h"

/* The kernel gives a disk nothing of a batch before all of it is prepared: with larger ones a
 * disk idles while they are made, with smaller ones each pays for a doorbell of its own. */
#define SUBMIT_BATCH 2u

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
