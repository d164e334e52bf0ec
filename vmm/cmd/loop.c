/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/cmd/loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "mm/host/clock.h"
#include "virtio/kmem/kmem.h"
#include "vmm/base/cli.h"
#include "vmm/machine/end.h"
#include "vmm/machine/kick.h"
#include "vmm/machine/kind.h"
#include "vmm/machine/vm.h"

static void ignore_kick(int sig)
{
	/* Its coming is all: it ends the system call that the thread is in. */
	(void)sig;
}

static void ending_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

/* Those of job control, by which a terminal changes hands. */
static void job_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTSTP);
	sigaddset(set, SIGCONT);
}

/* Stops the process, as it would have been; returns when it goes on. */
static void loop_stop(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	raise(SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* The signals do what they do to any process. */
static void let_signals_end(void)
{
	sigset_t set;

	ending_signals(&set);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int signals_setup(void)
{
	struct sigaction kick = {.sa_handler = ignore_kick}; /* no SA_RESTART */
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;
	sigset_t job;
	int fd;
	int ret;

	if (sigaction(VCPU_KICK_SIGNAL, &kick, NULL) || sigaction(SIGPIPE, &ignore, NULL))
		return -errno;
	ending_signals(&set);
	job_signals(&job);
	sigorset(&set, &set, &job);
	ret = pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (ret)
		return -ret;
	/* A parent may have left the kick blocked. */
	sigemptyset(&set);
	sigaddset(&set, VCPU_KICK_SIGNAL);
	ret = pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	if (ret)
		return -ret;
	ending_signals(&set);
	sigorset(&set, &set, &job);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

void signals_release(int signal_fd)
{
	sigset_t job;

	close(signal_fd);
	let_signals_end();
	job_signals(&job);
	pthread_sigmask(SIG_UNBLOCK, &job, NULL);
}

/* Returns as guest_kind.input() does. */
static int loop_input(struct vm *vm, enum guest_input what)
{
	return vm->run->kind->input ? vm->run->kind->input(vm, what) : -1;
}

/* Returns whether the guest listens. */
static bool ask_to_end(struct vm *vm)
{
	return vm->run->kind->power_button && vm->run->kind->power_button(vm);
}

/* asked: whether the guest has been asked to power down, which it is once. */
static void loop_take_signal(struct vm *vm, int signal_fd, bool *asked)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGTSTP) {
		loop_input(vm, INPUT_RELEASE);
		loop_stop();
		return;
	}
	if (info.ssi_signo == SIGCONT) {
		loop_input(vm, INPUT_FORGET);
		return;
	}
	if (info.ssi_signo == SIGTERM && !*asked && ask_to_end(vm)) {
		*asked = true;
		return;
	}
	loop_input(vm, INPUT_RESTORE);
	let_signals_end(); /* a second one kills */
	vm_end(vm, STATUS_SIGNAL + (int)info.ssi_signo);
}

/* The earlier of two poll timeouts, where -1 is never. */
static int sooner(int64_t a, int b)
{
	if (a > INT32_MAX)
		a = INT32_MAX;
	return a < 0 || (b >= 0 && b < a) ? b : (int)a;
}

/* The heap looks for what has been idle for long enough whenever the guest frees; a guest
 * that frees and then rests needs someone else to look. */
static int reclaim_due(struct memory *mem)
{
	int due;

	memory_enter(mem);
	due = mm_reclaim_due_ms(mem->heap);
	memory_leave(mem);
	return due;
}

_Static_assert(PRESSURE_NONE == 0 && PRESSURE_MEDIUM == 1 && PRESSURE_CRITICAL == 2,
	       "levels are passed on as mm has them");

/* The host is short of memory, or is no more: the guest is told, and what lies empty goes back
 * whatever the delay. What the guest frees of it then follows after the delay, as ever. */
static void loop_take_pressure(struct vm *vm, const struct pollfd *fds, unsigned int nr)
{
	enum pressure_level level;

	if (!pressure_take(&vm->run->pressure, fds, nr, monotonic_ms(), &level))
		return;
	kmem_dev_post_event(vm->devices.kmem, VIRTIO_KMEM_EVENT_PRESSURE, level);
	if (level == PRESSURE_NONE)
		return;
	memory_enter(&vm->mem);
	mm_reclaim(vm->mem.heap);
	memory_leave(&vm->mem);
}

void signals_wait_end(struct vm *vm, int signal_fd)
{
	struct pollfd fds[2 + PRESSURE_MAX_FDS] = {
		{.fd = vm->end_fd, .events = POLLIN},
		{.fd = signal_fd, .events = POLLIN},
	};
	const int64_t timeout_ms = (int64_t)vm->run->config->timeout_s * 1000;
	int64_t until = timeout_ms ? monotonic_ms() + timeout_ms : 0;
	int64_t left = -1;
	bool asked = false;
	unsigned int nr;
	int look;
	int n;

	while (!vm_is_ending(vm)) {
		if (until) {
			left = until - monotonic_ms();
			if (left <= 0) {
				if (vm_end(vm, STATUS_SIGNAL + SIGALRM))
					cli_note("the guest was ended after %u s: raise --timeout "
						 "if it needs longer",
						 vm->run->config->timeout_s);
				break;
			}
		}
		look = loop_input(vm, INPUT_TAKE);
		look = sooner(look, pressure_due_ms(&vm->run->pressure, monotonic_ms()));
		nr = pressure_poll(&vm->run->pressure, fds + 2);
		n = poll(fds, 2 + nr, sooner(left, sooner(look, reclaim_due(&vm->mem))));
		if (n > 0 && fds[1].revents)
			loop_take_signal(vm, signal_fd, &asked);
		if (n >= 0)
			loop_take_pressure(vm, fds + 2, nr);
		if (n)
			continue;
		memory_enter(&vm->mem);
		mm_reclaim_expired(vm->mem.heap);
		memory_leave(&vm->mem);
	}
	vm_join(vm);
}
