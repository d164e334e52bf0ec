/* SPDX-License-Identifier: BSD-2-Clause */
/* Every kind of request of virtio-blk, in every shape that is allowed. */
#include <string.h>
#include <unistd.h>

#include "mm/util.h"
#include "tests/unit/virtio/blk/fixture.h"

static void on_disk(uint64_t offset, const void *want, size_t len)
{
	static uint8_t buf[1 << 20];

	assert_true(len <= sizeof(buf));
	assert_int_equal(pread(d.fd, buf, len, (off_t)offset), len);
	assert_memory_equal(buf, want, len);
}

static void write_then_read(void **state)
{
	uint8_t *out;
	uint8_t *in;
	uint32_t len;
	struct buffer buf = {BIG_BASE, 8192};
	struct blk_stats stats;

	(void)state;
	disk_start(&d);
	out = disk_at(&d, BIG_BASE, 8192);
	fill(out, 8192, 1);
	assert_int_equal(disk_do(&d, OUT, 16, &buf, 1, &len), OK);
	assert_int_equal(len, 1);
	on_disk(8192, out, 8192);
	buf.gpa = BIG_BASE + 0x10000;
	in = disk_at(&d, buf.gpa, 8192);
	assert_int_equal(disk_do(&d, IN, 16, &buf, 1, &len), OK);
	assert_int_equal(len, 8193);
	assert_memory_equal(in, out, 8192);
	blk_dev_get_stats(d.dev, &stats);
	assert_int_equal(stats.reads, 1);
	assert_int_equal(stats.writes, 1);
	assert_int_equal(stats.bytes_read, 8192);
	assert_int_equal(stats.bytes_written, 8192);
	assert_int_equal(stats.bytes_copied, 0);
	assert_int_equal(stats.errors, 0);
}

static void odd_layouts(void **state)
{
	const uint64_t data = BIG_BASE + 0x100000;
	struct vring_desc desc[64];
	uint8_t want[4096];
	uint32_t len;
	unsigned int n;
	unsigned int at;
	unsigned int i;

	(void)state;
	disk_start(&d);
	for (unsigned int cut = 0; cut < 40; cut++) {
		const unsigned int piece = cut < 16 ? cut + 1 : 100 * (cut - 15);
		unsigned int hcut = cut % 16 + 1;

		fill(want, sizeof(want), cut);
		/* The header in pieces, the last with the first of the data. */
		disk_set_header(&d, 0, 0, OUT, 8);
		memcpy(disk_at(&d, data, 16), disk_at(&d, disk_header(0, 0), 16), 16);
		memcpy(disk_at(&d, data + 16, 4096), want, 4096);
		n = 0;
		for (at = 0; at < 16 + 4096; at += desc[n++].len) {
			unsigned int size = at < 16 ? hcut : piece * 128 + 1;

			if (size > 16 + 4096 - at)
				size = 16 + 4096 - at;
			/* Not side by side, or they would be put together again. */
			memmove(disk_at(&d, data + 0x10000 * (n + 1) + at, size),
				disk_at(&d, data + at, size), size);
			desc[n] = (struct vring_desc){data + 0x10000 * (n + 1) + at, size, 0, 0};
		}
		desc[n++] = (struct vring_desc){disk_status_at(0, 0), 1, VRING_F_WRITE, 0};
		assert_true(n <= 64);
		disk_post_raw(&d, 0, 0, desc, n);
		disk_kick(&d, 0);
		assert_int_equal(disk_wait(&d, 0, &len), 0);
		assert_int_equal(disk_status(&d, 0, 0), OK);
		assert_int_equal(len, 1);
		on_disk(4096, want, 4096);

		/* And back, the status in the last byte of the data. */
		disk_set_header(&d, 0, 0, IN, 8);
		n = 0;
		desc[n++] = (struct vring_desc){disk_header(0, 0), 16, 0, 0};
		for (at = 0; at < 4097; at += desc[n - 1].len) {
			unsigned int size = piece * 128 + 7;

			if (size > 4097 - at)
				size = 4097 - at;
			desc[n] = (struct vring_desc){data + 0x10000 * n + at, size, VRING_F_WRITE,
						      0};
			memset(disk_at(&d, desc[n].addr, size), 0xee, size);
			n++;
		}
		disk_post_raw(&d, 0, 0, desc, n);
		disk_kick(&d, 0);
		assert_int_equal(disk_wait(&d, 0, &len), 0);
		assert_int_equal(len, 4097);
		for (at = 0, i = 1; i < n; at += desc[i++].len) {
			unsigned int size = desc[i].len - (i == n - 1);

			assert_memory_equal(disk_at(&d, desc[i].addr, size + 1), want + at, size);
		}
		assert_int_equal(*(uint8_t *)disk_at(&d, desc[n - 1].addr + desc[n - 1].len - 1, 1),
				 OK);
	}
}

static void many_segments(void **state)
{
	static struct vring_desc desc[VRING_MAX_SEGS];
	const unsigned int nr = VRING_MAX_SEGS - 2;
	static uint8_t want[(VRING_MAX_SEGS - 2) * 512];

	(void)state;
	disk_start(&d);
	fill(want, sizeof(want), 5);
	disk_set_header(&d, 0, 0, OUT, 0);
	desc[0] = (struct vring_desc){disk_header(0, 0), 16, 0, 0};
	for (unsigned int i = 0; i < nr; i++) {
		desc[i + 1] = (struct vring_desc){BIG_BASE + 1024 * i, 512, 0, 0};
		memcpy(disk_at(&d, BIG_BASE + 1024 * i, 512), want + 512 * i, 512);
	}
	desc[nr + 1] = (struct vring_desc){disk_status_at(0, 0), 1, VRING_F_WRITE, 0};
	disk_post_raw(&d, 0, 0, desc, nr + 2);
	disk_kick(&d, 0);
	assert_int_equal(disk_wait(&d, 0, NULL), 0);
	assert_int_equal(disk_status(&d, 0, 0), OK);
	on_disk(0, want, sizeof(want));
}

/* Memory that direct I/O cannot take: through a buffer, with the same result. */
static void unaligned_memory(void **state)
{
	struct blk_stats stats;
	uint8_t *p;

	(void)state;
	disk_start(&d);
	p = disk_at(&d, BIG_BASE + 1, 1 << 20);
	fill(p, 1 << 20, 3);
	assert_int_equal(disk_do1(&d, OUT, 1, BIG_BASE + 1, 1 << 20), OK);
	on_disk(512, p, 1 << 20);
	memset(p, 0, 1 << 20);
	assert_int_equal(disk_do1(&d, IN, 1, BIG_BASE + 3, 1 << 20), OK);
	on_disk(512, disk_at(&d, BIG_BASE + 3, 1 << 20), 1 << 20);
	blk_dev_get_stats(d.dev, &stats);
	assert_true(blk_dev_is_direct(d.dev));
	assert_int_equal(stats.bytes_copied, 2 << 20);
	assert_int_equal(stats.bounced_ops, 8);
	assert_int_equal(stats.fixed_ops + stats.plain_ops, 0);
}

static void page_cache_disk(void **state)
{
	struct blk_stats stats;

	(void)state;
	d.config.direct = false;
	disk_start(&d);
	fill(disk_at(&d, BIG_BASE + 1, 4096), 4096, 4);
	assert_int_equal(disk_do1(&d, OUT, 3, BIG_BASE + 1, 4096), OK);
	assert_int_equal(disk_do1(&d, IN, 3, BIG_BASE + 8193, 4096), OK);
	assert_memory_equal(disk_at(&d, BIG_BASE + 1, 4096), disk_at(&d, BIG_BASE + 8193, 4096),
			    4096);
	blk_dev_get_stats(d.dev, &stats);
	assert_false(blk_dev_is_direct(d.dev));
	assert_int_equal(stats.bytes_copied, 0);
	assert_int_equal(stats.fixed_ops, 2);
}

/* Across the edges of windows: in as many operations, or in one when they are many. */
static void across_windows(void **state)
{
	const uint64_t edge = BIG_BASE + (4 << 20) - ((uintptr_t)d.big & ((2 << 20) - 1));
	struct buffer buf[5];
	struct blk_stats stats;
	static uint8_t want[8192];

	(void)state;
	disk_start(&d);
	fill(disk_at(&d, edge - 4096, 8192), 8192, 6);
	assert_int_equal(disk_do1(&d, OUT, 0, edge - 4096, 8192), OK);
	on_disk(0, disk_at(&d, edge - 4096, 8192), 8192);
	blk_dev_get_stats(d.dev, &stats);
	assert_int_equal(stats.fixed_ops, 2);
	assert_int_equal(stats.splits, 1);
	for (unsigned int i = 0; i < 5; i++) {
		buf[i] = (struct buffer){edge + (2ull << 20) * i, 512};
		fill(want + 512 * i, 512, i);
		memcpy(disk_at(&d, buf[i].gpa, 512), want + 512 * i, 512);
	}
	assert_int_equal(disk_do(&d, OUT, 64, buf, 5, NULL), OK);
	on_disk(32768, want, 5 * 512);
	blk_dev_get_stats(d.dev, &stats);
	assert_int_equal(stats.fixed_ops, 2);
	assert_int_equal(stats.plain_ops, 1);
	assert_int_equal(stats.splits, 1);
}

static void several_in_one_window(void **state)
{
	struct buffer buf[4];
	struct blk_stats stats;

	(void)state;
	disk_start(&d);
	for (unsigned int i = 0; i < 4; i++) {
		buf[i] = (struct buffer){BIG_BASE + (2 << 20) + 8192 * i, 4096};
		fill(disk_at(&d, buf[i].gpa, 4096), 4096, i);
	}
	assert_int_equal(disk_do(&d, OUT, 0, buf, 4, NULL), OK);
	for (unsigned int i = 0; i < 4; i++)
		on_disk(4096ull * i, disk_at(&d, buf[i].gpa, 4096), 4096);
	blk_dev_get_stats(d.dev, &stats);
	if (io_engine_features(d.engine) & IO_HAS_VECTORED)
		assert_int_equal(stats.fixed_vec_ops, 1);
	else
		assert_int_equal(stats.plain_ops, 1);
}

static void the_serial_is_told(void **state)
{
	char want[20] = "serial-1";
	struct buffer buf = {BIG_BASE, 20};
	uint32_t len;

	(void)state;
	disk_start(&d);
	memset(disk_at(&d, BIG_BASE, 64), 0xaa, 64);
	assert_int_equal(disk_do(&d, VIRTIO_BLK_T_GET_ID, 0, &buf, 1, &len), OK);
	assert_int_equal(len, 21);
	assert_memory_equal(disk_at(&d, BIG_BASE, 20), want, 20);
	buf.len = 4;
	assert_int_equal(disk_do(&d, VIRTIO_BLK_T_GET_ID, 0, &buf, 1, &len), OK);
	assert_int_equal(len, 5);
	buf.len = 64;
	assert_int_equal(disk_do(&d, VIRTIO_BLK_T_GET_ID, 0, &buf, 1, &len), OK);
	assert_int_equal(len, 21);
	assert_int_equal(*(uint8_t *)disk_at(&d, BIG_BASE + 20, 1), 0xaa);
}

static void flush_and_unknown(void **state)
{
	uint32_t len;

	(void)state;
	disk_start(&d);
	assert_int_equal(disk_do(&d, VIRTIO_BLK_T_FLUSH, 0, NULL, 0, &len), OK);
	assert_int_equal(len, 1);
	assert_int_equal(disk_do(&d, 77, 0, NULL, 0, &len), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(len, 1);
	assert_int_equal(disk_do1(&d, 0xffffffff, 0, BIG_BASE, 512), VIRTIO_BLK_S_UNSUPP);
}

static void not_negotiated(void **state)
{
	struct virtio_blk_discard_write_zeroes range = {0, 8, 0};
	struct blk_stats stats;

	(void)state;
	d.features = VRING_FEATURE_INDIRECT;
	disk_start(&d);
	memcpy(disk_at(&d, BIG_BASE, 16), &range, 16);
	assert_int_equal(disk_do(&d, VIRTIO_BLK_T_FLUSH, 0, NULL, 0, NULL), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(disk_do1(&d, VIRTIO_BLK_T_DISCARD, 0, BIG_BASE, 16), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(disk_do1(&d, VIRTIO_BLK_T_WRITE_ZEROES, 0, BIG_BASE, 16),
			 VIRTIO_BLK_S_UNSUPP);
	/* A write is stable by itself then; here only that it works. */
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE, 4096), OK);
	blk_dev_get_stats(d.dev, &stats);
	assert_int_equal(stats.unsupported, 3);
}

static void ranges_are_discarded_and_zeroed(void **state)
{
	static const uint8_t zeroes[64 << 10];
	struct virtio_blk_discard_write_zeroes range[2];
	uint8_t data[4096];

	(void)state;
	disk_start(&d);
	for (unsigned int kind = 0; kind < 3; kind++) {
		const uint32_t type = kind ? VIRTIO_BLK_T_WRITE_ZEROES : VIRTIO_BLK_T_DISCARD;

		fill(disk_at(&d, BIG_BASE, 128 << 10), 128 << 10, kind);
		assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE, 128 << 10), OK);
		range[0] = (struct virtio_blk_discard_write_zeroes){8, 128, kind == 2};
		range[1] = (struct virtio_blk_discard_write_zeroes){200, 16, kind == 2};
		memcpy(disk_at(&d, BIG_BASE + (1 << 20), 32), range, 32);
		assert_int_equal(disk_do1(&d, type, 0, BIG_BASE + (1 << 20), 32), OK);
		on_disk(8 * 512, zeroes, 128 * 512);
		on_disk(200 * 512, zeroes, 16 * 512);
		on_disk(0, disk_at(&d, BIG_BASE, 4096), 4096);
		on_disk(216 * 512, disk_at(&d, BIG_BASE + 216 * 512, 4096), 4096);
	}
	/* Odd ends, in the middle of the filesystem's blocks. */
	fill(data, sizeof(data), 9);
	memcpy(disk_at(&d, BIG_BASE, 4096), data, 4096);
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE, 4096), OK);
	range[0] = (struct virtio_blk_discard_write_zeroes){1, 3, 0};
	memcpy(disk_at(&d, BIG_BASE + (1 << 20), 16), range, 16);
	assert_int_equal(disk_do1(&d, VIRTIO_BLK_T_WRITE_ZEROES, 0, BIG_BASE + (1 << 20), 16), OK);
	memset(data + 512, 0, 3 * 512);
	on_disk(0, data, 4096);
}

static uint8_t range_status(uint32_t type, uint64_t sector, uint32_t nr, uint32_t flags,
			    uint32_t len)
{
	struct virtio_blk_discard_write_zeroes range = {sector, nr, flags};

	memcpy(disk_at(&d, BIG_BASE, 16), &range, 16);
	return disk_do1(&d, type, 0, BIG_BASE, len);
}

static void bad_ranges(void **state)
{
	const uint32_t discard = VIRTIO_BLK_T_DISCARD;
	const uint32_t zeroes = VIRTIO_BLK_T_WRITE_ZEROES;

	(void)state;
	disk_start(&d);
	assert_int_equal(range_status(discard, 0, 8, 0, 16), OK);
	assert_int_equal(range_status(discard, 0, 8, 1, 16), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(range_status(zeroes, 0, 8, 2, 16), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(range_status(discard, DISK_SECTORS, 1, 0, 16), IOERR);
	assert_int_equal(range_status(discard, ~0ull, 1, 0, 16), IOERR);
	assert_int_equal(range_status(discard, 0, ~0u, 0, 16), IOERR);
	assert_int_equal(range_status(discard, 0, 8, 0, 15), IOERR);
	assert_int_equal(range_status(discard, 0, 8, 0, 24), IOERR);
	assert_int_equal(disk_do(&d, discard, 0, NULL, 0, NULL), IOERR);
	assert_int_equal(range_status(discard, 0, 0, 0, 16), OK);
	memset(disk_at(&d, BIG_BASE, 512), 0, 512);
	assert_int_equal(disk_do1(&d, discard, 0, BIG_BASE, 17 * 16), IOERR);
}

static void out_of_the_disk(void **state)
{
	static const struct {
		uint64_t sector;
		uint32_t len;
	} bad[] = {
		{DISK_SECTORS, 512},
		{DISK_SECTORS - 1, 1024},
		{~0ull, 512},
		{~0ull / 512, 512},
		{1ull << 55, 512},
		{0, 511},
		{0, 513},
		{0, 1},
		{DISK_SECTORS + 1, 0},
		{DISK_SECTORS - 8, 8192},
	};

	(void)state;
	disk_start(&d);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(disk_do1(&d, IN, bad[i].sector, BIG_BASE, bad[i].len), IOERR);
		assert_int_equal(disk_do1(&d, OUT, bad[i].sector, BIG_BASE, bad[i].len), IOERR);
	}
	assert_int_equal(disk_do1(&d, IN, DISK_SECTORS - 1, BIG_BASE, 512), OK);
	assert_int_equal(disk_do1(&d, OUT, DISK_SECTORS - 1, BIG_BASE, 512), OK);
	assert_int_equal(disk_do(&d, IN, 0, NULL, 0, NULL), OK);
}

static void readonly_disk(void **state)
{
	(void)state;
	d.config.readonly = true;
	disk_start(&d);
	assert_true(drv_device_features(d.mmio) >> VIRTIO_BLK_F_RO & 1);
	assert_false(drv_device_features(d.mmio) >> VIRTIO_BLK_F_DISCARD & 1);
	assert_int_equal(disk_do1(&d, IN, 0, BIG_BASE, 4096), OK);
	assert_int_equal(disk_do1(&d, OUT, 0, BIG_BASE, 4096), IOERR);
	assert_int_equal(disk_do(&d, VIRTIO_BLK_T_FLUSH, 0, NULL, 0, NULL), OK);
	assert_int_equal(disk_do1(&d, VIRTIO_BLK_T_DISCARD, 0, BIG_BASE, 16), VIRTIO_BLK_S_UNSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, disk_setup, disk_teardown)
		TEST(write_then_read),
		TEST(odd_layouts),
		TEST(many_segments),
		TEST(unaligned_memory),
		TEST(page_cache_disk),
		TEST(across_windows),
		TEST(several_in_one_window),
		TEST(the_serial_is_told),
		TEST(flush_and_unknown),
		TEST(not_negotiated),
		TEST(ranges_are_discarded_and_zeroed),
		TEST(bad_ranges),
		TEST(out_of_the_disk),
		TEST(readonly_disk),
	};

	return cmocka_run_group_tests_name("virtio_blk_requests", tests, NULL, NULL);
}
