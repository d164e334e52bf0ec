/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory that a front end shares: regions of files, mapped. Changed by the control
 * thread only; translated by any thread that holds a queue's lock, on a table that does
 * not change while it is looked at: a change is a new table, and the old one is freed when
 * every queue's lock has been had since (priv.h).
 */
#ifndef VIRTIO_VHOST_USER_MEM_H
#define VIRTIO_VHOST_USER_MEM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "virtio/vhost_user/vhost_user.h"

/* A mapping of part of a file. */
struct vhost_user_map {
	uint8_t *base; /* NULL: none */
	size_t size;
	uint8_t *at;   /* the part that was asked for */
	uint64_t page; /* bytes of the file's pages, 4096 or more */
	struct vhost_user_file file;
};

/*
 * Maps [offset, offset + len) of a file, read-write and shared, and guards it. Returns 0;
 * -EINVAL (not a regular file, an empty range, one that wraps), -ENODATA (beyond the
 * file's end), -ENOSPC (guards), or what mmap() said. fd stays the caller's.
 */
int vhost_user_map(struct vhost_user_map *map, int fd, uint64_t offset, uint64_t len,
		   atomic_bool *lost, int alarm_fd);
void vhost_user_unmap(struct vhost_user_map *map);

struct vhost_user_mapped {
	struct vhost_user_region at; /* as the front end described it */
	struct vhost_user_map map;
};

struct vhost_user_mem {
	unsigned int nr;
	struct vhost_user_mapped region[VHOST_USER_MAX_REGIONS];
};

/*
 * Maps a region and adds it to a table that nobody looks at yet. most: bytes of all regions
 * together. Returns 0; -EINVAL (empty, wraps), -EADDRNOTAVAIL (not on page boundaries), -EEXIST
 * (overlaps another one), -ENOSPC (too many), -E2BIG (too much), or what vhost_user_map() said.
 */
int vhost_user_mem_add(struct vhost_user_mem *mem, const struct vhost_user_region *region,
		       uint64_t most, int fd, atomic_bool *lost, int alarm_fd);

/* The index of the region with these addresses and this size, or -ENOENT. */
int vhost_user_mem_find(const struct vhost_user_mem *mem, const struct vhost_user_region *region);

/* Where a guest-physical range lies, or NULL. len is not 0. */
void *vhost_user_mem_host(const struct vhost_user_mem *mem, uint64_t gpa, uint64_t len);

/* Where a guest-physical address lies, and how many of the len bytes from it on are in the same
 * region; 0 if it is in none. */
uint64_t vhost_user_mem_piece(const struct vhost_user_mem *mem, uint64_t gpa, uint64_t len,
			      void **host);

/* What a range of the front end's virtual addresses is guest-physically. Returns whether
 * it lies in a region. */
bool vhost_user_mem_guest(const struct vhost_user_mem *mem, uint64_t user, uint64_t len,
			  uint64_t *gpa);

/* The guest-physical address of a pointer into a region. Returns whether it is one. */
bool vhost_user_mem_reverse(const struct vhost_user_mem *mem, const void *host, uint64_t *gpa);

#endif
