// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* The device on virtio: probe, queues, events. */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <linux/workqueue.h>

#include "priv.h"

#define EVENTS         8
#define ANSWER_TIMEOUT 100000000ll /* ns: the answer is there when the notification returns */

static struct {
	struct virtqueue *vq;
	struct virtio_kmem_event buf[EVENTS];
	struct work_struct work;
} * events;

static void virtio_lock(struct sv_queue *q) __acquires(&q->spin)
{
	unsigned long flags;

	spin_lock_irqsave(&q->spin, flags);
	q->flags = flags;
}

static void virtio_unlock(struct sv_queue *q) __releases(&q->spin)
{
	spin_unlock_irqrestore(&q->spin, q->flags);
}

static long virtio_send(struct sv_queue *q, size_t out, size_t in)
{
	struct virtqueue *vq = q->way;
	struct scatterlist req;
	struct scatterlist resp;
	struct scatterlist *sgs[] = {&req, &resp};
	unsigned int len;
	ktime_t limit;
	int err;

	sg_init_one(&req, &q->x->req, out);
	sg_init_one(&resp, &q->x->resp, in);
	/* Without indirect descriptors this allocates nothing. */
	err = virtqueue_add_sgs(vq, sgs, 1, 1, q->x, GFP_ATOMIC);
	if (err)
		return -EIO;
	virtqueue_kick(vq);
	if (likely(virtqueue_get_buf(vq, &len)))
		return len;
	/* A host whose doorbell does not trap, which is none of ours: it gets a moment. */
	limit = ktime_add_ns(ktime_get(), ANSWER_TIMEOUT);
	while (ktime_before(ktime_get(), limit)) {
		cpu_relax();
		if (virtqueue_get_buf(vq, &len))
			return len;
		if (virtqueue_is_broken(vq))
			break;
	}
	return -EIO;
}

static const struct sv_transport_ops virtio_ops = {
	.lock = virtio_lock,
	.unlock = virtio_unlock,
	.send = virtio_send,
};

static void add_event(struct virtio_kmem_event *event)
{
	struct scatterlist sg;

	sg_init_one(&sg, event, sizeof(*event));
	virtqueue_add_inbuf(events->vq, &sg, 1, event, GFP_KERNEL);
}

static void events_work(struct work_struct *work)
{
	struct virtio_kmem_event *event;
	bool give_back = false;
	unsigned int len;

	/* What comes between the last look and the callback's being on is looked at, too. */
	do {
		virtqueue_disable_cb(events->vq);
		while ((event = virtqueue_get_buf(events->vq, &len)) != NULL) {
			if (len >= sizeof(*event) &&
			    sv_event_asks(le32_to_cpu(event->type), le64_to_cpu(event->value)))
				give_back = true;
			add_event(event);
		}
	} while (!virtqueue_enable_cb(events->vq));
	virtqueue_kick(events->vq);
	if (give_back)
		sv_give_back();
}

static void events_callback(struct virtqueue *vq)
{
	queue_work(sv_wq, &events->work);
}

static void free_queues(struct sv_device *dev)
{
	sv_queues_exit(dev);
	kfree(events);
	events = NULL;
}

static int make_queues(struct sv_device *dev)
{
	struct virtio_device *vdev = dev->way;
	bool has_events = virtio_has_feature(vdev, VIRTIO_KMEM_F_EVENTS);
	unsigned int n = le16_to_cpu(dev->config.num_request_queues);
	vq_callback_t **callbacks;
	struct virtqueue **vqs;
	const char **names;
	int err = -ENOMEM;

	vqs = kcalloc(n + 1, sizeof(*vqs), GFP_KERNEL);
	callbacks = kcalloc(n + 1, sizeof(*callbacks), GFP_KERNEL);
	names = kcalloc(n + 1, sizeof(*names), GFP_KERNEL);
	if (!vqs || !callbacks || !names || sv_queues_init(dev, n))
		goto out;
	for (unsigned int i = 0; i < n; i++) {
		spin_lock_init(&dev->queue[i].spin);
		names[i] = "request";
	}
	if (has_events) {
		events = kzalloc(sizeof(*events), GFP_KERNEL);
		if (!events)
			goto out;
		INIT_WORK(&events->work, events_work);
		names[n] = "event";
		callbacks[n] = events_callback;
	}
	err = virtio_find_vqs(vdev, n + has_events, vqs, callbacks, names, NULL);
	if (err)
		goto out;
	for (unsigned int i = 0; i < n; i++)
		dev->queue[i].way = vqs[i];
	if (has_events) {
		events->vq = vqs[n];
		for (unsigned int i = 0; i < EVENTS; i++)
			add_event(&events->buf[i]);
	}
out:
	kfree(names);
	kfree(callbacks);
	kfree(vqs);
	return err;
}

static int kmem_probe(struct virtio_device *vdev)
{
	struct sv_device *dev;
	int err;

	if (sv_dev) {
		dev_err(&vdev->dev, "there is a device already, and one is all that can be used\n");
		return -EBUSY;
	}
	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return -ENOMEM;
	dev->way = vdev;
	dev->ops = &virtio_ops;
	vdev->priv = dev;
	virtio_cread_bytes(vdev, 0, &dev->config, sizeof(dev->config));
	if (virtio_has_feature(vdev, VIRTIO_KMEM_F_CACHES))
		dev->max_cache = SV_CACHES;
	if (!sv_config_valid(&dev->config)) {
		dev_err(&vdev->dev, "the device says what makes no sense\n");
		err = -EINVAL;
		goto free_dev;
	}
	err = make_queues(dev);
	if (err)
		goto free_queues;
	virtio_device_ready(vdev);
	if (events)
		virtqueue_kick(events->vq);
	err = sv_device_added(dev);
	if (err)
		goto reset;
	return 0;

reset:
	virtio_reset_device(vdev);
	if (events)
		cancel_work_sync(&events->work);
	vdev->config->del_vqs(vdev);
free_queues:
	free_queues(dev);
free_dev:
	kfree(dev);
	return err;
}

static void kmem_remove(struct virtio_device *vdev)
{
	struct sv_device *dev = vdev->priv;

	if (events)
		cancel_work_sync(&events->work);
	sv_device_removed(dev);
	/* By this the host has all of it back. */
	virtio_reset_device(vdev);
	if (events)
		cancel_work_sync(&events->work);
	vdev->config->del_vqs(vdev);
	free_queues(dev);
	kfree(dev);
}

static int kmem_validate(struct virtio_device *vdev)
{
	/* Or each request would allocate a table. */
	__virtio_clear_bit(vdev, VIRTIO_RING_F_INDIRECT_DESC);
	return 0;
}

static const struct virtio_device_id id_table[] = {
	{VIRTIO_ID_KMEM, VIRTIO_DEV_ANY_ID},
	{0},
};
MODULE_DEVICE_TABLE(virtio, id_table);

static unsigned int features[] = {VIRTIO_KMEM_F_EVENTS, VIRTIO_KMEM_F_PIN, VIRTIO_KMEM_F_DEBUG,
				  VIRTIO_KMEM_F_CACHES};

static struct virtio_driver driver = {
	.driver.name = "slabvisor",
	.driver.owner = THIS_MODULE,
	/* Memory that is out cannot be had back: the device goes with the module, which stays
	 * while anybody has some. */
	.driver.suppress_bind_attrs = true,
	.feature_table = features,
	.feature_table_size = ARRAY_SIZE(features),
	.id_table = id_table,
	.validate = kmem_validate,
	.probe = kmem_probe,
	.remove = kmem_remove,
};

int sv_virtio_register(void)
{
	return register_virtio_driver(&driver);
}

void sv_virtio_unregister(void)
{
	unregister_virtio_driver(&driver);
}
