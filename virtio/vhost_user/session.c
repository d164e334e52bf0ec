/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vhost-user session: one front end from its first message to its last. Each message
 * is checked here for what all have alike (size, descriptors, what was negotiated)
 * and handed to its function.
 *
 * A message that is refused changes nothing, but that memory which is taken away is gone. If the
 * front end asked for an answer it has one, and the session goes on; else there is no way to tell
 * it but to end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "virtio/vhost_user/guard.h"
#include "virtio/vhost_user/priv.h"

/* Serves the message that is there. Returns whether the session goes on. */
static bool serve_one(struct vhost_user *vu)
{
	struct vhost_user_msg *msg = &vu->conn.msg;
	uint32_t number = msg->header.request;
	const struct vhost_user_handler *h = vhost_user_handler_of(number);
	bool answer = msg->header.flags & VHOST_USER_NEED_REPLY &&
		      vu->protocol & VHOST_USER_PF_REPLY_ACK && !(h && h->answers);
	int ret;

	vhost_user_count(&vu->messages, 1);
	ret = vhost_user_check(vu, h, msg);
	if (!ret && h)
		ret = h->serve(vu, msg);
	if (ret) {
		vhost_user_count(&vu->refusals, 1);
		if (h)
			vhost_user_say(vu, "%s is refused: %s", h->name, vu->why);
		else
			vhost_user_say(vu, "request %u is refused: %s", number, vu->why);
	}
	if (answer)
		return !vhost_user_answer_u64(vu, msg, (uint64_t)(ret != 0));
	return !ret;
}

/* What was wrong with the bytes or descriptors of a message, by vhost_user_conn_read(). */
static const char *malformed(int error)
{
	switch (error) {
	case -EPROTO:
		return "its flags: version 1 is needed, and no reply";
	case -EMSGSIZE:
		return "its size: no request has as large a payload";
	case -EMFILE:
		return "more than 8 descriptors, or than there is room for";
	default:
		return strerror(-error);
	}
}

bool vhost_user_serve(struct vhost_user *vu)
{
	unsigned int budget = 64; /* others have to be served, too */
	bool go_on = true;
	int ret;

	while (go_on && budget-- && vu->conn.fd >= 0) {
		if (atomic_load(&vu->lost)) {
			vhost_user_say(vu, "the front end took away memory that it shares: its "
					   "files must not shrink");
			go_on = false;
			break;
		}
		ret = vhost_user_conn_read(&vu->conn);
		if (!ret)
			break;
		if (ret < 0) {
			if (ret != -EPIPE && ret != -ECONNRESET)
				vhost_user_say(vu, "a malformed message: %s", malformed(ret));
			go_on = false;
			break;
		}
		go_on = serve_one(vu);
		vhost_user_conn_next(&vu->conn);
	}
	if (!go_on)
		vhost_user_end(vu);
	return go_on;
}

int vhost_user_begin(struct vhost_user *vu, int fd)
{
	uint64_t value;

	if (vu->conn.fd >= 0) {
		close(fd);
		return -EBUSY;
	}
	/* What is left of the last session's alarm. */
	atomic_store(&vu->lost, false);
	if (read(vu->alarm_fd, &value, sizeof(value)) < 0)
		value = 0;
	vu->conn.fd = fd;
	vhost_user_count(&vu->sessions, 1);
	return 0;
}

void vhost_user_end(struct vhost_user *vu)
{
	if (vu->conn.fd < 0)
		return;
	vhost_user_reset(vu);
	vhost_user_drop_memory(vu);
	vhost_user_conn_next(&vu->conn);
	close(vu->conn.fd);
	vu->conn.fd = -1;
	vhost_user_tell_end(vu);
	vu->protocol = 0;
	vu->own_dev = 0;
	vu->own_ino = 0;
	vu->inherited = false;
	vu->remarked = false;
	pthread_mutex_lock(&vu->state);
	if (vu->backend_fd >= 0)
		close(vu->backend_fd);
	vu->backend_fd = -1;
	pthread_mutex_unlock(&vu->state);
}

static void *host_ptr(void *opaque, uint64_t gpa, uint64_t len)
{
	const struct vhost_user *vu = opaque;

	/* Acquire: the table is whole. */
	return vhost_user_mem_host(atomic_load_explicit(&vu->mem, memory_order_acquire), gpa, len);
}

static uint64_t piece(void *opaque, uint64_t gpa, uint64_t len, void **host)
{
	const struct vhost_user *vu = opaque;

	/* Acquire: as above. */
	return vhost_user_mem_piece(atomic_load_explicit(&vu->mem, memory_order_acquire), gpa, len,
				    host);
}

int vhost_user_create(const struct vhost_user_config *config, struct vhost_user **out)
{
	struct virtio_device *dev = config->dev;
	struct vhost_user_mem *mem;
	struct vhost_user *vu;
	int ret;

	if (!dev->queue || dev->transport || !config->host)
		return -EINVAL;
	vu = calloc(1, sizeof(*vu));
	if (!vu)
		return -ENOMEM;
	vu->config = *config;
	vu->dev = dev;
	vu->conn.fd = -1;
	vu->backend_fd = -1;
	vu->door = (struct virtio_guest_mem){.host_ptr = host_ptr, .piece = piece, .opaque = vu};
	ret = -ENOMEM;
	mem = calloc(1, sizeof(*mem));
	if (!mem)
		goto err_free;
	atomic_init(&vu->mem, mem);
	vu->alarm_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vu->alarm_fd < 0) {
		ret = -errno;
		goto err_mem;
	}
	ret = -pthread_mutex_init(&vu->state, NULL);
	if (ret)
		goto err_alarm;
	ret = vhost_user_queues_create(vu);
	if (ret)
		goto err_state;
	/* A machine that stands still, or moves, is owed the answers of what it asked for. */
	atomic_store_explicit(&dev->finish, true, memory_order_relaxed);
	dev->transport_opaque = vu;
	dev->transport = &vhost_user_transport_ops;
	*out = vu;
	return 0;

err_state:
	pthread_mutex_destroy(&vu->state);
err_alarm:
	close(vu->alarm_fd);
err_mem:
	free(mem);
err_free:
	free(vu);
	return ret;
}

void vhost_user_destroy(struct vhost_user *vu)
{
	if (!vu)
		return;
	vhost_user_end(vu);
	vu->dev->transport = NULL;
	vhost_user_queues_destroy(vu);
	pthread_mutex_destroy(&vu->state);
	close(vu->alarm_fd);
	free(atomic_load(&vu->mem));
	free(vu);
}

int vhost_user_fd(const struct vhost_user *vu)
{
	return vu->conn.fd;
}

int vhost_user_alarm_fd(const struct vhost_user *vu)
{
	return vu->alarm_fd;
}

bool vhost_user_is_active(const struct vhost_user *vu)
{
	return vhost_user_any_running(vu);
}

void vhost_user_get_stats(const struct vhost_user *vu, struct vhost_user_stats *stats)
{
	/* Relaxed: each is right by itself, together they are of about now. */
	*stats = (struct vhost_user_stats){
		.sessions = atomic_load_explicit(&vu->sessions, memory_order_relaxed),
		.messages = atomic_load_explicit(&vu->messages, memory_order_relaxed),
		.refusals = atomic_load_explicit(&vu->refusals, memory_order_relaxed),
		.signals = atomic_load_explicit(&vu->signals, memory_order_relaxed),
		.resubmitted = atomic_load_explicit(&vu->resubmitted, memory_order_relaxed),
		.recovered = atomic_load_explicit(&vu->recovered, memory_order_relaxed),
		.log_misses = atomic_load_explicit(&vu->log_misses, memory_order_relaxed),
	};
}
