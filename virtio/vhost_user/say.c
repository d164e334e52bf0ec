/* SPDX-License-Identifier: BSD-2-Clause */
/* What vhost-user says: to the user, and to the front end in answer to a request. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "virtio/vhost_user/priv.h"

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

static void tell(struct vhost_user *vu, const char *text)
{
	if (vu->config.tell)
		vu->config.tell(vu->config.say_opaque, text);
}

void vhost_user_tell_begin(struct vhost_user *vu)
{
	/* Relaxed: this thread changes it. */
	const struct vhost_user_mem *mem = atomic_load_explicit(&vu->mem, memory_order_relaxed);
	uint64_t bytes = 0;
	char text[96];

	if (vu->told)
		return;
	vu->told = true;
	for (unsigned int i = 0; i < mem->nr; i++)
		bytes += mem->region[i].map.size;
	snprintf(text, sizeof(text), "a machine of %" PRIu64 " MiB uses it", bytes >> 20);
	tell(vu, text);
}

void vhost_user_tell_end(struct vhost_user *vu)
{
	if (vu->told)
		tell(vu, "the machine has gone");
	vu->told = false;
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
