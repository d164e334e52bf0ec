/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/lib/machine/virtio_mmio.h"
#include "guest/lib/machine/grt.h"
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/mm.h>

/* Registers: virtio 1.2, section 4.2.2. */
#define MAGIC_VALUE         0x000
#define VERSION             0x004
#define DEVICE_ID           0x008
#define DEVICE_FEATURES     0x010
#define DEVICE_FEATURES_SEL 0x014
#define DRIVER_FEATURES     0x020
#define DRIVER_FEATURES_SEL 0x024
#define QUEUE_SEL           0x030
#define QUEUE_NUM_MAX       0x034
#define QUEUE_NUM           0x038
#define QUEUE_READY         0x044
#define QUEUE_NOTIFY        0x050
#define INTERRUPT_STATUS    0x060
#define INTERRUPT_ACK       0x064
#define STATUS              0x070
#define QUEUE_DESC_LOW      0x080
#define QUEUE_DRIVER_LOW    0x090
#define QUEUE_DEVICE_LOW    0x0a0
#define CONFIG_GENERATION   0x0fc
#define CONFIG              0x100

#define MAGIC 0x74726976u /* "virt" */

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER      2u
#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 64u
#define STATUS_FAILED      128u

#define VRING_USED_F_NO_NOTIFY     1
#define VRING_AVAIL_F_NO_INTERRUPT 1

#define POLLS       1000
#define WAIT_NS     10000000ull    /* one sleep */
#define PATIENCE_NS 10000000000ull /* then the device counts as broken */

static u32 get(const struct virtio_mmio_dev *dev, unsigned int reg)
{
	return *(const volatile u32 *)(dev->regs + reg);
}

static void set(struct virtio_mmio_dev *dev, unsigned int reg, u32 value)
{
	barrier();
	*(volatile u32 *)(dev->regs + reg) = value;
	barrier();
}

static void set_address(struct virtio_mmio_dev *dev, unsigned int reg, const void *p)
{
	u64 addr = virt_to_phys(p);

	set(dev, reg, (u32)addr);
	set(dev, reg + 4, (u32)(addr >> 32));
}

static void add_status(struct virtio_mmio_dev *dev, u32 bits)
{
	set(dev, STATUS, get(dev, STATUS) | bits);
}

int virtio_mmio_find(struct virtio_mmio_dev *dev, u32 id, unsigned int nth)
{
	u32 count = platform()->mmio_devices;

	for (u32 i = 0; i < count && i < PLATFORM_MMIO_MAX; i++) {
		dev->regs = phys_to_virt(PLATFORM_MMIO_BASE + i * PLATFORM_MMIO_STRIDE);
		if (get(dev, MAGIC_VALUE) == MAGIC && get(dev, DEVICE_ID) == id && !nth--)
			return 0;
	}
	return -ENODEV;
}

int virtio_mmio_start(struct virtio_mmio_dev *dev, u64 wanted)
{
	u64 offered;

	if (get(dev, VERSION) != 2)
		return -ENODEV;
	set(dev, STATUS, 0);
	if (get(dev, STATUS) != 0)
		return -EIO;
	add_status(dev, STATUS_ACKNOWLEDGE);
	add_status(dev, STATUS_DRIVER);
	set(dev, DEVICE_FEATURES_SEL, 0);
	offered = get(dev, DEVICE_FEATURES);
	set(dev, DEVICE_FEATURES_SEL, 1);
	offered |= (u64)get(dev, DEVICE_FEATURES) << 32;
	if (!(offered & 1ull << VIRTIO_F_VERSION_1))
		return -ENODEV;
	dev->features = offered & wanted;
	set(dev, DRIVER_FEATURES_SEL, 0);
	set(dev, DRIVER_FEATURES, (u32)dev->features);
	set(dev, DRIVER_FEATURES_SEL, 1);
	set(dev, DRIVER_FEATURES, (u32)(dev->features >> 32));
	add_status(dev, STATUS_FEATURES_OK);
	return get(dev, STATUS) & STATUS_FEATURES_OK ? 0 : -EIO;
}

void virtio_mmio_ready(struct virtio_mmio_dev *dev)
{
	add_status(dev, STATUS_DRIVER_OK);
}

void virtio_mmio_fail(struct virtio_mmio_dev *dev)
{
	add_status(dev, STATUS_FAILED);
}

void virtio_mmio_read_config(const struct virtio_mmio_dev *dev, void *config, size_t size)
{
	u32 generation;

	do {
		generation = get(dev, CONFIG_GENERATION);
		for (size_t i = 0; i < size / sizeof(u32); i++)
			((u32 *)config)[i] = get(dev, CONFIG + i * sizeof(u32));
	} while (get(dev, CONFIG_GENERATION) != generation);
}

void virtio_mmio_ack(struct virtio_mmio_dev *dev)
{
	u32 status = get(dev, INTERRUPT_STATUS);

	if (status)
		set(dev, INTERRUPT_ACK, status);
}

bool virtio_mmio_broken(const struct virtio_mmio_dev *dev)
{
	return get(dev, STATUS) & STATUS_NEEDS_RESET;
}

u16 virtqueue_max(struct virtio_mmio_dev *dev, u16 index)
{
	set(dev, QUEUE_SEL, index);
	return (u16)get(dev, QUEUE_NUM_MAX);
}

int virtqueue_init(struct virtio_mmio_dev *dev, struct virtqueue *vq, u16 index, u16 size,
		   bool interrupts)
{
	size_t desc_size = size * sizeof(struct vring_desc);
	size_t avail_size = sizeof(struct vring_avail) + (size + 1u) * sizeof(__le16);
	size_t used_size =
		sizeof(struct vring_used) + size * sizeof(struct vring_used_elem) + sizeof(__le16);

	set(dev, QUEUE_SEL, index);
	if (!get(dev, QUEUE_NUM_MAX))
		return -ENOENT;
	if (get(dev, QUEUE_NUM_MAX) < size || get(dev, QUEUE_READY))
		return -EINVAL;
	vq->index = index;
	vq->size = size;
	/* The three parts in cache lines of their own: each has one writer. */
	vq->desc = grt_ram_alloc(desc_size, 64);
	vq->avail = grt_ram_alloc(avail_size, 64);
	vq->used = grt_ram_alloc(used_size, 64);
	if (!vq->desc || !vq->avail || !vq->used)
		return -ENOMEM;
	vq->event_idx = dev->features & 1ull << VIRTIO_F_EVENT_IDX;
	vq->avail->flags = interrupts ? 0 : VRING_AVAIL_F_NO_INTERRUPT;
	set(dev, QUEUE_NUM, size);
	set_address(dev, QUEUE_DESC_LOW, vq->desc);
	set_address(dev, QUEUE_DRIVER_LOW, vq->avail);
	set_address(dev, QUEUE_DEVICE_LOW, vq->used);
	set(dev, QUEUE_READY, 1);
	return 0;
}

void virtqueue_add(struct virtqueue *vq, u16 head)
{
	vq->avail->ring[vq->avail_idx % vq->size] = head;
	vq->avail_idx++;
	/* Release: the chain and its place in the ring are there before the index. */
	__atomic_store_n(&vq->avail->idx, vq->avail_idx, __ATOMIC_RELEASE);
}

void virtqueue_notify(struct virtio_mmio_dev *dev, struct virtqueue *vq)
{
	/* The device must not miss the index we wrote if we miss the flag it wrote. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(READ_ONCE(vq->used->flags) & VRING_USED_F_NO_NOTIFY))
		set(dev, QUEUE_NOTIFY, vq->index);
}

bool virtqueue_kick(struct virtio_mmio_dev *dev, struct virtqueue *vq)
{
	u16 told = vq->told_idx;
	u16 now = vq->avail_idx;
	u16 event;

	if (told == now)
		return false;
	vq->told_idx = now;
	/* As in virtqueue_notify(). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (vq->event_idx) {
		event = READ_ONCE(*(const __le16 *)&vq->used->ring[vq->size]);
		/* It wants to hear of entry event: section 2.7.10. */
		if ((u16)(now - event - 1) >= (u16)(now - told))
			return false;
	} else if (READ_ONCE(vq->used->flags) & VRING_USED_F_NO_NOTIFY) {
		return false;
	}
	set(dev, QUEUE_NOTIFY, vq->index);
	return true;
}

void virtqueue_want_interrupt(struct virtqueue *vq)
{
	if (vq->event_idx)
		WRITE_ONCE(vq->avail->ring[vq->size], vq->used_idx);
	/* The device must not miss this if we miss the index that it wrote. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

bool virtqueue_pending(const struct virtqueue *vq)
{
	/* Acquire: what the index counts is read after it. */
	return __atomic_load_n(&vq->used->idx, __ATOMIC_ACQUIRE) != vq->used_idx;
}

bool virtqueue_get(struct virtqueue *vq, u32 *head, u32 *len)
{
	const struct vring_used_elem *elem = &vq->used->ring[vq->used_idx % vq->size];

	if (!virtqueue_pending(vq))
		return false;
	*head = READ_ONCE(elem->id);
	*len = READ_ONCE(elem->len);
	vq->used_idx++;
	return true;
}

long virtqueue_wait(struct virtio_mmio_dev *dev, struct virtqueue *vq, u16 head)
{
	u64 start = 0;
	u32 id;
	u32 len;

	/* Answered before the notification returned, as a rule. */
	for (int polls = 0; !virtqueue_pending(vq); polls++) {
		u32 seen;

		if (get(dev, STATUS) & STATUS_NEEDS_RESET)
			return -EIO;
		if (polls < POLLS) {
			grt_pause();
			continue;
		}
		if (!start)
			start = grt_tsc();
		else if (grt_tsc_to_ns(grt_tsc() - start) > PATIENCE_NS)
			return -EIO;
		/* Flags and index make one aligned 32-bit word. */
		seen = READ_ONCE(*(const u32 *)(const void *)vq->used);
		if ((u16)(seen >> 16) == vq->used_idx)
			grt_wait((const u32 *)(const void *)vq->used, seen, WAIT_NS);
	}
	if (!virtqueue_get(vq, &id, &len) || id != head)
		return -EIO;
	return len;
}
