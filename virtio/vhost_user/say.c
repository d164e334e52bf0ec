/* SPDX-License-Identifier: BSD-2-Clause */
/* What vhost-user says: to the user, and to the front end in answer to a request. */
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
