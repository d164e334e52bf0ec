/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtqueues, the device's side, for any device and any transport: the split format
 * (virtio 1.2, section 2.7) and the packed one (section 2.8).
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
#ifndef VIRTIO_RING_VRING_H
#define VIRTIO_RING_VRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * The checked door by which rings and devices come from a guest-physical range to a host
 * pointer. Whoever knows the memory supplies it: the monitor for a guest of its own, the
 * session for a front end's. ARCHITECTURE.md lists all ways to a pointer.
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
	/* For a device that pins heap memory before it touches it: where the buffer of
	 * a descriptor lies, RAM or heap, handed out or not. NULL: as host_ptr. Rings and
	 * indirect tables are not buffers. */
	void *(*buffer_ptr)(void *opaque, uint64_t gpa, uint64_t len);
	/* For memory that lies in several places of this process, so that a buffer may go on
	 * where another place begins: where gpa is, in *host, and how many of the len bytes
	 * from it on lie there together; 0 if none does. NULL: a buffer lies in one place.
	 * Asked only for what buffer_ptr or host_ptr refused. */
	uint64_t (*piece)(void *opaque, uint64_t gpa, uint64_t len, void **host);
	void *opaque;
};

/* Largest queue that a device may offer. */
#define VRING_MAX_SIZE 1024
/* Most segments of one chain, and most entries of an indirect table. The
 * specification says queue size; drivers in use exceed it, so this does not. */
#define VRING_MAX_SEGS 1024

/* Feature bits of the rings: VIRTIO_F_INDIRECT_DESC, VIRTIO_F_EVENT_IDX,
 * VIRTIO_F_RING_PACKED. */
#define VRING_FEATURE_INDIRECT  (1ull << 28)
#define VRING_FEATURE_EVENT_IDX (1ull << 29)
#define VRING_FEATURE_PACKED    (1ull << 34)

#define VRING_F_NEXT     1u
#define VRING_F_WRITE    2u
#define VRING_F_INDIRECT 4u
/* Of packed descriptors: available when AVAIL is the driver's wrap counter and USED
 * is not; used when both are the device's. */
#define VRING_F_AVAIL (1u << 7)
#define VRING_F_USED  (1u << 15)

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

struct vring_packed_desc {
	uint64_t addr; /* guest-physical */
	uint32_t len;
	uint16_t id;
	_Atomic uint16_t flags;
};

/* Event suppression of the packed format, one word: a place in the ring, its wrap
 * counter, and what the side that writes it wants to hear of. */
#define VRING_EVENT_OFFSET  0x7fffu
#define VRING_EVENT_WRAP    0x8000u
#define VRING_EVENT_ENABLE  (0u << 16)
#define VRING_EVENT_DISABLE (1u << 16)
#define VRING_EVENT_DESC    (2u << 16) /* only that place; VIRTIO_F_EVENT_IDX */
#define VRING_EVENT_FLAGS   (3u << 16)

_Static_assert(sizeof(struct vring_desc) == 16, "descriptor layout");
_Static_assert(sizeof(struct vring_packed_desc) == 16, "packed descriptor layout");
_Static_assert(sizeof(struct vring_avail) == 4, "available ring layout");
_Static_assert(offsetof(struct vring_used, ring) == 4, "used ring layout");
_Static_assert(sizeof(struct vring_used_elem) == 8, "used element layout");

struct vring;
struct vring_chain;

/*
 * Keeps account, outside of the ring, of which chains are in flight: so that who starts
 * the ring next can take them again (vhost-user's inflight region), or know what was
 * written (its dirty log). All are called with the queue's lock held.
 */
struct vring_track_ops {
	/* Chains to be taken again, before any that the driver makes available: whether
	 * there are some; and the next one, as vring_pop(), with head and slots. */
	bool (*again_pending)(const void *opaque);
	int (*again)(void *opaque, const struct vring *ring, struct vring_chain *chain);
	/* A chain was taken from the ring; packed: first is its first entry there. */
	void (*taken)(void *opaque, const struct vring *ring, uint16_t first,
		      const struct vring_chain *chain);
	/* A chain is about to be handed back; it has been. */
	void (*returning)(void *opaque, const struct vring *ring, const struct vring_chain *chain);
	void (*returned)(void *opaque, const struct vring *ring, const struct vring_chain *chain);
};

/* How a driver has set a queue up. */
struct vring_setup {
	uint16_t size;  /* entries, 1..VRING_MAX_SIZE; a power of two, but for packed */
	uint64_t desc;  /* guest-physical, 16-byte aligned */
	uint64_t avail; /* 2-byte aligned; packed: the driver's event word, 4-byte aligned */
	uint64_t used;  /* 4-byte aligned; packed: the device's event word */
	bool indirect;  /* VIRTIO_F_INDIRECT_DESC was negotiated */
	bool event_idx; /* VIRTIO_F_EVENT_IDX was negotiated */
	bool packed;    /* VIRTIO_F_RING_PACKED was negotiated */
	uint32_t base;  /* where to go on: vring_fresh_base(), or what vring_stop() said */
	const struct vring_track_ops *track; /* NULL: nobody keeps account */
	void *track_opaque;
};

/*
 * A base is where the available and the used side of a ring are: bits 0-15 the next
 * available entry, bits 16-31 the next used one. Split: the free-running indices.
 * Packed: each a descriptor's index and in its top bit the wrap counter, as in
 * vhost-user's VHOST_USER_GET_VRING_BASE. This is the base of a ring that was not used yet.
 */
static inline uint32_t vring_fresh_base(bool packed)
{
	return packed ? 0x80008000u : 0;
}

struct vring {
	const struct virtio_guest_mem *mem;
	struct vring_setup setup; /* size 0: stopped */
	union {
		struct {
			const struct vring_desc *desc;
			struct vring_avail *avail;
			struct vring_used *used;
		} split;
		struct {
			struct vring_packed_desc *desc;
			const _Atomic uint32_t *driver_event;
			_Atomic uint32_t *device_event;
		} packed;
	};
	uint16_t next_avail; /* split: free-running, as idx of the rings; packed: 0..size - 1 */
	uint16_t next_used;
	bool avail_wrap; /* packed: the wrap counters of the two */
	bool used_wrap;
	uint32_t pushed;                    /* entries since vring_should_signal() last looked */
	uint32_t epoch;                     /* times it was stopped: chains of before are stale */
	unsigned int inflight;              /* chains popped and not yet pushed */
	unsigned int slots;                 /* packed: ring entries that those have */
	uint64_t busy[VRING_MAX_SIZE / 64]; /* which heads, or buffer ids, those have */
};

/*
 * A chain that was popped. The segments are host pointers to guest memory, the
 * readable ones first. Storage for them is the owner's: set seg and max_seg
 * before vring_pop(). A chain stays valid until its ring is stopped. It may be copied.
 */
struct vring_chain {
	struct iovec *seg;
	unsigned int max_seg;
	unsigned int nr_readable; /* seg[0 .. nr_readable - 1] */
	unsigned int nr_writable; /* the segments after those */
	uint32_t readable;        /* bytes in all */
	uint32_t writable;
	uint16_t head;  /* packed: the buffer id */
	uint16_t slots; /* ring entries that it has; the ring's own, as is epoch */
	uint32_t epoch;
};

/* Asks mem's door, having refused an empty range and one that wraps. */
static inline void *vring_guest_ptr(const struct virtio_guest_mem *mem, uint64_t gpa, uint64_t len)
{
	if (!len || len > UINT64_MAX - gpa)
		return NULL;
	return mem->host_ptr(mem->opaque, gpa, len);
}

/* The same for a buffer. */
static inline void *vring_buffer_ptr(const struct virtio_guest_mem *mem, uint64_t gpa, uint64_t len)
{
	if (!mem->buffer_ptr)
		return vring_guest_ptr(mem, gpa, len);
	if (!len || len > UINT64_MAX - gpa)
		return NULL;
	return mem->buffer_ptr(mem->opaque, gpa, len);
}

/*
 * Checks a set-up, translates the three ring addresses and starts at its base.
 * Returns 0, -EINVAL (size, alignment, base) or -EFAULT (not in guest memory); on
 * error the ring stays stopped. mem is kept, not copied. Before the first start
 * *ring is zero.
 */
int vring_start(struct vring *ring, const struct virtio_guest_mem *mem,
		const struct vring_setup *setup);

/*
 * Stops the ring: from here on nothing of it is read or written. Chains still in
 * flight are forgotten; pushing one later does nothing, even when the ring was started
 * anew and has the same head in flight. Returns the base reached, from which a
 * start with the same set-up goes on (0 of a ring that is not running).
 */
uint32_t vring_stop(struct vring *ring);

static inline bool vring_running(const struct vring *ring)
{
	return ring->setup.size != 0;
}

/* Translates the ring addresses again, in case guest memory was re-arranged.
 * Returns 0 or -EFAULT. The ring must be running. */
int vring_revalidate(struct vring *ring);

/*
 * Takes the next available chain. Returns 1 and fills chain; 0 when there is none;
 * or what is wrong with the ring, after which it is not to be used until reset:
 *   -EBADMSG  avail.idx ran ahead, a head, next or buffer id is out of range, or
 *             (packed) entries that are in flight were made available again
 *   -ELOOP    a chain longer than its table: a cycle, or (packed) NEXT without end
 *   -E2BIG    more segments than chain->max_seg, an indirect table longer than
 *             VRING_MAX_SEGS
 *   -EBUSY    a head or buffer id that is in flight already
 *   -EFAULT   a buffer or an indirect table outside guest memory
 *   -EPROTO   an indirect table not negotiated, nested, empty, of odd length or
 *             with NEXT, or (packed) within a chain; a readable segment after a
 *             writable one
 *   -EOVERFLOW  more than 4 GiB - 1 of readable or of writable bytes
 * Descriptors of length 0 are legal and add no segment.
 */
int vring_pop(struct vring *ring, struct vring_chain *chain);

/*
 * Fill chain, whose seg and max_seg are set, from what an account of chains in flight has of one,
 * for struct vring_track_ops.again. Of a split ring that is the number of the chain's head, since
 * its descriptors are in the table still. In a packed ring used descriptors are written over those:
 * there it is a copy of each of the chain's n descriptors, one or more, in order, of which neither
 * the flags AVAIL, USED and NEXT nor any id but the last mean anything. The ring, which is running,
 * takes no note of the chain. Return 1, or what is wrong with the chain, as vring_pop() does.
 */
int vring_gather_split(const struct vring *ring, uint16_t head, struct vring_chain *chain);
int vring_gather_packed(const struct vring *ring, const struct vring_packed_desc *desc, uint16_t n,
			struct vring_chain *chain);

/* Tells whether vring_pop() would find something (a bad index included). */
bool vring_pending(const struct vring *ring);

/*
 * Hands a chain back with the number of bytes written from the start of its
 * writable part; never more than it has room for is reported. Returns 0, or
 * -ESTALE, having done nothing, when the head is not in flight (the ring was
 * stopped meanwhile).
 */
int vring_push(struct vring *ring, const struct vring_chain *chain, uint32_t written);

/* Tells whether the driver wants an interrupt for what was pushed since the last call
 * (sections 2.7.7.2, 2.8.10). */
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
