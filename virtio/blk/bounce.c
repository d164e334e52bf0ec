/* SPDX-License-Identifier: BSD-2-Clause */
/* Buffers for what direct I/O cannot take where it lies, and the requests that wait for one. */
#include <errno.h>
#include <stdlib.h>

#include "virtio/blk/priv.h"

void blk_bounce_init(struct blk_dev *blk)
{
	blk_list_init(&blk->waiting);
	for (unsigned int i = 0; i < BLK_BOUNCES; i++) {
		blk->bounce[i].next = blk->free_bounce;
		blk->free_bounce = &blk->bounce[i];
	}
}

void blk_bounce_fini(struct blk_dev *blk)
{
	for (unsigned int i = 0; i < BLK_BOUNCES; i++)
		free(blk->bounce[i].mem);
}

int blk_bounce_get(struct blk_req *req)
{
	struct blk_dev *blk = blk_req_dev(req);
	struct blk_bounce *bounce = blk->free_bounce;

	if (req->bounce)
		return 0;
	if (!bounce) {
		blk_list_append(&blk->waiting, req);
		blk->source.held++;
		return -EAGAIN;
	}
	if (!bounce->mem) {
		bounce->mem = aligned_alloc(BLK_BOUNCE_ALIGN, BLK_BOUNCE_SIZE);
		if (!bounce->mem)
			return -ENOMEM;
	}
	blk->free_bounce = bounce->next;
	req->bounce = bounce;
	return 0;
}

void blk_bounce_put(struct blk_req *req)
{
	struct blk_dev *blk = blk_req_dev(req);
	struct blk_bounce *bounce = req->bounce;
	struct blk_req *next;

	if (!bounce)
		return;
	req->bounce = NULL;
	next = blk_list_take(&blk->waiting);
	if (next) {
		next->bounce = bounce;
		blk_list_append(&blk->ready, next);
		return;
	}
	bounce->next = blk->free_bounce;
	blk->free_bounce = bounce;
}

void blk_bounce_stop_waiting(struct blk_dev *blk, bool (*ends)(const struct blk_req *req))
{
	struct blk_list all = blk->waiting;
	struct blk_req *req;

	if (!all.first)
		return;
	blk_list_init(&blk->waiting);
	while ((req = blk_list_take(&all)))
		blk_list_append(ends(req) ? &blk->ready : &blk->waiting, req);
}
