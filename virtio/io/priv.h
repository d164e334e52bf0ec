/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the I/O thread share; nobody else includes this. */
#ifndef VIRTIO_IO_PRIV_H
#define VIRTIO_IO_PRIV_H

#include <pthread.h>

#include "virtio/io/engine.h"
#include "virtio/io/learn.h"
#include "virtio/io/stat.h"
#include "virtio/io/window.h"

#define IO_SQ_ENTRIES 1024u
#define IO_SQ_LEAST   64u
#define IO_CQ_FACTOR  4u /* completion entries an entry */

/* Something for the I/O thread to do for another, which waits. fn is called once a
 * round until it returns true. */
struct io_call {
	bool (*fn)(struct io_engine *engine, struct io_call *call);
	struct io_source *source;
	struct io_watch *watch;
	const struct io_region *region;
	const unsigned int *busy;
	enum io_rest how;
	int fd, result;
	bool begun, done;
	struct io_call *next;
};

/* A poll that is worth its while only if it finds something; see judge_poll(). */
struct io_poll {
	unsigned int fails; /* in a row */
	unsigned int rest;  /* sleeps before the next trial */
};

/* The host's CPUs, kept from halting; see awake.c. */
struct io_awake {
	struct io_learn learn; /* whether that pays */
	bool held;
	int64_t needed_at; /* the last look that found something to be learnt, ns */
};

struct io_engine {
	struct io_engine_config config;
	pthread_t thread;
	int wake_fd;

	/* Between threads. */
	pthread_mutex_t lock; /* calls, new_releases, up, start_result */
	pthread_cond_t cond;
	struct io_call *calls;
	struct io_release *new_releases;
	bool up;
	int start_result;
	atomic_bool has_calls; /* new ones */
	atomic_bool stop;
	atomic_bool asleep;
	_Atomic uint64_t kicks;

	/* The I/O thread's. */
	struct io_uring ring;
	_Atomic unsigned int features; /* written before up */
	struct io_windows *windows;
	struct io_source *sources;
	struct io_watch *watches;
	unsigned int nr_heaps; /* of the regions */
	unsigned int cq_entries;
	unsigned int inflight; /* operations queued and not completed */
	unsigned int paused[IO_RESTS];
	bool again; /* a call has changed what sources may do: they are asked, then it is looked at */
	struct io_release *releases; /* whose windows are not gone yet */
	bool waiting;                /* a call or a release is not done, and looked at each round */
	struct io_poll after_answers, after_requests;
	struct io_learn learn; /* whether polls pay, where config.learns_polls says so */
	struct io_awake awake;
	uint64_t wake_value;
	struct io_op wake_op, tick_op;
	bool wake_armed, tick_armed;
	struct __kernel_timespec tick;
	bool file_used[IO_MAX_FILES];
#define IO_STAT(name, shown, ...) io_stat name;
	IO_THREAD_COUNTERS(IO_STAT)
#undef IO_STAT
};

/* ring.c: makes the ring as good as the kernel has it, and undoes that. Returns 0 or a
 * negative errno. */
int io_ring_create(struct io_engine *engine);
void io_ring_destroy(struct io_engine *engine);

/* call.c: has the I/O thread do something, and waits until it is done. */
void io_call(struct io_engine *engine, struct io_call *call);

/* submit.c: submits what is queued. A failure leaves entries queued, for the next time. */
void io_engine_submit(struct io_engine *engine);
/* Counts what is queued as a batch, for a wait that submits it. Returns whether there is any. */
bool io_engine_count_batch(struct io_engine *engine);

/* region.c: counts the heaps, after a change of the regions. */
void io_regions_count(struct io_engine *engine);

static inline bool io_is_paused(const struct io_engine *engine)
{
	return engine->paused[IO_HOLD] || engine->paused[IO_RECLAIM] || engine->paused[IO_FINISH];
}

/* watch.c: arms the watches that have fired, or are new. */
void io_watch_arm(struct io_engine *engine);

/* awake.c: before the thread begins. */
void io_awake_init(struct io_engine *engine);
/* A look at the clocks, as io_learn_look(), of all that is learnt. */
void io_awake_look(struct io_engine *engine, int64_t now, int64_t cpu);
/* Lets go of what is needed no longer. Ticks come at least while CPUs are held. */
void io_awake_tick(struct io_engine *engine, int64_t now);
void io_awake_end(struct io_engine *engine);

/* loop.c: the thread. */
void *io_loop(void *engine);

#endif
