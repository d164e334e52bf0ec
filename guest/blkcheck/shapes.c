/* SPDX-License-Identifier: BSD-2-Clause */
/* Data of odd lengths, at odd places of the disk and of memory. */
#include "blkcheck.h"
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <slabvisor/user.h>

static bool write_and_read(struct buffer *b, size_t offset, size_t len, u64 sector, u64 seed)
{
	const size_t half = b->pages / 2 * PAGE_SIZE;

	buffer_fill(b, offset, len, seed);
	if (buffer_rw(BLK_WRITE, b, offset, len, sector))
		return false;
	buffer_set(b, half, half, 0xee);
	/* Into other memory, a byte further on. */
	return !buffer_rw(BLK_READ, b, half + offset + 1, len, sector) &&
	       buffer_holds(b, half + offset + 1, len, seed) &&
	       buffer_is(b, half, offset + 1, 0xee) &&
	       buffer_is(b, half + offset + 1 + len, half - offset - 1 - len, 0xee);
}

void check_shapes(void)
{
	static const size_t lens[] = {512, 1024, 4096, 4608, 8192, 65536, 100 << 10, 480 << 10};
	static const size_t offsets[] = {0, 1, 511, 512, 2048, 4095};
	static const u64 sectors[] = {0, 1, 7, 8, 1023};
	struct buffer b;
	u64 seed = 100;

	if (!buffer_alloc(&b, 248)) {
		check(false, "memory for the buffers");
		return;
	}
	for (size_t l = 0; l < ARRAY_SIZE(lens); l++) {
		for (size_t o = 0; o < ARRAY_SIZE(offsets); o++) {
			bool good = true;

			for (size_t s = 0; s < ARRAY_SIZE(sectors); s++)
				good = good &&
				       write_and_read(&b, offsets[o], lens[l], sectors[s], seed++);
			check(good, "%zu bytes at byte %zu of a page: what was written is read",
			      lens[l], offsets[o]);
		}
	}
	buffer_free(&b);
}

void check_user(void)
{
	const size_t len = (4 << 20) + 512;
	const size_t room = len + 2 * PAGE_SIZE;
	unsigned long area =
		user_mmap(0, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	static const unsigned int offsets[] = {0, 512, 3};

	if (IS_ERR_VALUE(area)) {
		check(false, "user memory");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		u8 *p = (u8 *)area + offsets[i];

		pattern_fill(p, len, i, 0);
		check(blk_rw_user(disk, (unsigned long)p, len, 64, true) == (long)len,
		      "user memory at byte %u: written", offsets[i]);
		memset(p, 0, len);
		check(blk_rw_user(disk, (unsigned long)p, len, 64, false) == (long)len &&
			      pattern_holds(p, len, i, 0),
		      "user memory at byte %u: read back", offsets[i]);
	}
	check(blk_rw_user(disk, area, 0, 0, false) == 0, "user memory: nothing of it");
	check(blk_rw_user(disk, area, 100, 0, false) == -EINVAL, "user memory: EINVAL");
	check(blk_rw_user(disk, TASK_SIZE, 4096, 0, false) == -EFAULT, "beyond user space: EFAULT");
	check(blk_rw_user(disk, area, 4096, info.sectors, false) == -EIO, "beyond the disk: EIO");
	user_munmap(area + 2 * PAGE_SIZE, PAGE_SIZE);
	check(blk_rw_user(disk, area, 4 * PAGE_SIZE, 0, false) == (long)(2 * PAGE_SIZE),
	      "user memory with a hole: the bytes before it");
	check(blk_rw_user(disk, area + 2 * PAGE_SIZE, PAGE_SIZE, 0, false) == -EFAULT,
	      "user memory that is none: EFAULT");
	user_mprotect(area, PAGE_SIZE, PROT_READ);
	check(blk_rw_user(disk, area, PAGE_SIZE, 0, false) == -EFAULT,
	      "read-only user memory: no READ into it");
	check(blk_rw_user(disk, area, PAGE_SIZE, 0, true) == (long)PAGE_SIZE,
	      "read-only user memory: WRITE from it");
	user_munmap(area, room);
}
