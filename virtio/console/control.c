/* SPDX-License-Identifier: BSD-2-Clause */
/* The control queues of virtio-console (section 5.3.6.2): ports are added, named, opened. */
#include <endian.h>
#include <string.h>

#include "virtio/console/priv.h"

/* Messages of the guest's that are taken at once. */
#define BATCH 64

static void take_message(struct console_dev *c, const struct virtio_console_control *m)
{
	uint32_t id = le32toh(m->id);
	uint16_t event = le16toh(m->event);
	uint16_t value = le16toh(m->value);
	struct console_port *p;

	if (event == VIRTIO_CONSOLE_DEVICE_READY) {
		for (unsigned int i = 0; i < c->ports && value == 1; i++)
			c->port[i].tell = CONSOLE_TELL_ADD;
		return;
	}
	if (id >= c->ports)
		return;
	p = &c->port[id];
	if (event == VIRTIO_CONSOLE_PORT_READY && value == 1) {
		p->ready = true;
		p->tell |= (p->console ? CONSOLE_TELL_CONSOLE : 0) | CONSOLE_TELL_NAME |
			   (p->client >= 0 ? CONSOLE_TELL_OPEN : 0);
	} else if (event == VIRTIO_CONSOLE_PORT_OPEN) {
		p->open = value != 0;
	}
}

static bool take_messages(struct console_dev *c)
{
	struct virtio_device *dev = &c->dev;
	struct virtio_console_control m;
	struct vring_chain chain = {.seg = c->scratch, .max_seg = VRING_MAX_SEGS};
	unsigned int n;

	virtio_queue_lock(dev, CONSOLE_CONTROL_TX);
	for (n = 0; n < BATCH && virtio_queue_pop(dev, CONSOLE_CONTROL_TX, &chain); n++) {
		/* A message that is short means nothing. */
		if (vring_chain_read(&chain, 0, &m, sizeof(m)) == sizeof(m))
			take_message(c, &m);
		vring_push(&dev->queue[CONSOLE_CONTROL_TX].ring, &chain, 0);
	}
	if (n)
		virtio_queue_signal(dev, CONSOLE_CONTROL_TX);
	virtio_queue_unlock(dev, CONSOLE_CONTROL_TX);
	return n == BATCH;
}

/* The first message that is due for a port; its bit is taken from *tell. */
static size_t compose(const struct console_port *p, unsigned int id, unsigned int *tell,
		      uint8_t *buf)
{
	struct virtio_console_control m = {.id = htole32(id), .value = htole16(1)};
	unsigned int bit = *tell & -*tell;
	size_t len = sizeof(m);

	switch (bit) {
	case CONSOLE_TELL_ADD:
		m.event = htole16(VIRTIO_CONSOLE_PORT_ADD);
		break;
	case CONSOLE_TELL_CONSOLE:
		m.event = htole16(VIRTIO_CONSOLE_CONSOLE_PORT);
		break;
	case CONSOLE_TELL_NAME:
		m.event = htole16(VIRTIO_CONSOLE_PORT_NAME);
		len += strlen(p->name) + 1;
		memcpy(buf + sizeof(m), p->name, len - sizeof(m));
		break;
	default:
		m.event = htole16(VIRTIO_CONSOLE_PORT_OPEN);
		m.value = htole16(p->client >= 0);
		break;
	}
	memcpy(buf, &m, sizeof(m));
	*tell &= ~bit;
	return len;
}

static void send_messages(struct console_dev *c)
{
	struct vring_chain chain = {.seg = c->scratch, .max_seg = VRING_MAX_SEGS};
	uint8_t buf[sizeof(struct virtio_console_control) + CONSOLE_NAME_MAX + 1];
	struct virtio_device *dev = &c->dev;
	size_t len;

	virtio_queue_lock(dev, CONSOLE_CONTROL_RX);
	for (unsigned int i = 0; i < c->ports; i++)
		while (c->port[i].tell && virtio_queue_pop(dev, CONSOLE_CONTROL_RX, &chain)) {
			len = compose(&c->port[i], i, &c->port[i].tell, buf);
			len = vring_chain_write(&chain, 0, buf, len);
			vring_push(&dev->queue[CONSOLE_CONTROL_RX].ring, &chain, (uint32_t)len);
		}
	virtio_queue_signal(dev, CONSOLE_CONTROL_RX);
	virtio_queue_unlock(dev, CONSOLE_CONTROL_RX);
}

bool console_control(struct console_dev *c)
{
	bool more = take_messages(c);

	send_messages(c);
	return more;
}
