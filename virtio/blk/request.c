/* SPDX-License-Identifier: BSD-2-Clause */
/* A request of virtio-blk (virtio 1.2, section 5.2.6): its header, and what it asks for. */
#include <endian.h>
#include <errno.h>

#include "mm/probe.h"
#include "virtio/blk/priv.h"

static void get_id(struct blk_req *req)
{
	struct blk_dev *blk = blk_req_dev(req);
	uint32_t len = req->chain.writable - 1;

	io_stat_add(&blk->stats.get_ids, 1);
	if (len > BLK_SERIAL_MAX)
		len = BLK_SERIAL_MAX;
	blk_req_finish_error(req, blk_copy_to(req, 0, blk->serial, len) ? 0 : -EFAULT, len);
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
	uint64_t sector;

	req->in_heap = io_engine_locate(blk->engine, req->chain.seg, req->nr, req->region);
	/* No header, be it for want of memory for the segments; or beyond all bounds. */
	if (!req->chain.nr_readable || req->bytes > BLK_MAX_BYTES) {
		req->fragile = req->in_heap;
		blk_req_malformed(req);
		return;
	}
	if ((req->in_heap && blk_pin(req)) || !req->chain.writable ||
	    !blk_copy_from(req, 0, &header, sizeof(header))) {
		blk_req_malformed(req);
		return;
	}
	req->type = le32toh(header.type);
	sector = le64toh(header.sector);
	PROBE(blk_request, blk, req, req->type, sector, req->bytes);
	switch (req->type) {
	case VIRTIO_BLK_T_IN:
		io_stat_add(&blk->stats.reads, 1);
		blk_rw(req, sector);
		break;
	case VIRTIO_BLK_T_OUT:
		io_stat_add(&blk->stats.writes, 1);
		blk_rw(req, sector);
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
