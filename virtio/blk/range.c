/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DISCARD and WRITE_ZEROES (virtio 1.2, sections 5.2.6.1 and 5.2.6.2): one range after
 * the other, each by the cheapest way that the file has.
 */
#include <endian.h>
#include <errno.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>

#include "virtio/blk/priv.h"

/* Ways to make zeroes, tried in this order; a discard ends after the first. */
enum {
	PUNCH,
	ZERO,
	WRITE
};

static struct iovec *zero_iov(struct blk_req *req, uint64_t n)
{
	struct blk_dev *blk = blk_req_dev(req);

	if (!blk->zeroes) {
		blk->zeroes = aligned_alloc(BLK_BOUNCE_ALIGN, BLK_BOUNCE_SIZE);
		if (!blk->zeroes)
			return NULL;
		memset(blk->zeroes, 0, BLK_BOUNCE_SIZE);
	}
	req->data[0] = (struct iovec){blk->zeroes, n};
	return req->data;
}

/* Tells whether what is left of a range is on the disk, which may have been made smaller meanwhile.
 */
static bool is_there(struct blk_req *req)
{
	const struct virtio_blk_discard_write_zeroes *range = &req->range[req->range_at];

	if (!blk_in_disk(blk_req_dev(req), range->sector, range->num_sectors))
		req->error = -EIO;
	return !req->error;
}

static void attempt(struct blk_req *req);
static void next_range(struct blk_req *req);

/* The file has done all of a range, or has not. */
static void attempted(struct blk_req *req)
{
	if (blk_unsupported_by_file(req->error)) {
		req->error = 0;
		if (req->type == VIRTIO_BLK_T_WRITE_ZEROES) {
			req->attempt++;
			attempt(req);
			return;
		}
		/* A discard is a hint. */
	}
	req->range_at++;
	next_range(req);
}

/* Writes zeroes, a buffer's worth a step. */
static void write_step(struct blk_req *req)
{
	struct blk_part *part = &req->part[0];
	uint64_t left = req->length - req->progress;
	uint64_t n = left < BLK_BOUNCE_SIZE ? left : BLK_BOUNCE_SIZE;

	if (req->error || !left || !is_there(req)) {
		req->range_at++;
		next_range(req);
		return;
	}
	*part = (struct blk_part){
		.iov = zero_iov(req, n), .nr = 1, .offset = req->offset + req->progress, .left = n};
	if (!part->iov) {
		blk_req_finish_error(req, -ENOMEM, 0);
		return;
	}
	part->cached = blk_file_route(&blk_req_dev(req)->file, part->iov, 1, part->offset, n) !=
		       BLK_ROUTE_DIRECT;
	req->progress += n;
	req->parts = 1;
	blk_part_start(req, 0);
}

static void attempt(struct blk_req *req)
{
	struct blk_dev *blk = blk_req_dev(req);

	if (req->attempt == PUNCH && !blk->file.can_punch)
		req->attempt = ZERO;
	if (req->attempt == ZERO && !blk->file.can_zero)
		req->attempt = WRITE;
	req->then = blk_next;
	req->step = attempted;
	switch (req->attempt) {
	case PUNCH:
		blk_part_allocate(req, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, req->offset,
				  req->length);
		break;
	case ZERO:
		blk_part_allocate(req, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, req->offset,
				  req->length);
		break;
	default:
		req->progress = 0;
		req->step = write_step;
		write_step(req);
	}
}

static void next_range(struct blk_req *req)
{
	const struct virtio_blk_discard_write_zeroes *range = &req->range[req->range_at];
	bool zeroes = req->type == VIRTIO_BLK_T_WRITE_ZEROES;

	while (req->range_at < req->nr_ranges && !range->num_sectors) {
		req->range_at++;
		range++;
	}
	if (!req->error && req->range_at < req->nr_ranges) {
		req->offset = range->sector * BLK_SECTOR;
		req->length = (uint64_t)range->num_sectors * BLK_SECTOR;
		req->attempt = !zeroes || range->flags & VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP ? PUNCH
											    : ZERO;
		if (is_there(req)) {
			attempt(req);
			return;
		}
	}
	/* Relaxed: see the same in part.c. */
	if (!req->error &&
	    atomic_load_explicit(&blk_req_dev(req)->writethrough, memory_order_relaxed))
		blk_sync(req);
	else
		blk_req_finish_error(req, req->error, 0);
}

/* Copies the ranges and checks them all before the first is acted on. Returns the
 * status: OK, or what to answer. */
static uint8_t read_ranges(struct blk_req *req)
{
	struct blk_dev *blk = blk_req_dev(req);
	const uint32_t flags =
		req->type == VIRTIO_BLK_T_WRITE_ZEROES ? VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP : 0;
	uint32_t len = req->chain.readable - (uint32_t)sizeof(struct virtio_blk_outhdr);
	uint64_t asked = 0;

	if (!len || len % sizeof(req->range[0]) || len > sizeof(req->range) ||
	    !blk_copy_from(req, sizeof(struct virtio_blk_outhdr), req->range, len))
		return VIRTIO_BLK_S_IOERR;
	req->nr_ranges = len / sizeof(req->range[0]);
	for (unsigned int i = 0; i < req->nr_ranges; i++) {
		struct virtio_blk_discard_write_zeroes *range = &req->range[i];

		range->sector = le64toh(range->sector);
		range->num_sectors = le32toh(range->num_sectors);
		range->flags = le32toh(range->flags);
		if (range->flags & ~flags)
			return VIRTIO_BLK_S_UNSUPP;
		if (range->num_sectors > BLK_RANGE_BYTES / BLK_SECTOR ||
		    !blk_in_disk(blk, range->sector, range->num_sectors))
			return VIRTIO_BLK_S_IOERR;
		asked += (uint64_t)range->num_sectors * BLK_SECTOR;
	}
	/* It was counted as if it asked for all that it could. */
	blk->range_flight -= req->asked - asked;
	req->asked = asked;
	return VIRTIO_BLK_S_OK;
}

void blk_range(struct blk_req *req)
{
	uint8_t status = read_ranges(req);

	if (blk_req_dev(req)->file.readonly)
		status = VIRTIO_BLK_S_IOERR;
	if (status != VIRTIO_BLK_S_OK) {
		blk_req_finish(req, status, 0);
		return;
	}
	if (req->type == VIRTIO_BLK_T_DISCARD && !blk_req_dev(req)->file.can_punch) {
		blk_req_finish(req, VIRTIO_BLK_S_OK, 0);
		return;
	}
	next_range(req);
}
