/* SPDX-License-Identifier: BSD-2-Clause */
/* A request of virtio-blk (virtio 1.2, section 5.2.6): its header, what it asks for, its
 * answer. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "mm/probe.h"
#include "virtio/blk/priv.h"

bool blk_in_disk(const struct blk_dev *blk, uint64_t sector, uint64_t nr)
{
	/* Relaxed: one value, which a resize may be changing. */
	uint64_t sectors = atomic_load_explicit(&blk->sectors, memory_order_relaxed);

	return sector <= sectors && nr <= sectors - sector;
}

void blk_req_finish(struct blk_req *req, uint8_t status, uint32_t data)
{
	struct blk_queue *q = req->queue;
	struct blk_dev *blk = q->blk;

	blk_bounce_put(req);
	req->status = status;
	/* Nobody can be told where there is no byte for it. */
	req->written = req->chain.writable ? 1 : 0;
	if (status == VIRTIO_BLK_S_OK) {
		if (req->type == VIRTIO_BLK_T_IN || req->type == VIRTIO_BLK_T_GET_ID)
			req->written += data;
		if (req->type == VIRTIO_BLK_T_IN)
			io_stat_add(&blk->stats.bytes_read, data);
		if (req->type == VIRTIO_BLK_T_OUT)
			io_stat_add(&blk->stats.bytes_written, data);
	} else {
		io_stat_add(&blk->stats.errors, 1);
	}
	req->next = NULL;
	*q->finished_tail = req;
	q->finished_tail = &req->next;
}

void blk_req_finish_error(struct blk_req *req, int error, uint32_t data)
{
	/* The cache was turned off while it was written. Relaxed: see part.c. */
	if (!error && req->unstable &&
	    atomic_load_explicit(&blk_req_dev(req)->writethrough, memory_order_relaxed)) {
		req->unstable = false;
		blk_sync(req);
		return;
	}
	blk_req_finish(req, error ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK, error ? 0 : data);
}

void blk_req_malformed(struct blk_req *req)
{
	io_stat_add(&blk_req_dev(req)->stats.malformed, 1);
	blk_req_finish(req, VIRTIO_BLK_S_IOERR, 0);
}

void blk_req_unsupported(struct blk_req *req)
{
	io_stat_add(&blk_req_dev(req)->stats.unsupported, 1);
	blk_req_finish(req, VIRTIO_BLK_S_UNSUPP, 0);
}

static void get_id(struct blk_req *req)
{
	struct blk_dev *blk = blk_req_dev(req);
	uint32_t len = req->chain.writable - 1;

	io_stat_add(&blk->stats.get_ids, 1);
	if (len > BLK_SERIAL_MAX)
		len = BLK_SERIAL_MAX;
	blk_req_finish_error(req, blk_copy_to(req, 0, blk->serial, len) ? 0 : -EFAULT, len);
}

void blk_sync(struct blk_req *req)
{
	req->then = NULL;
	blk_part_sync(req);
}

static void flush(struct blk_req *req)
{
	struct blk_dev *blk = blk_req_dev(req);

	if (!blk_has(blk, VIRTIO_BLK_F_FLUSH) && !blk_has(blk, VIRTIO_BLK_F_CONFIG_WCE)) {
		blk_req_unsupported(req);
		return;
	}
	io_stat_add(&blk->stats.flushes, 1);
	blk_sync(req);
}

static void range(struct blk_req *req, unsigned int feature, io_stat *stat)
{
	if (!blk_has(blk_req_dev(req), feature)) {
		blk_req_unsupported(req);
		return;
	}
	io_stat_add(stat, 1);
	blk_range(req);
}

void blk_req_start(struct blk_req *req)
{
	struct blk_dev *blk = blk_req_dev(req);
	struct virtio_blk_outhdr header;

	/* No header, be it for want of memory for the segments; or beyond all bounds. */
	if (!req->chain.nr_readable || req->bytes > BLK_MAX_BYTES) {
		req->fragile = blk_in_heap(req);
		blk_req_malformed(req);
		return;
	}
	if (blk_pin(req) || !req->chain.writable ||
	    !blk_copy_from(req, 0, &header, sizeof(header))) {
		blk_req_malformed(req);
		return;
	}
	req->type = le32toh(header.type);
	req->offset = le64toh(header.sector); /* sectors, until it is checked */
	PROBE(blk_request, blk, req, req->type, req->offset, req->bytes);
	switch (req->type) {
	case VIRTIO_BLK_T_IN:
		io_stat_add(&blk->stats.reads, 1);
		blk_rw(req);
		break;
	case VIRTIO_BLK_T_OUT:
		io_stat_add(&blk->stats.writes, 1);
		blk_rw(req);
		break;
	case VIRTIO_BLK_T_FLUSH:
		flush(req);
		break;
	case VIRTIO_BLK_T_GET_ID:
		get_id(req);
		break;
	case VIRTIO_BLK_T_DISCARD:
		range(req, VIRTIO_BLK_F_DISCARD, &blk->stats.discards);
		break;
	case VIRTIO_BLK_T_WRITE_ZEROES:
		range(req, VIRTIO_BLK_F_WRITE_ZEROES, &blk->stats.write_zeroes);
		break;
	default:
		blk_req_unsupported(req);
	}
}
