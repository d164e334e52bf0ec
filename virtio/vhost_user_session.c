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
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "virtio/vhost_user_guard.h"
#include "virtio/vhost_user_priv.h"

#define VERSION_1 (1ull << 32)

#define PROTOCOL_FEATURES                                                                  \
	(VHOST_USER_PF_MQ | VHOST_USER_PF_LOG_SHMFD | VHOST_USER_PF_REPLY_ACK |            \
	 VHOST_USER_PF_BACKEND_REQ | VHOST_USER_PF_CONFIG | VHOST_USER_PF_INFLIGHT_SHMFD | \
	 VHOST_USER_PF_RESET_DEVICE | VHOST_USER_PF_CONFIGURE_MEM_SLOTS)

int vhost_user_wrong(struct vhost_user *vu, int error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(vu->why, sizeof(vu->why), fmt, args);
	va_end(args);
	return error;
}

void vhost_user_say(struct vhost_user *vu, const char *fmt, ...)
{
	char text[320];
	va_list args;

	if (!vu->config.say)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	vu->config.say(vu->config.say_opaque, text);
}

void vhost_user_synchronise(struct vhost_user *vu)
{
	unsigned int i;

	for (i = 0; i < vu->dev->nr_queues; i++) {
		virtio_queue_lock(vu->dev, i);
		virtio_queue_unlock(vu->dev, i);
	}
}

int vhost_user_answer(struct vhost_user *vu, const struct vhost_user_msg *msg, const void *payload,
		      uint32_t size, int fd)
{
	int ret;

	ret = vhost_user_send(vu->conn.fd, msg->header.request, VHOST_USER_REPLY, payload, size,
			      fd);
	if (ret)
		return vhost_user_wrong(vu, ret, "the answer is not taken: %s", strerror(-ret));
	return 0;
}

int vhost_user_answer_u64(struct vhost_user *vu, const struct vhost_user_msg *msg, uint64_t value)
{
	return vhost_user_answer(vu, msg, &value, sizeof(value), -1);
}

static uint64_t offered(const struct vhost_user *vu)
{
	return (vu->dev->offered & ~vu->config.hide) | VERSION_1 | VHOST_USER_F_LOG_ALL |
	       VHOST_USER_F_PROTOCOL_FEATURES;
}

static int get_features(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	return vhost_user_answer_u64(vu, msg, offered(vu));
}

static int set_features(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	const uint64_t ours = VHOST_USER_F_LOG_ALL | VHOST_USER_F_PROTOCOL_FEATURES;
	uint64_t features = msg->payload.u64, changed = features ^ vu->features;
	struct virtio_device *dev = vu->dev;
	int ret;

	if (features & ~offered(vu))
		return vhost_user_wrong(vu, -EINVAL, "%#llx were not offered",
					(unsigned long long)(features & ~offered(vu)));
	if (vhost_user_any_running(vu) && changed & ~VHOST_USER_F_LOG_ALL)
		return vhost_user_wrong(vu, -EBUSY, "rings are running");
	if (!vhost_user_any_running(vu)) {
		if (!(features & VERSION_1))
			return vhost_user_wrong(vu, -EINVAL,
						"a legacy driver: VIRTIO_F_VERSION_1 is needed");
		ret = dev->ops->features_ok ? dev->ops->features_ok(dev, features & ~ours) : 0;
		if (ret)
			return vhost_user_wrong(vu, ret, "the device refuses %#llx",
						(unsigned long long)features);
		dev->features = features & ~ours;
	}
	vu->features = features;
	vu->has_features = true;
	/* Relaxed: see vhost_user_track.c. */
	atomic_store_explicit(&vu->logging, features & VHOST_USER_F_LOG_ALL, memory_order_relaxed);
	return 0;
}

static int get_protocol_features(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	return vhost_user_answer_u64(vu, msg, PROTOCOL_FEATURES);
}

static int set_protocol_features(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	if (msg->payload.u64 & ~PROTOCOL_FEATURES)
		return vhost_user_wrong(
			vu, -EINVAL, "%#llx were not offered",
			(unsigned long long)(msg->payload.u64 & ~PROTOCOL_FEATURES));
	vu->protocol = msg->payload.u64;
	return 0;
}

static int get_queue_num(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	return vhost_user_answer_u64(vu, msg, vu->dev->nr_queues);
}

static int get_max_mem_slots(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	return vhost_user_answer_u64(vu, msg, VHOST_USER_MAX_REGIONS);
}

static int nothing(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	(void)vu;
	(void)msg;
	return 0;
}

static void disable_all(struct vhost_user *vu)
{
	unsigned int i;

	for (i = 0; i < vu->dev->nr_queues; i++) {
		vhost_user_queue_stop(vu, i);
		vu->queue[i].enabled = false;
	}
}

static int reset_owner(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	(void)msg;
	disable_all(vu);
	return 0;
}

static void reset(struct vhost_user *vu)
{
	unsigned int i;

	disable_all(vu);
	for (i = 0; i < vu->dev->nr_queues; i++)
		vhost_user_queue_forget(vu, i);
	if (vu->has_features && vu->dev->ops->reset)
		vu->dev->ops->reset(vu->dev);
	vu->dev->features = 0;
	vu->features = 0;
	vu->has_features = false;
	atomic_store_explicit(&vu->logging, false, memory_order_relaxed);
}

static int reset_device(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	(void)msg;
	reset(vu);
	/* A driver that begins anew has rings that are new: nothing is in flight. */
	if (vu->inflight.at)
		memset(vu->inflight.at, 0, vu->inflight_bytes);
	return 0;
}

static int set_backend_req_fd(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	int old;

	pthread_mutex_lock(&vu->state);
	old = vu->backend_fd;
	vu->backend_fd = vhost_user_msg_take_fd(msg, 0);
	pthread_mutex_unlock(&vu->state);
	if (old >= 0)
		close(old);
	return 0;
}

/* Whether an access lies in the configuration as a message can name it. */
static bool config_in_bounds(const struct vhost_user_msg *msg)
{
	const struct vhost_user_config_space *c = &msg->payload.config;

	return c->size <= VHOST_USER_CONFIG_MAX && c->offset <= VHOST_USER_CONFIG_MAX - c->size &&
	       msg->header.size == VHOST_USER_CONFIG_HEADER + c->size;
}

static int get_config(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	struct vhost_user_config_space c = msg->payload.config;
	uint32_t i, at;

	/* No payload at all says that it is an error. */
	if (!config_in_bounds(msg))
		return vhost_user_answer(vu, msg, NULL, 0, -1);
	/* What the device has not, a front end of a later version may ask for. */
	for (i = 0; i < c.size; i++) {
		at = c.offset + i;
		/* Relaxed: each byte is right; a change is told, and asked for again. */
		c.data[i] = at < vu->dev->config_size
				    ? __atomic_load_n(&vu->dev->config[at], __ATOMIC_RELAXED)
				    : 0;
	}
	return vhost_user_answer(vu, msg, &c, VHOST_USER_CONFIG_HEADER + c.size, -1);
}

static int set_config(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	const struct vhost_user_config_space *c = &msg->payload.config;
	struct virtio_device *dev = vu->dev;
	uint64_t value = 0;

	if (!config_in_bounds(msg) || c->offset + c->size > dev->config_size)
		return vhost_user_wrong(vu, -EINVAL, "%u bytes at %u", c->size, c->offset);
	/* What migration would copy is what the other side's device says itself. */
	if (c->flags & VHOST_USER_CONFIG_MIGRATE)
		return 0;
	if (!dev->ops->config_write ||
	    (c->size != 1 && c->size != 2 && c->size != 4 && c->size != 8))
		return vhost_user_wrong(vu, -EINVAL, "%u bytes at %u cannot be written", c->size,
					c->offset);
	memcpy(&value, c->data, c->size);
	dev->ops->config_write(dev, c->offset, value, c->size);
	return 0;
}

#define SIZE(type) sizeof(type), sizeof(type)
#define NONE       0, 0

static const struct request {
	const char *name;
	int (*serve)(struct vhost_user *vu, struct vhost_user_msg *msg);
	uint32_t min, max; /* bytes of payload */
	uint8_t fds_min, fds_max;
	bool answers;   /* with more than an acknowledgement */
	uint64_t needs; /* of the protocol features */
} requests[VHOST_USER_REQUESTS] = {
	[VHOST_USER_GET_FEATURES] = {"GET_FEATURES", get_features, NONE, 0, 0, true, 0},
	[VHOST_USER_SET_FEATURES] = {"SET_FEATURES", set_features, SIZE(uint64_t), 0, 0, false, 0},
	[VHOST_USER_SET_OWNER] = {"SET_OWNER", nothing, NONE, 0, 0, false, 0},
	[VHOST_USER_RESET_OWNER] = {"RESET_OWNER", reset_owner, NONE, 0, 0, false, 0},
	[VHOST_USER_SET_MEM_TABLE] = {"SET_MEM_TABLE", vhost_user_set_mem_table, 8,
				      sizeof(struct vhost_user_table), 0, VHOST_USER_MAX_FDS, false,
				      0},
	[VHOST_USER_SET_LOG_BASE] = {"SET_LOG_BASE", vhost_user_set_log_base,
				     SIZE(struct vhost_user_log_area), 1, 1, true,
				     VHOST_USER_PF_LOG_SHMFD},
	[VHOST_USER_SET_LOG_FD] = {"SET_LOG_FD", nothing, NONE, 0, 1, false, 0},
	[VHOST_USER_SET_VRING_NUM] = {"SET_VRING_NUM", vhost_user_set_vring_num,
				      SIZE(struct vhost_user_ring_state), 0, 0, false, 0},
	[VHOST_USER_SET_VRING_ADDR] = {"SET_VRING_ADDR", vhost_user_set_vring_addr,
				       SIZE(struct vhost_user_ring_addr), 0, 0, false, 0},
	[VHOST_USER_SET_VRING_BASE] = {"SET_VRING_BASE", vhost_user_set_vring_base,
				       SIZE(struct vhost_user_ring_state), 0, 0, false, 0},
	[VHOST_USER_GET_VRING_BASE] = {"GET_VRING_BASE", vhost_user_get_vring_base,
				       SIZE(struct vhost_user_ring_state), 0, 0, true, 0},
	[VHOST_USER_SET_VRING_KICK] = {"SET_VRING_KICK", vhost_user_set_vring_kick, SIZE(uint64_t),
				       0, 1, false, 0},
	[VHOST_USER_SET_VRING_CALL] = {"SET_VRING_CALL", vhost_user_set_vring_call, SIZE(uint64_t),
				       0, 1, false, 0},
	[VHOST_USER_SET_VRING_ERR] = {"SET_VRING_ERR", vhost_user_set_vring_err, SIZE(uint64_t), 0,
				      1, false, 0},
	[VHOST_USER_GET_PROTOCOL_FEATURES] = {"GET_PROTOCOL_FEATURES", get_protocol_features, NONE,
					      0, 0, true, 0},
	[VHOST_USER_SET_PROTOCOL_FEATURES] = {"SET_PROTOCOL_FEATURES", set_protocol_features,
					      SIZE(uint64_t), 0, 0, false, 0},
	[VHOST_USER_GET_QUEUE_NUM] = {"GET_QUEUE_NUM", get_queue_num, NONE, 0, 0, true, 0},
	[VHOST_USER_SET_VRING_ENABLE] = {"SET_VRING_ENABLE", vhost_user_set_vring_enable,
					 SIZE(struct vhost_user_ring_state), 0, 0, false, 0},
	[VHOST_USER_SET_BACKEND_REQ_FD] = {"SET_BACKEND_REQ_FD", set_backend_req_fd, NONE, 1, 1,
					   false, VHOST_USER_PF_BACKEND_REQ},
	[VHOST_USER_GET_CONFIG] = {"GET_CONFIG", get_config, VHOST_USER_CONFIG_HEADER,
				   sizeof(struct vhost_user_config_space), 0, 0, true,
				   VHOST_USER_PF_CONFIG},
	[VHOST_USER_SET_CONFIG] = {"SET_CONFIG", set_config, VHOST_USER_CONFIG_HEADER,
				   sizeof(struct vhost_user_config_space), 0, 0, false,
				   VHOST_USER_PF_CONFIG},
	[VHOST_USER_GET_INFLIGHT_FD] = {"GET_INFLIGHT_FD", vhost_user_get_inflight_fd,
					VHOST_USER_INFLIGHT_SIZE,
					sizeof(struct vhost_user_inflight_area), 0, 0, true,
					VHOST_USER_PF_INFLIGHT_SHMFD},
	[VHOST_USER_SET_INFLIGHT_FD] = {"SET_INFLIGHT_FD", vhost_user_set_inflight_fd,
					VHOST_USER_INFLIGHT_SIZE,
					sizeof(struct vhost_user_inflight_area), 1, 1, false,
					VHOST_USER_PF_INFLIGHT_SHMFD},
	[VHOST_USER_RESET_DEVICE] = {"RESET_DEVICE", reset_device, NONE, 0, 0, false,
				     VHOST_USER_PF_RESET_DEVICE},
	[VHOST_USER_GET_MAX_MEM_SLOTS] = {"GET_MAX_MEM_SLOTS", get_max_mem_slots, NONE, 0, 0, true,
					  VHOST_USER_PF_CONFIGURE_MEM_SLOTS},
	[VHOST_USER_ADD_MEM_REG] = {"ADD_MEM_REG", vhost_user_add_mem_reg,
				    SIZE(struct vhost_user_single_region), 1, 1, false,
				    VHOST_USER_PF_CONFIGURE_MEM_SLOTS},
	/* Older front ends send a descriptor along, which is closed. */
	[VHOST_USER_REM_MEM_REG] = {"REM_MEM_REG", vhost_user_rem_mem_reg,
				    SIZE(struct vhost_user_single_region), 0, 1, false,
				    VHOST_USER_PF_CONFIGURE_MEM_SLOTS},
};

static int check(struct vhost_user *vu, const struct request *r, const struct vhost_user_msg *msg)
{
	const uint32_t size = msg->header.size;

	if (!r || !r->serve)
		return vhost_user_wrong(vu, -ENOSYS, "an unknown request");
	if (size < r->min || size > r->max)
		return vhost_user_wrong(vu, -EMSGSIZE, "%u bytes of payload: %u are right", size,
					r->min);
	if (msg->nr_fds < r->fds_min || msg->nr_fds > r->fds_max)
		return vhost_user_wrong(vu, -EMFILE, "%u descriptors: at least %u and at most %u",
					msg->nr_fds, r->fds_min, r->fds_max);
	if (r->needs & ~vu->protocol)
		return vhost_user_wrong(vu, -EPERM, "protocol feature %#llx was not negotiated",
					(unsigned long long)r->needs);
	return 0;
}

/* Serves the message that is there. Returns whether the session goes on. */
static bool serve_one(struct vhost_user *vu)
{
	struct vhost_user_msg *msg = &vu->conn.msg;
	uint32_t number = msg->header.request;
	const struct request *r = number < VHOST_USER_REQUESTS ? &requests[number] : NULL;
	bool answer = msg->header.flags & VHOST_USER_NEED_REPLY &&
		      vu->protocol & VHOST_USER_PF_REPLY_ACK && !(r && r->answers);
	int ret;

	vhost_user_count(&vu->messages, 1);
	ret = check(vu, r, msg);
	if (!ret && r)
		ret = r->serve(vu, msg);
	if (ret) {
		vhost_user_count(&vu->refusals, 1);
		if (r && r->name)
			vhost_user_say(vu, "%s is refused: %s", r->name, vu->why);
		else
			vhost_user_say(vu, "request %u is refused: %s", number, vu->why);
	}
	if (answer)
		return !vhost_user_answer_u64(vu, msg, (uint64_t)(ret != 0));
	return !ret;
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
				vhost_user_say(vu, "a malformed message: %s", strerror(-ret));
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
	reset(vu);
	vhost_user_drop_memory(vu);
	vhost_user_conn_next(&vu->conn);
	close(vu->conn.fd);
	vu->conn.fd = -1;
	vu->protocol = 0;
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
	vu->door = (struct virtio_guest_mem){.host_ptr = host_ptr, .opaque = vu};
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
