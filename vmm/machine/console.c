/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/machine/console.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "vmm/machine/end.h"
#include "vmm/machine/pause.h"
#include "vmm/machine/vm.h"

/* Waits until fd can be used or the guest ends; a pause takes the thread to its gate. Returns
 * whether fd can. */
static bool wait_for(struct vm *vm, int fd, short events)
{
	struct pollfd fds[2] = {
		{.fd = fd, .events = events},
		{.fd = vm->end_fd, .events = POLLIN},
	};

	while (!vm_is_ending(vm)) {
		pause_wait(vm);
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return false;
		if (fds[0].revents)
			return true;
	}
	return false;
}

int console_write(struct vm *vm, const void *buf, size_t len)
{
	const char *at = buf;
	ssize_t n;

	while (len && !vm_is_ending(vm)) {
		pause_wait(vm);
		/* The signal that kicks a vCPU ends a write that blocks. */
		n = write(STDOUT_FILENO, at, len);
		if (n < 0 && errno == EAGAIN)
			wait_for(vm, STDOUT_FILENO, POLLOUT);
		else if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int console_read(struct vm *vm, uint64_t addr, uint32_t size)
{
	char buf[MM_FRAME_SIZE];
	ssize_t n;

	if (size > sizeof(buf))
		size = sizeof(buf);
	if (!memory_peek(&vm->mem, addr, size))
		return size ? -EFAULT : 0;
	do {
		if (!wait_for(vm, STDIN_FILENO, POLLIN))
			return 0;
		n = read(STDIN_FILENO, buf, size);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	/* An error of the terminal is the end of input to the guest. */
	if (n <= 0)
		return 0;
	return memory_write(&vm->mem, addr, buf, (size_t)n) ? -EFAULT : (int)n;
}
