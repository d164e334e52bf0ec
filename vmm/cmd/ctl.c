/* SPDX-License-Identifier: BSD-2-Clause */
/* `slabvisor ctl`: one command to the control socket of a monitor that runs. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "vmm/base/cli.h"
#include "vmm/base/listen.h"
#include "vmm/cmd/commands.h"
#include "vmm/option/help.h"
#include "vmm/option/line.h"
#include "vmm/qmp/frame.h"

#define STATUS_REFUSED 1
#define PATIENCE_S     10 /* for the greeting: a client at a time is served */
#define MAX_REPLY      (16u << 20)
#define INPUT          4096u

/* The other side, and what has come from there. */
struct peer {
	const char *path;
	int fd;
	struct qmp_frame frame;
	char input[INPUT];
	size_t at, end;
};

struct ctl_config {
	char *path, *command, *arguments;
	bool help;
};

const struct opt ctl_options[] = {
	{OPT_HELP(ctl_config)},
	{0},
};

const struct opt ctl_operands[] = {
	{.name = "PATH",
	 .type = OPT_STRING,
	 OPT_AT(ctl_config, path),
	 .min = 1,
	 .say = "give the path of a control socket",
	 .help = "where the monitor listens, as --qmp names it or without the unix:"},
	{.name = "COMMAND",
	 .type = OPT_STRING,
	 OPT_AT(ctl_config, command),
	 .min = 1,
	 .say = "give a command, as in query-status",
	 .help = "one of QMP's: query-commands lists them"},
	{.name = "ARGUMENTS",
	 .type = OPT_STRING,
	 OPT_AT(ctl_config, arguments),
	 .help = "the command's, a JSON object"},
	{0},
};

static enum exit_status print_help(void)
{
	printf("usage: slabvisor ctl PATH COMMAND [ARGUMENTS]\n"
	       "\n"
	       "Sends a command to the control socket of a guest (slabvisor run --qmp\n"
	       "unix:PATH) and prints what it returns, as JSON.\n"
	       "\n");
	opt_help_operands(stdout, ctl_operands);
	opt_help(stdout, ctl_options, 0);
	printf("\n"
	       "Exit status: 0; 1 the command was refused; 125 wrong usage; 127 there is no\n"
	       "control socket at PATH, or it broke off\n"
	       "\n"
	       "Examples:\n"
	       "  slabvisor ctl /run/guest.sock query-status\n"
	       "  slabvisor ctl /run/guest.sock query-block\n"
	       "  slabvisor ctl /run/guest.sock block_resize \\\n"
	       "      '{\"device\": \"disk0\", \"size\": 10737418240}'\n");
	return 0;
}

/* As `run --qmp` names it, or its path alone. */
static const char *socket_path(const char *arg)
{
	return strncmp(arg, "unix:", 5) ? arg : arg + 5;
}

static enum exit_status reach(struct peer *peer)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_un addr;

	if (listen_address(peer->path, &addr))
		return cli_fail(STATUS_USAGE, "%s: a socket's path has at most %zu bytes",
				peer->path, sizeof(addr.sun_path) - 1);
	peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer->fd < 0 ||
	    setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    connect(peer->fd, (const struct sockaddr *)&addr, sizeof(addr)))
		return cli_fail(STATUS_HOST_ERROR, "%s: no monitor answers there: %s", peer->path,
				strerror(errno));
	return 0;
}

/* The next message. Returns 0 or the exit status. */
static enum exit_status receive(struct peer *peer, json_t **message)
{
	json_error_t error;
	size_t taken;
	ssize_t n;
	int ret = 0;

	while (!ret) {
		if (peer->at == peer->end) {
			n = recv(peer->fd, peer->input, INPUT, 0);
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0 && errno == EAGAIN)
				return cli_fail(STATUS_HOST_ERROR,
						"%s: no answer within %d s: is another client "
						"connected?",
						peer->path, PATIENCE_S);
			if (n <= 0)
				return cli_fail(STATUS_HOST_ERROR, "%s: the monitor hung up",
						peer->path);
			peer->at = 0;
			peer->end = (size_t)n;
		}
		ret = qmp_frame_feed(&peer->frame, peer->input + peer->at, peer->end - peer->at,
				     &taken);
		peer->at += taken;
	}
	*message = ret < 0 ? NULL : json_loadb(peer->frame.text, peer->frame.len, 0, &error);
	if (*message)
		return 0;
	return cli_fail(STATUS_HOST_ERROR, "%s: what answers there does not speak QMP", peer->path);
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
		return cli_fail(STATUS_USAGE, "%s: no command in UTF-8", name);
	text[len++] = '\n'; /* in the place of the NUL */
	while (done < len && n >= 0) {
		n = send(peer->fd, text + done, len - done, MSG_NOSIGNAL);
		done += n > 0 ? (size_t)n : 0;
	}
	free(text);
	return n < 0 ? cli_fail(STATUS_HOST_ERROR, "%s: the monitor hung up", peer->path) : 0;
}

static enum exit_status refused(const char *name, const json_t *desc)
{
	return cli_fail(STATUS_REFUSED, "%s: %s", name,
			json_is_string(desc) ? json_string_value(desc)
					     : "refused, and nothing says why");
}

/* Sends a command and takes its answer, past events; *result is the caller's to release. */
static enum exit_status execute(struct peer *peer, const char *name, json_t *args, json_t **result)
{
	const struct timeval for_ever = {.tv_sec = 0};
	json_t *message;
	json_t *value;
	json_t *error;
	enum exit_status status;

	status = send_command(peer, name, args);
	/* From here on it is the command that takes its time. */
	setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &for_ever, sizeof(for_ever));
	while (!status) {
		status = receive(peer, &message);
		if (status)
			break;
		value = json_object_get(message, "return");
		error = json_object_get(message, "error");
		if (value)
			*result = json_incref(value);
		else if (error)
			status = refused(name, json_object_get(error, "desc"));
		json_decref(message);
		if (value || error)
			break;
	}
	return status;
}

static enum exit_status run_command(struct peer *peer, const char *name, json_t *args)
{
	json_t *message = NULL;
	json_t *ignored = NULL;
	json_t *result = NULL;
	enum exit_status status;

	status = receive(peer, &message);
	if (status)
		return status;
	if (!json_object_get(message, "QMP"))
		status = cli_fail(STATUS_HOST_ERROR, "%s: what answers there does not speak QMP",
				  peer->path);
	json_decref(message);
	if (!status)
		status = execute(peer, "qmp_capabilities", NULL, &ignored);
	json_decref(ignored);
	if (!status)
		status = execute(peer, name, args, &result);
	if (!status &&
	    (json_dumpf(result, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY) || putchar('\n') == EOF))
		status = cli_fail(STATUS_HOST_ERROR, "the answer cannot be printed");
	json_decref(result);
	return status;
}

/* Returns 0 or the exit status. */
static enum exit_status parse(struct ctl_config *config, int argc, char **argv, json_t **args)
{
	struct opt_scope scope = {.rows = ctl_options, .base = config};
	struct opt_line line = {
		.command = "slabvisor ctl",
		.scope = &scope,
		.nr_scopes = 1,
		.operands = ctl_operands,
		.argc = argc,
		.argv = argv,
	};
	json_error_t error;

	if (opt_line_read(&line, OPT_PASS_WINS) ||
	    (!config->help && opt_line_read(&line, OPT_PASS_ALL)))
		return cli_fail(STATUS_USAGE, "%s", line.error);
	if (config->help)
		return 0;
	if (!config->command)
		return cli_fail(STATUS_USAGE, "slabvisor ctl PATH COMMAND [ARGUMENTS]: see "
					      "slabvisor ctl --help");
	if (!*socket_path(config->path))
		return cli_fail(STATUS_USAGE, "PATH %s: give the path of a control socket",
				config->path);
	if (!config->arguments)
		return 0;
	*args = json_loads(config->arguments, JSON_REJECT_DUPLICATES, &error);
	if (json_is_object(*args))
		return 0;
	return cli_fail(STATUS_USAGE, "%.512s: arguments are a JSON object%s%s", config->arguments,
			*args ? "" : ": ", *args ? "" : error.text);
}

static enum exit_status send_one(const struct ctl_config *config, json_t *args)
{
	struct peer peer = {.path = socket_path(config->path), .fd = -1};
	enum exit_status status;

	qmp_frame_init(&peer.frame, MAX_REPLY);
	status = reach(&peer);
	if (!status)
		status = run_command(&peer, config->command, args);
	if (peer.fd >= 0)
		close(peer.fd);
	qmp_frame_fini(&peer.frame);
	return status;
}

enum exit_status cmd_ctl(int argc, char **argv)
{
	struct ctl_config config = {0};
	json_t *args = NULL;
	enum exit_status status;

	status = parse(&config, argc, argv, &args);
	if (!status)
		status = config.help ? print_help() : send_one(&config, args);
	json_decref(args);
	opt_free(ctl_operands, &config);
	return status;
}
