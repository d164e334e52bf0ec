// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What a kernel in ruins does to the host: garbage in the queues of the device, while tasks use it.
 * What comes of it in the guest does not matter; the host must not end, but by its own rules.
 */
#include "selftest.h"

#include <linux/bitops.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/platform_device.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <slabvisor/svm.h>
#include <uapi/linux/virtio_ring.h>

#include "virtio/abi/kmem.h"

#define SCRATCH SZ_64K /* where the host may write, of what the garbage names */

static struct rnd_state rnd;
static u8 *scratch;
static u64 heap_base, heap_size;

static int is_device(struct device *dev, void *found)
{
	struct virtio_device **vdev = found;

	if (!dev->bus || strcmp(dev->bus->name, "virtio"))
		return 0;
	if (dev_to_virtio(dev)->id.device != VIRTIO_ID_KMEM)
		return 0;
	*vdev = dev_to_virtio(dev);
	return 1;
}

static int has_device(struct device *dev, void *found)
{
	return device_for_each_child(dev, found, is_device);
}

static u32 any(u32 below)
{
	return prandom_u32_state(&rnd) % below;
}

static u64 word(void)
{
	return (u64)prandom_u32_state(&rnd) << 32 | prandom_u32_state(&rnd);
}

/* An address: mostly where there is something. */
static u64 address(void)
{
	switch (any(8)) {
	case 0:
		return word();
	case 1:
		return heap_base + word() % heap_size;
	case 2:
		return heap_base + heap_size - any(64);
	case 3:
		/* Registers of devices. */
		return 0xd0000000 + any(SZ_64K);
	case 4:
		return -(u64)any(4096);
	default:
		return virt_to_phys(scratch) + any(SCRATCH);
	}
}

static u32 length(void)
{
	static const u32 some[] = {0, 1, 8, 32, 64, 4096, 4096 + 32, SCRATCH, 1u << 31, ~0u};

	return some[any(ARRAY_SIZE(some))];
}

/* Requests as there may be, and as there may not. */
static void write_requests(void)
{
	struct virtio_kmem_req *req = (void *)(scratch + any(SCRATCH - 4096) / 64 * 64);
	__le64 *addr = (void *)(req + 1);

	req->type = cpu_to_le16(any(16));
	req->order = cpu_to_le16(any(16) ? any(11) : word());
	req->count = cpu_to_le32(any(16) ? any(64) : word());
	req->cache = cpu_to_le32(any(4) ? any(32) : word());
	req->node = cpu_to_le32(any(2) ? VIRTIO_KMEM_NODE_ANY : word());
	req->gfp = cpu_to_le32(any(2) ? 0 : word());
	req->size = cpu_to_le64(any(2) ? any(8192) : word());
	req->align = cpu_to_le64(any(2) ? 8 : word());
	for (unsigned int i = 0; i < 64; i++)
		addr[i] = cpu_to_le64(address() & (any(2) ? ~7ull : ~0ull));
}

static void packed(struct virtqueue *vq)
{
	struct vring_packed_desc *desc = phys_to_virt(virtqueue_get_desc_addr(vq));
	unsigned int n = any(virtqueue_get_vring_size(vq));

	switch (any(8)) {
	case 0:
		WRITE_ONCE(desc[n].addr, cpu_to_le64(address()));
		break;
	case 1:
		WRITE_ONCE(desc[n].len, cpu_to_le32(length()));
		break;
	case 2:
		WRITE_ONCE(desc[n].flags, cpu_to_le16(word()));
		break;
	case 3:
		WRITE_ONCE(desc[n].id, cpu_to_le16(word()));
		break;
	case 4:
		/* How either tells the other when it wants to hear of something. */
		WRITE_ONCE(*(u32 *)phys_to_virt(virtqueue_get_avail_addr(vq)), (u32)word());
		WRITE_ONCE(*(u32 *)phys_to_virt(virtqueue_get_used_addr(vq)), (u32)word());
		break;
	default:
		/* A whole ring that looks as if it were to be served, in either of its rounds. */
		for (unsigned int i = 0; i < virtqueue_get_vring_size(vq); i++) {
			u16 flags = any(2) ? VRING_DESC_F_NEXT : 0;

			flags |= any(3) ? 0 : VRING_DESC_F_WRITE;
			flags |= any(8) ? 0 : VRING_DESC_F_INDIRECT;
			flags |= 1u
				 << (any(2) ? VRING_PACKED_DESC_F_AVAIL : VRING_PACKED_DESC_F_USED);
			desc[i].addr = cpu_to_le64(address() & ~63ull);
			desc[i].len = cpu_to_le32(length());
			desc[i].id = cpu_to_le16(any(8) ? i : word());
			WRITE_ONCE(desc[i].flags, cpu_to_le16(flags));
		}
	}
}

static void split(struct virtqueue *vq)
{
	const struct vring *ring = virtqueue_get_vring(vq);
	unsigned int n = any(ring->num);

	ring->desc[n].addr = cpu_to_virtio64(vq->vdev, address());
	ring->desc[n].len = cpu_to_virtio32(vq->vdev, length());
	ring->desc[n].flags = cpu_to_virtio16(vq->vdev, word());
	ring->desc[n].next = cpu_to_virtio16(vq->vdev, any(8) ? any(ring->num) : word());
	WRITE_ONCE(ring->avail->ring[n], cpu_to_virtio16(vq->vdev, word()));
	if (any(4) == 0)
		WRITE_ONCE(ring->avail->idx, cpu_to_virtio16(vq->vdev, word()));
}

/* Uses memory of the host for as long as there is a device that answers, and after that. Nothing is
 * written to it: it may be anybody's. */
static int work(void *unused)
{
	void *p[64];

	while (!kthread_should_stop()) {
		struct svm_kmem_cache *c = svm_kmem_cache_create("st-work", 3000, 0, 0, NULL);

		if (!c)
			break;
		for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
			p[i] = i % 2 ? svm_kmalloc(SZ_8K << i % 6, GFP_KERNEL)
				     : svm_kmem_cache_alloc(c, GFP_KERNEL);
		for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
			svm_kfree(p[i]);
		svm_kmem_cache_destroy(c);
		cond_resched();
	}
	/* Whoever stops it must find it. */
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

int st_scribble(unsigned long writes, u64 seed)
{
	struct virtio_device *vdev = NULL;
	struct virtio_kmem_config config;
	struct task_struct **task;
	struct virtqueue *vq;
	unsigned int cpu;

	bus_for_each_dev(&platform_bus_type, NULL, &vdev, has_device);
	if (!vdev)
		return -ENODEV;
	prandom_seed_state(&rnd, seed);
	virtio_cread_bytes(vdev, 0, &config, sizeof(config));
	heap_base = le64_to_cpu(config.heap_base);
	heap_size = le64_to_cpu(config.heap_size);
	/* The host may know of it for as long as there is the device: it is never freed. */
	scratch = kzalloc(SCRATCH, GFP_KERNEL);
	task = kcalloc(nr_cpu_ids, sizeof(*task), GFP_KERNEL);
	if (!scratch || !task)
		return -ENOMEM;
	cpus_read_lock();
	for_each_online_cpu(cpu)
	{
		task[cpu] = kthread_create_on_cpu(work, NULL, cpu, "svm-work/%u");
		if (IS_ERR(task[cpu]))
			task[cpu] = NULL;
		else
			wake_up_process(task[cpu]);
	}
	cpus_read_unlock();
	for (unsigned long i = 0; i < writes; i++) {
		list_for_each_entry(vq, &vdev->vqs, list) {
			write_requests();
			if (virtio_has_feature(vdev, VIRTIO_F_RING_PACKED))
				packed(vq);
			else
				split(vq);
			if (any(4) == 0)
				virtqueue_notify(vq);
		}
		cond_resched();
	}
	for_each_possible_cpu(cpu)
	{
		if (task[cpu])
			kthread_stop(task[cpu]);
	}
	pr_info("# %lu times garbage was written to the queues\n", writes);
	return 0;
}
