/* SPDX-License-Identifier: BSD-2-Clause */
/* How a request ends: with which status, and whether what it wrote is stable by then. */
#include <errno.h>

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
	blk_list_append(&q->finished, req);
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

void blk_req_done(struct blk_req *req)
{
	blk_req_finish_error(req, req->error, (uint32_t)req->length);
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

void blk_sync(struct blk_req *req)
{
	req->then = blk_req_done;
	blk_part_sync(req);
}
