/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/qmp/qmp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mm/host/clock.h"
#include "vmm/base/cli.h"
#include "vmm/base/listen.h"
#include "vmm/machine/vm.h"
#include "vmm/qmp/commands.h"
#include "vmm/qmp/server.h"
#include "vmm/qmp/target.h"

struct qmp {
	struct qmp_server *server;
	struct qmp_target target; /* the server's lock */
};

enum exit_status qmp_place_open(struct qmp_place *place)
{
	place->dir.lock_fd = -1;
	return place->name ? run_dir_open(&place->dir) : 0;
}

void qmp_place_close(struct qmp_place *place)
{
	if (place->name)
		run_dir_unlock(&place->dir);
}

/* A socket at path. Returns 0 or the exit status. */
static enum exit_status listen_at(const char *path, const char *option, const char *what, int *fd)
{
	static const struct listen_access who = {
		.mode = 0600, .group = LISTEN_OWN_GROUP, .waiting = QMP_MAX_CLIENTS};

	*fd = listen_unix(path, &who);
	if (*fd >= 0)
		return 0;
	return cli_fail(STATUS_HOST_ERROR, "%s%s: no socket can be made there: %s", option, what,
			listen_why(-*fd));
}

/* Both sockets of a place. Returns 0 or the exit status, when there is none. */
static enum exit_status listen_all(struct qmp_place *place, int fd[QMP_MAX_SOCKETS])
{
	char path[sizeof(place->dir.path)];
	struct sockaddr_un addr;
	enum exit_status status = 0;

	fd[0] = fd[1] = -1;
	if (place->name) {
		if (run_dir_socket(&place->dir, place->name, path) || listen_address(path, &addr))
			status = cli_fail(STATUS_USAGE, "--name %s: it is too long", place->name);
		else if (!access(path, F_OK) && !listen_is_stale(&addr))
			status = cli_fail(STATUS_HOST_ERROR,
					  "--name %s: a guest or a service of this name runs: see "
					  "slabvisor list",
					  place->name);
		else
			status = listen_at(path, "--name ", place->name, &fd[0]);
	}
	if (!status && place->path)
		status = listen_at(place->path, "--qmp unix:", place->path, &fd[1]);
	if (status && fd[0] >= 0)
		close(fd[0]);
	return status;
}

enum exit_status qmp_create(struct qmp_place *place, const struct qmp_service *service,
			    struct sandbox *sandbox, struct qmp **out)
{
	struct qmp *q = calloc(1, sizeof(*q));
	struct qmp_server_config config = {
		.commands = service ? qmp_service_commands : qmp_guest_commands,
		.sandbox = sandbox,
	};
	enum exit_status status;
	int ret;

	if (!q) {
		qmp_place_close(place);
		return cli_fail(STATUS_HOST_ERROR, "out of memory");
	}
	status = listen_all(place, config.fd);
	qmp_place_close(place);
	if (status)
		goto fail;
	q->target = (struct qmp_target){
		.name = place->name,
		.runs = place->runs,
		.born_ns = monotonic_ns(),
		.service = service,
	};
	config.opaque = &q->target;
	ret = qmp_server_create(&config, &q->server);
	if (ret) {
		status = cli_fail(STATUS_HOST_ERROR, "the control socket cannot be served: %s",
				  strerror(-ret));
		goto fail;
	}
	/* Commands that tell of what they did come later: nobody has connected and negotiated yet. */
	qmp_server_lock(q->server);
	q->target.server = q->server;
	qmp_server_unlock(q->server);
	*out = q;
	return 0;
fail:
	free(q);
	return status;
}

void qmp_destroy(struct qmp *q)
{
	if (!q)
		return;
	qmp_server_destroy(q->server);
	free(q);
}

void qmp_attach(struct qmp *q, struct vm *vm)
{
	if (!q)
		return;
	qmp_server_lock(q->server);
	q->target.vm = vm;
	qmp_server_unlock(q->server);
}

/* Why the guest has ended, as QEMU's ShutdownCause. */
static const char *reason(const struct qmp_target *target)
{
	int status = target->vm->status;

	if (target->quit)
		return "host-qmp-quit";
	if (status == VM_REBOOT)
		return "guest-reset";
	if (status == STATUS_GUEST_FAULT || status == STATUS_GUEST_BUG)
		return "guest-panic";
	if (status <= STATUS_GUEST_MAX)
		return "guest-shutdown";
	return status > STATUS_SIGNAL ? "host-signal" : "host-error";
}

void qmp_detach(struct qmp *q)
{
	const char *why;

	if (!q)
		return;
	qmp_server_lock(q->server);
	why = reason(&q->target);
	qmp_server_event(
		q->server, q->target.vm->status == VM_REBOOT ? "RESET" : "SHUTDOWN",
		json_pack("{s:b,s:s}", "guest", !strncmp(why, "guest-", 6), "reason", why));
	q->target.vm = NULL;
	qmp_server_unlock(q->server);
}
