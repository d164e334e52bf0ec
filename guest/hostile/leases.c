/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leases are pins that a guest keeps and does not use. What it says of them, and what it does not,
 * is its own: it frees pages under leases, keeps leases that it was to give up, and gives up what
 * it has not.
 */
#include "attack.h"
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/string.h>

#define ORDER 6u
#define PAGES (1u << ORDER)

/* One request of type for n pages from addr on. Returns how many it was done for, or the status. */
static int pages(unsigned int type, u64 addr, unsigned int n)
{
	int status;

	raw_prepare(type, n, 0);
	for (unsigned int i = 0; i < n; i++)
		raw_payload[i] = addr + i * PAGE_SIZE;
	status = raw_request(n * 8, RAW_REPLY_MAX);
	return status ? status : (int)raw_reply.resp.count;
}

static u64 run_of(unsigned int order)
{
	raw_prepare(VIRTIO_KMEM_ALLOC_PAGES, 1, 0);
	raw_req.order = (u16)order;
	return raw_request(0, RAW_REPLY_MAX) ? 0 : raw_reply.payload[0] & ~VIRTIO_KMEM_ADDR_FLAGS;
}

/* Takes all the pages that there are. Returns how many of them lie in the run at addr. */
static unsigned int take_all(u64 addr)
{
	unsigned int within = 0;

	for (;;) {
		raw_prepare(VIRTIO_KMEM_ALLOC_PAGES, VIRTIO_KMEM_MAX_BATCH, 0);
		if (raw_request(0, RAW_REPLY_MAX))
			return within;
		for (unsigned int i = 0; i < raw_reply.resp.count; i++)
			within += raw_reply.payload[i] - addr < PAGES * PAGE_SIZE;
	}
}

static void freed_under_leases(void)
{
	u64 run = run_of(ORDER);
	u64 *word = phys_to_virt(run + PAGE_SIZE);

	ok(run && pages(VIRTIO_KMEM_PIN, run, PAGES) == PAGES, "lease: of each page of a run");
	*word = 0x1ea5e;
	ok(pages(VIRTIO_KMEM_FREE_PAGES, run, 1) == 1, "lease: its run can be freed");
	ok(pages(VIRTIO_KMEM_FREE_PAGES, run, 1) == 0, "lease: and not twice");
	ok(pages(VIRTIO_KMEM_PIN, run, 1) == -EFAULT, "lease: none more of a page that was freed");
	ok(take_all(run) == 0, "lease: such a page is handed to nobody");
	ok(*word == 0x1ea5e, "lease: and stays as it is");
	ok(pages(VIRTIO_KMEM_UNPIN, run, PAGES - 1) == PAGES - 1 && take_all(run) == 0,
	   "lease: one is enough to keep all of a run");
	ok(pages(VIRTIO_KMEM_UNPIN, run, PAGES) == 1, "lease: what was given up cannot be again");
	ok(take_all(run) == PAGES, "lease: with the last the run is the host's again");
}

static void quota(void)
{
	u64 page = run_of(0);
	u64 most = heap_size / PAGE_SIZE;
	u64 had = 0;
	int n;

	raw_prepare(VIRTIO_KMEM_PIN, VIRTIO_KMEM_MAX_BATCH, 0);
	for (unsigned int i = 0; i < VIRTIO_KMEM_MAX_BATCH; i++)
		raw_payload[i] = page;
	for (;;) {
		n = raw_request(VIRTIO_KMEM_MAX_BATCH * 8, RAW_REPLY_MAX);
		if (n)
			break;
		had += raw_reply.resp.count;
	}
	ok(page && n == -EAGAIN && had == most, "lease: no more of a page than the quota has");
	ok(good_request(), "lease: the service goes on with all of the quota used up");
	ok(pages(VIRTIO_KMEM_UNPIN, page, 1) == 1 && pages(VIRTIO_KMEM_PIN, page, 1) == 1 &&
		   pages(VIRTIO_KMEM_PIN, page, 1) == -EAGAIN,
	   "lease: one that is given up makes room for one");
	ok(pages(VIRTIO_KMEM_FREE_PAGES, page, 1) == 1, "lease: never given up");
	ok(raw_start() && pages(VIRTIO_KMEM_UNPIN, page, 1) == 0 && good_request(),
	   "lease: a reset takes them all");
}

void try_leases(void)
{
	ok(raw_start(), "lease: the device starts");
	freed_under_leases();
	ok(raw_start(), "lease: the device starts again");
	quota();
}
