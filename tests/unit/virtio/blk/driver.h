/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest with a disk: memory for data beside that of virtio_driver.h, a heap, an I/O
 * thread, a file, and a driver of virtio-blk that waits by interrupts.
 */
#ifndef BLK_DRIVER_H
#define BLK_DRIVER_H

#include <semaphore.h>

#include "tests/unit/virtio/driver.h"

#include <linux/virtio_blk.h>

#include "mm/mm.h"
#include "virtio/blk/blk.h"

/* Memory that stays, and the heap's window. */
#define BIG_BASE  0x01000000ull
#define BIG_SIZE  (32ull << 20)
#define HEAP_BASE 0x40000000ull
#define HEAP_SIZE (64ull << 20)

/* Requests, their answers, and flags of descriptors. */
#define IN    VIRTIO_BLK_T_IN
#define OUT   VIRTIO_BLK_T_OUT
#define OK    VIRTIO_BLK_S_OK
#define IOERR VIRTIO_BLK_S_IOERR
#define W     VRING_F_WRITE
#define NEXT  VRING_F_NEXT

#define DISK_SIZE    (8ull << 20)
#define DISK_SECTORS (DISK_SIZE / 512)
#define QUEUE_SIZE   64

struct buffer {
	uint64_t gpa;
	uint32_t len;
};

struct disk_guest {
	struct guest g;       /* rings and headers */
	uint8_t *map, *big;   /* the mapping, and what is the guest's of it */
	struct mm_heap *heap; /* NULL unless asked for */
	struct virtio_guest_mem mem;
	struct io_engine_config engine_config;
	struct blk_dev_config config;
	struct io_engine *engine;
	struct virtio_device *dev;
	struct virtio_mmio *mmio;
	struct drv_queue q[BLK_MAX_QUEUES];
	unsigned int queues;
	uint64_t features; /* to negotiate */
	sem_t irq;
	char path[64];
	int fd;           /* of the file, for the test to look at */
	char warned[512]; /* the engine's last message */
};

/* Fills in defaults: a file of DISK_SIZE bytes, direct, one queue, windows, all
 * features. A test changes d->config and so on, then starts. */
void disk_init(struct disk_guest *d);
void disk_start(struct disk_guest *d);
/* Only the device and its set-up by the driver; disk_start() has both. */
void disk_attach(struct disk_guest *d);
void disk_detach(struct disk_guest *d);
/* The driver's part again: a reset, and rings whose next entry is 0. */
void disk_set_up(struct disk_guest *d);
void disk_stop(struct disk_guest *d);

/* Gives the guest a heap, before disk_start(). quota: pins at once. */
void disk_add_heap(struct disk_guest *d, uint64_t quota);
/* One of another kind: config's ranges and CPUs are filled in. Returns what mm_heap_create() says. */
int disk_add_heap_of(struct disk_guest *d, struct mm_config config);
/* Runs of frames from the heap. */
uint64_t disk_heap_alloc(struct disk_guest *d, unsigned int order);
void disk_heap_free(struct disk_guest *d, uint64_t gpa);

/* Asserts that SOUND_LEN bytes of memory are what I/O on them uses: what is written comes from
 * there, and what is read is there. */
#define SOUND_LEN 65536u
void disk_sound(struct disk_guest *d, uint64_t gpa, uint64_t seed);

void *disk_at(struct disk_guest *d, uint64_t gpa, uint64_t len);

/*
 * Makes a request available on a queue, at descriptor head * 4 and on (so up to 2
 * buffers direct; more go through an indirect table), without a doorbell. Buffers are
 * writable for IN and GET_ID.
 */
void disk_post(struct disk_guest *d, unsigned int queue, uint16_t slot, uint32_t type,
	       uint64_t sector, const struct buffer *buf, unsigned int n);
/* The same from n descriptors as they are, NEXT added, in an indirect table. */
void disk_post_raw(struct disk_guest *d, unsigned int queue, uint16_t slot,
		   const struct vring_desc *desc, unsigned int n);
/* Writes a request's header at its slot. */
void disk_set_header(struct disk_guest *d, unsigned int queue, uint16_t slot, uint32_t type,
		     uint64_t sector);
void disk_kick(struct disk_guest *d, unsigned int queue);
/* Waits for an answer: returns the slot. */
unsigned int disk_wait(struct disk_guest *d, unsigned int queue, uint32_t *len);
uint8_t disk_status(struct disk_guest *d, unsigned int queue, uint16_t slot);
/* All of it: post, kick, wait; returns the status. *len (may be NULL): used.len. */
uint8_t disk_do(struct disk_guest *d, uint32_t type, uint64_t sector, const struct buffer *buf,
		unsigned int n, uint32_t *len);
uint8_t disk_do1(struct disk_guest *d, uint32_t type, uint64_t sector, uint64_t gpa, uint32_t len);

/* Guest-physical addresses of a slot's header and status. */
uint64_t disk_header(unsigned int queue, uint16_t slot);
uint64_t disk_status_at(unsigned int queue, uint16_t slot);

/* Bytes that depend on a seed. */
void fill(void *buf, size_t len, uint64_t seed);
uint64_t next_random(uint64_t *state);

/* Bytes of guest memory that the engine has registered as windows. */
uint64_t disk_registered(struct disk_guest *d);

/* Asserts that a queue serves a request in slot 0. */
void disk_serves(struct disk_guest *d, unsigned int queue);

#endif
