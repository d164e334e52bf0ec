/* SPDX-License-Identifier: BSD-2-Clause */
/* The messages that set rings up. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "virtio/vhost_user/priv.h"

static struct vhost_user_queue *queue_at(struct vhost_user *vu, uint32_t index)
{
	if (index < vu->dev->nr_queues)
		return &vu->queue[index];
	vhost_user_wrong(vu, -EINVAL, "there is no queue %u: there are %u", index,
			 vu->dev->nr_queues);
	return NULL;
}

int vhost_user_set_vring_num(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	const struct vhost_user_ring_state *state = &msg->payload.state;
	struct vhost_user_queue *q = queue_at(vu, state->index);
	uint16_t old;
	int ret;

	if (!q)
		return -EINVAL;
	if (q->running && state->num != q->num)
		return vhost_user_wrong(vu, -EBUSY, "ring %u is running", q->index);
	if (!state->num || state->num > vu->dev->queue[q->index].max_size)
		return vhost_user_wrong(vu, -EINVAL, "ring %u: %u entries, of at most %u", q->index,
					state->num, vu->dev->queue[q->index].max_size);
	old = q->num;
	q->num = (uint16_t)state->num;
	ret = vhost_user_queue_try(vu, q->index);
	if (ret)
		q->num = old;
	return ret;
}

int vhost_user_set_vring_addr(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	const struct vhost_user_ring_addr *addr = &msg->payload.addr;
	struct vhost_user_queue *q = queue_at(vu, addr->index);
	struct vhost_user_ring_addr old;
	bool had;
	int ret;

	if (!q)
		return -EINVAL;
	if (addr->flags & ~VHOST_USER_RING_LOG)
		return vhost_user_wrong(vu, -EINVAL, "ring %u: flags %#x", q->index, addr->flags);
	if (q->running && (addr->desc != q->addr.desc || addr->used != q->addr.used ||
			   addr->avail != q->addr.avail))
		return vhost_user_wrong(vu, -EBUSY, "ring %u is running", q->index);
	old = q->addr;
	had = q->has_addr;
	q->addr = *addr;
	q->has_addr = true;
	ret = vhost_user_queue_try(vu, q->index);
	if (ret) {
		q->addr = old;
		q->has_addr = had;
		return ret;
	}
	virtio_queue_lock(vu->dev, q->index);
	q->log_used = addr->flags & VHOST_USER_RING_LOG;
	/* Where a page range wraps, there is no page. */
	q->log_addr = addr->log > UINT64_MAX / 2 ? UINT64_MAX / 2 : addr->log;
	virtio_queue_unlock(vu->dev, q->index);
	return 0;
}

int vhost_user_set_vring_base(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	const struct vhost_user_ring_state *state = &msg->payload.state;
	struct vhost_user_queue *q = queue_at(vu, state->index);

	if (!q)
		return -EINVAL;
	if (q->running)
		return vhost_user_wrong(vu, -EBUSY, "ring %u is running", q->index);
	q->base = state->num;
	q->has_base = true;
	return 0;
}

/* Who hears where the last ring stopped starts the machine elsewhere: what it stored is stable
 * by then. */
static void hand_over(struct vhost_user *vu)
{
	struct virtio_device *dev = vu->dev;
	int ret;

	if (!vu->has_run || vhost_user_any_running(vu))
		return;
	vu->has_run = false;
	ret = dev->ops->hand_over ? dev->ops->hand_over(dev) : 0;
	if (ret)
		vhost_user_say(vu, "what was written may not be on the disk: %s", strerror(-ret));
}

int vhost_user_get_vring_base(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	struct vhost_user_ring_state state = msg->payload.state;
	struct vhost_user_queue *q = queue_at(vu, state.index);

	if (!q)
		return -EINVAL;
	vhost_user_queue_stop(vu, q->index);
	/* One that ends may have abandoned what it was to answer, here or when the ring was
	 * disabled, and this answer says that there is none of it: the machine would go on
	 * elsewhere without. Relaxed: what is abandoned is so after it was set. */
	if (atomic_load_explicit(&vu->dev->halted, memory_order_relaxed))
		return vhost_user_wrong(vu, -ESHUTDOWN, "the service ends");
	hand_over(vu);
	/* It is started again by a kick descriptor. */
	if (q->kick >= 0)
		close(q->kick);
	q->kick = -1;
	state.num = q->base;
	return vhost_user_answer(vu, msg, &state, sizeof(state), -1);
}

/*
 * The descriptor of a message about a ring's events, or -1 for "none", in *fd; and the
 * queue. It must be an eventfd, since that is what can be waited for and signalled without
 * blocking on the front end; if it is a blocking one, it is not any more.
 */
static int take_event(struct vhost_user *vu, struct vhost_user_msg *msg,
		      struct vhost_user_queue **q, int *fd)
{
	static const char eventfd[] = "anon_inode:[eventfd]";
	uint64_t value = msg->payload.u64;
	char path[40];
	char what[64];
	struct stat st;
	ssize_t n;
	int flags;

	*fd = -1;
	*q = queue_at(vu, value & VHOST_USER_QUEUE_MASK);
	if (!*q)
		return -EINVAL;
	if (value & ~(uint64_t)(VHOST_USER_QUEUE_MASK | VHOST_USER_NO_FD) ||
	    !(value & VHOST_USER_NO_FD) != (msg->nr_fds == 1))
		return vhost_user_wrong(vu, -EINVAL, "%#llx with %u descriptors",
					(unsigned long long)value, msg->nr_fds);
	if (!msg->nr_fds)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", msg->fd[0]);
	n = readlink(path, what, sizeof(what));
	/* Below a root without /proc, what is not a file, pipe, socket or device may be one; what
	 * is none then merely does not work. */
	if (n < 0 && (fstat(msg->fd[0], &st) || st.st_mode & S_IFMT))
		return vhost_user_wrong(vu, -EINVAL, "ring %u: an eventfd is needed", (*q)->index);
	if (n >= 0 && ((size_t)n != sizeof(eventfd) - 1 || memcmp(what, eventfd, (size_t)n) != 0))
		return vhost_user_wrong(vu, -EINVAL, "ring %u: an eventfd is needed", (*q)->index);
	flags = fcntl(msg->fd[0], F_GETFL);
	if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(msg->fd[0], F_SETFL, flags | O_NONBLOCK)))
		return vhost_user_wrong(vu, -errno, "ring %u: %s", (*q)->index, strerror(errno));
	*fd = vhost_user_msg_take_fd(msg, 0);
	return 0;
}

int vhost_user_set_vring_kick(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	struct vhost_user_queue *q;
	int fd;
	int ret;

	ret = take_event(vu, msg, &q, &fd);
	if (ret)
		return ret;
	if (fd < 0)
		return vhost_user_wrong(vu, -EOPNOTSUPP,
					"ring %u: no kick descriptor, and rings are not polled",
					q->index);
	/* With another descriptor it goes on where it is. */
	vhost_user_queue_stop(vu, q->index);
	if (q->kick >= 0)
		close(q->kick);
	q->kick = fd;
	ret = vhost_user_queue_try(vu, q->index);
	if (ret) {
		close(q->kick);
		q->kick = -1;
	}
	return ret;
}

int vhost_user_set_vring_call(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	const uint64_t one = 1;
	struct vhost_user_queue *q;
	int fd;
	int old;
	int ret;

	ret = take_event(vu, msg, &q, &fd);
	if (ret)
		return ret;
	virtio_queue_lock(vu->dev, q->index);
	old = q->call;
	q->call = fd;
	virtio_queue_unlock(vu->dev, q->index);
	if (old >= 0)
		close(old);
	/* Buffers may have been used while nobody could be told. */
	if (fd >= 0 && write(fd, &one, sizeof(one)) < 0)
		return 0;
	return 0;
}

int vhost_user_set_vring_err(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	struct vhost_user_queue *q;
	int fd;
	int old;
	int ret;

	ret = take_event(vu, msg, &q, &fd);
	if (ret)
		return ret;
	pthread_mutex_lock(&vu->state);
	old = q->err;
	q->err = fd;
	pthread_mutex_unlock(&vu->state);
	if (old >= 0)
		close(old);
	return 0;
}

int vhost_user_set_vring_enable(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	const struct vhost_user_ring_state *state = &msg->payload.state;
	struct vhost_user_queue *q = queue_at(vu, state->index);
	int ret;

	if (!q)
		return -EINVAL;
	if (state->num > 1)
		return vhost_user_wrong(vu, -EINVAL, "ring %u: neither on nor off", q->index);
	q->enabled = state->num;
	if (!q->enabled) {
		vhost_user_queue_stop(vu, q->index);
		return 0;
	}
	ret = vhost_user_queue_try(vu, q->index);
	if (ret)
		q->enabled = false;
	return ret;
}
