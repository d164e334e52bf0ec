/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests, in and out of a disk's queues. */
#include "guest/lib/blk/blk.h"
#include "guest/lib/machine/grt.h"
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <slabvisor/platform.h>

/* Of virtio 1.2, section 5.2.6. */
#define T_IN           0u
#define T_OUT          1u
#define T_FLUSH        4u
#define T_GET_ID       8u
#define T_DISCARD      11u
#define T_WRITE_ZEROES 13u
#define S_OK           0
#define S_UNSUPP       2
#define S_NONE         0xff /* not answered */
#define RANGE_UNMAP    1u

#define POLLS        64 /* between two looks at the clock */
#define POLL_STEP_NS 1000ull
/* A vCPU that stands still for so long while it polls is one that others want. The host's
 * interrupts, and a disk's thread that passes by, take less, and need no sleep of ours. */
#define STOLEN_NS 3000000
#define WAIT_NS   1000000000ull /* one sleep */

static const struct {
	u32 type;
	u16 data; /* VRING_DESC_F_WRITE: the disk writes it */
} ops[] = {
	[BLK_READ] = {T_IN, VRING_DESC_F_WRITE},
	[BLK_WRITE] = {T_OUT, 0},
	[BLK_FLUSH] = {T_FLUSH, 0},
	[BLK_DISCARD] = {T_DISCARD, 0},
	[BLK_WRITE_ZEROES] = {T_WRITE_ZEROES, 0},
	[BLK_GET_ID] = {T_GET_ID, VRING_DESC_F_WRITE},
};

static struct blk_queue *my_queue(struct blk_disk *disk)
{
	return &disk->queue[this_cpu()->cpu % disk->queues];
}

/* Lays the pages' parts out from table[1] on. Returns how many entries, or -EINVAL. */
static int map_pages(const struct blk_disk *disk, struct vring_desc *table,
		     const struct blk_request *req)
{
	size_t left = req->len;
	size_t offset = req->offset;
	u64 addr;
	u64 end = 0;
	u32 n = 0;

	if (left % BLK_SECTOR_SIZE || offset >= PAGE_SIZE)
		return -EINVAL;
	for (unsigned int i = 0; left; i++, offset = 0) {
		u32 size = (u32)min_t(size_t, left, PAGE_SIZE - offset);

		if (i == req->nr_pages)
			return -EINVAL;
		addr = page_to_phys(req->page[i]) + offset;
		left -= size;
		if (n && addr == end && table[n].len + size <= disk->size_max) {
			table[n].len += size;
		} else {
			if (n == disk->segments)
				return -EINVAL;
			n++;
			table[n].addr = addr;
			table[n].len = size;
		}
		end = addr + size;
	}
	return (int)n;
}

/* What a request has besides header and status. Returns entries, or -EINVAL. */
static int map_data(const struct blk_disk *disk, struct blk_slot *slot,
		    const struct blk_request *req)
{
	u32 most = req->op == BLK_DISCARD ? disk->max_discard_sectors : disk->max_zeroes_sectors;

	switch (req->op) {
	case BLK_READ:
	case BLK_WRITE:
		return map_pages(disk, slot->table, req);
	case BLK_FLUSH:
		return 0;
	case BLK_DISCARD:
	case BLK_WRITE_ZEROES:
		if (!req->len || req->len % BLK_SECTOR_SIZE || req->len / BLK_SECTOR_SIZE > most)
			return -EINVAL;
		slot->range.sector = req->sector;
		slot->range.sectors = (u32)(req->len / BLK_SECTOR_SIZE);
		slot->range.flags = req->op == BLK_WRITE_ZEROES && req->unmap ? RANGE_UNMAP : 0;
		slot->table[1].addr = virt_to_phys(&slot->range);
		slot->table[1].len = sizeof(slot->range);
		return 1;
	case BLK_GET_ID:
		if (!req->id)
			return -EINVAL;
		slot->table[1].addr = virt_to_phys(slot->id);
		slot->table[1].len = BLK_ID_SIZE;
		return 1;
	}
	return -EINVAL;
}

static int fill_slot(const struct blk_disk *disk, struct blk_slot *slot,
		     const struct blk_request *req)
{
	struct vring_desc *table = slot->table;
	int n = map_data(disk, slot, req);

	if (n < 0)
		return n;
	slot->header.type = ops[req->op].type;
	slot->header.sector = req->op == BLK_READ || req->op == BLK_WRITE ? req->sector : 0;
	slot->status = S_NONE;
	table[0] = (struct vring_desc){
		.addr = virt_to_phys(&slot->header),
		.len = sizeof(slot->header),
		.flags = VRING_DESC_F_NEXT,
		.next = 1,
	};
	for (int i = 1; i <= n; i++) {
		table[i].flags = VRING_DESC_F_NEXT | ops[req->op].data;
		table[i].next = (u16)(i + 1);
	}
	table[n + 1] = (struct vring_desc){
		.addr = virt_to_phys(&slot->status),
		.len = sizeof(slot->status),
		.flags = VRING_DESC_F_WRITE,
	};
	return n + 2;
}

int blk_add(struct blk_disk *disk, struct blk_request *req)
{
	struct blk_queue *q = my_queue(disk);
	struct blk_slot *slot;
	int ret;
	u16 i;

	if ((unsigned int)req->op > BLK_GET_ID)
		return -EINVAL;
	if (READ_ONCE(disk->broken))
		return -EIO;
	spin_lock(&q->lock);
	i = q->first_free;
	if (i == q->vq.size) {
		ret = -EBUSY;
		goto out;
	}
	slot = &q->slot[i];
	ret = fill_slot(disk, slot, req);
	if (ret < 0)
		goto out;
	q->first_free = slot->next_free;
	q->busy++;
	slot->req = req;
	WRITE_ONCE(req->result, -EINPROGRESS);
	q->vq.desc[i].len = (u32)ret * sizeof(struct vring_desc);
	virtqueue_add(&q->vq, i);
	ret = 0;
out:
	spin_unlock(&q->lock);
	return ret;
}

static void kick(struct blk_disk *disk, struct blk_queue *q)
{
	spin_lock(&q->lock);
	if (virtqueue_kick(&disk->dev, &q->vq))
		WRITE_ONCE(q->doorbells, q->doorbells + 1);
	spin_unlock(&q->lock);
}

void blk_kick(struct blk_disk *disk)
{
	kick(disk, my_queue(disk));
}

/* Takes a slot's request out, its result settled but not said. */
static struct blk_request *finish(struct blk_queue *q, u16 i, int *result)
{
	struct blk_slot *slot = &q->slot[i];
	struct blk_request *req = slot->req;
	u8 status = READ_ONCE(slot->status);

	*result = status == S_OK ? 0 : status == S_UNSUPP ? -EOPNOTSUPP : -EIO;
	if (req->op == BLK_GET_ID && status == S_OK) {
		memcpy(req->id, slot->id, BLK_ID_SIZE);
		req->id[BLK_ID_SIZE] = '\0';
	}
	slot->req = NULL;
	slot->next_free = q->first_free;
	q->first_free = i;
	q->busy--;
	return req;
}

static unsigned int reap(struct blk_disk *disk, struct blk_queue *q)
{
	unsigned int n = 0;
	u32 head;
	u32 len;

	if (!virtqueue_pending(&q->vq))
		return 0;
	for (;;) {
		struct blk_request *req;
		int result;

		spin_lock(&q->lock);
		if (!virtqueue_get(&q->vq, &head, &len))
			break;
		if (head >= q->vq.size || !q->slot[head].req) {
			WRITE_ONCE(disk->broken, true);
			break;
		}
		req = finish(q, (u16)head, &result);
		WRITE_ONCE(q->requests, q->requests + 1);
		spin_unlock(&q->lock);
		n++;
		if (req->done) {
			req->result = result;
			req->done(req);
		} else {
			/* Release: who sees the result on another vCPU sees the data. It
			 * may free the request at once. */
			__atomic_store_n(&req->result, result, __ATOMIC_RELEASE);
		}
	}
	spin_unlock(&q->lock);
	return n;
}

unsigned int blk_poll(struct blk_disk *disk)
{
	return reap(disk, my_queue(disk));
}

static void sleep(struct blk_disk *disk, struct blk_queue *q)
{
	/* Flags and index make one aligned 32-bit word. */
	const u32 *word = (const u32 *)(const void *)q->vq.used;
	u32 seen;

	spin_lock(&q->lock);
	virtqueue_want_interrupt(&q->vq);
	seen = READ_ONCE(*word);
	if ((u16)(seen >> 16) != q->vq.used_idx) {
		spin_unlock(&q->lock);
		return;
	}
	WRITE_ONCE(q->waits, q->waits + 1);
	spin_unlock(&q->lock);
	platform_wait(word, seen, WAIT_NS);
	if (virtio_mmio_broken(&disk->dev))
		WRITE_ONCE(disk->broken, true);
}

/*
 * Polls for what the queue has found worth while: longer and longer while it has its CPU to
 * itself, and half as long each time that somebody took it meanwhile, since that may be
 * the one that was to do the work.
 */
static bool poll_queue(const struct blk_disk *disk, struct blk_queue *q)
{
	u64 now = grt_tsc();
	u64 last;
	u64 end = now + grt_ns_to_tsc(q->poll_ns);
	const u64 stolen = grt_ns_to_tsc(STOLEN_NS);

	while (now < end) {
		for (int i = 0; i < POLLS && !virtqueue_pending(&q->vq); i++)
			grt_pause();
		last = now;
		now = grt_tsc();
		if (now - last > stolen) {
			q->poll_ns /= 2;
			return virtqueue_pending(&q->vq);
		}
		if (virtqueue_pending(&q->vq))
			break;
	}
	q->poll_ns = min(q->poll_ns + q->poll_ns / 16 + POLL_STEP_NS, disk->poll_ns);
	return virtqueue_pending(&q->vq);
}

int blk_wait(struct blk_disk *disk)
{
	struct blk_queue *q = my_queue(disk);
	unsigned int n;

	kick(disk, q);
	while (!(n = reap(disk, q))) {
		if (!READ_ONCE(q->busy))
			return 0;
		if (READ_ONCE(disk->broken))
			return -EIO;
		if (!poll_queue(disk, q))
			sleep(disk, q);
	}
	return (int)n;
}

int blk_execute(struct blk_disk *disk, struct blk_request *req)
{
	int ret;

	while ((ret = blk_add(disk, req)) == -EBUSY) {
		ret = blk_wait(disk);
		if (ret < 0)
			return ret;
	}
	if (ret)
		return ret;
	while ((ret = __atomic_load_n(&req->result, __ATOMIC_ACQUIRE)) == -EINPROGRESS) {
		int n = blk_wait(disk);

		if (n < 0)
			return n;
	}
	return ret;
}

int blk_flush(struct blk_disk *disk)
{
	struct blk_request req = {.op = BLK_FLUSH};

	return blk_execute(disk, &req);
}
