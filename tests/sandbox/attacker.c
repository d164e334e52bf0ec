/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An attacker's code in the monitor that ships. It is preloaded, waits for a thread to do what it
 * does for a guest, and then has that thread make a system call.
 *
 *   ATTACK_THREAD  the thread, by the beginning of its name; "main" is the main thread
 *   ATTACK_RAW     set: not before standard input is a terminal in raw mode
 *   ATTACK_CALL    "NUMBER ARGUMENT...", up to six; "path" is the address of a file's name, "page"
 *                  that of a page of memory
 *
 * A call that comes back is told on standard error, as "attacker: NUMBER came back with RESULT",
 * and the process ends with status 42: a filter that lets a call through is seen, whatever comes of
 * the call.
 */
#include <dlfcn.h>
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ARGS 6

static const char path[] = "/dev/null";
static _Alignas(4096) char page[4096];
static char wanted[16];
static long number, arg[ARGS];
static int (*real_ioctl)(int fd, unsigned long request, ...);
static int (*real_poll)(struct pollfd *fds, nfds_t nr, int timeout);
static int (*real_wait)(struct io_uring *ring, unsigned int nr);
static int (*real_name)(pthread_t thread, const char *name);
static int (*real_mode)(int fd, int when, const struct termios *mode);
/* Not to be waited for any more. */
static atomic_bool is_raw = true;
/* This thread is the one. */
static _Thread_local bool is_it;

static long value_of(const char *word)
{
	if (!strcmp(word, "path"))
		return (long)path;
	if (!strcmp(word, "page"))
		return (long)page;
	return strtol(word, NULL, 0);
}

__attribute__((constructor)) static void begin(void)
{
	const char *thread = getenv("ATTACK_THREAD"), *call = getenv("ATTACK_CALL");
	char words[256], *word, *rest = words;

	real_ioctl = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	real_poll = (int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
	real_wait = (int (*)(struct io_uring *, unsigned int))dlsym(RTLD_NEXT,
								    "io_uring_submit_and_wait");
	real_name = (int (*)(pthread_t, const char *))dlsym(RTLD_NEXT, "pthread_setname_np");
	real_mode = (int (*)(int, int, const struct termios *))dlsym(RTLD_NEXT, "tcsetattr");
	if (!thread || !call)
		return;
	is_raw = !getenv("ATTACK_RAW");
	snprintf(wanted, sizeof(wanted), "%s", thread);
	snprintf(words, sizeof(words), "%s", call);
	number = value_of(strsep(&rest, " "));
	for (int i = 0; i < ARGS && (word = strsep(&rest, " ")); i++)
		arg[i] = value_of(word);
	is_it = !strcmp(wanted, "main");
}

/* As the kernel does it: of no library's making. */
static long call(void)
{
	register long r10 __asm__("r10") = arg[3];
	register long r8 __asm__("r8") = arg[4];
	register long r9 __asm__("r9") = arg[5];
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(arg[0]), "S"(arg[1]), "d"(arg[2]), "r"(r10), "r"(r8),
			   "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static void attack(void)
{
	char line[80];
	int n;

	if (!is_it || !is_raw)
		return;
	n = snprintf(line, sizeof(line), "attacker: %ld came back with %ld\n", number, call());
	_exit(write(STDERR_FILENO, line, (size_t)n) == n ? 42 : 43);
}

/* Each thread names itself, before it enters the sandbox. */
int pthread_setname_np(pthread_t thread, const char *name)
{
	is_it = wanted[0] && !strncmp(name, wanted, strlen(wanted));
	return real_name(thread, name);
}

int tcsetattr(int fd, int when, const struct termios *mode)
{
	int ret = real_mode(fd, when, mode);

	if (!ret && !(mode->c_lflag & ICANON))
		is_raw = true;
	return ret;
}

/* What a vCPU's thread begins with, KVM_RUN. The main thread calls it for more. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (!strncmp(wanted, "vcpu", 4))
		attack();
	return real_ioctl(fd, request, argument);
}

/* What the I/O thread rests in. */
int io_uring_submit_and_wait(struct io_uring *ring, unsigned int nr)
{
	attack();
	return real_wait(ring, nr);
}

/* ... and the others. */
int poll(struct pollfd *fds, nfds_t nr, int timeout)
{
	attack();
	return real_poll(fds, nr, timeout);
}

/* The same with a check of the size (_FORTIFY_SOURCE). */
int __poll_chk(struct pollfd *fds, nfds_t nr, int timeout, size_t size);
int __poll_chk(struct pollfd *fds, nfds_t nr, int timeout, size_t size)
{
	(void)size;
	return poll(fds, nr, timeout);
}
