/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the host's CPUs from halting while few requests are under way, where that pays.
 *
 * Between a request and its answer driver and I/O thread sleep, and so may the CPUs that the two
 * and the disk's interrupt are to run on. A CPU that wakes up from that is late, and where the host
 * is a virtual machine itself, a halt and the wake-up by another CPU are exits of it. What keeps
 * CPUs awake takes them from nobody who has work, but from the host's own rest. So it has to make
 * requests end a good deal sooner, which is learnt, and ends soon after the last of them.
 */
#include "mm/util.h"
#include "virtio/io/priv.h"

#define TICK_NS 250000000 /* not more often than looks that find something to be learnt */

static void set(struct io_engine *e, bool held)
{
	struct io_awake *a = &e->awake;

	if (a->held == held)
		return;
	a->held = held;
	a->needed = true;
	e->config.keep_awake(e->config.awake_opaque, held);
	if (held)
		io_stat_add(&e->awake_begun, 1);
}

static void ticked(struct io_op *op, int result)
{
	struct io_engine *e = container_of(op, struct io_engine, awake.op);

	(void)result;
	e->awake.armed = false;
	if (!e->awake.needed)
		set(e, false);
	e->awake.needed = false;
}

void io_awake_init(struct io_engine *e)
{
	struct io_awake *a = &e->awake;

	a->learn.begin_at = e->config.awake_at;
	a->learn.stay_at = 1000 + (e->config.awake_at - 1000) / 2;
	a->op.done = ticked;
	a->tick.tv_nsec = TICK_NS;
}

void io_awake_look(struct io_engine *e, int64_t now, int64_t cpu)
{
	struct io_learn *learn = &e->awake.learn;

	if (!e->config.keep_awake)
		return;
	/* The same requests, of which the loop counts for both. */
	learn->done = e->learn.done;
	learn->chances = e->learn.chances;
	/* What polls do is measured with CPUs as they are. */
	if (e->learn.trying) {
		io_learn_skip(learn, now, cpu);
		return;
	}
	(void)io_learn_look(learn, now, cpu);
	if (!learn->rests) {
		e->awake.needed = true;
		set(e, io_learn_says(learn));
	} else if (!learn->does) {
		/* The end of a trial. What pays is let go of by the tick, and not at each moment. */
		set(e, false);
	}
}

void io_awake_arm(struct io_engine *e)
{
	struct io_awake *a = &e->awake;
	struct io_uring_sqe *sqe;

	if (!a->held || a->armed)
		return;
	sqe = io_engine_sqe(e);
	if (!sqe)
		return;
	io_uring_prep_timeout(sqe, &a->tick, 0, 0);
	io_uring_sqe_set_data(sqe, &a->op);
	a->armed = true;
}

void io_awake_end(struct io_engine *e)
{
	set(e, false);
}
