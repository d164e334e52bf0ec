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
#include "virtio/io/priv.h"

#define STAYS_NS 250000000 /* as far apart as looks that find something to be learnt may be */

static void set(struct io_engine *e, bool held)
{
	struct io_awake *a = &e->awake;

	if (a->held == held)
		return;
	a->held = held;
	e->config.keep_awake(e->config.awake_opaque, held);
	if (held)
		io_stat_add(&e->awake_begun, 1);
}

void io_awake_init(struct io_engine *e)
{
	struct io_awake *a = &e->awake;

	a->learn.begin_at = e->config.awake_at;
	a->learn.stay_at = 1000 + (e->config.awake_at - 1000) / 2;
}

void io_awake_look(struct io_engine *e, int64_t now, int64_t cpu)
{
	struct io_learn *learn = &e->awake.learn;

	if (!e->config.keep_awake)
		return;
	/* The same requests, of which the loop counts for both. */
	learn->done = e->learn.done;
	learn->chances = e->learn.chances;
	/* What polls do is measured with CPUs as they are: awake to the end, if they are. */
	if (e->learn.trying) {
		e->awake.needed_at = now;
		io_learn_skip(learn, now, cpu);
		return;
	}
	(void)io_learn_look(learn, now, cpu);
	if (!learn->rests) {
		e->awake.needed_at = now;
		set(e, io_learn_says(learn));
	} else if (!learn->does) {
		/* The end of a trial. What pays is let go of by a tick, and not at each moment. */
		set(e, false);
	}
}

void io_awake_tick(struct io_engine *e, int64_t now)
{
	if (now - e->awake.needed_at > STAYS_NS)
		set(e, false);
}

void io_awake_end(struct io_engine *e)
{
	set(e, false);
}
