/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/client/peer.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "mm/host/clock.h"
#include "vmm/base/listen.h"
#include "vmm/base/run_dir.h"

#define MAX_REPLY (16u << 20)

__attribute__((format(printf, 3, 4))) static enum exit_status
fail(struct peer *peer, enum exit_status status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(peer->why, sizeof(peer->why), fmt, args);
	va_end(args);
	cli_sanitise(peer->why);
	return status;
}

/* Tells whether what is a name of the run directory, whose socket's path it writes. */
static bool find_name(const char *what, char path[sizeof(((struct run_dir *)0)->path)])
{
	struct run_dir dir;
	struct stat st;

	return run_dir_is_name(what) && !run_dir_find(&dir) && !run_dir_socket(&dir, what, path) &&
	       !lstat(path, &st) && S_ISSOCK(st.st_mode);
}

enum exit_status peer_find(struct peer *peer, const char *what)
{
	const char *path = strncmp(what, "unix:", 5) ? what : what + 5;
	struct sockaddr_un addr;
	struct stat st;

	*peer = (struct peer){.fd = -1, .label = strdup(what)};
	qmp_frame_init(&peer->frame, MAX_REPLY);
	if (!peer->label)
		return fail(peer, STATUS_HOST_ERROR, "out of memory");
	if (!*path)
		return fail(peer, STATUS_USAGE,
			    "GUEST %s: give a name, as slabvisor list shows them, or the path of a "
			    "control socket",
			    what);
	if (path == what && !strchr(what, '/') && find_name(what, peer->path))
		return 0;
	if (listen_address(path, &addr))
		return fail(peer, STATUS_USAGE, "%s: a socket's path has at most %zu bytes", path,
			    sizeof(addr.sun_path) - 1);
	memcpy(peer->path, addr.sun_path, sizeof(peer->path));
	if (path == what && !strchr(what, '/') && lstat(path, &st))
		return fail(peer, STATUS_HOST_ERROR,
			    "%s: no guest and no service has this name, and there is no such "
			    "socket: see slabvisor list",
			    what);
	return 0;
}

void peer_hang_up(struct peer *peer)
{
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
	peer->at = peer->end = 0;
	qmp_frame_fini(&peer->frame);
	qmp_frame_init(&peer->frame, MAX_REPLY);
}

void peer_close(struct peer *peer)
{
	peer_hang_up(peer);
	qmp_frame_fini(&peer->frame);
	free(peer->label);
	peer->label = NULL;
}

/* Waits until there is something to read, until a moment; 0: for ever. */
static bool wait_readable(const struct peer *peer, int64_t until)
{
	struct pollfd fd = {.fd = peer->fd, .events = POLLIN};
	int64_t left;
	int n;

	do {
		left = until ? until - monotonic_ms() : -1;
		if (until && left < 0)
			return false;
		n = poll(&fd, 1, (int)left);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

static enum exit_status receive(struct peer *peer, int64_t until, json_t **message)
{
	json_error_t error;
	size_t taken;
	ssize_t n;
	int ret = 0;

	while (!ret) {
		if (peer->at == peer->end) {
			if (!wait_readable(peer, until))
				return fail(peer, STATUS_HOST_ERROR, "%s: no answer in time",
					    peer->label);
			n = recv(peer->fd, peer->input, sizeof(peer->input), 0);
			if (n < 0 && (errno == EINTR || errno == EAGAIN))
				continue;
			if (n <= 0)
				return fail(peer, STATUS_HOST_ERROR, "%s: the monitor hung up",
					    peer->label);
			peer->at = 0;
			peer->end = (size_t)n;
		}
		ret = qmp_frame_feed(&peer->frame, peer->input + peer->at, peer->end - peer->at,
				     &taken);
		peer->at += taken;
	}
	*message = ret < 0 ? NULL : json_loadb(peer->frame.text, peer->frame.len, 0, &error);
	if (json_is_object(*message))
		return 0;
	json_decref(*message);
	*message = NULL;
	return fail(peer, STATUS_HOST_ERROR, "%s: what answers there does not speak QMP",
		    peer->label);
}

enum exit_status peer_receive(struct peer *peer, json_t **message)
{
	return receive(peer, 0, message);
}

static enum exit_status send_command(struct peer *peer, const char *name, json_t *args)
{
	json_t *message = json_pack("{s:s,s:O*}", "execute", name, "arguments", args);
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;
	size_t done = 0;
	ssize_t n = 0;

	json_decref(message);
	if (!text)
		return fail(peer, STATUS_USAGE, "%s: no command in UTF-8", name);
	text[len++] = '\n'; /* in the place of the NUL */
	while (done < len && n >= 0) {
		n = send(peer->fd, text + done, len - done, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			n = 0;
		done += n > 0 ? (size_t)n : 0;
	}
	free(text);
	return n < 0 ? fail(peer, STATUS_HOST_ERROR, "%s: the monitor hung up", peer->label) : 0;
}

static enum exit_status refused(struct peer *peer, const char *name, const json_t *error)
{
	const json_t *desc = json_object_get(error, "desc");
	const char *class = json_string_value(json_object_get(error, "class"));

	peer->unknown = class && !strcmp(class, "CommandNotFound");
	return fail(peer, PEER_REFUSED, "%s: %s", name,
		    json_is_string(desc) ? json_string_value(desc)
					 : "refused, and nothing says why");
}

enum exit_status peer_execute(struct peer *peer, const char *name, json_t *args, json_t **result)
{
	int64_t until = peer->patience_ms ? monotonic_ms() + peer->patience_ms : 0;
	enum exit_status status = send_command(peer, name, args);
	bool answered = false;

	*result = NULL;
	while (!status && !answered) {
		json_t *message;
		json_t *value;
		json_t *error;

		status = receive(peer, until, &message);
		if (status)
			break;
		value = json_object_get(message, "return");
		error = json_object_get(message, "error");
		answered = value || error;
		if (value)
			*result = json_incref(value);
		else if (error)
			status = refused(peer, name, error);
		else if (peer->event && json_object_get(message, "event"))
			peer->event(peer->opaque, message);
		json_decref(message);
	}
	return status;
}

/* The greeting, and what it has to be answered with. */
static enum exit_status negotiate(struct peer *peer)
{
	int64_t until = peer->patience_ms ? monotonic_ms() + peer->patience_ms : 0;
	json_t *message = NULL;
	json_t *ignored = NULL;
	enum exit_status status = receive(peer, until, &message);

	if (status)
		return status;
	if (!json_object_get(message, "QMP"))
		status = fail(peer, STATUS_HOST_ERROR, "%s: what answers there does not speak QMP",
			      peer->label);
	json_decref(message);
	if (status)
		return status;
	status = peer_execute(peer, "qmp_capabilities", NULL, &ignored);
	json_decref(ignored);
	return status;
}

enum exit_status peer_open(struct peer *peer, unsigned int patience_ms)
{
	const struct timeval patience = {.tv_sec = patience_ms / 1000,
					 .tv_usec = patience_ms % 1000 * 1000};
	unsigned int later = peer->patience_ms;
	struct sockaddr_un addr;
	enum exit_status status;

	if (listen_address(peer->path, &addr))
		return fail(peer, STATUS_USAGE, "%s: a socket's path has at most %zu bytes",
			    peer->path, sizeof(addr.sun_path) - 1);
	/* SO_SNDTIMEO: connect() waits where many wait to be accepted. */
	peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer->fd < 0 ||
	    setsockopt(peer->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    connect(peer->fd, (const struct sockaddr *)&addr, sizeof(addr))) {
		status = fail(peer, STATUS_HOST_ERROR, "%s: no monitor answers there: %s%s",
			      peer->label, strerror(errno),
			      errno == ECONNREFUSED ? ": the one that made the socket has ended"
						    : "");
	} else {
		peer->patience_ms = patience_ms;
		status = negotiate(peer);
		peer->patience_ms = later;
	}
	if (status)
		peer_hang_up(peer);
	return status;
}

int peer_pid(const struct peer *peer)
{
	struct ucred cred = {.pid = 0};
	socklen_t len = sizeof(cred);

	if (peer->fd < 0 || getsockopt(peer->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return 0;
	return cred.pid;
}
