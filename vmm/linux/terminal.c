/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/linux/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vmm/base/cli.h"
#include "vmm/linux/serial.h"
#include "vmm/machine/end.h"
#include "vmm/sandbox/sandbox.h"

#define ESCAPE 0x01 /* Ctrl-A */
#define BUFFER 256
/* How often it is looked whether the terminal can be had, ms. */
#define LOOK_MS 200

/*
 * Takes the escapes out of n bytes of input, in place; *escaped says whether Ctrl-A came
 * last. Returns how many are left, or -1 if the guest is to end.
 */
static int unescape(uint8_t *buf, int n, bool *escaped)
{
	int kept = 0;

	for (int i = 0; i < n; i++) {
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

/* Where there is no job control (another session's terminal, a container's) nobody else has it. */
static bool in_foreground(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	return group < 0 || group == getpgrp();
}

/* Waits until there is input that is ours, or something has changed. Returns whether there is. */
static bool wait_for_input(struct terminal *t)
{
	/* Acquire: what is waited for is what was there before. */
	const bool taken = atomic_load_explicit(&t->taken, memory_order_acquire);
	struct pollfd fds[3] = {
		{.fd = taken ? STDIN_FILENO : -1, .events = POLLIN},
		{.fd = t->vm->end_fd, .events = POLLIN},
		{.fd = t->wake_fd, .events = POLLIN},
	};
	eventfd_t value;

	if (poll(fds, 3, -1) < 0)
		return false;
	if (fds[2].revents && eventfd_read(t->wake_fd, &value))
		return false;
	if (!fds[0].revents || fds[1].revents || fds[2].revents)
		return false;
	if (!t->is_tty || in_foreground())
		return true;
	/* Taken away without a signal, with input that is somebody else's: not to be spun on. */
	poll(fds + 1, 2, LOOK_MS);
	return false;
}

static void *read_input(void *arg)
{
	struct terminal *t = arg;
	bool escaped = false;
	uint8_t buf[BUFFER];
	ssize_t n;

	pthread_setname_np(pthread_self(), "terminal");
	sandbox_enter(t->vm->run->sandbox, SANDBOX_TERMINAL);
	while (!vm_is_ending(t->vm)) {
		if (!wait_for_input(t))
			continue;
		n = read(STDIN_FILENO, buf, sizeof(buf));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		/* At the end of input the guest goes on without. */
		if (n <= 0)
			break;
		if (t->is_tty)
			n = unescape(buf, (int)n, &escaped);
		if (n < 0) {
			vm_end(t->vm, STATUS_SIGNAL + SIGINT);
			break;
		}
		if (!serial_input(t->serial, buf, (size_t)n))
			break;
	}
	return NULL;
}

/* Raw mode. Returns whether it is. */
static bool make_raw(struct terminal *terminal)
{
	struct termios now;
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &now))
		return false;
	/* Somebody may have changed what is to be restored; what is raw still was never theirs. */
	if (!terminal->has_saved || now.c_lflag & ICANON)
		terminal->saved = now;
	terminal->has_saved = true;
	raw = terminal->saved;
	cfmakeraw(&raw);
	/* Our own lines on stderr still start at the left. */
	raw.c_oflag |= OPOST;
	sandbox_console_raw(&terminal->saved);
	return !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

int terminal_take(struct terminal *t)
{
	/* Relaxed: this thread writes it. */
	if (!t->started || t->over || atomic_load_explicit(&t->taken, memory_order_relaxed))
		return -1;
	if (t->is_tty && (!in_foreground() || !make_raw(t)))
		return LOOK_MS;
	/* Release: for who finds it taken it is raw. */
	atomic_store_explicit(&t->taken, true, memory_order_release);
	eventfd_write(t->wake_fd, 1);
	return -1;
}

int terminal_start(struct terminal *t, struct serial *serial, struct vm *vm)
{
	int ret;

	*t = (struct terminal){.vm = vm, .serial = serial, .is_tty = isatty(STDIN_FILENO)};
	t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->wake_fd < 0)
		return -errno;
	sandbox_expect(vm->run->sandbox);
	ret = -pthread_create(&t->thread, NULL, read_input, t);
	if (ret) {
		close(t->wake_fd);
		return ret;
	}
	t->started = true;
	terminal_take(t);
	return 0;
}

void terminal_forget(struct terminal *t)
{
	if (!t->is_tty)
		return;
	sandbox_console_raw(NULL);
	atomic_store_explicit(&t->taken, false, memory_order_relaxed);
}

void terminal_release(struct terminal *t)
{
	const bool taken = atomic_load_explicit(&t->taken, memory_order_relaxed);

	if (t->is_tty && taken && in_foreground())
		tcsetattr(STDIN_FILENO, TCSANOW, &t->saved);
	terminal_forget(t);
}

void terminal_restore(struct terminal *t)
{
	terminal_release(t);
	t->over = true;
}

void terminal_stop(struct terminal *t)
{
	if (!t->started)
		return;
	serial_close(t->serial);
	pthread_join(t->thread, NULL);
	terminal_restore(t);
	close(t->wake_fd);
	t->started = false;
}
