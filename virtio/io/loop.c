/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The I/O thread's rounds.
 *
 * A round that found something is followed by a poll of the drivers' rings and of the
 * completion queue: after answers for more requests, after requests for their completions.
 * After that the thread asks for notifications and sleeps in the ring. Polls of the one kind
 * or the other that keep finding nothing are left out for a while.
 */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "mm/host/clock.h"
#include "mm/util.h"
#include "virtio/io/priv.h"

#define DEEP         8u /* operations under way from which completions are near */
#define DEEP_WAIT_NS 1000000u
#define DEEP_POLL_NS 10000u
#define POLL_FAILS   4u  /* polls in a row before there are none */
#define POLL_REST    64u /* sleeps before the next trial */
#define TICK_MS      100
/* Polls begin where requests end this much sooner, thousandths, and go on while they end that much
 * sooner. */
#define POLLS_AT      1100
#define POLLS_STAY_AT 1030
#define REAP_BATCH    8u /* then answers go out, and what drivers ask for comes in */
#define POLL_SPINS    16 /* looks between two looks at the clock */

static void woken(struct io_op *op, int result)
{
	struct io_engine *e = container_of(op, struct io_engine, wake_op);

	(void)result; /* spent, or to be armed again: the same */
	e->wake_armed = false;
}

static void ticked(struct io_op *op, int result)
{
	struct io_engine *e = container_of(op, struct io_engine, tick_op);
	const int64_t now = monotonic_ns();

	(void)result;
	e->tick_armed = false;
	io_windows_tick(e->windows, now / 1000000);
	io_awake_tick(e, now);
}

/*
 * Operations of the thread's own, which count for nothing. None of those that may last is on a
 * file of the ring's table: before Linux 6.13 an operation on an entry of that table keeps the
 * tags of all buffers back that are let go of after it began, for as long as it lasts.
 */
static void arm(struct io_engine *e)
{
	struct io_uring_sqe *sqe;

	if (!e->wake_armed) {
		sqe = io_engine_sqe(e);
		if (!sqe)
			return;
		io_uring_prep_read(sqe, e->wake_fd, &e->wake_value, sizeof(e->wake_value), 0);
		io_uring_sqe_set_data(sqe, &e->wake_op);
		e->wake_armed = true;
	}
	if (!e->tick_armed && (io_windows_want_tick(e->windows) || e->awake.held)) {
		sqe = io_engine_sqe(e);
		if (!sqe)
			return;
		io_uring_prep_timeout(sqe, &e->tick, 0, 0);
		io_uring_sqe_set_data(sqe, &e->tick_op);
		e->tick_armed = true;
	}
	io_watch_arm(e);
}

/* The lock is held. */
static void take_releases(struct io_engine *e)
{
	struct io_release *r;

	while (e->new_releases) {
		r = e->new_releases;
		e->new_releases = r->next;
		r->next = e->releases;
		e->releases = r;
	}
}

/* Without the lock: done() takes a queue's lock, under which others add releases. */
static bool run_releases(struct io_engine *e)
{
	struct io_release *r;
	bool any = false;

	for (struct io_release **at = &e->releases; *at;) {
		r = *at;
		if (!r->held)
			io_windows_hold(e->windows, r->range, r->nr);
		r->held = true;
		if (!io_windows_clear(e->windows, r->range, r->nr)) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		/* No I/O begins before this thread is back from done(). */
		io_windows_unhold(e->windows, r->range, r->nr);
		r->done(r);
		any = true;
	}
	return any;
}

static void flush_all(struct io_engine *e)
{
	for (struct io_source *source = e->sources; source; source = source->next)
		source->ops->flush(source);
}

static bool run_calls(struct io_engine *e)
{
	struct io_call *call;
	bool any = false;

	/* Acquire: who sets it has queued its call; the lock would do as well. */
	if (!e->waiting && !atomic_load_explicit(&e->has_calls, memory_order_acquire))
		return false;
	/* What a call waits for may be held. Without the lock, as run_releases(). */
	flush_all(e);
	e->again = false;
	pthread_mutex_lock(&e->lock);
	take_releases(e);
	atomic_store_explicit(&e->has_calls, false, memory_order_relaxed);
	for (struct io_call **at = &e->calls; *at;) {
		call = *at;
		if (!call->fn(e, call)) {
			at = &call->next;
			continue;
		}
		*at = call->next;
		call->done = true;
		any = true;
	}
	e->waiting = e->calls != NULL;
	if (any)
		pthread_cond_broadcast(&e->cond);
	pthread_mutex_unlock(&e->lock);
	any |= run_releases(e);
	e->waiting |= e->releases != NULL;
	return any || e->again;
}

static bool take_work(struct io_engine *e)
{
	bool any = false;

	if (io_is_paused(e))
		return false;
	for (struct io_source *source = e->sources; source; source = source->next)
		any |= source->ops->work(source);
	return any;
}

static bool reap(struct io_engine *e)
{
	struct io_uring_cqe *cqe[REAP_BATCH];
	unsigned int n;
	bool any = false;

	n = io_uring_peek_batch_cqe(&e->ring, cqe, REAP_BATCH);
	for (unsigned int i = 0; i < n; i++) {
		struct io_op *op = io_uring_cqe_get_data(cqe[i]);

		if (cqe[i]->user_data == LIBURING_UDATA_TIMEOUT)
			continue;

		/* A call may wait for just this: it is looked at before a sleep. */
		any |= op->counted || e->waiting;
		if (op->counted) {
			e->inflight--;
			e->learn.done++;
		}
		op->more = cqe[i]->flags & IORING_CQE_F_MORE;
		op->done(op, cqe[i]->res);
	}
	io_uring_cq_advance(&e->ring, n);
	if (any)
		flush_all(e);
	return any;
}

/* What an idle thread looks at; no system call. */
static bool anything(struct io_engine *e)
{
	/* Relaxed, all: a look, repeated soon and before any sleep. */
	if (io_uring_cq_ready(&e->ring) ||
	    atomic_load_explicit((_Atomic unsigned int *)e->ring.sq.kflags, memory_order_relaxed) &
		    (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW) ||
	    atomic_load_explicit(&e->has_calls, memory_order_relaxed) ||
	    atomic_load_explicit(&e->stop, memory_order_relaxed))
		return true;
	for (struct io_source *source = io_is_paused(e) ? NULL : e->sources; source;
	     source = source->next)
		if (source->ops->pending(source))
			return true;
	return false;
}

static bool poll_for_work(struct io_engine *e, uint64_t ns)
{
	int64_t end;

	if (!ns)
		return false;
	end = monotonic_ns() + (int64_t)ns;
	do {
		for (int i = 0; i < POLL_SPINS; i++) {
			if (anything(e)) {
				io_stat_add(&e->polls, 1);
				return true;
			}
			__builtin_ia32_pause();
		}
	} while (monotonic_ns() < end);
	return false;
}

/*
 * A poll that finds nothing has kept a CPU from others, perhaps from the very vCPU that
 * was to add the request. After a few such polls there are none for some sleeps, and then
 * one as a trial.
 */
static void judge_poll(struct io_poll *p, bool found)
{
	if (found)
		p->fails = 0;
	else if (++p->fails >= POLL_FAILS)
		p->rest = POLL_REST;
}

static void count_sleep(struct io_poll *p)
{
	if (p->rest && !--p->rest)
		p->fails = POLL_FAILS - 1;
}

/* With much under way a wake-up brings much, and is not worth a poll. */
static uint64_t poll_ns(struct io_engine *e, const struct io_poll *p)
{
	if (e->inflight >= DEEP)
		return 0;
	e->learn.chances++;
	if (p->rest || (e->config.learns_polls && !io_learn_says(&e->learn)))
		return 0;
	return (uint64_t)e->config.poll_us * 1000;
}

/* Not where nothing is learnt, for this thread's CPU time is asked for by a system call. */
static void learn(struct io_engine *e)
{
	struct timespec ts;
	int64_t now;
	int64_t cpu;

	if ((!e->config.learns_polls && !e->config.keep_awake) || !io_learn_due(&e->learn) ||
	    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts))
		return;
	now = monotonic_ns();
	cpu = ts.tv_sec * 1000000000LL + ts.tv_nsec;
	io_awake_look(e, now, cpu);
	if (!e->config.learns_polls || e->awake.learn.trying) {
		io_learn_skip(&e->learn, now, cpu);
		return;
	}
	if (!io_learn_look(&e->learn, now, cpu))
		return;
	/* Whatever polls found before says nothing of those to come. */
	e->after_answers = (struct io_poll){0};
	e->after_requests = (struct io_poll){0};
}

static void sleep_until_something(struct io_engine *e)
{
	bool stay = false;

	/* This round may have seen the wake-up's completion. */
	arm(e);
	/*
	 * Sequentially consistent, as in io_engine_kick(): asleep is seen by those who
	 * kick after this, and what others did before is seen by the looks below.
	 */
	atomic_store(&e->asleep, true);
	for (struct io_source *source = io_is_paused(e) ? NULL : e->sources; source;
	     source = source->next)
		stay |= source->ops->rest(source);
	stay |= atomic_load(&e->stop) || atomic_load(&e->has_calls);
	if (!stay) {
		io_stat_add(&e->sleeps, 1);
		count_sleep(&e->after_answers);
		count_sleep(&e->after_requests);
		io_engine_count_batch(e);
		io_uring_submit_and_wait(&e->ring, 1);
	}
	atomic_store(&e->asleep, false);
}

/*
 * With much under way the next completion is near, and the round after it finds what
 * drivers have added meanwhile: notifications stay off. The limit is for operations that
 * are all slow, so that a request does not wait for them. Not where notifications are cheap:
 * a request had better not wait there, and the timer costs more than it saves.
 */
static void wait_for_completion(struct io_engine *e)
{
	struct __kernel_timespec limit = {.tv_nsec = DEEP_WAIT_NS};
	struct io_uring_cqe *cqe;

	/* Calls still wake it: as in sleep_until_something(). */
	arm(e);
	atomic_store(&e->asleep, true);
	if (!atomic_load(&e->stop) && !atomic_load(&e->has_calls)) {
		io_engine_count_batch(e);
		io_uring_submit_and_wait_timeout(&e->ring, &cqe, 1, &limit, NULL);
	}
	atomic_store(&e->asleep, false);
}

static void run(struct io_engine *e)
{
	struct io_poll *poll = &e->after_answers;

	while (!atomic_load_explicit(&e->stop, memory_order_relaxed)) {
		bool any = run_calls(e);
		bool taken = take_work(e);

		arm(e);
		io_engine_submit(e);
		if (reap(e)) {
			learn(e);
			poll = &e->after_answers;
		} else if (taken) {
			poll = &e->after_requests;
		} else if (!any && e->inflight >= DEEP && e->config.dear_kicks) {
			if (!poll_for_work(e, e->config.poll_us ? DEEP_POLL_NS : 0))
				wait_for_completion(e);
		} else if (!any) {
			const uint64_t ns = poll_ns(e, poll);
			bool found = poll_for_work(e, ns);

			if (ns)
				judge_poll(poll, found);
			if (!found)
				sleep_until_something(e);
		}
	}
}

void *io_loop(void *arg)
{
	struct io_engine *e = arg;
	int ret;

	pthread_setname_np(pthread_self(), "io");
	e->wake_op.done = woken;
	e->tick_op.done = ticked;
	e->tick.tv_nsec = TICK_MS * 1000000;
	e->learn.begin_at = POLLS_AT;
	e->learn.stay_at = POLLS_STAY_AT;
	io_awake_init(e);
	ret = io_ring_create(e);
	pthread_mutex_lock(&e->lock);
	e->up = true;
	e->start_result = ret;
	pthread_cond_broadcast(&e->cond);
	pthread_mutex_unlock(&e->lock);
	if (ret)
		return NULL;
	if (e->config.settle)
		e->config.settle(e->config.settle_opaque);
	run(e);
	io_awake_end(e);
	io_ring_destroy(e);
	return NULL;
}
