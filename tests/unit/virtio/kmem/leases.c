/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that keeps pins, frees what is under them, drops what it has not, and a disk that pins
 * beside it: by random requests to the device over the real mm, which a model follows frame by
 * frame. What is pinned stays as it is, whoever frees it and whatever is discarded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/virtio/kmem/driver.h"

#define BASE   0x100000000ull
#define SIZE   (16ull << 20)
#define FRAMES (SIZE >> MM_FRAME_SHIFT)
#define MAX    4u  /* orders of runs: below this */
#define BATCH  16u /* addresses of a request */
#define STEPS  1000000u
#define QUOTA  150u /* seldom out of reach */

static struct mm_heap *heap;
static struct kmem_guest k;
static uint64_t rng;

/* The model. */
static struct {
	int order;      /* of the run whose first frame it is; -1: none */
	bool freed;     /* the run was freed, and waits for its pins */
	uint32_t mine;  /* pins of the guest */
	uint32_t disks; /* and of the disk */
	uint64_t stamp; /* the frame's first word, while it is handed out or waits; else 0 */
} frame[FRAMES];
static uint64_t total, stamps, runs;

static int setup(void **state)
{
	struct mm_config config = {
		.range = {{.base = BASE, .size = SIZE, .node = 0, .host_node = -1}},
		.nr_ranges = 1,
		.cpus = KMEM_CPUS,
		.pin_quota = QUOTA,
	};

	(void)state;
	assert_int_equal(mm_heap_create(&config, &heap, NULL), 0);
	kmem_guest_init(&k, heap, config.range, 1);
	kmem_bring_up(&k, KMEM_FEATURES);
	memset(frame, 0, sizeof(frame));
	for (size_t i = 0; i < FRAMES; i++)
		frame[i].order = -1;
	total = runs = 0;
	rng = 0x1ea5e;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kmem_guest_fini(&k);
	mm_heap_destroy(heap);
	return 0;
}

static uint64_t below(uint64_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 11) % n;
}

static uint64_t address(size_t i)
{
	return BASE + i * MM_FRAME_SIZE;
}

static uint64_t *word(size_t i)
{
	return (uint64_t *)(void *)((uint8_t *)mm_heap_host(heap) + i * MM_FRAME_SIZE);
}

/* The first frame of the run that has this one, or FRAMES. */
static size_t head_of(size_t i)
{
	for (unsigned int order = 0; order < MAX; order++) {
		size_t head = i & ~((1ull << order) - 1);

		if (frame[head].order >= 0 && i - head < 1ull << frame[head].order)
			return head;
	}
	return FRAMES;
}

static bool may_pin(size_t i)
{
	size_t head = head_of(i);

	return head < FRAMES && !frame[head].freed;
}

/* A frame to try something with: few of them, so that the same are met again. */
static size_t some_frame(void)
{
	return below(20) ? below(FRAMES / 16) : below(FRAMES);
}

/* A freed run whose pins are all gone is nobody's. */
static void settle(size_t i)
{
	size_t head = head_of(i);

	if (head == FRAMES || !frame[head].freed)
		return;
	for (size_t n = head; n < head + (1ull << frame[head].order); n++)
		if (frame[n].mine || frame[n].disks)
			return;
	for (size_t n = head; n < head + (1ull << frame[head].order); n++)
		frame[n].stamp = 0;
	frame[head].order = -1;
	frame[head].freed = false;
	runs--;
}

static void take_run(void)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_ALLOC_PAGES,
				      .count = 1,
				      .order = (uint16_t)below(MAX),
				      .node = VIRTIO_KMEM_NODE_ANY};
	uint64_t addr;
	size_t i;

	if (runs > FRAMES / 32)
		return;
	assert_int_equal(kmem_send(&k, 0, &req, sizeof(req), NULL, 0, RESP_SIZE), 0);
	memcpy(&addr, kmem_reply(&k, 0), sizeof(addr));
	i = ((addr & ~VIRTIO_KMEM_ADDR_FLAGS) - BASE) >> MM_FRAME_SHIFT;
	for (size_t n = i; n < i + (1ull << req.order); n++) {
		assert_int_equal(head_of(n), FRAMES);
		assert_int_equal(frame[n].mine + frame[n].disks, 0);
		frame[n].stamp = *word(n) = ++stamps;
	}
	frame[i].order = req.order;
	runs++;
}

static void free_run(void)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_FREE_PAGES, .count = 1};
	size_t i = some_frame();
	uint64_t addr = address(i);
	bool good = frame[i].order >= 0 && !frame[i].freed;

	assert_int_equal(kmem_send(&k, 1, &req, sizeof(req), &addr, 8, RESP_SIZE), 0);
	assert_int_equal(k.resp[1].count, good);
	if (!good)
		return;
	frame[i].freed = true;
	settle(i);
}

/* Pins of guest or disk; from the first on that may not be there are none. */
static void pin(bool disk)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_PIN, .count = 1 + (uint32_t)below(BATCH)};
	uint64_t addr[BATCH];
	size_t i[BATCH];
	uint32_t want = 0;
	int error = 0;
	long got;

	for (uint32_t n = 0; n < req.count; n++) {
		i[n] = some_frame();
		addr[n] = address(i[n]);
	}
	for (; want < req.count && !error; want += !error) {
		if (total + want >= QUOTA)
			error = -EAGAIN;
		else if (!may_pin(i[want]))
			error = -EFAULT;
	}
	if (disk) {
		got = mm_pin(heap, req.count, addr);
	} else {
		got = kmem_send(&k, 0, &req, sizeof(req), addr, 8ull * req.count, 16);
		got = got ? got : (long)k.resp[0].count;
	}
	assert_int_equal(got, want ? (long)want : error);
	for (uint32_t n = 0; n < want; n++)
		(*(disk ? &frame[i[n]].disks : &frame[i[n]].mine))++;
	total += want;
}

/* Drops pins that it has, and some that it has not. */
static void unpin(bool disk)
{
	struct virtio_kmem_req req = {.type = VIRTIO_KMEM_UNPIN,
				      .count = disk ? 1 : 1 + (uint32_t)below(BATCH)};
	uint64_t addr[BATCH];
	struct mm_bad bad[BATCH];
	uint32_t want = 0;
	size_t nr_bad;

	for (uint32_t n = 0; n < req.count; n++) {
		size_t i = some_frame();
		uint32_t *pins = disk ? &frame[i].disks : &frame[i].mine;

		addr[n] = address(i);
		if (!*pins && disk)
			return;
		if (!*pins)
			continue;
		/* The frame's word is as it was, until the last pin goes. */
		assert_int_equal(*word(i), frame[i].stamp);
		(*pins)--;
		want++;
		settle(i);
	}
	total -= want;
	if (disk) {
		assert_int_equal(mm_unpin(heap, 1, addr, bad, &nr_bad), 1);
		return;
	}
	assert_int_equal(kmem_send(&k, 1, &req, sizeof(req), addr, 8ull * req.count, RESP_SIZE), 0);
	assert_int_equal(k.resp[1].count, want);
	assert_int_equal(k.resp[1].value, req.count - want);
}

static void discard(void)
{
	mm_reclaim(heap);
	for (size_t i = 0; i < FRAMES; i++)
		if (frame[i].stamp)
			assert_int_equal(*word(i), frame[i].stamp);
}

static void compare(void)
{
	struct mm_stats stats;
	uint64_t frames = 0;

	for (size_t i = 0; i < FRAMES; i++)
		frames += frame[i].stamp != 0;
	assert_int_equal(mm_stats(heap, 0, &stats), 0);
	assert_int_equal(stats.pages_pinned, total);
	assert_true(stats.frames_in_use >= frames);
}

static void random_steps(unsigned int steps)
{
	for (unsigned int n = 0; n < steps; n++) {
		uint64_t dice = below(1000);

		if (dice < 200)
			take_run();
		else if (dice < 400)
			free_run();
		else if (dice < 600)
			pin(false);
		else if (dice < 680)
			pin(true);
		else if (dice < 950)
			unpin(false);
		else if (dice < 998)
			unpin(true);
		else
			discard();
		if (n % 1024 == 0)
			compare();
	}
}

static void a_guest_that_lies_gains_nothing(void **state)
{
	struct mm_bad bad;
	size_t nr_bad;

	(void)state;
	random_steps(STEPS);
	compare();
	/* A reset takes all but what is the disk's, which comes to rest before. */
	for (size_t i = 0; i < FRAMES; i++) {
		uint64_t addr = address(i);

		for (; frame[i].disks; frame[i].disks--)
			assert_int_equal(mm_unpin(heap, 1, &addr, &bad, &nr_bad), 1);
	}
	kmem_bring_up(&k, KMEM_FEATURES);
	for (size_t i = 0; i < FRAMES; i++) {
		frame[i].order = -1;
		frame[i].freed = false;
		frame[i].mine = 0;
		frame[i].stamp = 0;
	}
	total = runs = 0;
	compare();
	random_steps(STEPS / 10);
	compare();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_guest_that_lies_gains_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
