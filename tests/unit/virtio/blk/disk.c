/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk as a whole: its file's errors, its size and who changes it, its cache mode, its
 * users. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mm/util.h"
#include "tests/unit/virtio/blk/fixture.h"

static char said[256];
static unsigned int times_said;

/* On the I/O thread, before the request is answered, which is what the test waits for. */
static void note(void *opaque, const char *text)
{
	(void)opaque;
	strncpy(said, text, sizeof(said) - 1);
	times_said++;
}

/* The file was cut behind the monitor's back: those requests fail, others do not. */
static void file_was_cut(void **state)
{
	struct buffer buf = {BIG_BASE, 8192};
	uint32_t len;

	(void)state;
	d.config.warn = note;
	times_said = 0;
	disk_start(&d);
	/* Beyond the disk: the driver's own fault. */
	assert_int_equal(disk_do1(&d, IN, DISK_SECTORS, BIG_BASE, 4096), IOERR);
	assert_int_equal(times_said, 0);
	assert_int_equal(ftruncate(d.fd, 8192 + 4096), 0);
	assert_int_equal(disk_do(&d, IN, 16, &buf, 1, &len), IOERR);
	assert_int_equal(len, 1);
	assert_int_equal(disk_do1(&d, IN, 64, BIG_BASE, 4096), IOERR);
	assert_string_equal(said, "a read failed: the file was cut and ends before its disk: "
				  "the driver is told of an I/O error");
	/* Once, till a read succeeds. */
	assert_int_equal(times_said, 1);
	assert_int_equal(disk_do1(&d, IN, 16, BIG_BASE, 4096), OK);
	assert_int_equal(disk_do1(&d, IN, 64, BIG_BASE, 4096), IOERR);
	assert_int_equal(times_said, 2);
	assert_int_equal(disk_do1(&d, OUT, 64, BIG_BASE, 4096), OK);
}

static uint32_t offered_segments(uint16_t queue_size, uint16_t ring_size)
{
	const struct virtio_blk_config *config;
	uint32_t segments;

	d.config.queue_size = queue_size;
	d.config.ring_size = ring_size;
	assert_int_equal(blk_dev_create(&d.config, d.engine, &d.dev), 0);
	config = (const struct virtio_blk_config *)d.dev->config;
	segments = config->seg_max;
	virtio_device_destroy(d.dev);
	d.dev = NULL;
	return segments;
}

/* With header and status they fit the ring that the driver has. */
static void segments_fit(void **state)
{
	struct drv_buf buf[QUEUE_SIZE];
	uint32_t n;
	uint32_t i;

	(void)state;
	assert_int_equal(io_engine_create(&d.engine_config, &d.engine), 0);
	assert_int_equal(offered_segments(0, 0), BLK_QUEUE_SIZE - 2);
	assert_int_equal(offered_segments(256, 0), 254);
	assert_int_equal(offered_segments(1024, 0), 254);
	assert_int_equal(offered_segments(1024, 128), 126);
	assert_int_equal(offered_segments(128, 0), 126);
	assert_int_equal(offered_segments(16, 128), 14);
	assert_int_equal(offered_segments(4, 0), 2);
	assert_int_equal(offered_segments(2, 0), 1);
	n = offered_segments(QUEUE_SIZE, 0);
	assert_int_equal(n, QUEUE_SIZE - 2);
	d.features &= ~VRING_FEATURE_INDIRECT;
	disk_attach(&d);
	disk_set_header(&d, 0, 0, IN, 0);
	buf[0] = (struct drv_buf){disk_header(0, 0), 16, 0};
	for (i = 1; i <= n; i++)
		buf[i] = (struct drv_buf){BIG_BASE + i * 8192, 4096, VRING_F_WRITE};
	buf[n + 1] = (struct drv_buf){disk_status_at(0, 0), 1, VRING_F_WRITE};
	drv_put(&d.q[0], 0, buf, n + 2);
	disk_kick(&d, 0);
	assert_int_equal(disk_wait(&d, 0, &i), 0);
	assert_int_equal(i, n * 4096 + 1);
	assert_int_equal(disk_status(&d, 0, 0), OK);
}

/* What the file cannot take is the error of one request. */
static void file_is_full(void **state)
{
	struct rlimit old;
	struct rlimit limit;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	disk_start(&d);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 1 << 20;
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(disk_do1(&d, OUT, (2 << 20) / 512, BIG_BASE, 4096), IOERR);
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE, 4096), OK);
	assert_int_equal(disk_do1(&d, IN, (2 << 20) / 512, BIG_BASE, 4096), OK);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(disk_do1(&d, OUT, (2 << 20) / 512, BIG_BASE, 4096), OK);
}

static uint64_t config64(void)
{
	return reg(d.mmio, VIRTIO_MMIO_CONFIG) | (uint64_t)reg(d.mmio, VIRTIO_MMIO_CONFIG + 4)
							 << 32;
}

static void a_file_that_grew_is_a_larger_disk(void **state)
{
	uint32_t generation;

	(void)state;
	disk_start(&d);
	assert_int_equal(config64(), DISK_SECTORS);
	generation = reg(d.mmio, VIRTIO_MMIO_CONFIG_GENERATION);
	assert_int_equal(blk_dev_resize(d.dev), 0);
	assert_int_equal(reg(d.mmio, VIRTIO_MMIO_CONFIG_GENERATION), generation);
	assert_int_equal(disk_do1(&d, IN, DISK_SECTORS, BIG_BASE, 512), IOERR);
	assert_int_equal(ftruncate(d.fd, DISK_SIZE + 4096), 0);
	assert_int_equal(blk_dev_resize(d.dev), 0);
	assert_int_equal(config64(), DISK_SECTORS + 8);
	assert_int_not_equal(reg(d.mmio, VIRTIO_MMIO_CONFIG_GENERATION), generation);
	assert_true(reg(d.mmio, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG);
	assert_int_equal(disk_do1(&d, IN, DISK_SECTORS, BIG_BASE, 512), OK);
	assert_int_equal(ftruncate(d.fd, 4096), 0);
	assert_int_equal(blk_dev_resize(d.dev), 0);
	assert_int_equal(disk_do1(&d, IN, 8, BIG_BASE, 512), IOERR);
}

static uint64_t file_size(void)
{
	struct stat st;

	assert_int_equal(fstat(d.fd, &st), 0);
	return (uint64_t)st.st_size;
}

/* The monitor's own way: file, capacity and driver agree after each step. */
static void a_disk_is_made_the_size_that_is_said(void **state)
{
	static const uint64_t sizes[] = {DISK_SIZE + 4096, 2 * DISK_SIZE, DISK_SIZE, 4096,
					 1ull << 40,       DISK_SIZE,     0,         DISK_SIZE};
	uint64_t sectors;
	uint32_t before;

	(void)state;
	disk_start(&d);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		sectors = sizes[i] / 512;
		before = reg(d.mmio, VIRTIO_MMIO_CONFIG_GENERATION);
		set_reg(d.mmio, VIRTIO_MMIO_INTERRUPT_ACK, ~0u);
		assert_int_equal(blk_dev_set_size(d.dev, sizes[i]), 0);
		assert_int_equal(file_size(), sizes[i]);
		assert_int_equal(blk_dev_capacity(d.dev), sizes[i]);
		assert_int_equal(config64(), sectors);
		assert_int_not_equal(reg(d.mmio, VIRTIO_MMIO_CONFIG_GENERATION), before);
		assert_true(reg(d.mmio, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG);
		assert_int_equal(disk_do1(&d, OUT, sectors, BIG_BASE, 512), IOERR);
		assert_int_equal(disk_do1(&d, IN, sectors ? sectors - 1 : 0, BIG_BASE, 512),
				 sectors ? OK : IOERR);
	}
	/* To what it is: nothing to tell. */
	before = reg(d.mmio, VIRTIO_MMIO_CONFIG_GENERATION);
	assert_int_equal(blk_dev_set_size(d.dev, DISK_SIZE), 0);
	assert_int_equal(reg(d.mmio, VIRTIO_MMIO_CONFIG_GENERATION), before);
}

static void keeps_size(void)
{
	assert_int_equal(file_size(), DISK_SIZE);
	assert_int_equal(blk_dev_capacity(d.dev), DISK_SIZE);
	assert_int_equal(config64(), DISK_SECTORS);
	assert_int_equal(disk_do1(&d, IN, DISK_SECTORS - 1, BIG_BASE, 512), OK);
}

static void refused_sizes(void **state)
{
	struct rlimit old;
	struct rlimit limit;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	disk_start(&d);
	assert_int_equal(blk_dev_set_size(d.dev, DISK_SIZE + 511), -EINVAL);
	assert_int_equal(blk_dev_set_size(d.dev, 1), -EINVAL);
	assert_int_equal(blk_dev_set_size(d.dev, 1ull << 63), -EINVAL);
	assert_int_equal(blk_dev_set_size(d.dev, ~0ull << 12), -EINVAL);
	keeps_size();
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = DISK_SIZE;
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(blk_dev_set_size(d.dev, 2 * DISK_SIZE), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	keeps_size();
	disk_detach(&d);
	d.config.readonly = true;
	disk_attach(&d);
	assert_int_equal(blk_dev_set_size(d.dev, 2 * DISK_SIZE), -EROFS);
	keeps_size();
}

#define RESIZES 200

static void *resize_on_and_on(void *arg)
{
	for (unsigned int i = 0; i < RESIZES; i++)
		if (blk_dev_set_size(d.dev, i % 2 ? DISK_SIZE : DISK_SIZE / 2))
			*(bool *)arg = true;
	return NULL;
}

/* Writes all over the disk while it shrinks and grows: those below the smaller size are all
 * done, and none makes the file longer than it was told to be. */
static void resize_under_writes(void **state)
{
	struct buffer buf = {BIG_BASE, 4096};
	unsigned int low = 0;
	unsigned int high = 0;
	bool failed = false;
	pthread_t thread;

	(void)state;
	disk_start(&d);
	assert_int_equal(pthread_create(&thread, NULL, resize_on_and_on, &failed), 0);
	for (unsigned int i = 0; i < 100; i++) {
		for (uint16_t slot = 0; slot < 16; slot++)
			disk_post(&d, 0, slot, OUT,
				  slot % 2 ? DISK_SECTORS - 8 : DISK_SECTORS / 4 + slot * 8ull,
				  &buf, 1);
		disk_kick(&d, 0);
		for (uint16_t slot = 0; slot < 16; slot++)
			disk_wait(&d, 0, NULL);
		for (uint16_t slot = 0; slot < 16; slot += 2)
			low += disk_status(&d, 0, slot) == OK;
		for (uint16_t slot = 1; slot < 16; slot += 2)
			high += disk_status(&d, 0, slot) == OK || disk_status(&d, 0, slot) == IOERR;
	}
	pthread_join(thread, NULL);
	assert_false(failed);
	assert_int_equal(low, 800);
	assert_int_equal(high, 800);
	assert_int_equal(blk_dev_set_size(d.dev, DISK_SIZE / 2), 0);
	assert_int_equal(file_size(), DISK_SIZE / 2);
	assert_int_equal(disk_do1(&d, OUT, DISK_SECTORS - 8, BIG_BASE, 4096), IOERR);
	assert_int_equal(file_size(), DISK_SIZE / 2);
}

static void the_driver_chooses_the_cache_mode(void **state)
{
	const uint32_t wce = VIRTIO_MMIO_CONFIG + offsetof(struct virtio_blk_config, wce);
	const struct virtio_blk_discard_write_zeroes range = {0, 8, 0};

	(void)state;
	disk_start(&d);
	assert_int_equal(reg(d.mmio, wce) & 0xff, 1);
	virtio_mmio_write(d.mmio, wce, 2, 1, 0);
	assert_int_equal(reg(d.mmio, wce) & 0xff, 1);
	virtio_mmio_write(d.mmio, wce, 0, 1, 0);
	assert_int_equal(reg(d.mmio, wce) & 0xff, 0);
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE, 4096), OK);
	memcpy(disk_at(&d, BIG_BASE, 16), &range, 16);
	assert_int_equal(disk_do1(&d, VIRTIO_BLK_T_WRITE_ZEROES, 0, BIG_BASE, 16), OK);
	virtio_mmio_write(d.mmio, wce, 1, 1, 0);
	assert_int_equal(reg(d.mmio, wce) & 0xff, 1);
	/* Nothing else can be written. */
	virtio_mmio_write(d.mmio, VIRTIO_MMIO_CONFIG, 1, 8, 0);
	assert_int_equal(config64(), DISK_SECTORS);
}

static void two_users(void **state)
{
	struct virtio_device *other;

	(void)state;
	disk_start(&d);
	assert_int_equal(blk_dev_create(&d.config, d.engine, &other), -EBUSY);
	d.config.path = "/dev/null";
	assert_int_equal(blk_dev_create(&d.config, d.engine, &other), -ENOTBLK);
	d.config.path = "/nonexistent";
	assert_int_equal(blk_dev_create(&d.config, d.engine, &other), -ENOENT);
	d.config.path = d.path;
	d.config.readonly = true;
	d.config.queues = BLK_MAX_QUEUES + 1;
	assert_int_equal(blk_dev_create(&d.config, d.engine, &other), -EBUSY);
	disk_detach(&d);
	assert_int_equal(blk_dev_create(&d.config, d.engine, &other), -EINVAL);
	d.config.queues = 0;
	assert_int_equal(blk_dev_create(&d.config, d.engine, &other), -EINVAL);
}

/* A second device is of the file that the first one opened, whatever is at its path by then. */
static void a_file_that_is_kept_is_opened_once(void **state)
{
	struct blk_file kept = {.cached_fd = -1, .direct_fd = -1};
	struct virtio_device *dev;

	(void)state;
	assert_int_equal(io_engine_create(&d.engine_config, &d.engine), 0);
	d.config.keep = &kept;
	assert_int_equal(blk_dev_create(&d.config, d.engine, &dev), 0);
	assert_true(kept.cached_fd >= 0);
	virtio_device_destroy(dev);
	d.config.path = "/nonexistent";
	assert_int_equal(blk_dev_create(&d.config, d.engine, &dev), 0);
	assert_int_equal(blk_dev_capacity(dev), DISK_SIZE);
	assert_int_equal(blk_dev_file(dev)->cached_fd, kept.cached_fd);
	virtio_device_destroy(dev);
	blk_file_close(&kept);
	d.config.keep = NULL;
	d.config.path = d.path;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, disk_setup, disk_teardown)
		TEST(segments_fit),
		TEST(file_was_cut),
		TEST(file_is_full),
		TEST(a_file_that_grew_is_a_larger_disk),
		TEST(a_disk_is_made_the_size_that_is_said),
		TEST(refused_sizes),
		TEST(resize_under_writes),
		TEST(the_driver_chooses_the_cache_mode),
		TEST(two_users),
		TEST(a_file_that_is_kept_is_opened_once),
	};

	return cmocka_run_group_tests_name("virtio_blk_disk", tests, NULL, NULL);
}
