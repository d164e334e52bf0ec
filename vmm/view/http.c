/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/view/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vmm/view/gather.h"

#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define PROMETHEUS  "text/plain; version=0.0.4; charset=utf-8"

/* What a client is told who asked for something else. */
static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status,
			      const char *text)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result ret;

	if (!response)
		return MHD_NO;
	ret = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return ret;
}

static enum MHD_Result send_metrics(const struct metrics_config *config,
				    struct MHD_Connection *connection)
{
	const char *accept =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	/* A browser or a curl takes anything: the format is the user's then. */
	const bool old = accept && strstr(accept, "application/openmetrics-text") ? false
			 : accept && strstr(accept, "text/plain")
				 ? true
				 : config->format == METRICS_PROMETHEUS;
	struct MHD_Response *response;
	enum MHD_Result ret;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return MHD_NO;
	metrics_gather(&config->guests, old, to, true);
	if (fclose(to)) {
		free(text);
		return MHD_NO;
	}
	response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				old ? PROMETHEUS : OPENMETRICS);
	ret = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return ret;
}

static enum MHD_Result answer(void *opaque, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **state)
{
	static int begun;

	(void)version;
	(void)upload;
	/* The first call is for the headers, the last for the answer; a body is passed over. */
	if (!*state) {
		*state = &begun;
		return MHD_YES;
	}
	if (*upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET would be right\n");
	if (strcmp(url, "/metrics") != 0 && strcmp(url, "/") != 0)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "/metrics is what there is\n");
	return send_metrics(opaque, connection);
}

/* A socket that listens at [ADDRESS:]PORT. Returns 0 or the exit status, the error having been
 * reported. */
static enum exit_status listen_at(const char *text, int *out)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
	const char *colon = strrchr(text, ':');
	const char *port = colon ? colon + 1 : text;
	struct addrinfo *all = NULL;
	char host[256] = "127.0.0.1";
	const int on = 1;
	enum exit_status status = 0;
	int fd = -1;
	int ret;

	if (colon) {
		/* The brackets of an address that has colons itself. */
		size_t from = *text == '[';
		size_t len = (size_t)(colon - text) - from;

		if (from && (!len || colon[-1] != ']'))
			len = sizeof(host);
		else if (from)
			len--;
		if (len < sizeof(host))
			snprintf(host, sizeof(host), "%.*s", (int)len, text + from);
		else
			*host = '\0';
	}
	ret = getaddrinfo(host, port, &hints, &all);
	if (ret || !*host || !*port) {
		status = cli_fail(
			STATUS_USAGE,
			"--listen %s: give a port, or an address and a port, as in 127.0.0.1:9717 "
			"or [::1]:9717",
			text);
		goto out;
	}
	fd = socket(all->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, all->ai_addr, all->ai_addrlen) || listen(fd, HTTP_CLIENTS)) {
		status = cli_fail(STATUS_HOST_ERROR, "--listen %s: nothing can listen there: %s",
				  text, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	*out = fd;
out:
	if (all)
		freeaddrinfo(all);
	return status;
}

enum exit_status http_serve(const struct metrics_config *config)
{
	struct MHD_Daemon *daemon;
	sigset_t set;
	int sig;
	enum exit_status status;
	int fd = -1;

	status = listen_at(config->listen, &fd);
	if (status)
		return status;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	daemon = MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD, 0, NULL, NULL, answer,
				  (void *)config, MHD_OPTION_LISTEN_SOCKET, fd,
				  MHD_OPTION_CONNECTION_LIMIT, (unsigned int)HTTP_CLIENTS,
				  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)HTTP_PATIENCE_S,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_BUFFER,
				  MHD_OPTION_END);
	if (!daemon) {
		close(fd);
		return cli_fail(STATUS_HOST_ERROR, "--listen %s: it cannot be served",
				config->listen);
	}
	sigwait(&set, &sig);
	MHD_stop_daemon(daemon);
	return 0;
}
