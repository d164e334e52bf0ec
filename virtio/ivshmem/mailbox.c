/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests out of mailboxes, and the reset: what is read of the driver's, and in which order what
 * it waits for is written. */
#include <errno.h>
#include <string.h>

#include "virtio/ivshmem/priv.h"
#include "virtio/kmem/kmem.h"
#include "virtio/ring/barrier.h"

/* Serves a request of these lengths. Returns the bytes of the reply, or a negative errno. */
static int serve(struct ivshmem *ivs, struct ivshmem_kmem_mailbox *box, unsigned int queue,
		 uint32_t out, uint32_t in)
{
	struct iovec seg[] = {{box->data, out}, {box->reply, in}};
	const struct vring_chain chain = {
		.seg = seg,
		.max_seg = 2,
		.nr_readable = 1,
		.nr_writable = 1,
		.readable = out,
		.writable = in,
	};

	if (out > sizeof(box->data) || in > sizeof(box->reply) ||
	    in < sizeof(struct virtio_kmem_resp))
		return -EINVAL;
	return (int)kmem_dev_serve(ivs->config.dev, queue, &chain);
}

bool ivshmem_serve_box(struct ivshmem *ivs, unsigned int queue)
{
	struct ivshmem_kmem_mailbox *box = ivshmem_box(ivs, queue);
	/* Acquire: with the number comes the request that it is of. */
	uint32_t number = atomic_load_explicit(ivshmem_word(&box->request), memory_order_acquire);
	int ret;

	if (number == ivs->answered[queue])
		return false;
	ret = serve(ivs, box, queue, ivshmem_get(&box->out), ivshmem_get(&box->in));
	ivs->answered[queue] = number;
	ivshmem_count(&ivs->counts.requests);
	if (ret < 0)
		ivshmem_count(&ivs->counts.refusals);
	ivshmem_put(&box->length, ret < 0 ? 0 : (uint32_t)ret);
	ivshmem_put(&box->error, ret < 0 ? (uint32_t)ret : 0);
	/* Release: the answer is whole when its number is seen. */
	atomic_store_explicit(ivshmem_word(&box->answer), number, memory_order_release);
	/* Full: either the driver, which is about to sleep, sees the answer, or this its wish. */
	vring_full_barrier();
	if (ivshmem_get(&box->interrupt))
		ivshmem_interrupt(ivs, queue);
	return true;
}

static void clear_boxes(struct ivshmem *ivs)
{
	for (unsigned int i = 0; i < ivs->config.queues; i++) {
		struct ivshmem_kmem_mailbox *box = ivshmem_box(ivs, i);

		ivshmem_put(&box->request, 0);
		ivshmem_put(&box->answer, 0);
		ivshmem_put(&box->length, 0);
		ivshmem_put(&box->error, 0);
		ivs->answered[i] = 0;
	}
}

static void forget_events(struct ivshmem *ivs)
{
	virtio_queue_lock(ivs->config.dev, ivs->config.queues);
	for (unsigned int i = 0; i < IVSHMEM_KMEM_EVENTS; i++) {
		ivs->event[i] = 0;
		ivshmem_put(&ivs->control->event[i].number, 0);
	}
	virtio_queue_unlock(ivs->config.dev, ivs->config.queues);
}

bool ivshmem_obey_reset(struct ivshmem *ivs)
{
	const struct ivshmem_kmem_driver *driver = &ivs->control->driver;
	struct virtio_device *dev = ivs->config.dev;
	/* Acquire: with the number come the features. */
	uint32_t number = atomic_load_explicit(ivshmem_word(&driver->reset), memory_order_acquire);
	uint64_t accepted;

	if (number == ivs->reset_done)
		return false;
	accepted = atomic_load_explicit((const _Atomic uint64_t *)&driver->accepted,
					memory_order_relaxed);
	dev->ops->reset(dev);
	dev->features = accepted & dev->offered & IVSHMEM_FEATURES;
	clear_boxes(ivs);
	forget_events(ivs);
	ivshmem_show_config(ivs);
	ivs->reset_done = number;
	ivshmem_count(&ivs->counts.resets);
	/* Release: all of that is seen with it. */
	atomic_store_explicit(ivshmem_word(&ivs->control->reset_done), number,
			      memory_order_release);
	ivshmem_interrupt(ivs, ivs->config.queues);
	return true;
}

bool ivshmem_pending(const struct ivshmem *ivs)
{
	for (unsigned int i = 0; i < ivs->config.queues; i++)
		if (ivshmem_get(&ivshmem_box(ivs, i)->request) != ivs->answered[i])
			return true;
	return ivshmem_get(&ivs->control->driver.reset) != ivs->reset_done;
}
