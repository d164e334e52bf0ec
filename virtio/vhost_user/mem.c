/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/vhost_user/mem.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "virtio/vhost_user/guard.h"

int vhost_user_map(struct vhost_user_map *map, int fd, uint64_t offset, uint64_t len,
		   atomic_bool *lost, int alarm_fd)
{
	uint64_t page;
	uint64_t start;
	uint64_t end;
	uint64_t size;
	struct stat st;
	void *base;
	int ret;

	*map = (struct vhost_user_map){0};
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || !len || __builtin_add_overflow(offset, len, &end))
		return -EINVAL;
	if (end > (uint64_t)st.st_size)
		return -ENODATA;
	/* Huge pages are mapped whole: they are what such a file calls a block. */
	page = (uint64_t)st.st_blksize;
	if (page < 4096 || page & (page - 1))
		page = 4096;
	start = offset & ~(page - 1);
	if (__builtin_add_overflow(end, page - 1, &size))
		return -EINVAL;
	size = (size & ~(page - 1)) - start;
	base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
		    (off_t)start);
	if (base == MAP_FAILED)
		return -errno;
	ret = vhost_user_guard_add(base, size, lost, alarm_fd);
	if (ret) {
		munmap(base, size);
		return ret;
	}
	/* Guests' memory is no part of a core dump. A hint. */
	madvise(base, size, MADV_DONTDUMP);
	map->base = base;
	map->size = size;
	map->page = page;
	map->at = map->base + (offset - start);
	map->file = (struct vhost_user_file){st.st_dev, st.st_ino, offset};
	return 0;
}

void vhost_user_unmap(struct vhost_user_map *map)
{
	if (!map->base)
		return;
	vhost_user_guard_remove(map->base);
	munmap(map->base, map->size);
	*map = (struct vhost_user_map){0};
}

static bool overlap(uint64_t a, uint64_t b, uint64_t size_a, uint64_t size_b)
{
	return a < b + size_b && b < a + size_a;
}

int vhost_user_mem_add(struct vhost_user_mem *mem, const struct vhost_user_region *r, uint64_t most,
		       int fd, atomic_bool *lost, int alarm_fd)
{
	uint64_t total = r->size;
	uint64_t end;
	int ret;

	if (mem->nr == VHOST_USER_MAX_REGIONS)
		return -ENOSPC;
	if (!r->size || __builtin_add_overflow(r->guest_addr, r->size, &end) ||
	    __builtin_add_overflow(r->user_addr, r->size, &end))
		return -EINVAL;
	/* What is aligned for the guest is aligned here: rings are words of both. */
	if ((r->guest_addr | r->user_addr | r->mmap_offset) % VHOST_USER_LOG_PAGE)
		return -EADDRNOTAVAIL;
	if (r->size > most)
		return -E2BIG;
	for (unsigned int i = 0; i < mem->nr; i++) {
		const struct vhost_user_region *o = &mem->region[i].at;

		if (overlap(r->guest_addr, o->guest_addr, r->size, o->size) ||
		    overlap(r->user_addr, o->user_addr, r->size, o->size))
			return -EEXIST;
		total += o->size;
	}
	if (total > most)
		return -E2BIG;
	ret = vhost_user_map(&mem->region[mem->nr].map, fd, r->mmap_offset, r->size, lost,
			     alarm_fd);
	if (ret)
		return ret;
	mem->region[mem->nr++].at = *r;
	return 0;
}

int vhost_user_mem_find(const struct vhost_user_mem *mem, const struct vhost_user_region *r)
{
	for (unsigned int i = 0; i < mem->nr; i++) {
		const struct vhost_user_region *o = &mem->region[i].at;

		if (o->guest_addr == r->guest_addr && o->user_addr == r->user_addr &&
		    o->size == r->size)
			return (int)i;
	}
	return -ENOENT;
}

uint64_t vhost_user_mem_piece(const struct vhost_user_mem *mem, uint64_t gpa, uint64_t len,
			      void **host)
{
	for (unsigned int i = 0; i < mem->nr; i++) {
		const struct vhost_user_mapped *r = &mem->region[i];
		uint64_t offset = gpa - r->at.guest_addr;

		if (offset >= r->at.size)
			continue;
		*host = r->map.at + offset;
		return len <= r->at.size - offset ? len : r->at.size - offset;
	}
	return 0;
}

void *vhost_user_mem_host(const struct vhost_user_mem *mem, uint64_t gpa, uint64_t len)
{
	void *host = NULL;

	return vhost_user_mem_piece(mem, gpa, len, &host) == len ? host : NULL;
}

bool vhost_user_mem_guest(const struct vhost_user_mem *mem, uint64_t user, uint64_t len,
			  uint64_t *gpa)
{
	for (unsigned int i = 0; i < mem->nr; i++) {
		const struct vhost_user_region *r = &mem->region[i].at;
		uint64_t offset = user - r->user_addr;

		if (offset >= r->size)
			continue;
		*gpa = r->guest_addr + offset;
		return len <= r->size - offset;
	}
	return false;
}

bool vhost_user_mem_reverse(const struct vhost_user_mem *mem, const void *host, uint64_t *gpa)
{
	for (unsigned int i = 0; i < mem->nr; i++) {
		const struct vhost_user_mapped *r = &mem->region[i];
		uint64_t offset = (uintptr_t)host - (uintptr_t)r->map.at;

		if (offset >= r->at.size)
			continue;
		*gpa = r->at.guest_addr + offset;
		return true;
	}
	return false;
}
