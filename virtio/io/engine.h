/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The I/O thread: one thread and one io_uring for a set of devices.
 *
 * A device is a source of work. Each round the thread asks its sources for work,
 * which they turn into operations of the ring; submits all of them with one system
 * call; delivers completions; and lets the sources tell their drivers. With nothing
 * to do it polls for a bounded time that adapts to how soon work used to come,
 * and then sleeps in the ring until a completion, a timer or a kick. While it is
 * awake, drivers are asked not to notify, and a kick costs one load.
 *
 * All callbacks run on the I/O thread. A source's queue locks (device.h) may be taken
 * in them; none may be held by who calls io_engine_drain() or another call that waits.
 */
#ifndef VIRTIO_IO_ENGINE_H
#define VIRTIO_IO_ENGINE_H

#include <liburing.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct mm_heap;
struct io_engine;
struct io_source;
struct io_windows;

#define IO_MAX_REGIONS 72
#define IO_MAX_FILES   32 /* of all sources */

/* A range of guest memory in this process. */
struct io_region {
	void *host;
	uint64_t size;        /* bytes */
	struct mm_heap *heap; /* whose window this is a part of; NULL: memory that stays */
	uint64_t heap_at;     /* where in that window host is, bytes from its base */
	/* Mapped apart from the heap's own mapping: what the heap gives back reads as zero here,
	 * and is no fault. */
	bool apart;
	uint64_t page; /* bytes of its pages; 0: no more than 2 MiB */
};

struct io_engine_config {
	struct io_region region[IO_MAX_REGIONS]; /* disjoint; all that I/O may touch */
	unsigned int nr_regions;
	const cpu_set_t *cpus; /* the thread's; NULL: any. Read by io_engine_create() alone */
	uint32_t poll_us;      /* longest poll before a sleep; 0: none */
	bool learns_polls;     /* ... if polls pay at all, which is learnt (learn.h) */
	/* Keeps the host's CPUs from halting, or no longer; from the I/O thread. NULL: cannot be. */
	void (*keep_awake)(void *opaque, bool awake);
	void *awake_opaque;
	uint32_t awake_at;    /* where it makes requests end so much sooner, thousandths; 1000: no
				 sooner */
	bool dear_kicks;      /* drivers notify by exits: spare them when many requests wait */
	uint64_t pin_budget;  /* bytes of guest memory registered at most; 0: none */
	uint32_t idle_ms;     /* a window unused for this long is let go; 0: never */
	uint32_t force_plain; /* IO_NO_*: do without, as an old kernel would */
	/* A line for the user, without newline; from the I/O thread. NULL: dropped. */
	void (*warn)(void *opaque, const char *text);
	void *warn_opaque;
	/* Called once on the I/O thread, when it has made its ring and before it serves any
	 * source. NULL: nothing. */
	void (*settle)(void *opaque);
	void *settle_opaque;
};

/* One operation under way. done gets what the ring says: bytes, 0 or -errno. */
struct io_op {
	void (*done)(struct io_op *op, int result);
	bool counted; /* the engine's: queued by io_engine_queue() */
	bool more;    /* the engine's: done() is called again (IORING_CQE_F_MORE) */
};

/* A descriptor to wait for beside the ring's own work. The engine's, but for ready. */
struct io_watch {
	struct io_op op;
	void (*ready)(struct io_watch *watch); /* on the I/O thread */
	int fd;
	bool armed, stopping;
	bool removing; /* its removal is under way */
	struct io_op remove;
	bool single; /* the kernel has polls of one shot only */
	struct io_watch *next;
};

/* What the running kernel may have or lack. */
#define IO_HAS_DEFER_TASKRUN (1u << 0)
#define IO_HAS_COOP_TASKRUN  (1u << 1)
#define IO_HAS_RESTRICTIONS  (1u << 2)
#define IO_HAS_WINDOWS       (1u << 3) /* a sparse table of registered buffers */
#define IO_HAS_VECTORED      (1u << 4) /* READV_FIXED, WRITEV_FIXED */
#define IO_NO_WINDOWS        IO_HAS_WINDOWS
#define IO_NO_VECTORED       IO_HAS_VECTORED
#define IO_NO_DEFER_TASKRUN  IO_HAS_DEFER_TASKRUN

/* Since liburing 2.3: by number. */
#define IO_OP_READV_FIXED  60
#define IO_OP_WRITEV_FIXED 61

struct io_source_ops {
	/* Takes what the driver made available, a bounded number, and queues
	 * operations for it. Returns true if there was any. */
	bool (*work)(struct io_source *source);
	/* Completions were delivered, or a call waits for the source: begin the next steps of
	 * requests that may go on (io_engine_holds()), end those that may not, tell the driver. */
	void (*flush)(struct io_source *source);
	/* Tells whether work() would find something; called in a loop while polling. */
	bool (*pending)(struct io_source *source);
	/* The thread is about to sleep: ask the driver to notify. Returns true if
	 * something has come already. */
	bool (*rest)(struct io_source *source);
};

/* Embedded in a device. The numbers are the I/O thread's only. */
struct io_source {
	const struct io_source_ops *ops;
	unsigned int busy; /* requests taken and not yet answered */
	unsigned int held; /* ... of which no operation is under way: they are between two steps */
	struct io_source *next;
};

/*
 * What an engine counts: X(name, name in --stats, kind, metric, help), as MM_COUNTERS (mm/mm.h), by
 * who counts: the I/O thread; its windows; and all of it. MICROSECONDS is the kind of a counter of
 * these. The structures and every account of them come from these lists, so that what is counted is
 * shown.
 */
#define IO_THREAD_COUNTERS(X)                                                             \
	X(sqes, io_sqes, COUNTER, "io_operations", "operations submitted")                \
	X(batches, io_batches, COUNTER, "io_batches", "system calls that submitted them") \
	X(polls, io_polls, COUNTER, "io_polls", "times that work came while polling")     \
	X(sleeps, io_sleeps, COUNTER, "io_sleeps",                                        \
	  "times that the thread slept, notifications on")                                \
	X(awake_begun, io_awake, COUNTER, "io_awake",                                     \
	  "times that it began to keep CPUs from halting")
#define IO_WINDOW_COUNTERS(X)                                                           \
	X(window_hits, window_hits, COUNTER, "io_window_hits",                          \
	  "pieces of I/O on a registered window")                                       \
	X(window_misses, window_misses, COUNTER, "io_window_misses",                    \
	  "pieces of I/O on memory that was not registered")                            \
	X(window_refusals, window_refusals, COUNTER, "io_window_refusals",              \
	  "misses that were not worth an eviction")                                     \
	X(windows_made, windows_made, COUNTER, "io_made_windows", "windows registered") \
	X(window_evictions, window_evictions, COUNTER, "io_evicted_windows",            \
	  "windows let go for others")                                                  \
	X(window_failures, window_failures, COUNTER, "io_failed_windows",               \
	  "windows that the kernel did not register")                                   \
	X(window_bytes, window_bytes, GAUGE, "io_window_bytes", "memory that is registered")
#define IO_COUNTERS(X)                                                                 \
	IO_THREAD_COUNTERS(X)                                                          \
	X(kicks, io_kicks, COUNTER, "io_kicks",                                        \
	  "wake-ups by another thread that cost a system call")                        \
	X(cpu_us, io_cpu_us, MICROSECONDS, "io_cpu_seconds", "CPU time of the thread") \
	IO_WINDOW_COUNTERS(X)

struct io_engine_stats {
#define IO_STATS_FIELD(name, shown, ...) uint64_t name;
	IO_COUNTERS(IO_STATS_FIELD)
#undef IO_STATS_FIELD
};

/*
 * Makes the ring and starts the thread. Memory of the regions must stay mapped (of
 * heaps: reserved) until io_engine_destroy().
 * Returns 0, -EINVAL, -ENOMEM, or what io_uring_setup() said (-ENOSYS, -EPERM: the
 * host has no io_uring for us).
 */
int io_engine_create(const struct io_engine_config *config, struct io_engine **engine);

/* Ends the thread and frees the engine (NULL: nothing). No source is attached. */
void io_engine_destroy(struct io_engine *engine);

/* IO_HAS_* of this engine. */
unsigned int io_engine_features(const struct io_engine *engine);

void io_engine_get_stats(const struct io_engine *engine, struct io_engine_stats *stats);

/* Begins and ends asking a source for work. Detaching waits until it has none. */
void io_engine_attach(struct io_engine *engine, struct io_source *source);
void io_engine_detach(struct io_engine *engine, struct io_source *source);

/* Tells the thread to look at its sources. From any thread, any lock held; a system
 * call only if the thread sleeps. */
void io_engine_kick(struct io_engine *engine);

/* Waits until *busy, a count of a source's that only the I/O thread changes, is 0. One
 * that goes on taking requests is waited for as long: stop it first. The source is asked to flush
 * before: it can end what is held. */
void io_engine_drain(struct io_engine *engine, const unsigned int *busy);

/*
 * The thread comes to rest: no source is asked for work, no operation is under way, and all
 * windows of heaps are let go when io_engine_pause() returns. What it does not wait for is more
 * than an operation lasts, however much a guest has asked for:
 *  - IO_HOLD: requests of several steps are held between two of them, and go on later.
 *    For a guest that stands still.
 *  - IO_RECLAIM: so are those that lie in memory which stays; those in a heap end with an error.
 *    Before a heap takes all its memory back (mm_heap_reset()).
 *  - IO_FINISH: all requests are answered, which is as long as the sources let it be. Before a
 *    region that stays is taken away.
 * io_engine_resume() undoes one of the same kind. Calls nest; with several kinds at once, requests
 * are held unless one of them is IO_FINISH.
 */
enum io_rest {
	IO_HOLD,
	IO_RECLAIM,
	IO_FINISH,
	IO_RESTS
};
void io_engine_pause(struct io_engine *engine, enum io_rest how);
void io_engine_resume(struct io_engine *engine, enum io_rest how);

/*
 * Before memory that stays in its region is given back to the host: registered pages would
 * outlive that, and I/O go to them. io_engine_release() returns at once; when nothing
 * registered has a part in the ranges any more, done is called on the I/O thread, with no lock
 * held, and may discard them. Until then I/O there is plain. The release is the caller's again
 * when done is called. On kernels before 6.13 that takes about a second if something was
 * registered.
 */
struct io_release {
	const struct iovec
		*range; /* of this process's memory; whatever lies in no region is passed */
	unsigned int nr;
	void (*done)(struct io_release *release);
	bool held;               /* the engine's */
	struct io_release *next; /* the engine's */
};
void io_engine_release(struct io_engine *engine, struct io_release *release);

/*
 * Memory that comes and goes. io_engine_add_region() returns 0, -ENOSPC (IO_MAX_REGIONS) or
 * -ENOMEM. io_engine_remove_region() lets go of all windows of the region that begins at
 * host, and returns when nothing of it is used any more; the engine is paused by IO_FINISH. Both
 * wait for the thread.
 */
int io_engine_add_region(struct io_engine *engine, const struct io_region *region);
void io_engine_remove_region(struct io_engine *engine, const void *host);

/*
 * Calls watch->ready whenever fd, a non-blocking eventfd, is signalled, having read it,
 * and then looks at all sources: a kick that costs no other thread. io_engine_unwatch()
 * returns when fd and watch are not used any more. Both wait for the thread.
 */
void io_engine_watch(struct io_engine *engine, struct io_watch *watch, int fd);
void io_engine_unwatch(struct io_engine *engine, struct io_watch *watch);

/*
 * Enters a file into the ring's table; operations name it by the returned index (and
 * IOSQE_FIXED_FILE). Returns -ENOSPC or what the kernel said. Waits for the
 * thread. io_engine_remove_file() takes it out; nothing on it is under way.
 */
int io_engine_add_file(struct io_engine *engine, int fd);
void io_engine_remove_file(struct io_engine *engine, int index);

/* The rest is for callbacks, on the I/O thread. */

/* Between two steps of a request: whether it is to be held; whether memory of heaps is about to
 * be taken back. */
bool io_engine_holds(const struct io_engine *engine);
bool io_engine_reclaims(const struct io_engine *engine);

/* Tells whether n more operations can be queued; asked before taking a request. */
bool io_engine_room(const struct io_engine *engine, unsigned int n);

/*
 * An entry of the submission queue, submitted by the end of the round, to be filled in
 * by io_uring_prep_*(); then io_engine_queue() with the op that it completes. Never
 * NULL within what io_engine_room() promised.
 */
struct io_uring_sqe *io_engine_sqe(struct io_engine *engine);
void io_engine_queue(struct io_engine *engine, struct io_uring_sqe *sqe, struct io_op *op);

/*
 * Submits what is queued if that is some operations, ahead of the end of the round. For small
 * ones: a disk idles while a batch is prepared. Large ones wait, since those of one batch that
 * adjoin go to the disk as one.
 */
void io_engine_begin(struct io_engine *engine);

/*
 * Says where n segments lie: region[i] is the region that holds all of seg[i], or NULL if none
 * does. It is NULL also as long as it makes no difference, with no heap and nothing registered, and
 * a pointer as long as the region is there. Returns whether any segment lies in a heap.
 */
bool io_engine_locate(const struct io_engine *engine, const struct iovec *seg, unsigned int n,
		      const struct io_region **region);

struct io_windows *io_engine_windows(struct io_engine *engine);

#endif
