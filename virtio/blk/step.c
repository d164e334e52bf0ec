/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of several operations, between two of them. What a guest can ask for with one request
 * takes as long as it takes, so each looks here, before it goes on, at whether it may: while
 * the guest stands still it is held; when nobody waits for its answer any more it is dropped. What
 * is under way in the kernel is at most one operation a request then, and that is bounded.
 *
 * The steps are taken from a list, in a loop: a step that fails at once, or that gives another
 * request what it waits for, puts that one on the list.
 */
#include "virtio/blk/priv.h"

enum verdict {
	GO,
	HOLD,
	FAIL,
	DROP
};

static enum verdict judge(const struct blk_req *req)
{
	struct blk_dev *blk = blk_req_dev(req);

	if (virtio_queue_abandoned(&blk->dev, req->queue->index))
		return DROP;
	/* Its memory goes away: it cannot wait. */
	if (io_engine_reclaims(blk->engine) && (req->pinned || req->fragile))
		return FAIL;
	return io_engine_holds(blk->engine) ? HOLD : GO;
}

void blk_next(struct blk_req *req)
{
	struct blk_dev *blk = blk_req_dev(req);

	blk_list_append(&blk->ready, req);
	blk->source.held++;
}

static void go_on(struct blk_req *req, enum verdict verdict)
{
	blk_req_dev(req)->source.held--;
	switch (verdict) {
	case DROP:
		blk_bounce_put(req);
		blk_req_release(req);
		break;
	case FAIL:
		blk_req_finish(req, VIRTIO_BLK_S_IOERR, 0);
		break;
	default:
		req->step(req);
	}
}

static bool ends(const struct blk_req *req)
{
	enum verdict verdict = judge(req);

	return verdict == DROP || verdict == FAIL;
}

/* Those that wait for a buffer are looked at only when some of them may not go on waiting. */
static void look_at_waiting(struct blk_dev *blk)
{
	bool some = io_engine_reclaims(blk->engine);

	for (unsigned int i = 0; i < blk->dev.nr_queues && !some; i++)
		some = virtio_queue_abandoned(&blk->dev, i);
	if (some)
		blk_bounce_stop_waiting(blk, ends);
}

bool blk_steps(struct blk_dev *blk)
{
	struct blk_list held;
	struct blk_req *req;
	enum verdict verdict;
	bool any = false;

	blk_list_init(&held);
	look_at_waiting(blk);
	while ((req = blk_list_take(&blk->ready))) {
		verdict = judge(req);
		if (verdict == HOLD) {
			blk_list_append(&held, req);
			continue;
		}
		go_on(req, verdict);
		any = true;
	}
	while ((req = blk_list_take(&held)))
		blk_list_append(&blk->ready, req);
	return any;
}
