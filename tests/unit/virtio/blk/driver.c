/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/virtio/blk/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "virtio/io/window.h"

/* A slot: 16 bytes of header, a status byte, room for an indirect table. */
#define SLOT_SIZE 512u
/* Raw requests' table; one of them at a time. */
#define TABLE (BIG_BASE + BIG_SIZE - (256ull << 10))

static void *door(void *opaque, uint64_t gpa, uint64_t len)
{
	struct disk_guest *d = opaque;

	if (gpa >= BIG_BASE && gpa - BIG_BASE < BIG_SIZE && len <= BIG_SIZE - (gpa - BIG_BASE))
		return d->big + (gpa - BIG_BASE);
	return d->g.mem.host_ptr(d->g.mem.opaque, gpa, len);
}

static void *buffer_door(void *opaque, uint64_t gpa, uint64_t len)
{
	struct disk_guest *d = opaque;

	if (d->heap && gpa >= HEAP_BASE && gpa - HEAP_BASE < HEAP_SIZE &&
	    len <= HEAP_SIZE - (gpa - HEAP_BASE))
		return (uint8_t *)mm_heap_host(d->heap) + (gpa - HEAP_BASE);
	return door(opaque, gpa, len);
}

static void interrupt(void *opaque)
{
	struct disk_guest *d = opaque;

	sem_post(&d->irq);
}

static void warn(void *opaque, const char *text)
{
	struct disk_guest *d = opaque;

	snprintf(d->warned, sizeof(d->warned), "%s", text);
}

void disk_init(struct disk_guest *d)
{
	memset(d, 0, sizeof(*d));
	guest_init(&d->g);
	d->map = mmap(NULL, BIG_SIZE + IO_WINDOW_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(d->map != MAP_FAILED);
	/* Where windows begin is known to the tests; that of the RAM lie anywhere. */
	d->big = (uint8_t *)(((uintptr_t)d->map + IO_WINDOW_SIZE - 1) & ~(IO_WINDOW_SIZE - 1));
	d->mem =
		(struct virtio_guest_mem){.host_ptr = door, .buffer_ptr = buffer_door, .opaque = d};
	sem_init(&d->irq, 0, 0);
	/* Not in memory: tmpfs has no direct I/O. */
	snprintf(d->path, sizeof(d->path), "build/tests/disk.XXXXXX");
	d->fd = mkstemp(d->path);
	assert_true(d->fd >= 0);
	assert_int_equal(ftruncate(d->fd, DISK_SIZE), 0);
	d->engine_config = (struct io_engine_config){
		.region = {{.host = d->g.ram, .size = RAM_END - RAM_BASE},
			   {.host = d->g.high, .size = HIGH_END - HIGH_BASE},
			   {.host = d->big, .size = BIG_SIZE}},
		.nr_regions = 3,
		.pin_budget = 1ull << 30,
		.poll_us = 20,
		.dear_kicks = true,
		.warn = warn,
		.warn_opaque = d,
	};
	d->config = (struct blk_dev_config){.path = d->path,
					    .serial = "serial-1",
					    .direct = true,
					    .queues = 1,
					    .queue_size = QUEUE_SIZE};
	d->features = ~VRING_FEATURE_PACKED;
}

int disk_add_heap_of(struct disk_guest *d, struct mm_config config)
{
	const char *why = "";
	int ret;

	config.range[0] = (struct mm_range){HEAP_BASE, HEAP_SIZE, 0, -1};
	config.nr_ranges = 1;
	config.cpus = 1;
	ret = mm_heap_create(&config, &d->heap, &why);
	if (ret)
		return ret;
	d->engine_config.region[d->engine_config.nr_regions++] = (struct io_region){
		.host = mm_heap_host(d->heap), .size = mm_heap_size(d->heap), .heap = d->heap};
	return 0;
}

void disk_add_heap(struct disk_guest *d, uint64_t quota)
{
	const struct mm_config config = {.pin_quota = quota};

	assert_int_equal(disk_add_heap_of(d, config), 0);
}

uint64_t disk_heap_alloc(struct disk_guest *d, unsigned int order)
{
	uint64_t addr;

	assert_int_equal(mm_pages_alloc(d->heap, 0, order, MM_NODE_ANY, 0, 1, &addr), 1);
	return addr & ~MM_ADDR_FLAGS;
}

void disk_heap_free(struct disk_guest *d, uint64_t gpa)
{
	struct mm_bad bad;
	size_t nr_bad;

	assert_int_equal(mm_pages_free(d->heap, 0, 1, &gpa, &bad, &nr_bad), 1);
}

void disk_attach(struct disk_guest *d)
{
	assert_int_equal(blk_dev_create(&d->config, d->engine, &d->dev), 0);
	assert_int_equal(virtio_mmio_create(d->dev, &d->mem, interrupt, d, &d->mmio), 0);
	d->queues = d->config.queues;
	disk_set_up(d);
}

void disk_set_up(struct disk_guest *d)
{
	drv_bring_up(d->mmio, &d->g, d->q, d->queues, QUEUE_SIZE,
		     d->features & drv_device_features(d->mmio));
}

void disk_start(struct disk_guest *d)
{
	assert_int_equal(io_engine_create(&d->engine_config, &d->engine), 0);
	disk_attach(d);
}

void disk_serves(struct disk_guest *d, unsigned int queue)
{
	const struct buffer buf = {BIG_BASE, 4096};

	disk_post(d, queue, 0, VIRTIO_BLK_T_IN, 0, &buf, 1);
	disk_kick(d, queue);
	assert_int_equal(disk_wait(d, queue, NULL), 0);
	assert_int_equal(disk_status(d, queue, 0), VIRTIO_BLK_S_OK);
}

void disk_detach(struct disk_guest *d)
{
	virtio_mmio_destroy(d->mmio);
	virtio_device_destroy(d->dev);
	d->mmio = NULL;
	d->dev = NULL;
}

void disk_stop(struct disk_guest *d)
{
	if (d->dev)
		disk_detach(d);
	io_engine_destroy(d->engine);
	if (d->heap)
		mm_heap_destroy(d->heap);
	close(d->fd);
	unlink(d->path);
	sem_destroy(&d->irq);
	munmap(d->map, BIG_SIZE + IO_WINDOW_SIZE);
	guest_fini(&d->g);
}

void *disk_at(struct disk_guest *d, uint64_t gpa, uint64_t len)
{
	void *p = buffer_door(d, gpa, len);

	assert_non_null(p);
	return p;
}

/* In the last pages of the memory that stays. */
uint64_t disk_header(unsigned int queue, uint16_t slot)
{
	return BIG_BASE + BIG_SIZE - (queue * (QUEUE_SIZE / 4) + slot + 1ull) * SLOT_SIZE;
}

uint64_t disk_status_at(unsigned int queue, uint16_t slot)
{
	return disk_header(queue, slot) + 16;
}

void disk_set_header(struct disk_guest *d, unsigned int queue, uint16_t slot, uint32_t type,
		     uint64_t sector)
{
	struct virtio_blk_outhdr header = {.type = type, .sector = sector};

	memcpy(disk_at(d, disk_header(queue, slot), 16), &header, 16);
	*(uint8_t *)disk_at(d, disk_status_at(queue, slot), 1) = 0xee;
}

void disk_post_raw(struct disk_guest *d, unsigned int queue, uint16_t slot,
		   const struct vring_desc *desc, unsigned int n)
{
	uint16_t head = (uint16_t)(slot * 4);
	struct vring_desc *table = disk_at(d, TABLE, 16 * n);

	for (unsigned int i = 0; i < n; i++) {
		table[i] = desc[i];
		if (i + 1 < n) {
			table[i].flags |= VRING_F_NEXT;
			table[i].next = (uint16_t)(i + 1);
		}
	}
	drv_put(&d->q[queue], head, &(struct drv_buf){TABLE, 16 * n, VRING_F_INDIRECT}, 1);
}

void disk_post(struct disk_guest *d, unsigned int queue, uint16_t slot, uint32_t type,
	       uint64_t sector, const struct buffer *buf, unsigned int n)
{
	uint16_t write = type == VIRTIO_BLK_T_IN || type == VIRTIO_BLK_T_GET_ID ? VRING_F_WRITE : 0;
	uint64_t at = disk_header(queue, slot);
	uint64_t table = at + 32;
	uint16_t head = (uint16_t)(slot * 4);
	struct drv_buf direct[4];
	struct vring_desc *desc;

	disk_set_header(d, queue, slot, type, sector);
	if (n <= 2) {
		direct[0] = (struct drv_buf){at, 16, 0};
		for (unsigned int i = 0; i < n; i++)
			direct[i + 1] = (struct drv_buf){buf[i].gpa, buf[i].len, write};
		direct[n + 1] = (struct drv_buf){at + 16, 1, VRING_F_WRITE};
		drv_put(&d->q[queue], head, direct, n + 2);
		return;
	}
	assert_true(n + 2 <= (SLOT_SIZE - 32) / 16);
	desc = disk_at(d, table, 16 * (n + 2));
	desc[0] = (struct vring_desc){at, 16, VRING_F_NEXT, 1};
	for (unsigned int i = 0; i < n; i++)
		desc[i + 1] = (struct vring_desc){buf[i].gpa, buf[i].len, VRING_F_NEXT | write,
						  (uint16_t)(i + 2)};
	desc[n + 1] = (struct vring_desc){at + 16, 1, VRING_F_WRITE, 0};
	if (d->q[queue].packed) {
		for (unsigned int i = 0; i < n + 2; i++) {
			/* The buffer id, which means nothing here, is before the flags. */
			desc[i].next = desc[i].flags & VRING_F_WRITE;
			desc[i].flags = 0;
		}
	}
	drv_put(&d->q[queue], head, &(struct drv_buf){table, 16 * (n + 2), VRING_F_INDIRECT}, 1);
}

void disk_kick(struct disk_guest *d, unsigned int queue)
{
	set_reg(d->mmio, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

unsigned int disk_wait(struct disk_guest *d, unsigned int queue, uint32_t *len)
{
	uint32_t id;
	uint32_t used;

	for (;;) {
		/* With the event index: interrupt me for the next one. */
		if (!d->q[queue].packed)
			drv_set_used_event(&d->q[queue], d->q[queue].used_idx);
		atomic_thread_fence(memory_order_seq_cst);
		if (drv_used(&d->q[queue], &id, &used))
			break;
		while (sem_wait(&d->irq))
			assert_int_equal(errno, EINTR);
	}
	if (len)
		*len = used;
	return id / 4;
}

uint8_t disk_status(struct disk_guest *d, unsigned int queue, uint16_t slot)
{
	return *(uint8_t *)disk_at(d, disk_status_at(queue, slot), 1);
}

uint8_t disk_do(struct disk_guest *d, uint32_t type, uint64_t sector, const struct buffer *buf,
		unsigned int n, uint32_t *len)
{
	disk_post(d, 0, 0, type, sector, buf, n);
	disk_kick(d, 0);
	assert_int_equal(disk_wait(d, 0, len), 0);
	return disk_status(d, 0, 0);
}

uint8_t disk_do1(struct disk_guest *d, uint32_t type, uint64_t sector, uint64_t gpa, uint32_t len)
{
	const struct buffer buf = {gpa, len};

	return disk_do(d, type, sector, &buf, 1, NULL);
}

/* In the middle of the disk, where no other test's data is looked at. */
void disk_sound(struct disk_guest *d, uint64_t gpa, uint64_t seed)
{
	static uint8_t want[SOUND_LEN];
	static uint8_t found[SOUND_LEN];
	uint8_t *data = disk_at(d, gpa, SOUND_LEN);
	const off_t at = DISK_SIZE / 2;

	fill(want, sizeof(want), seed);
	memcpy(data, want, sizeof(want));
	assert_int_equal(disk_do1(d, VIRTIO_BLK_T_OUT, at / 512, gpa, SOUND_LEN), 0);
	assert_int_equal(pread(d->fd, found, sizeof(found), at), sizeof(found));
	assert_memory_equal(found, want, sizeof(want));
	fill(want, sizeof(want), ~seed);
	assert_int_equal(pwrite(d->fd, want, sizeof(want), at), sizeof(want));
	assert_int_equal(disk_do1(d, VIRTIO_BLK_T_IN, at / 512, gpa, SOUND_LEN), 0);
	assert_memory_equal(data, want, sizeof(want));
}

uint64_t next_random(uint64_t *state)
{
	/* xorshift64* (Vigna, 2016). */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

void fill(void *buf, size_t len, uint64_t seed)
{
	uint64_t state = seed * 2 + 1;
	uint64_t value = 0;
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++) {
		if (i % 8 == 0)
			value = next_random(&state);
		p[i] = (uint8_t)(value >> i % 8 * 8);
	}
}

uint64_t disk_registered(struct disk_guest *d)
{
	struct io_engine_stats stats;

	io_engine_get_stats(d->engine, &stats);
	return stats.window_bytes;
}
