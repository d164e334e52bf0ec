/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer: what a machine writes to mailboxes and to the control page, over the real mm. The
 * input is a list of steps: requests of any lengths and contents, stores anywhere in the reserve,
 * resets, and events of the host's.
 *
 * Whatever it does, the service must come back to a good driver, with nothing out: that is the end
 * of each run, and its only assertion besides the sanitizers'.
 */
#include <string.h>

#include "tests/fuzz/must.h"
#include "virtio/ivshmem/ivshmem.h"
#include "virtio/kmem/kmem.h"

#define WINDOW (8ull << 20)
#define QUEUES 2u

static struct mm_heap *heap;
static struct virtio_device *dev;
static struct ivshmem *ivs;
static uint8_t *window;
static struct ivshmem_kmem_control *control;

/* What is left of the input. */
struct input {
	const uint8_t *at;
	size_t left;
};

/* Takes n bytes; what is not there is zero. */
static void take(struct input *in, void *to, size_t n)
{
	size_t have = n < in->left ? n : in->left;

	memset(to, 0, n);
	memcpy(to, in->at, have);
	in->at += have;
	in->left -= have;
}

static void create(void)
{
	const uint64_t reserve = ivshmem_reserve(QUEUES, WINDOW);
	const struct mm_config config = {
		.range = {{.base = 0, .size = WINDOW, .host_node = -1}},
		.nr_ranges = 1,
		.reserve = reserve,
		.backed_max = 4ull << 20,
		.backing = MM_BACKING_MEMFD,
		.cpus = QUEUES,
		.reclaim_delay_ms = -1,
		.pin_quota = 64,
	};
	const struct mm_range range = {.base = reserve, .size = WINDOW - reserve, .host_node = -1};
	struct kmem_dev_config kmem = {
		.cpus = QUEUES,
		.pin_quota = 64,
		.range = &range,
		.nr_ranges = 1,
		.tell = ivshmem_tell,
		.tell_opaque = &ivs,
		.high = true,
	};
	struct ivshmem_config mailboxes = {.queues = QUEUES};

	must(!mm_heap_create(&config, &heap, NULL));
	kmem.heap = heap;
	kmem.page_map_gpa = mm_heap_shown_map(heap);
	must(!kmem_dev_create(&kmem, &dev));
	mailboxes.heap = heap;
	mailboxes.dev = dev;
	must(!ivshmem_create(&mailboxes, &ivs));
	window = mm_heap_host(heap);
	control = (struct ivshmem_kmem_control *)(void *)window;
}

static struct ivshmem_kmem_mailbox *box_of(unsigned int queue)
{
	return (struct ivshmem_kmem_mailbox *)(void *)(window + MM_FRAME_SIZE +
						       queue * sizeof(struct ivshmem_kmem_mailbox));
}

/* A request: lengths, its first bytes; and another number. */
static void send_request(struct input *in, unsigned int queue)
{
	struct ivshmem_kmem_mailbox *box = box_of(queue);
	uint16_t head[2];
	uint8_t bytes;

	take(in, head, sizeof(head));
	take(in, &bytes, sizeof(bytes));
	take(in, box->data, bytes);
	box->out = head[0];
	box->in = head[1];
	box->request++;
	(void)ivshmem_work(ivs);
}

/* A store anywhere below what is handed out. */
static void store(struct input *in)
{
	uint8_t bytes[64];
	uint32_t at;
	uint8_t n;

	take(in, &at, 3);
	take(in, &n, 1);
	n %= sizeof(bytes);
	take(in, bytes, n);
	at &= 0xffffff;
	at %= (uint32_t)(ivshmem_reserve(QUEUES, WINDOW) - sizeof(bytes));
	memcpy(window + at, bytes, n);
	(void)ivshmem_work(ivs);
}

static void post(struct input *in)
{
	uint8_t what[2];

	take(in, what, sizeof(what));
	(void)kmem_dev_post_event(dev, what[0] % 5, what[1]);
}

/* A good driver begins: whatever number was obeyed last, one of two is another. */
static void reset(uint64_t accepted)
{
	static uint32_t number;

	control->driver.accepted = accepted;
	for (unsigned int i = 0; i < 2; i++) {
		control->driver.reset = ++number;
		control->reset_done = ~number;
		(void)ivshmem_work(ivs);
		if (control->reset_done == number)
			return;
	}
	must(false);
}

static void check(void)
{
	const struct virtio_kmem_req req = {.type = VIRTIO_KMEM_STATS};
	struct ivshmem_kmem_mailbox *box = box_of(1);
	struct mm_stats stats;
	struct virtio_kmem_resp resp;

	/* A reset takes long: only where there is something to take back. */
	must(!mm_stats(heap, 0, &stats));
	if (stats.frames_in_use || stats.frames_cached || stats.pages_pinned)
		reset(UINT64_MAX);
	memcpy(box->data, &req, sizeof(req));
	box->out = sizeof(req);
	box->in = IVSHMEM_KMEM_REPLY_MAX;
	/* One of two is not the number that was answered last. */
	for (unsigned int i = 0; i < 2; i++) {
		box->answer = ~++box->request;
		(void)ivshmem_work(ivs);
		if (box->answer == box->request)
			break;
	}
	must(box->answer == box->request && !box->error);
	memcpy(&resp, box->reply, sizeof(resp));
	must(!resp.status && box->length == sizeof(resp) + sizeof(struct virtio_kmem_stats));
	must(!mm_stats(heap, 0, &stats) && !stats.frames_in_use && !stats.pages_pinned);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint8_t step;

	if (!heap) {
		create();
		reset(UINT64_MAX);
	}
	for (unsigned int i = 0; i < 32 && in.left; i++) {
		take(&in, &step, 1);
		switch (step & 3) {
		case 0:
		case 1:
			send_request(&in, step >> 2 & 1);
			break;
		case 2:
			store(&in);
			break;
		default:
			/* Seldom a reset, which takes longer than all else. */
			if (step & 0x1c)
				post(&in);
			else
				reset(step >> 5);
		}
	}
	check();
	return 0;
}
