/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver's side of virtio-mmio version 2 (virtio 1.2, section 4.2) and of split
 * virtqueues (2.7). Reading a register costs nothing here, storing to one an exit.
 */
#ifndef GUEST_LIB_MACHINE_VIRTIO_MMIO_H
#define GUEST_LIB_MACHINE_VIRTIO_MMIO_H

#include <linux/types.h>

#define VIRTIO_F_INDIRECT_DESC 28
#define VIRTIO_F_EVENT_IDX     29
#define VIRTIO_F_VERSION_1     32

#define VRING_DESC_F_NEXT     1
#define VRING_DESC_F_WRITE    2
#define VRING_DESC_F_INDIRECT 4

struct vring_desc {
	__le64 addr;
	__le32 len;
	__le16 flags;
	__le16 next;
};

struct vring_avail {
	__le16 flags;
	__le16 idx;
	__le16 ring[]; /* then used_event */
};

struct vring_used_elem {
	__le32 id;
	__le32 len;
};

struct vring_used {
	__le16 flags;
	__le16 idx;
	struct vring_used_elem ring[]; /* then avail_event */
};

struct virtio_mmio_dev {
	volatile u8 *regs;
	u64 features; /* negotiated */
};

struct virtqueue {
	struct vring_desc *desc; /* the caller's to fill in */
	struct vring_avail *avail;
	struct vring_used *used;
	u16 index;
	u16 size;
	u16 avail_idx; /* our copies: what the device could change is not read back */
	u16 used_idx;
	u16 told_idx; /* avail_idx when virtqueue_kick() last looked */
	bool event_idx;
};

/* Device nth, from 0, of those of this ID. 0 or -ENODEV. */
int virtio_mmio_find(struct virtio_mmio_dev *dev, u32 id, unsigned int nth);
/* Reset to FEATURES_OK, with those of the wanted features that are offered. 0;
 * -ENODEV: no modern device; -EIO: it does not take them, or does not reset. */
int virtio_mmio_start(struct virtio_mmio_dev *dev, u64 wanted);
/* DRIVER_OK. */
void virtio_mmio_ready(struct virtio_mmio_dev *dev);
/* FAILED: this driver has given up. */
void virtio_mmio_fail(struct virtio_mmio_dev *dev);
/* A consistent copy of the first size bytes of the configuration space; size is a
 * multiple of 4. */
void virtio_mmio_read_config(const struct virtio_mmio_dev *dev, void *config, size_t size);
/* Acknowledges what InterruptStatus says, if it says anything. */
void virtio_mmio_ack(struct virtio_mmio_dev *dev);

/* Tells whether the device says that it needs a reset. */
bool virtio_mmio_broken(const struct virtio_mmio_dev *dev);

/* The largest size of a queue; 0: there is no such queue. */
u16 virtqueue_max(struct virtio_mmio_dev *dev, u16 index);
/* Makes queue index with size entries, a power of two. interrupts: whether the device
 * shall tell when it has used a buffer. 0, -ENOENT (there is no such queue), -EINVAL
 * (it is smaller), -ENOMEM. */
int virtqueue_init(struct virtio_mmio_dev *dev, struct virtqueue *vq, u16 index, u16 size,
		   bool interrupts);
/* Makes the chain that starts at descriptor head available. */
void virtqueue_add(struct virtqueue *vq, u16 head);
/* Tells the device, unless it does not want to be told. */
void virtqueue_notify(struct virtio_mmio_dev *dev, struct virtqueue *vq);
/* The same for a queue of a driver that accepted VIRTIO_F_EVENT_IDX or not, once for all that
 * was added since the last call. Returns whether it rang. */
bool virtqueue_kick(struct virtio_mmio_dev *dev, struct virtqueue *vq);
/* Asks for an interrupt when the next buffer is used; the caller then looks whether that
 * has happened already. With VIRTIO_F_EVENT_IDX there is none else. */
void virtqueue_want_interrupt(struct virtqueue *vq);
/* Tells whether virtqueue_get() would find something. */
bool virtqueue_pending(const struct virtqueue *vq);
/* Takes one used buffer: its head and the bytes written. */
bool virtqueue_get(struct virtqueue *vq, u32 *head, u32 *len);
/* Waits until the only chain under way, which starts at head, is used. Returns the bytes
 * written, or -EIO: the device needs a reset, or answers something else. */
long virtqueue_wait(struct virtio_mmio_dev *dev, struct virtqueue *vq, u16 head);

#endif
