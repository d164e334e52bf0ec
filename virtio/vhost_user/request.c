/* SPDX-License-Identifier: BSD-2-Clause */
/* The requests of vhost-user: which there are, what a message of each has, and those that are
 * about the device as a whole. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "virtio/vhost_user/priv.h"

#define VERSION_1 (1ull << 32)

#define PROTOCOL_FEATURES                                                                  \
	(VHOST_USER_PF_MQ | VHOST_USER_PF_LOG_SHMFD | VHOST_USER_PF_REPLY_ACK |            \
	 VHOST_USER_PF_BACKEND_REQ | VHOST_USER_PF_CONFIG | VHOST_USER_PF_INFLIGHT_SHMFD | \
	 VHOST_USER_PF_RESET_DEVICE | VHOST_USER_PF_CONFIGURE_MEM_SLOTS)

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
	uint64_t features = msg->payload.u64;
	uint64_t changed = features ^ vu->features;
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
	/* Relaxed: see track.c. */
	atomic_store_explicit(&vu->logging, features & VHOST_USER_F_LOG_ALL, memory_order_relaxed);
	vhost_user_mark_inherited(vu);
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

void vhost_user_reset(struct vhost_user *vu)
{
	/* The driver starts over, or is gone. What is not answered is in flight for the session
	 * that takes up its account. Relaxed: see virtio_queue_abandoned(). */
	atomic_store_explicit(&vu->dev->finish, false, memory_order_relaxed);
	vhost_user_disable_all(vu);
	atomic_store_explicit(&vu->dev->finish, true, memory_order_relaxed);
	for (unsigned int i = 0; i < vu->dev->nr_queues; i++)
		vhost_user_queue_forget(vu, i);
	if (vu->has_features && vu->dev->ops->reset)
		vu->dev->ops->reset(vu->dev);
	vu->dev->features = 0;
	vu->features = 0;
	vu->has_features = false;
	vu->has_run = false;
	atomic_store_explicit(&vu->logging, false, memory_order_relaxed);
}

static int reset_owner(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	(void)msg;
	vhost_user_disable_all(vu);
	return 0;
}

static int reset_device(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	(void)msg;
	vhost_user_reset(vu);
	/* A driver that begins anew has rings that are new: nothing is in flight. */
	if (vu->inflight.at)
		memset(vu->inflight.at, 0, vu->inflight_bytes);
	return 0;
}

static int set_backend_req_fd(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	int old;
	int type;
	int domain;
	socklen_t len = sizeof(int);

	if (getsockopt(msg->fd[0], SOL_SOCKET, SO_TYPE, &type, &len) || type != SOCK_STREAM ||
	    getsockopt(msg->fd[0], SOL_SOCKET, SO_DOMAIN, &domain, &len) || domain != AF_UNIX)
		return vhost_user_wrong(vu, -ENOTSOCK, "a Unix stream socket is needed");
	pthread_mutex_lock(&vu->state);
	old = vu->backend_fd;
	vu->backend_fd = vhost_user_msg_take_fd(msg, 0);
	pthread_mutex_unlock(&vu->state);
	if (old >= 0)
		close(old);
	return 0;
}

/* Tells whether an access lies in the configuration as a message can name it. */
static bool config_in_bounds(const struct vhost_user_msg *msg)
{
	const struct vhost_user_config_space *c = &msg->payload.config;

	return c->size <= VHOST_USER_CONFIG_MAX && c->offset <= VHOST_USER_CONFIG_MAX - c->size &&
	       msg->header.size == VHOST_USER_CONFIG_HEADER + c->size;
}

static int get_config(struct vhost_user *vu, struct vhost_user_msg *msg)
{
	struct vhost_user_config_space c = msg->payload.config;
	uint32_t at;

	/* No payload at all says that it is an error. */
	if (!config_in_bounds(msg))
		return vhost_user_answer(vu, msg, NULL, 0, -1);
	/* What the device has not, a front end of a later version may ask for. */
	for (uint32_t i = 0; i < c.size; i++) {
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
	/* Devices ignore what the driver has not negotiated. */
	if (memcmp(dev->config + c->offset, c->data, c->size) != 0)
		return vhost_user_wrong(vu, -EINVAL, "%u bytes at %u keep their value", c->size,
					c->offset);
	return 0;
}

#define SIZE(type) sizeof(type), sizeof(type)
#define NONE       0, 0

static const struct vhost_user_handler handlers[VHOST_USER_REQUESTS] = {
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

const struct vhost_user_handler *vhost_user_handler_of(uint32_t request)
{
	if (request >= VHOST_USER_REQUESTS || !handlers[request].serve)
		return NULL;
	return &handlers[request];
}

int vhost_user_check(struct vhost_user *vu, const struct vhost_user_handler *h,
		     const struct vhost_user_msg *msg)
{
	const uint32_t size = msg->header.size;

	if (!h)
		return vhost_user_wrong(vu, -ENOSYS, "an unknown request");
	if (size < h->min || size > h->max)
		return vhost_user_wrong(vu, -EMSGSIZE,
					"%u bytes of payload: at least %u and at most %u", size,
					h->min, h->max);
	if (msg->nr_fds < h->fds_min || msg->nr_fds > h->fds_max)
		return vhost_user_wrong(vu, -EMFILE, "%u descriptors: at least %u and at most %u",
					msg->nr_fds, h->fds_min, h->fds_max);
	if (h->needs & ~vu->protocol)
		return vhost_user_wrong(vu, -EPERM, "protocol feature %#llx was not negotiated",
					(unsigned long long)h->needs);
	return 0;
}
