/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations of the ring for a request: prepared, continued when they come back short, and what the
 * request says is then to be done when all of its own are over. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mm/util.h"
#include "virtio/blk/priv.h"

#define SMALL (16u << 10) /* bytes of a transfer that begins at once; see io_engine_begin() */

static void submit(struct blk_part *part);

static struct blk_part *part_of(struct io_op *op)
{
	return container_of(op, struct blk_part, op);
}

static void part_over(struct blk_part *part)
{
	struct blk_req *req = part->req;

	if (part->window) {
		io_window_put(io_engine_windows(blk_req_dev(req)->engine), part->window);
		part->window = NULL;
	}
	if (!--req->parts)
		req->then(req);
}

/*
 * Says why for the user: all that the driver is told is that there was an error. Left out is what
 * the guest's memory is to blame for, what a file cannot do at all, which is tried otherwise, and
 * more of the same while nothing of that type succeeds.
 */
static void say(const struct blk_req *req, int error, const char *why)
{
	static const char *const names[] = {
		[VIRTIO_BLK_T_IN] = "read",
		[VIRTIO_BLK_T_OUT] = "write",
		[VIRTIO_BLK_T_FLUSH] = "flush",
		[VIRTIO_BLK_T_DISCARD] = "discard",
		[VIRTIO_BLK_T_WRITE_ZEROES] = "write of zeroes",
	};
	struct blk_dev *blk = blk_req_dev(req);
	char text[160];

	if (!blk->warn || error == -EFAULT || blk_unsupported_by_file(error) ||
	    blk->failing >> req->type & 1)
		return;
	/* No other type has parts. */
	blk->failing |= 1u << req->type;
	snprintf(text, sizeof(text), "a %s failed: %s: the driver is told of an I/O error",
		 names[req->type], why);
	blk->warn(blk->warn_opaque, text);
}

static void succeed(struct blk_part *part)
{
	struct blk_dev *blk = blk_req_dev(part->req);

	if (blk->failing)
		blk->failing &= ~(1u << part->req->type);
	part_over(part);
}

static void fail_for(struct blk_part *part, int error, const char *why)
{
	if (!part->req->error) {
		part->req->error = error;
		say(part->req, error, why);
	}
	part_over(part);
}

static void fail(struct blk_part *part, int error)
{
	fail_for(part, error, strerror(-error));
}

/* Takes n bytes off the front of what is to do. */
static void consume(struct blk_part *part, uint64_t n)
{
	part->left -= n;
	part->offset += n;
	while (n) {
		uint64_t step = part->iov->iov_len < n ? part->iov->iov_len : n;

		part->iov->iov_base = (char *)part->iov->iov_base + step;
		part->iov->iov_len -= step;
		n -= step;
		if (!part->iov->iov_len) {
			part->iov++;
			part->nr--;
		}
	}
}

static void transferred(struct io_op *op, int result)
{
	struct blk_part *part = part_of(op);
	struct blk_dev *blk = blk_req_dev(part->req);

	if (result == -EAGAIN || result == -EINTR) {
		submit(part);
		return;
	}
	/* The file's alignment is not what it was when it was asked. */
	if (result == -EINVAL && !part->cached && blk->file.direct_fd >= 0) {
		part->cached = true;
		submit(part);
		return;
	}
	if (!result) {
		fail_for(part, -EIO, "the file was cut and ends before its disk");
		return;
	}
	if (result < 0 || (uint64_t)result > part->left) {
		fail(part, result < 0 ? result : -EIO);
		return;
	}
	consume(part, (uint64_t)result);
	if (!part->left) {
		succeed(part);
		return;
	}
	io_stat_add(&blk->stats.shorts, 1);
	if (blk_file_route(&blk->file, part->iov, part->nr, part->offset, part->left) !=
	    BLK_ROUTE_DIRECT)
		part->cached = true;
	submit(part);
}

static void count(struct blk_dev *blk, const struct blk_part *part)
{
	if (part->cached)
		io_stat_add(&blk->stats.cached_ops, 1);
	else if (part->req->bounce)
		io_stat_add(&blk->stats.bounced_ops, 1);
	else if (!part->window)
		io_stat_add(&blk->stats.plain_ops, 1);
	else
		io_stat_add(part->nr == 1 ? &blk->stats.fixed_ops : &blk->stats.fixed_vec_ops, 1);
}

static void prepare(struct io_uring_sqe *sqe, const struct blk_part *part, bool write)
{
	const struct blk_dev *blk = blk_req_dev(part->req);
	/* Lengths of single segments fit: a request has less than 4 GiB. */
	unsigned int len = (unsigned int)part->iov->iov_len;
	int fd = part->cached ? blk->cached_index : blk->file_index;
	int op;
	const void *addr = part->iov->iov_base;

	if (part->window)
		op = write ? IORING_OP_WRITE_FIXED : IORING_OP_READ_FIXED;
	else
		op = write ? IORING_OP_WRITE : IORING_OP_READ;
	if (part->nr > 1) {
		addr = part->iov;
		len = part->nr;
		if (part->window)
			op = write ? IO_OP_WRITEV_FIXED : IO_OP_READV_FIXED;
		else
			op = write ? IORING_OP_WRITEV : IORING_OP_READV;
	}
	io_uring_prep_rw(op, sqe, fd, addr, len, part->offset);
	if (part->window)
		sqe->buf_index = (uint16_t)io_window_slot(part->window);
	/* Relaxed: the mode of a write that races with a change of mode is either. */
	if (write && atomic_load_explicit(&blk->writethrough, memory_order_relaxed))
		sqe->rw_flags = RWF_DSYNC;
	else if (write)
		part->req->unstable = true;
}

static struct io_uring_sqe *entry(struct blk_part *part)
{
	struct io_uring_sqe *sqe = io_engine_sqe(blk_req_dev(part->req)->engine);

	if (!sqe)
		fail(part, -EAGAIN);
	return sqe;
}

static void queue(struct blk_part *part, struct io_uring_sqe *sqe)
{
	sqe->flags |= IOSQE_FIXED_FILE;
	io_engine_queue(blk_req_dev(part->req)->engine, sqe, &part->op);
}

static void submit(struct blk_part *part)
{
	struct io_uring_sqe *sqe = entry(part);

	if (!sqe)
		return;
	prepare(sqe, part, part->req->type != VIRTIO_BLK_T_IN);
	count(blk_req_dev(part->req), part);
	queue(part, sqe);
	if (part->left <= SMALL)
		io_engine_begin(blk_req_dev(part->req)->engine);
}

void blk_part_start(struct blk_req *req, unsigned int i)
{
	struct blk_part *part = &req->part[i];

	part->req = req;
	part->op.done = transferred;
	submit(part);
}

static void completed(struct io_op *op, int result)
{
	struct blk_part *part = part_of(op);

	if (result < 0)
		fail(part, result);
	else
		succeed(part);
}

/* A request's only part, which transfers nothing. */
static struct io_uring_sqe *begin(struct blk_req *req)
{
	struct blk_part *part = &req->part[0];

	*part = (struct blk_part){.op.done = completed, .req = req};
	req->parts = 1;
	return entry(part);
}

void blk_part_sync(struct blk_req *req)
{
	struct io_uring_sqe *sqe = begin(req);

	if (!sqe)
		return;
	io_uring_prep_fsync(sqe, blk_req_dev(req)->cached_index, IORING_FSYNC_DATASYNC);
	queue(&req->part[0], sqe);
}

void blk_part_allocate(struct blk_req *req, int mode, uint64_t offset, uint64_t len)
{
	struct io_uring_sqe *sqe = begin(req);

	if (!sqe)
		return;
	/* liburing's helper takes off_t and fits no more than that; neither does a file. */
	io_uring_prep_fallocate(sqe, blk_req_dev(req)->cached_index, mode, (off_t)offset,
				(off_t)len);
	queue(&req->part[0], sqe);
}
