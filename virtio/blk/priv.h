/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of virtio-blk share; nobody else includes this.
 *
 * All of it is the I/O thread's, but where a queue's lock or an atomic says
 * otherwise. A request goes: taken from the ring (queue.c, pool.c), its memory located and
 * pinned (pin.c), its header read (request.c), carried out (rw.c, range.c) by operations on
 * its parts (part.c), through a buffer if need be (bounce.c), one step after the other
 * (step.c), finished (answer.c), pushed (queue.c).
 */
#ifndef VIRTIO_BLK_PRIV_H
#define VIRTIO_BLK_PRIV_H

#include <linux/virtio_blk.h>

#include "mm/util.h"
#include "virtio/blk/blk.h"
#include "virtio/blk/file.h"
#include "virtio/blk/latency.h"
#include "virtio/io/stat.h"
#include "virtio/io/window.h"

#define BLK_SECTOR       512u
#define BLK_SEG_MAX      254u /* ... and no more than fit a ring, with header and status */
#define BLK_SIZE_MAX     (1u << 20)
#define BLK_MAX_BYTES    (256ull << 20) /* of one request: more than the two allow */
#define BLK_MAX_PARTS    4u
#define BLK_INLINE_SEGS  10u /* of requests that need no allocation */
#define BLK_MAX_RANGES   16u
#define BLK_BOUNCE_SIZE  (256u << 10)
#define BLK_BOUNCE_ALIGN 4096u
#define BLK_BOUNCES      8u
/*
 * A discard or write-zeroes request has few bytes and asks for many: BLK_MAX_RANGES times
 * BLK_RANGE_BYTES at most, which is one step if the file does it by itself. With
 * BLK_MAX_RANGE_FLIGHT asked for and not answered no more requests are taken, of any kind: a
 * disk that is to answer all it has taken has less than that and one request more to do.
 */
#define BLK_RANGE_BYTES      (64ull << 20)
#define BLK_MAX_RANGE_FLIGHT (1ull << 30)
/* Chains taken from a queue in one round, and bytes under way at which no more are. */
#define BLK_TAKE       64u
#define BLK_MAX_FLIGHT (64ull << 20)
/* The same for segments, of which two lists are kept, and the kernel has a third. */
#define BLK_MAX_SEGMENTS (64u << 10)

struct blk_req;

/* An operation of the ring, and what of it is still to do. */
struct blk_part {
	struct io_op op;
	struct blk_req *req;
	struct io_window *window; /* that holds all of iov, or NULL */
	struct iovec *iov;        /* consumed as it goes */
	unsigned int nr;
	uint64_t offset; /* in the file */
	uint64_t left;   /* bytes */
	bool cached;     /* on the page cache's file */
};

struct blk_bounce {
	uint8_t *mem; /* BLK_BOUNCE_SIZE bytes, or NULL before first use */
	struct blk_bounce *next;
};

struct blk_req {
	struct blk_req *next; /* on a list: free, just taken, waiting, ready, finished */
	struct blk_queue *queue;

	uint64_t taken_ns;        /* when, CLOCK_MONOTONIC */
	struct vring_chain chain; /* chain.seg: its own copy, until answered */
	uint64_t bytes;           /* readable and writable */
	void *allocated;          /* NULL: the inline arrays */
	unsigned int nr;          /* segments */
	/* Of each segment where it lies, as io_engine_locate() says. A region stays till all
	 * requests are answered (IO_FINISH). */
	const struct io_region **region;

	uint32_t type;
	uint64_t offset, length; /* of the data, bytes */
	struct iovec *data;      /* nr + BLK_MAX_PARTS of them, for parts */

	/* What part.c calls when all parts are over: blk_next() or blk_req_done(). */
	void (*then)(struct blk_req *req);
	/* The next step of those that have several. blk_steps() calls it. */
	void (*step)(struct blk_req *req);
	unsigned int parts; /* under way */
	int error;          /* the first of them */

	struct blk_bounce *bounce;
	uint64_t piece;    /* bytes under way: in the bounce buffer, or of a range */
	uint64_t progress; /* bytes bounced or zeroed, those under way among them */
	uint64_t asked;    /* bytes of ranges */
	unsigned int nr_ranges, range_at, attempt;

	uint32_t written; /* bytes, the status among them */
	uint8_t status;
	bool in_heap;  /* some segments do lie in one */
	bool pinned;   /* heap frames of all segments */
	bool fragile;  /* there are some, they are not pinned, and may vanish */
	bool unstable; /* wrote without RWF_DSYNC */

	/* From here on nothing is 0 in a request that was just taken: it is set before its use. */
	struct blk_part part[BLK_MAX_PARTS];
	struct virtio_blk_discard_write_zeroes range[BLK_MAX_RANGES];
	struct iovec inline_seg[BLK_INLINE_SEGS];
	struct iovec inline_data[BLK_INLINE_SEGS + BLK_MAX_PARTS];
	const struct io_region *inline_region[BLK_INLINE_SEGS];
};

/* Requests in their order, by next. */
struct blk_list {
	struct blk_req *first, **tail;
};

static inline void blk_list_init(struct blk_list *list)
{
	list->first = NULL;
	list->tail = &list->first;
}

static inline void blk_list_append(struct blk_list *list, struct blk_req *req)
{
	req->next = NULL;
	*list->tail = req;
	list->tail = &req->next;
}

/* The first, or NULL. */
static inline struct blk_req *blk_list_take(struct blk_list *list)
{
	struct blk_req *req = list->first;

	if (!req)
		return NULL;
	list->first = req->next;
	if (!list->first)
		list->tail = &list->first;
	return req;
}

struct blk_queue {
	struct blk_dev *blk;
	unsigned int index;
	unsigned int busy; /* requests taken and not answered */
	bool dead;         /* its ring made no sense; the queue's lock */
	struct blk_req *pool, *free;
	struct blk_list finished;
	struct iovec seg[VRING_MAX_SEGS];
	/* As struct blk_latency, which it is read into. */
	io_stat bucket[BLK_LATENCY_NR][BLK_LATENCY_BUCKETS];
	io_stat total_ns[BLK_LATENCY_NR];
};

struct blk_dev {
	struct virtio_device dev;
	struct io_source source;
	struct io_engine *engine;
	struct blk_file file;
	bool file_stays;                              /* with who made the device */
	void (*warn)(void *opaque, const char *text); /* NULL: nobody listens */
	void *warn_opaque;
	uint32_t failing; /* types of request, by bits, whose last one the file failed */
	int file_index, cached_index; /* in the ring's table */
	_Alignas(8) struct virtio_blk_config config;
	char serial[BLK_SERIAL_MAX];
	_Atomic uint64_t sectors;
	atomic_bool writethrough; /* each write is stable when answered */
	struct blk_queue *queue;
	bool stalled;          /* out of something that a completion frees */
	uint64_t flight;       /* bytes taken and not answered */
	unsigned int segments; /* the same, beyond those that requests have room for */
	uint64_t range_flight; /* ... and bytes of the ranges that such requests ask for */
	struct blk_bounce bounce[BLK_BOUNCES];
	struct blk_bounce *free_bounce;
	struct blk_list waiting; /* for a bounce buffer */
	struct blk_list ready;   /* for their next step */
	uint8_t *zeroes;         /* BLK_BOUNCE_SIZE of them, or NULL */
	struct {
		/* One thread's each, but for notifies: several vCPUs count these. */
#define BLK_STAT(name, shown, ...) io_stat name;
		BLK_COUNTERS(BLK_STAT)
#undef BLK_STAT
	} stats;
};

static inline struct blk_dev *blk_of(struct virtio_device *dev)
{
	return container_of(dev, struct blk_dev, dev);
}

/* Tells whether a file says by this error that it cannot do such a thing at all. */
static inline bool blk_unsupported_by_file(int error)
{
	return error == -EOPNOTSUPP || error == -ENOTTY || error == -EINVAL || error == -ENOSYS;
}

static inline struct blk_dev *blk_req_dev(const struct blk_req *req)
{
	return req->queue->blk;
}

/* Tells whether the driver accepted a feature, by its bit number. */
static inline bool blk_has(const struct blk_dev *blk, unsigned int bit)
{
	return blk->dev.features >> bit & 1;
}

/* queue.c */
extern const struct io_source_ops blk_source_ops;

/* pool.c: a queue and its requests, size of them. Returns 0 or -ENOMEM. */
int blk_queue_create(struct blk_dev *blk, unsigned int index, unsigned int size);
void blk_queue_destroy(struct blk_queue *queue);
/* Tells whether a queue is out of something that only a completion gives back, with n requests that
 * are taken and not begun. */
bool blk_queue_exhausted(const struct blk_queue *queue, unsigned int n);
/* A request for a chain that was taken, of which there is one: the queue is not exhausted. It has a
 * copy of the segments, or, with no memory for that, of the last one alone and nothing readable. */
struct blk_req *blk_req_claim(struct blk_queue *queue, const struct vring_chain *chain);
/* Frees a request that is answered, or is not to be. */
void blk_req_release(struct blk_req *req);

/* pin.c: pins the heap frames of a request that lies in a heap; sets pinned or fragile. Returns 0,
 * or -EFAULT when some of it is not the guest's (then it is fragile). */
int blk_pin(struct blk_req *req);
void blk_unpin(struct blk_req *req);
/* Copies of the readable and the writable part, as vring_chain_read() and _write(), but
 * right for fragile requests too. Return false if not all len bytes were copied. */
bool blk_copy_from(const struct blk_req *req, uint64_t offset, void *dst, size_t len);
bool blk_copy_to(const struct blk_req *req, uint64_t offset, const void *src, size_t len);

/* request.c: a request that was taken begins. */
void blk_req_start(struct blk_req *req);

/* rw.c, range.c: carry out a request whose header is read. sector: the header's, which
 * nobody has checked. */
void blk_rw(struct blk_req *req, uint64_t sector);
void blk_range(struct blk_req *req);

/* step.c: a request's next step is due; as its `then` when it has more to do. */
void blk_next(struct blk_req *req);
/* Takes the steps that are due and may be taken. Returns whether there was any. */
bool blk_steps(struct blk_dev *blk);

/* answer.c: answers with a status and the bytes of data that were written to the guest. */
void blk_req_finish(struct blk_req *req, uint8_t status, uint32_t data);
/* The same for the file's answer: 0 or a negative errno. */
void blk_req_finish_error(struct blk_req *req, int error, uint32_t data);
/* The same for that of the parts: as the `then` of a request that has nothing more to do. */
void blk_req_done(struct blk_req *req);
/* Writes to stable storage, then answers. */
void blk_sync(struct blk_req *req);
/* Answers what has not the shape of a request; what nobody offered. */
void blk_req_malformed(struct blk_req *req);
void blk_req_unsupported(struct blk_req *req);
/* Tells whether sectors [sector, sector + nr) are on the disk. */
bool blk_in_disk(const struct blk_dev *blk, uint64_t sector, uint64_t nr);

/* bounce.c: a disk's buffers, made and freed with it. */
void blk_bounce_init(struct blk_dev *blk);
void blk_bounce_fini(struct blk_dev *blk);
/* Sees to it that a request has a buffer. Returns 0; -ENOMEM; or -EAGAIN: there is none, and the
 * request's step is due again when it has one. */
int blk_bounce_get(struct blk_req *req);
/* Gives a request's buffer, if it has one, to the next that waits. */
void blk_bounce_put(struct blk_req *req);
/* Makes the step of those that wait due, though they have no buffer, of which ends() says that
 * they are not to wait any more. */
void blk_bounce_stop_waiting(struct blk_dev *blk, bool (*ends)(const struct blk_req *req));

/* handover.c: as virtio_device_ops. */
void blk_take_over(struct virtio_device *dev);
int blk_hand_over(struct virtio_device *dev);

/*
 * part.c: begins an operation on part i of a request, whose iov, nr, offset, left,
 * window and cached are set, as are the request's parts and then. The data's direction is
 * that of the request's type.
 */
void blk_part_start(struct blk_req *req, unsigned int i);
/* Begins an fdatasync, a fallocate as a request's only part. */
void blk_part_sync(struct blk_req *req);
void blk_part_allocate(struct blk_req *req, int mode, uint64_t offset, uint64_t len);

#endif
