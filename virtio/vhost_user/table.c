/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the front end shares, as messages change it: memory regions, the dirty log, the
 * region for what is in flight.
 *
 * Memory goes in this order: no new request, those taken are answered; the table without
 * it is published; each running ring is looked up anew, which is also when the last look
 * at the old table is over; the device lets go of what it registered; unmapped.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "virtio/vhost_user/priv.h"

static struct vhost_user_mem *table_of(struct vhost_user *vu)
{
	return atomic_load_explicit(&vu->mem, memory_order_relaxed);
}

static uint64_t most_of(const struct vhost_user *vu)
{
	return vu->config.max_memory ? vu->config.max_memory : VHOST_USER_MAX_MEMORY;
}

static int wrong_region(struct vhost_user *vu, int error, const struct vhost_user_region *r)
{
	char large[80];
	const char *what;

	switch (error) {
	case -ENODATA:
		what = "it ends beyond its file";
		break;
	case -EEXIST:
		what = "it overlaps another";
		break;
	case -EINVAL:
		what = "it is empty, wraps, or is not of a regular file";
		break;
	case -EADDRNOTAVAIL:
		what = "its addresses and its offset must be multiples of 4096";
		break;
	case -ENOSPC:
		what = "there are too many";
		break;
	case -E2BIG:
		snprintf(large, sizeof(large),
			 "it and the others are larger than the %" PRIu64 " MiB that are allowed",
			 most_of(vu) >> 20);
		what = large;
		break;
	case -EACCES:
	case -EPERM:
		what = "its file must be open for reading and writing, and not sealed against writing";
		break;
	default:
		what = strerror(-error);
	}
	return vhost_user_wrong(vu, error,
				"region at guest address %#" PRIx64 ", %" PRIu64 " bytes: %s",
				r->guest_addr, r->size, what);
}

/* Returns when nobody looks at a table or log any more that was replaced before. */
static void synchronise(struct vhost_user *vu)
{
	for (unsigned int i = 0; i < vu->dev->nr_queues; i++) {
		virtio_queue_lock(vu->dev, i);
		virtio_queue_unlock(vu->dev, i);
	}
}

/* Publishes a table and returns when the old one is not looked at any more; which is
 * that of the first ring that was left without its memory, or 0. */
static int publish(struct vhost_user *vu, struct vhost_user_mem *mem)
{
	int ret = 0;
	int one;

	/* Release: the table is whole when it is found. */
	atomic_store_explicit(&vu->mem, mem, memory_order_release);
	synchronise(vu);
	for (unsigned int i = 0; i < vu->dev->nr_queues; i++) {
		one = vhost_user_queue_moved(vu, i);
		if (!ret)
			ret = one;
	}
	return ret;
}

static void unmap_all(struct vhost_user_mem *mem)
{
	for (unsigned int i = 0; i < mem->nr; i++)
		vhost_user_unmap(&mem->region[i].map);
}

/* The device's share in a region. */
static int tell_device(struct vhost_user *vu, const struct vhost_user_mapped *r)
{
	return vu->config.host->add_memory(vu->config.host_opaque, r->map.at, r->at.size,
					   r->map.page, &r->map.file);
}

static void untell_device(struct vhost_user *vu, const struct vhost_user_mapped *r)
{
	vu->config.host->remove_memory(vu->config.host_opaque, r->map.at);
}

/* Starts the rings that waited for memory. One that lies in none still waits on, for a region
 * that is to come. */
static int try_all(struct vhost_user *vu)
{
	int ret = 0;

	for (unsigned int i = 0; i < vu->dev->nr_queues && !ret; i++) {
		ret = vhost_user_queue_try(vu, i);
		if (ret == -EFAULT)
			ret = 0;
	}
	return ret;
}

/* Replaces the whole table. *mem is the new one, mapped. */
static int replace(struct vhost_user *vu, struct vhost_user_mem *mem)
{
	struct vhost_user_mem *old = table_of(vu);
	unsigned int told;
	int ret = 0;

	vu->config.host->quiesce(vu->config.host_opaque);
	for (told = 0; told < mem->nr && !ret; told++)
		ret = tell_device(vu, &mem->region[told]);
	if (ret) {
		for (unsigned int i = 0; i + 1 < told; i++)
			untell_device(vu, &mem->region[i]);
		vu->config.host->resume(vu->config.host_opaque);
		unmap_all(mem);
		free(mem);
		return vhost_user_wrong(vu, ret, "the memory cannot be used: %s", strerror(-ret));
	}
	ret = publish(vu, mem);
	for (unsigned int i = 0; i < old->nr; i++)
		untell_device(vu, &old->region[i]);
	unmap_all(old);
	free(old);
	vu->config.host->resume(vu->config.host_opaque);
	return ret;
}

int vhost_user_set_mem_table(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	const struct vhost_user_table *table = &msg->payload.table;
	struct vhost_user_mem *mem;
	int ret;

	if (table->nr > VHOST_USER_TABLE_REGIONS || table->nr != msg->nr_fds ||
	    msg->header.size <
		    offsetof(struct vhost_user_table, region) + table->nr * sizeof(*table->region))
		return vhost_user_wrong(vu, -EINVAL, "%u regions with %u files", table->nr,
					msg->nr_fds);
	mem = calloc(1, sizeof(*mem));
	if (!mem)
		return vhost_user_wrong(vu, -ENOMEM, "out of memory");
	for (unsigned int i = 0; i < table->nr; i++) {
		ret = vhost_user_mem_add(mem, &table->region[i], most_of(vu), msg->fd[i], &vu->lost,
					 vu->alarm_fd);
		if (!ret)
			continue;
		unmap_all(mem);
		free(mem);
		return wrong_region(vu, ret, &table->region[i]);
	}
	ret = replace(vu, mem);
	return ret ? ret : try_all(vu);
}

int vhost_user_add_mem_reg(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	const struct vhost_user_region *region = &msg->payload.single.region;
	struct vhost_user_mem *old = table_of(vu);
	struct vhost_user_mem *mem;
	int ret;

	mem = malloc(sizeof(*mem));
	if (!mem)
		return vhost_user_wrong(vu, -ENOMEM, "out of memory");
	*mem = *old;
	ret = vhost_user_mem_add(mem, region, most_of(vu), msg->fd[0], &vu->lost, vu->alarm_fd);
	if (ret) {
		free(mem);
		return wrong_region(vu, ret, region);
	}
	ret = tell_device(vu, &mem->region[mem->nr - 1]);
	if (ret) {
		vhost_user_unmap(&mem->region[mem->nr - 1].map);
		free(mem);
		return wrong_region(vu, ret, region);
	}
	/* Nothing went: nobody has to stop for it. */
	atomic_store_explicit(&vu->mem, mem, memory_order_release);
	synchronise(vu);
	free(old);
	return try_all(vu);
}

int vhost_user_rem_mem_reg(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	const struct vhost_user_region *region = &msg->payload.single.region;
	struct vhost_user_mem *old = table_of(vu);
	struct vhost_user_mem *mem;
	struct vhost_user_mapped gone;
	int at;
	int ret;

	at = vhost_user_mem_find(old, region);
	if (at < 0)
		return vhost_user_wrong(vu, at,
					"there is no region at guest address %#" PRIx64
					" of %" PRIu64 " bytes",
					region->guest_addr, region->size);
	mem = malloc(sizeof(*mem));
	if (!mem)
		return vhost_user_wrong(vu, -ENOMEM, "out of memory");
	*mem = *old;
	gone = mem->region[at];
	mem->region[at] = mem->region[--mem->nr];
	vu->config.host->quiesce(vu->config.host_opaque);
	ret = publish(vu, mem);
	untell_device(vu, &gone);
	vhost_user_unmap(&gone.map);
	free(old);
	vu->config.host->resume(vu->config.host_opaque);
	return ret;
}

static void swap_log(struct vhost_user *vu, struct vhost_user_log *log)
{
	struct vhost_user_log *old = atomic_load_explicit(&vu->log, memory_order_relaxed);

	/* Release: it is whole when it is found. */
	atomic_store_explicit(&vu->log, log, memory_order_release);
	synchronise(vu);
	if (!old)
		return;
	vhost_user_unmap(&old->map);
	free(old);
}

int vhost_user_set_log_base(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	const struct vhost_user_log_area *area = &msg->payload.log;
	struct vhost_user_log *log;
	int ret;

	log = calloc(1, sizeof(*log));
	if (!log)
		return vhost_user_wrong(vu, -ENOMEM, "out of memory");
	ret = vhost_user_map(&log->map, msg->fd[0], area->offset, area->size, &vu->lost,
			     vu->alarm_fd);
	if (ret) {
		free(log);
		return vhost_user_wrong(
			vu, ret, "a log of %" PRIu64 " bytes at %" PRIu64 " cannot be used: %s",
			area->size, area->offset,
			ret == -ENODATA ? "it ends beyond its file" : strerror(-ret));
	}
	log->bits = (_Atomic uint8_t *)log->map.at;
	log->size = area->size;
	swap_log(vu, log);
	vhost_user_mark_inherited(vu);
	return vhost_user_answer_u64(vu, msg, 0);
}

int vhost_user_get_inflight_fd(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	struct vhost_user_inflight_area area = msg->payload.inflight;
	bool packed = vu->features & VRING_FEATURE_PACKED;
	uint64_t part = vhost_user_inflight_size(packed, area.queue_size);
	struct stat st;
	int fd;
	int ret;

	if (!part || !area.num_queues || area.num_queues > vu->dev->nr_queues)
		return vhost_user_wrong(vu, -EINVAL, "%u queues of %u entries: at most %u of %u",
					area.num_queues, area.queue_size, vu->dev->nr_queues,
					VRING_MAX_SIZE);
	fd = memfd_create("slabvisor-inflight", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return vhost_user_wrong(vu, -errno, "no memory file: %s", strerror(errno));
	area.mmap_size = part * area.num_queues;
	area.mmap_offset = 0;
	/* A new account is all zero, as a new file is. */
	ret = -ftruncate(fd, (off_t)area.mmap_size);
	if (!ret)
		ret = fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	if (!ret)
		ret = fstat(fd, &st);
	if (ret) {
		ret = vhost_user_wrong(vu, -errno, "no memory for the account: %s",
				       strerror(errno));
	} else {
		vu->own_dev = st.st_dev;
		vu->own_ino = st.st_ino;
		/* With or without the structure's padding: as it was asked. */
		ret = vhost_user_answer(vu, msg, &area, msg->header.size, fd);
	}
	close(fd);
	return ret;
}

int vhost_user_set_inflight_fd(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	const struct vhost_user_inflight_area *area = &msg->payload.inflight;
	bool packed = vu->features & VRING_FEATURE_PACKED;
	uint64_t part = vhost_user_inflight_size(packed, area->queue_size);
	uint64_t size;
	struct vhost_user_map map;
	struct stat st;
	int ret;

	if (vhost_user_any_running(vu))
		return vhost_user_wrong(vu, -EBUSY, "rings are running");
	if (!part || !area->num_queues || area->num_queues > vu->dev->nr_queues ||
	    area->mmap_size < part * area->num_queues || area->mmap_size > VHOST_USER_MAX_MEMORY ||
	    area->mmap_offset % VHOST_USER_INFLIGHT_ALIGN)
		return vhost_user_wrong(
			vu, -EINVAL, "%u queues of %u entries in %" PRIu64 " bytes at %" PRIu64,
			area->num_queues, area->queue_size, area->mmap_size, area->mmap_offset);
	/* No more of it than the account has, however large the front end says it is. */
	size = part * area->num_queues;
	ret = vhost_user_map(&map, msg->fd[0], area->mmap_offset, size, &vu->lost, vu->alarm_fd);
	if (ret)
		return vhost_user_wrong(
			vu, ret, "%" PRIu64 " bytes at %" PRIu64 " cannot be used: %s", size,
			area->mmap_offset,
			ret == -ENODATA ? "they end beyond the file" : strerror(-ret));
	vhost_user_unmap(&vu->inflight);
	vu->inflight = map;
	vu->inflight_bytes = size;
	vu->inflight_queues = area->num_queues;
	vu->inflight_size = area->queue_size;
	vu->inherited = fstat(msg->fd[0], &st) || st.st_dev != vu->own_dev ||
			st.st_ino != vu->own_ino;
	return 0;
}

void vhost_user_drop_memory(struct vhost_user *vu)
{
	struct vhost_user_mem *mem = table_of(vu);

	swap_log(vu, NULL);
	for (unsigned int i = 0; i < vu->dev->nr_queues; i++)
		vu->queue[i].inflight.area = NULL;
	vhost_user_unmap(&vu->inflight);
	vu->config.host->quiesce(vu->config.host_opaque);
	for (unsigned int i = 0; i < mem->nr; i++)
		untell_device(vu, &mem->region[i]);
	unmap_all(mem);
	vu->config.host->resume(vu->config.host_opaque);
	memset(mem, 0, sizeof(*mem));
}
