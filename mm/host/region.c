/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/host/region.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mm/host/limit.h"
#include "mm/host/node.h"
#include "mm/host/populate.h"
#include "mm/host/room.h"

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MFD_HUGE_2MB
#define MFD_HUGE_2MB (21u << 26)
#endif

static int region_open(struct region *region, const char **why)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;

	if (region->backing == MM_BACKING_ANON)
		return 0;
	if (region->backing == MM_BACKING_HUGETLB)
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
	region->fd = memfd_create("slabvisor-heap", flags);
	if (region->fd < 0) {
		*why = limit_why("memfd_create: %s", strerror(errno));
		return -ENOMEM;
	}
	/* Sealed: whoever it is shared with cannot make an access here a SIGBUS. */
	if (ftruncate(region->fd, (off_t)region->size) ||
	    fcntl(region->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		*why = limit_why("cannot size the heap's memfd: %s", strerror(errno));
		return -ENOMEM;
	}
	return 0;
}

static int region_map(struct region *region, const struct mm_config *config, const char **why)
{
	uint64_t base = config->range[0].base - config->reserve;
	uintptr_t start;

	region->map_size = region->size + MM_HUGE_SIZE;
	region->map = mmap(NULL, region->map_size, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (region->map == MAP_FAILED) {
		region->map = NULL;
		goto fail;
	}
	start = ((uintptr_t)region->map + MM_HUGE_SIZE - 1) & ~(uintptr_t)(MM_HUGE_SIZE - 1);
	region->host = (uint8_t *)start;
	for (unsigned int i = 0; i < config->nr_ranges; i++) {
		const struct mm_range *range = &config->range[i];
		const uint64_t lead = i ? 0 : config->reserve;
		const uint64_t size = lead + range->size;
		uint8_t *host = region->host + (range->base - lead - base);
		/* Without MAP_NORESERVE the hugetlb pool is reserved here. */
		int flags = MAP_SHARED | MAP_FIXED |
			    (region->backing == MM_BACKING_MEMFD ? MAP_NORESERVE : 0);
		int err;

		if (region->fd >= 0 && mmap(host, size, PROT_NONE, flags, region->fd,
					    (off_t)(range->base - lead - base)) == MAP_FAILED)
			goto fail;
		/* Advice: without huge pages the heap works, only slower. */
		if (region->backing != MM_BACKING_HUGETLB)
			(void)madvise(host, size, MADV_HUGEPAGE);
		if (range->host_node >= 0) {
			err = node_bind(host, size, range->host_node, why);
			if (err)
				return err;
		}
	}
	return 0;
fail:
	*why = limit_why("cannot map a heap window of %llu MiB: %s",
			 (unsigned long long)(region->size >> 20), strerror(errno));
	return -ENOMEM;
}

/* The most that the window has of the host at once. All of it is taken of a hugetlb pool. */
static uint64_t region_most(const struct mm_config *config)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < config->nr_ranges; i++)
		bytes += config->range[i].size;
	if (config->backing != MM_BACKING_HUGETLB && config->backed_max &&
	    config->backed_max < bytes)
		bytes = config->backed_max;
	return bytes + config->reserve;
}

int region_create(struct region *region, const struct mm_config *config, const char **why)
{
	const struct mm_range *last = &config->range[config->nr_ranges - 1];
	int err;

	memset(region, 0, sizeof(*region));
	region->fd = -1;
	region->backing = config->backing;
	region->size = last->base + last->size - config->range[0].base + config->reserve;
	err = room_check(config->backing, region_most(config), why);
	if (err)
		return err;
	err = region_open(region, why);
	if (!err)
		err = region_map(region, config, why);
	if (!err && config->reserve && region_back(region, 0, config->reserve)) {
		*why = limit_why("there is no memory for the %llu MiB that a heap begins with",
				 (unsigned long long)(config->reserve >> 20));
		err = -ENOMEM;
	}
	if (err)
		region_destroy(region);
	return err;
}

void region_destroy(struct region *region)
{
	if (region->map)
		munmap(region->map, region->map_size);
	if (region->fd >= 0)
		close(region->fd);
	region->map = NULL;
	region->fd = -1;
}

/* For kernels before 5.14. */
static void region_touch(volatile uint8_t *host, uint64_t size)
{
	for (uint64_t i = 0; i < size; i += MM_FRAME_SIZE)
		host[i] = 0;
}

static int region_punch(struct region *region, uint64_t offset, uint64_t size)
{
	return fallocate(region->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
			 (off_t)size);
}

int region_back(struct region *region, uint64_t offset, uint64_t size)
{
	uint8_t *host = region->host + offset;

	/* Someone may have written to what was left accessible, here or to those that map the file.
	 */
	if (region->fd >= 0 && region_punch(region, offset, size))
		return -ENOMEM;
	if (mprotect(host, size, PROT_READ | PROT_WRITE))
		return -ENOMEM;
	if (!madvise(host, size, MADV_POPULATE_WRITE))
		return 0;
	if (errno == EINVAL && region->backing == MM_BACKING_ANON) {
		region_touch(host, size);
		return 0;
	}
	/* What was populated before the failure goes back too. */
	(void)region_discard(region, offset, size);
	return -ENOMEM;
}

int region_discard(struct region *region, uint64_t offset, uint64_t size)
{
	uint8_t *host = region->host + offset;
	int err;

	if (region->fd >= 0)
		err = region_punch(region, offset, size);
	else
		err = madvise(host, size, MADV_DONTNEED);
	/* Under mlockall the plain call is refused. */
	if (err && errno == EINVAL && region->fd < 0)
		err = madvise(host, size, MADV_DONTNEED_LOCKED);
	if (err)
		return -errno;
	/* This can fail for want of mappings; the memory is gone all the same, and
	 * backing it anew does not depend on it. With hugetlb a stray access takes no more of
	 * the pool than was reserved at start, and this takes a third of the discard. */
	if (region->backing != MM_BACKING_HUGETLB)
		(void)mprotect(host, size, PROT_NONE);
	return 0;
}

uint64_t region_stored(const struct region *region)
{
	struct stat st;

	if (region->fd < 0 || fstat(region->fd, &st))
		return 0;
	return (uint64_t)st.st_blocks * 512;
}

uint64_t region_next_stored(const struct region *region, uint64_t offset)
{
	off_t at = region->fd < 0 ? -1 : lseek(region->fd, (off_t)offset, SEEK_DATA);

	return at < 0 ? region->size : (uint64_t)at;
}

uint64_t region_stored_in(const struct region *region, uint64_t offset, uint64_t size)
{
	const uint64_t end = offset + size;
	uint64_t bytes = 0;

	while ((offset = region_next_stored(region, offset)) < end) {
		off_t hole = lseek(region->fd, (off_t)offset, SEEK_HOLE);
		uint64_t stop = hole < 0 || (uint64_t)hole > end ? end : (uint64_t)hole;

		/* Others map the file, and may have made a hole here since. */
		if (stop <= offset)
			break;
		bytes += stop - offset;
		offset = stop;
	}
	return bytes;
}

int region_guard(struct region *region, uint64_t offset, bool on)
{
	int prot = on ? PROT_NONE : PROT_READ | PROT_WRITE;

	return mprotect(region->host + offset, MM_FRAME_SIZE, prot) ? -errno : 0;
}

void *region_meta_alloc(size_t size)
{
	void *meta = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return meta == MAP_FAILED ? NULL : meta;
}

void region_meta_free(void *meta, size_t size)
{
	if (meta)
		munmap(meta, size);
}

void region_meta_clear(void *meta, size_t size)
{
	if (madvise(meta, size, MADV_DONTNEED))
		memset(meta, 0, size);
}
