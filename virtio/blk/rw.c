/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads and writes. Guest memory goes to the kernel as it is: as a few operations on
 * registered windows where the request lies in few, else as one on plain memory.
 * What direct I/O cannot take goes through a buffer, or through the page cache.
 */
#include <errno.h>

#include "virtio/blk/priv.h"

/* Where a request's data lies, without header and status: steps over the chain. */
struct data_walk {
	const struct iovec *seg;
	const struct io_region *const *region; /* of seg */
	uint64_t skip, left;
};

static struct data_walk walk_data(const struct blk_req *req)
{
	const struct vring_chain *chain = &req->chain;
	const unsigned int first = req->type == VIRTIO_BLK_T_IN ? chain->nr_readable : 0;
	const uint64_t skip = first ? 0 : sizeof(struct virtio_blk_outhdr);

	return (struct data_walk){chain->seg + first, req->region + first, skip, req->length};
}

static bool next_data(struct data_walk *w, struct iovec *out, const struct io_region **region)
{
	for (; w->left && w->seg->iov_len <= w->skip; w->region++)
		w->skip -= w->seg++->iov_len;
	if (!w->left)
		return false;
	out->iov_base = (char *)w->seg->iov_base + w->skip;
	out->iov_len = w->seg->iov_len - w->skip < w->left ? w->seg->iov_len - w->skip : w->left;
	w->skip = 0;
	w->left -= out->iov_len;
	w->seg++;
	*region = *w->region++;
	return true;
}

/* The whole request as one operation on whatever memory. */
static void one_part(struct blk_req *req)
{
	struct data_walk w = walk_data(req);
	struct blk_part *part = &req->part[0];
	const struct io_region *any;

	*part = (struct blk_part){.iov = req->data, .offset = req->offset, .left = req->length};
	while (next_data(&w, &part->iov[part->nr], &any))
		part->nr++;
	req->parts = 1;
}

static uintptr_t window_of(const void *host)
{
	return (uintptr_t)host >> IO_WINDOW_SHIFT;
}

/*
 * Cuts the request at the edges of windows, into parts that lie in one window each,
 * and sets their memory. Returns false if there are more than BLK_MAX_PARTS.
 */
static bool cut(struct blk_req *req, const struct io_region **region)
{
	struct data_walk w = walk_data(req);
	struct blk_part *part = NULL;
	const struct io_region *r;
	struct iovec *out = req->data;
	struct iovec in;
	const char *end = NULL; /* of the last piece */
	uint64_t offset = req->offset;
	uint64_t piece;

	req->parts = 0;
	while (next_data(&w, &in, &r)) {
		char *at = in.iov_base;

		for (; in.iov_len; in.iov_len -= piece, at += piece, offset += piece) {
			piece = IO_WINDOW_SIZE - ((uintptr_t)at & (IO_WINDOW_SIZE - 1));
			if (piece > in.iov_len)
				piece = in.iov_len;
			if (!part || r != region[req->parts - 1] ||
			    window_of(end - 1) != window_of(at)) {
				if (req->parts == BLK_MAX_PARTS)
					return false;
				region[req->parts] = r;
				part = &req->part[req->parts++];
				*part = (struct blk_part){.iov = out, .offset = offset};
			}
			if (part->nr && end == at) {
				out[-1].iov_len += piece;
			} else {
				*out++ = (struct iovec){at, piece};
				part->nr++;
			}
			part->left += piece;
			end = at + piece;
		}
	}
	return true;
}

static enum blk_route route(const struct blk_req *req, const struct blk_part *part)
{
	return blk_file_route(&blk_req_dev(req)->file, part->iov, part->nr, part->offset,
			      part->left);
}

/* As parts on windows, if that can be. Returns whether the request is under way. */
static bool start_on_windows(struct blk_req *req)
{
	struct blk_dev *blk = blk_req_dev(req);
	const struct io_region *region[BLK_MAX_PARTS];
	unsigned int features = io_engine_features(blk->engine);
	unsigned int n;

	/* A window's frames are to be pinned by who uses it. */
	if (!(features & IO_HAS_WINDOWS) || req->fragile || !cut(req, region))
		return false;
	n = req->parts;
	for (unsigned int i = 0; i < n; i++)
		if (route(req, &req->part[i]) != BLK_ROUTE_DIRECT)
			return false;
	if (n > 1)
		io_stat_add(&blk->stats.splits, 1);
	for (unsigned int i = 0; i < n; i++) {
		struct blk_part *part = &req->part[i];

		if (region[i] && (part->nr == 1 || features & IO_HAS_VECTORED))
			part->window = io_window_get(io_engine_windows(blk->engine), region[i],
						     part->iov->iov_base, part->iov->iov_len);
		blk_part_start(req, i);
	}
	return true;
}

/* The next piece of a bounced request; and of a read, the last one's bytes. A request that has no
 * buffer yet may have to wait for one, and comes here again when it has it. */
static void bounce_step(struct blk_req *req)
{
	struct blk_dev *blk = blk_req_dev(req);
	bool in = req->type == VIRTIO_BLK_T_IN;
	uint64_t n = req->piece;
	uint64_t left;
	int ret = blk_bounce_get(req);

	if (ret == -EAGAIN)
		return;
	if (ret) {
		blk_req_finish_error(req, ret, 0);
		return;
	}
	if (!req->error && n && in) {
		if (blk_copy_to(req, req->progress - n, req->bounce->mem, n))
			io_stat_add(&blk->stats.bytes_copied, n);
		else
			req->error = -EFAULT;
	}
	left = req->length - req->progress;
	if (req->error || !left) {
		blk_req_finish_error(req, req->error, (uint32_t)req->length);
		return;
	}
	n = left < BLK_BOUNCE_SIZE ? left : BLK_BOUNCE_SIZE;
	/* The disk may have been made smaller since the last. */
	if (!blk_in_disk(blk, (req->offset + req->progress) / BLK_SECTOR, n / BLK_SECTOR)) {
		blk_req_finish_error(req, -EIO, 0);
		return;
	}
	if (!in) {
		if (!blk_copy_from(req, sizeof(struct virtio_blk_outhdr) + req->progress,
				   req->bounce->mem, n)) {
			blk_req_finish_error(req, -EFAULT, 0);
			return;
		}
		io_stat_add(&blk->stats.bytes_copied, n);
	}
	req->piece = n;
	req->data[0] = (struct iovec){req->bounce->mem, n};
	req->part[0] = (struct blk_part){
		.iov = req->data, .nr = 1, .offset = req->offset + req->progress, .left = n};
	req->progress += n;
	req->parts = 1;
	blk_part_start(req, 0);
}

static void start_bounced(struct blk_req *req)
{
	req->then = blk_next;
	req->step = bounce_step;
	bounce_step(req);
}

static bool is_well_formed(const struct blk_req *req)
{
	const struct vring_chain *chain = &req->chain;

	/* Data of the one direction only. */
	if (req->type == VIRTIO_BLK_T_IN)
		return chain->readable == sizeof(struct virtio_blk_outhdr) &&
		       (chain->writable - 1) % BLK_SECTOR == 0;
	return chain->writable == 1 &&
	       (chain->readable - sizeof(struct virtio_blk_outhdr)) % BLK_SECTOR == 0;
}

void blk_rw(struct blk_req *req, uint64_t sector)
{
	struct blk_dev *blk = blk_req_dev(req);
	bool in = req->type == VIRTIO_BLK_T_IN;

	if (!is_well_formed(req)) {
		blk_req_malformed(req);
		return;
	}
	req->length = in ? req->chain.writable - 1
			 : req->chain.readable - sizeof(struct virtio_blk_outhdr);
	if (!blk_in_disk(blk, sector, req->length / BLK_SECTOR) || (!in && blk->file.readonly)) {
		blk_req_finish(req, VIRTIO_BLK_S_IOERR, 0);
		return;
	}
	req->offset = sector * BLK_SECTOR;
	if (!req->length) {
		blk_req_finish(req, VIRTIO_BLK_S_OK, 0);
		return;
	}
	req->then = blk_req_done;
	if (start_on_windows(req))
		return;
	one_part(req);
	switch (route(req, &req->part[0])) {
	case BLK_ROUTE_BOUNCE:
		start_bounced(req);
		return;
	case BLK_ROUTE_CACHED:
		req->part[0].cached = true;
		break;
	case BLK_ROUTE_DIRECT:
		break;
	}
	blk_part_start(req, 0);
}
