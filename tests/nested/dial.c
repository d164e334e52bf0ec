/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dial SOCKET: connects to a Unix socket once somebody listens there, sends it standard
 * input and writes what it says to standard output, until it hangs up.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TRIES    600
#define PAUSE_US 50000

static int dial(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(addr.sun_path))
		return -1;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	for (int i = 0; i < TRIES; i++) {
		if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
			return fd;
		usleep(PAUSE_US);
	}
	close(fd);
	return -1;
}

/* Returns whether there was something. */
static int copy(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	return n > 0 && write(to, buf, (size_t)n) == n;
}

int main(int argc, char **argv)
{
	struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};

	fds[1].fd = argc == 2 ? dial(argv[1]) : -1;
	if (fds[1].fd < 0) {
		fprintf(stderr, "dial: nobody listens\n");
		return 1;
	}
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return 1;
		/* At the end of its input it goes on listening. */
		if (fds[0].revents && !copy(STDIN_FILENO, fds[1].fd))
			fds[0].fd = -1;
		if (fds[1].revents && !copy(fds[1].fd, STDOUT_FILENO))
			return 0;
	}
}
