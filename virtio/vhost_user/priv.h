/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of vhost-user share; nobody else includes this.
 *
 * All of it is the control thread's, but: mem and log, which are replaced as a whole and read
 * under a queue's lock; a queue's call, inflight and log fields, which its lock covers;
 * and what the state lock covers.
 */
#ifndef VIRTIO_VHOST_USER_PRIV_H
#define VIRTIO_VHOST_USER_PRIV_H

#include "virtio/vhost_user/inflight.h"
#include "virtio/vhost_user/mem.h"
#include "virtio/vhost_user/msg.h"
#include "virtio/vhost_user/vhost_user.h"

struct vhost_user_log {
	struct vhost_user_map map;
	_Atomic uint8_t *bits;
	uint64_t size; /* bytes */
};

struct vhost_user_queue {
	struct vhost_user *vu;
	unsigned int index;
	/* As the front end set it up. */
	uint16_t num;
	uint32_t base;
	struct vhost_user_ring_addr addr;
	bool has_addr, has_base;
	bool enabled;
	int kick; /* -1: none */
	bool running;
	/* The queue's lock. */
	int call;
	bool log_used;
	uint64_t log_addr;
	struct vhost_user_inflight inflight;
	/* The state lock. */
	int err;
};

struct vhost_user {
	struct vhost_user_config config;
	struct virtio_device *dev;
	struct virtio_guest_mem door;
	struct vhost_user_queue *queue;
	int alarm_fd;
	atomic_bool lost; /* memory was taken away under us */

	/* The session. */
	struct vhost_user_conn conn; /* conn.fd -1: none */
	uint64_t features, protocol; /* as acknowledged; of features all bits */
	bool has_features;
	bool has_run; /* a ring has, since the device handed over what it stores to */
	_Atomic(struct vhost_user_mem *) mem;
	_Atomic(struct vhost_user_log *) log; /* NULL: none */
	atomic_bool logging;
	struct vhost_user_map inflight;
	uint64_t inflight_bytes;
	uint16_t inflight_queues, inflight_size;
	dev_t own_dev; /* of the account that the session made, and its file's number; 0: none */
	ino_t own_ino;
	bool inherited; /* the account is of a session before */
	bool told;      /* that a machine uses the device */
	bool remarked;  /* what that one's log may have said is in this one's */
	char why[192];  /* of the message at hand: what is wrong with it */

	pthread_mutex_t state;
	int backend_fd;
	bool said_broken;

	_Atomic uint64_t sessions, messages, refusals, signals, resubmitted, recovered, log_misses;
};

static inline void vhost_user_count(_Atomic uint64_t *counter, uint64_t n)
{
	/* Relaxed: a statistic. */
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline bool vhost_user_any_running(const struct vhost_user *vu)
{
	for (unsigned int i = 0; i < vu->dev->nr_queues; i++)
		if (vu->queue[i].running)
			return true;
	return false;
}

/* say.c */
/* Notes what is wrong with the message at hand. Returns error. */
int vhost_user_wrong(struct vhost_user *vu, int error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Says a line to the user. Any thread. */
void vhost_user_say(struct vhost_user *vu, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Says that a machine uses the device, once a session, and that it has gone. */
void vhost_user_tell_begin(struct vhost_user *vu);
void vhost_user_tell_end(struct vhost_user *vu);

/* Answers a request with size bytes of payload. Returns 0 or a negative errno. */
int vhost_user_answer(struct vhost_user *vu, const struct vhost_user_msg *msg, const void *payload,
		      uint32_t size, int fd);
int vhost_user_answer_u64(struct vhost_user *vu, const struct vhost_user_msg *msg, uint64_t value);

/* queue.c */
int vhost_user_queues_create(struct vhost_user *vu);
void vhost_user_queues_destroy(struct vhost_user *vu);
/* Starts a queue's ring if it is set up and enabled, and is not running. Returns 0, or a
 * negative errno with what is wrong. */
int vhost_user_queue_try(struct vhost_user *vu, unsigned int queue);
/* Stops it, if it is running, at its base. */
void vhost_user_queue_stop(struct vhost_user *vu, unsigned int queue);
/* Stops and disables all. */
void vhost_user_disable_all(struct vhost_user *vu);
/* After the memory was changed: looks where a running ring is now; stops one that is
 * nowhere. Returns 0 or a negative errno. */
int vhost_user_queue_moved(struct vhost_user *vu, unsigned int queue);
/* Forgets all that the front end said of it. It is stopped. */
void vhost_user_queue_forget(struct vhost_user *vu, unsigned int queue);
extern const struct virtio_transport_ops vhost_user_transport_ops;

/* track.c */
extern const struct vring_track_ops vhost_user_track_ops;
/*
 * Marks all memory as written, once, if a ring is running, the log is on, and the account of what
 * is in flight is of a session before. A front end that loses its back end while a machine is
 * migrated loses with the connection what that one has marked since it last looked, so any page
 * may be one of those. Called after each message that can be the last of these conditions.
 */
void vhost_user_mark_inherited(struct vhost_user *vu);

/* table.c: memory, log and inflight area, as messages change them. */
int vhost_user_set_mem_table(struct vhost_user *vu, struct vhost_user_msg *msg);
int vhost_user_add_mem_reg(struct vhost_user *vu, struct vhost_user_msg *msg);
int vhost_user_rem_mem_reg(struct vhost_user *vu, struct vhost_user_msg *msg);
int vhost_user_set_log_base(struct vhost_user *vu, struct vhost_user_msg *msg);
int vhost_user_get_inflight_fd(struct vhost_user *vu, struct vhost_user_msg *msg);
int vhost_user_set_inflight_fd(struct vhost_user *vu, struct vhost_user_msg *msg);
void vhost_user_drop_memory(struct vhost_user *vu);

/* ring.c: the messages about rings. */
int vhost_user_set_vring_num(struct vhost_user *vu, struct vhost_user_msg *msg);
int vhost_user_set_vring_addr(struct vhost_user *vu, struct vhost_user_msg *msg);
int vhost_user_set_vring_base(struct vhost_user *vu, struct vhost_user_msg *msg);
int vhost_user_get_vring_base(struct vhost_user *vu, struct vhost_user_msg *msg);
int vhost_user_set_vring_kick(struct vhost_user *vu, struct vhost_user_msg *msg);
int vhost_user_set_vring_call(struct vhost_user *vu, struct vhost_user_msg *msg);
int vhost_user_set_vring_err(struct vhost_user *vu, struct vhost_user_msg *msg);
int vhost_user_set_vring_enable(struct vhost_user *vu, struct vhost_user_msg *msg);

/* request.c: what a request is served by. */
struct vhost_user_handler {
	const char *name;
	int (*serve)(struct vhost_user *vu, struct vhost_user_msg *msg);
	uint32_t min, max; /* bytes of payload */
	uint8_t fds_min, fds_max;
	bool answers;   /* with more than an acknowledgement */
	uint64_t needs; /* of the protocol features */
};

/* NULL: there is no such request. */
const struct vhost_user_handler *vhost_user_handler_of(uint32_t request);
/* Tells whether a message is one, and may be sent now: 0, or a negative errno with what is wrong. */
int vhost_user_check(struct vhost_user *vu, const struct vhost_user_handler *handler,
		     const struct vhost_user_msg *msg);

/* request.c: stops all rings, and forgets what the driver said. */
void vhost_user_reset(struct vhost_user *vu);

#endif
