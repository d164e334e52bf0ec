/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "vmm/cli.h"
#include "vmm/vm.h"

#define ESCAPE 0x01 /* Ctrl-A */
#define BUFFER 256

/*
 * Takes the escapes out of n bytes of input, in place; *escaped says whether Ctrl-A came
 * last. Returns how many are left, or -1 if the guest is to end.
 */
static int unescape(uint8_t *buf, int n, bool *escaped)
{
	int i, kept = 0;

	for (i = 0; i < n; i++) {
		if (!*escaped && buf[i] == ESCAPE) {
			*escaped = true;
			continue;
		}
		if (*escaped && buf[i] == 'x')
			return -1;
		*escaped = false;
		buf[kept++] = buf[i];
	}
	return kept;
}

static void *read_input(void *arg)
{
	struct vm *vm = arg;
	struct pollfd fds[2] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = vm->end_fd, .events = POLLIN},
	};
	bool escaped = false;
	uint8_t buf[BUFFER];
	ssize_t n;

	while (!vm_is_ending(vm)) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (!fds[0].revents)
			continue;
		n = read(STDIN_FILENO, buf, sizeof(buf));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		/* At the end of input the guest goes on without. */
		if (n <= 0)
			break;
		if (vm->terminal.raw)
			n = unescape(buf, (int)n, &escaped);
		if (n < 0) {
			vm_end(vm, STATUS_SIGNAL + SIGINT);
			break;
		}
		if (!serial_input(&vm->ports.serial, buf, (size_t)n))
			break;
	}
	return NULL;
}

static int make_raw(struct terminal *terminal)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO))
		return 0;
	if (tcgetattr(STDIN_FILENO, &terminal->saved))
		return -errno;
	raw = terminal->saved;
	cfmakeraw(&raw);
	/* Our own lines on stderr still start at the left. */
	raw.c_oflag |= OPOST;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		return -errno;
	terminal->raw = true;
	return 0;
}

int terminal_start(struct vm *vm)
{
	int ret = make_raw(&vm->terminal);

	if (!ret)
		ret = -pthread_create(&vm->terminal.thread, NULL, read_input, vm);
	vm->terminal.started = !ret;
	if (ret)
		terminal_restore(&vm->terminal);
	return ret;
}

void terminal_restore(struct terminal *terminal)
{
	if (terminal->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal->saved);
}

void terminal_stop(struct vm *vm)
{
	if (vm->terminal.started) {
		serial_close(&vm->ports.serial);
		pthread_join(vm->terminal.thread, NULL);
	}
	vm->terminal.started = false;
	terminal_restore(&vm->terminal);
}
