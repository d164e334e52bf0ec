/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split virtqueues, the device's side (virtio 1.2, section 2.7), for any device
 * and any transport.
 *
 * All that lies in a ring is the guest's and may change while it is looked at:
 * each descriptor and index is copied once, checked, then used. Nothing in a ring
 * is trusted to be what the device wrote there.
 *
 * A device does:   vring_pop() a chain -> work on its segments -> vring_push() it,
 * with as many chains between the two as it likes, pushed in any order.
 *
 * No function here takes a lock: the caller holds the queue's (see device.h).
 */
#ifndef VRING_H
#define VRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * The one checked door from a guest-physical range to a host pointer; the monitor
 * supplies it.
 *
 * host_ptr returns where [gpa, gpa + len) lies in this process, or NULL if any
 * byte of it is not memory that the guest owns, if it is not contiguous in this
 * process, if len is 0 or if gpa + len wraps. It may be called from any thread.
 *
 * A pointer is used after the call, so memory must stay mapped, readable and
 * writable while a device uses it. Guest RAM does. Heap frames do not: the
 * guest can free one while a request that lies in it is being answered, and the host
 * then takes its memory away. host_ptr therefore refuses heap addresses: rings
 * and requests are in RAM, and heap memory is reached through pins.
 */
struct virtio_guest_mem {
	void *(*host_ptr)(void *opaque, uint64_t gpa, uint64_t len);
	void *opaque;
};

/* Largest queue that a device may offer. */
#define VRING_MAX_SIZE 1024
/* Most segments of one chain, and most entries of an indirect table. The
 * specification says queue size; drivers in use exceed it, so this does not. */
#define VRING_MAX_SEGS 1024

/* Feature bits of the rings: VIRTIO_F_INDIRECT_DESC, VIRTIO_F_EVENT_IDX. */
#define VRING_FEATURE_INDIRECT  (1ull << 28)
#define VRING_FEATURE_EVENT_IDX (1ull << 29)

#define VRING_F_NEXT     1u
#define VRING_F_WRITE    2u
#define VRING_F_INDIRECT 4u

#define VRING_AVAIL_NO_INTERRUPT 1u
#define VRING_USED_NO_NOTIFY     1u

struct vring_desc {
	uint64_t addr; /* guest-physical */
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

struct vring_avail {
	_Atomic uint16_t flags;
	_Atomic uint16_t idx;
	_Atomic uint16_t ring[]; /* then used_event */
};

struct vring_used_elem {
	uint32_t id;
	uint32_t len;
};

struct vring_used {
	_Atomic uint16_t flags;
	_Atomic uint16_t idx;
	struct vring_used_elem ring[]; /* then avail_event */
};

_Static_assert(sizeof(struct vring_desc) == 16, "descriptor layout");
_Static_assert(sizeof(struct vring_avail) == 4, "available ring layout");
_Static_assert(offsetof(struct vring_used, ring) == 4, "used ring layout");
_Static_assert(sizeof(struct vring_used_elem) == 8, "used element layout");

/* How a driver has set a queue up. */
struct vring_setup {
	uint16_t size;  /* entries, a power of two, 1..VRING_MAX_SIZE */
	uint64_t desc;  /* guest-physical, 16-byte aligned */
	uint64_t avail; /* 2-byte aligned */
	uint64_t used;  /* 4-byte aligned */
	bool indirect;  /* VIRTIO_F_INDIRECT_DESC was negotiated */
	bool event_idx; /* VIRTIO_F_EVENT_IDX was negotiated */
};

struct vring {
	const struct virtio_guest_mem *mem;
	struct vring_setup setup; /* size 0: stopped */
	const struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t next_avail; /* free-running, as idx of the rings */
	uint16_t next_used;
	uint16_t signalled;                 /* next_used when vring_should_signal last looked */
	unsigned int inflight;              /* chains popped and not yet pushed */
	uint64_t busy[VRING_MAX_SIZE / 64]; /* ... and which heads they have */
};

/*
 * A chain that was popped. The segments are host pointers to guest memory, the
 * readable ones first. Storage for them is the owner's: set seg and max_seg
 * before vring_pop(). A chain stays valid until its ring is stopped.
 */
struct vring_chain {
	struct iovec *seg;
	unsigned int max_seg;
	unsigned int nr_readable; /* seg[0 .. nr_readable - 1] */
	unsigned int nr_writable; /* the segments after those */
	uint32_t readable;        /* bytes in all */
	uint32_t writable;
	uint16_t head;
};

/* Asks mem's door, having refused an empty range and one that wraps. */
static inline void *vring_guest_ptr(const struct virtio_guest_mem *mem, uint64_t gpa, uint64_t len)
{
	if (!len || len > UINT64_MAX - gpa)
		return NULL;
	return mem->host_ptr(mem->opaque, gpa, len);
}

/*
 * Checks a set-up, translates the three ring addresses and starts at index 0.
 * Returns 0, -EINVAL (size, alignment) or -EFAULT (not in guest memory); on
 * error the ring stays stopped. mem is kept, not copied.
 */
int vring_start(struct vring *ring, const struct virtio_guest_mem *mem,
		const struct vring_setup *setup);

/* Stops the ring: from here on nothing of it is read or written. Chains still in
 * flight are forgotten; pushing one later does nothing. */
void vring_stop(struct vring *ring);

static inline bool vring_running(const struct vring *ring)
{
	return ring->setup.size != 0;
}

/* Translates the ring addresses again, in case guest memory was re-arranged.
 * Returns 0 or -EFAULT. The ring must be running. */
int vring_revalidate(struct vring *ring);

/*
 * Follows the chain that starts at head and fills in *chain, without taking it from
 * the available ring: the part of vring_pop() that reads descriptors. Each is read
 * once, and no more of them than the tables have. Returns 0 or an error of
 * vring_pop().
 */
int vring_chain_gather(const struct vring *ring, uint16_t head, struct vring_chain *chain);

/*
 * Takes the next available chain. Returns 1 and fills chain; 0 when there is none;
 * or what is wrong with the ring, after which it is not to be used until reset:
 *   -EBADMSG  avail.idx ran ahead, or a head or next is out of range
 *   -ELOOP    a chain longer than its table: a cycle
 *   -E2BIG    more segments than chain->max_seg, an indirect table longer than
 *             VRING_MAX_SEGS
 *   -EBUSY    a head that is in flight already
 *   -EFAULT   a buffer or an indirect table outside guest memory
 *   -EPROTO   an indirect table not negotiated, nested, empty, of odd length or
 *             with NEXT; a readable segment after a writable one
 *   -EOVERFLOW  more than 4 GiB - 1 of readable or of writable bytes
 * Descriptors of length 0 are legal and add no segment.
 */
int vring_pop(struct vring *ring, struct vring_chain *chain);

/* Whether vring_pop() would find something (a bad index included). */
bool vring_pending(const struct vring *ring);

/*
 * Hands a chain back with the number of bytes written from the start of its
 * writable part; never more than it has room for is reported. Returns 0, or
 * -ESTALE, having done nothing, when the head is not in flight (the ring was
 * stopped meanwhile).
 */
int vring_push(struct vring *ring, const struct vring_chain *chain, uint32_t written);

/* Whether the driver wants an interrupt for what was pushed since the last call
 * (section 2.7.7.2). */
bool vring_should_signal(struct vring *ring);

/* Asks the driver not to notify: a hint, for a device that polls. */
void vring_disable_notify(struct vring *ring);

/* Asks the driver to notify from the next chain on. Returns true when one has come
 * already, of which no notification will tell: the caller goes round again. */
bool vring_enable_notify(struct vring *ring);

/*
 * Copies len bytes at offset of the readable part to dst, however the chain is
 * split. Returns the bytes copied, fewer than len where the part ends. dst is a
 * snapshot: the guest cannot change it later.
 */
size_t vring_chain_read(const struct vring_chain *chain, size_t offset, void *dst, size_t len);

/* Copies len bytes of src to offset of the writable part; as vring_chain_read(). */
size_t vring_chain_write(const struct vring_chain *chain, size_t offset, const void *src,
			 size_t len);

#endif
