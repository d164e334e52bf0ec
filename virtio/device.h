/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a virtio device is to its transport, and a transport to its device
 * (virtio 1.2, section 2).
 *
 * Locks. Each queue has its own, so that vCPUs serve different queues at once.
 * The order is: a transport's control lock, then a queue's lock, then a
 * transport's state lock; two queue locks are never held together. The transport
 * takes the queue's lock around ops->notify; a device that works on a queue at
 * another time (a completion, an event) takes it by virtio_queue_lock().
 */
#ifndef VIRTIO_DEVICE_H
#define VIRTIO_DEVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "virtio/ring/vring.h"

/* Queues of one device at most. */
#define VIRTIO_MAX_QUEUES 256
/* Bytes of device configuration at most: what fits a register page. */
#define VIRTIO_CONFIG_MAX 0xf00

struct virtio_device;

struct virtio_queue {
	pthread_mutex_t lock;
	struct vring ring;
	uint16_t max_size;    /* the largest the driver may choose; 0: no such queue */
	atomic_bool stopping; /* virtio_queue_stop() is under way */
};

/* What a device does. Any but notify may be NULL. */
struct virtio_device_ops {
	/* Forget the driver: finish or abandon what is in flight, free what the
	 * driver held. All rings are stopped by then. No queue lock is held. */
	void (*reset)(struct virtio_device *dev);

	/* The driver accepted these features, a subset of those offered.
	 * Returns 0, or a negative errno to refuse the set. */
	int (*features_ok)(struct virtio_device *dev, uint64_t features);

	/* The queue's ring has just been started. Its lock is held. Returns 0, or a
	 * negative errno to leave it stopped. */
	int (*queue_ready)(struct virtio_device *dev, unsigned int queue);

	/*
	 * The queue's ring is about to be stopped: by QueueReady, by a reset of the queue
	 * or the device, or with the transport. Finish or abandon what is in flight,
	 * and return when nothing, on no thread and not in the kernel, touches memory
	 * of the queue's chains any more; virtio_queue_abandoned() says which of the two.
	 * Meanwhile the queue is not live, so no
	 * chain is taken, but it takes back and signals those that finish; a
	 * push later is refused and does no harm. No queue lock is held. The
	 * transport's control lock is: do not wait for one who stores to a register.
	 * NULL: the device has nothing in flight but under the queue's lock.
	 */
	void (*queue_stop)(struct virtio_device *dev, unsigned int queue);

	/* The driver rang the queue's doorbell on vCPU cpu. Its lock is held and it is
	 * live. The device takes a bounded number of chains and returns true
	 * when it left some, to be called again after others had the lock. */
	bool (*notify)(struct virtio_device *dev, unsigned int queue, unsigned int cpu);

	/* The driver stored len (1, 2, 4 or 8) bytes into the configuration. Offset
	 * and length are within it. NULL: the configuration is read-only. */
	void (*config_write)(struct virtio_device *dev, uint32_t offset, uint64_t value,
			     unsigned int len);

	/*
	 * The device is paused: no queue is live. Return when nothing, on no thread of the
	 * device's and not in the kernel, touches memory of the guest's any more; what is in
	 * flight is ended, or kept until resume. No queue lock is held.
	 * NULL: the device does nothing but under a queue's lock.
	 */
	void (*pause)(struct virtio_device *dev);

	/* The device goes on: look at the queues that no driver will ring again. No queue lock
	 * is held. NULL: all work is that of doorbells, which the transport has rung again. */
	void (*resume)(struct virtio_device *dev);

	/*
	 * What the device stores to may be somebody else's while no ring runs: of a machine that
	 * migrates, the other host's. For transports whose machines do. take_over: no ring runs,
	 * one is about to: look at it anew. hand_over: none runs any more: make stable what was
	 * stored. Returns 0, or a negative errno if that failed. Both wait for the host; no queue
	 * lock is held. NULL: there is nothing of the kind.
	 */
	void (*take_over)(struct virtio_device *dev);
	int (*hand_over)(struct virtio_device *dev);

	/* Frees the device. Called by virtio_device_destroy(). */
	void (*destroy)(struct virtio_device *dev);
};

/* What a device asks of its transport; called from any thread, with or without
 * one queue lock held. */
struct virtio_transport_ops {
	/* interrupt: buffers of the queue were used; its lock is held */
	void (*used_buffer)(void *opaque, unsigned int queue);
	/* size bytes at offset of dev->config have the new value: publish it */
	void (*config_changed)(void *opaque, uint32_t offset, uint32_t size);
	void (*needs_reset)(void *opaque); /* set DEVICE_NEEDS_RESET and say so */
};

/* Embedded in each device, and filled in by it up to the mark. */
struct virtio_device {
	const struct virtio_device_ops *ops;
	uint32_t id; /* device ID, virtio 1.2 section 5 */
	/* Feature bits; VIRTIO_F_VERSION_1 is implied. What VRING_FEATURE_... promise
	 * the rings keep, and VIRTIO_F_RING_RESET the transport: a device only
	 * chooses whether to offer them. */
	uint64_t offered;
	uint8_t *config;        /* little-endian, as the driver sees it */
	uint32_t config_size;   /* bytes, a multiple of 4, at most VIRTIO_CONFIG_MAX */
	unsigned int nr_queues; /* 1..VIRTIO_MAX_QUEUES */
	struct virtio_queue *queue;
	/* The transport's to fill in, the device's to read. */
	uint64_t features;     /* negotiated; 0 before FEATURES_OK */
	atomic_bool driver_ok; /* between DRIVER_OK and reset */
	atomic_bool broken;    /* needs reset: no queue is served */
	atomic_bool halted;    /* the machine ends: no chain is taken */
	atomic_bool paused;    /* the machine stands still: as halted */
	/* A queue is stopped for one who goes on: what is in flight is answered, all of it. Else
	 * the driver starts over, or is gone, and what takes long may be left (ops->queue_stop). */
	atomic_bool finish;
	const struct virtio_transport_ops *transport; /* NULL: none attached */
	void *transport_opaque;
};

/*
 * Sets up the queues of a device, which has filled in its part of *dev but for
 * queue. max_size[i] is the size of queue i, a power of two up to VRING_MAX_SIZE.
 * Returns 0, -EINVAL or -ENOMEM.
 */
int virtio_device_init(struct virtio_device *dev, const uint16_t *max_size);

/* Undoes virtio_device_init(); for the device's destroy. */
void virtio_device_fini(struct virtio_device *dev);

/* Frees a device of any kind (NULL: nothing). Its transport is gone already. */
void virtio_device_destroy(struct virtio_device *dev);

/* Locks a queue; unlocks it. */
void virtio_queue_lock(struct virtio_device *dev, unsigned int queue);
void virtio_queue_unlock(struct virtio_device *dev, unsigned int queue);

/* Tells whether the queue may be served: started by the driver, DRIVER_OK set, the
 * device not broken, paused or halted, the queue not about to be stopped. Who does work in
 * steps for a driver looks here between them. The queue's lock is held. */
bool virtio_queue_live(const struct virtio_device *dev, unsigned int queue);

/* Tells whether nobody waits for what is in flight on a queue: the machine ends, or the queue is
 * being stopped and dev->finish is not set. A request of many steps is to end before its next, and
 * need not be answered. Any thread. */
bool virtio_queue_abandoned(const struct virtio_device *dev, unsigned int queue);

/*
 * Takes the next chain of a queue: vring_pop(), with a nonsensical ring turned into
 * virtio_device_break(). Returns true with a chain. The queue's lock is held.
 */
bool virtio_queue_pop(struct virtio_device *dev, unsigned int queue, struct vring_chain *chain);

/*
 * Stops a queue (one that is stopped already stays so): no chain is taken any more,
 * ops->queue_stop ends those in flight, then the ring stops. Returns the base that it
 * reached, as vring_stop(). For transports; no queue lock is held, and nobody else
 * starts or stops the queue meanwhile.
 */
uint32_t virtio_queue_stop(struct virtio_device *dev, unsigned int queue);

/* Interrupts the driver if it wants to know of what was pushed. The queue's lock
 * is held. */
void virtio_queue_signal(struct virtio_device *dev, unsigned int queue);

/* The machine is ending: from here on no chain is taken, and what takes long is abandoned, so that
 * a driver that makes chains available as fast as they are served, or asks for much with each,
 * does not hold up the end. From any thread, for good. */
void virtio_device_halt(struct virtio_device *dev);

/*
 * The machine stands still. When virtio_device_pause() returns, no chain is taken and nothing of
 * the device touches the guest's memory, until virtio_device_resume(). A doorbell that comes, or
 * is being served, meanwhile is the transport's to ring again. The two are called in turns, from
 * any thread; no queue lock is held.
 */
void virtio_device_pause(struct virtio_device *dev);
void virtio_device_resume(struct virtio_device *dev);
bool virtio_device_is_paused(const struct virtio_device *dev);

/* The driver did what cannot be answered: no queue of this device is served until
 * it is reset, and the driver is told so (section 2.1.2). */
void virtio_device_break(struct virtio_device *dev);

/*
 * Changes an aligned field of the configuration, of 4 or 8 bytes, bumps the generation and
 * interrupts the driver. Thread-safe. value: as the driver is to see it, so little-endian.
 */
void virtio_device_set_config32(struct virtio_device *dev, uint32_t offset, uint32_t value);
void virtio_device_set_config64(struct virtio_device *dev, uint32_t offset, uint64_t value);

#endif
