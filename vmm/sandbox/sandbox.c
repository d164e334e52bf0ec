/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/sandbox/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/base/cli.h"
#include "vmm/sandbox/landlock.h"
#include "vmm/sandbox/priv.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif

struct sandbox {
	bool has_seccomp;
	int ruleset_fd;       /* Landlock's; -1: none */
	pthread_mutex_t lock; /* what follows */
	pthread_cond_t entered_one;
	struct sandbox_filter filter[SANDBOX_KINDS]; /* nr 0: not made yet */
	unsigned int expected, entered;
	bool closed; /* the main thread is within, and whom it makes */
	int error;   /* of the first that could not enter, -errno */
};

const char *const sandbox_names[SANDBOX_KINDS] = {
	[SANDBOX_IO] = "io",
	[SANDBOX_SERVE] = "serve",
	[SANDBOX_DISKS] = "disks",
	[SANDBOX_VCPU] = "vcpu",
	[SANDBOX_QMP] = "qmp",
	[SANDBOX_CONSOLE] = "console",
	[SANDBOX_TERMINAL] = "terminal",
	[SANDBOX_MAIN] = "main",
	[SANDBOX_REBUILD] = "rebuild",
	[SANDBOX_KMEM] = "kmem",
};

int sandbox_drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
	unsigned int held = 0;

	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		held |= data[i].effective | data[i].permitted | data[i].inheritable;
	/* A service manager may have forbidden the call to those who have none. */
	if (!held)
		return 0;
	memset(data, 0, sizeof(data));
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

void sandbox_drop_bounds(void)
{
	/* The numbers end where the kernel knows no more. */
	for (unsigned long cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int make_ruleset(struct sandbox *s)
{
	int ret = landlock_create();

	if (ret >= 0)
		s->ruleset_fd = ret;
	/* Without it seccomp is what there is: doctor says so. */
	return ret >= 0 || ret == -EOPNOTSUPP || ret == -EPERM ? 0 : ret;
}

bool sandbox_has_seccomp(void)
{
	const uint32_t action = SECCOMP_RET_TRAP;

	return !syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
}

static int prepare(struct sandbox *s)
{
	int ret;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	sandbox_drop_bounds();
	/* One arena: the first time that glibc gives memory of another back it reads a file. */
	mallopt(M_ARENA_MAX, 1);
	s->has_seccomp = sandbox_has_seccomp();
	if (!s->has_seccomp)
		cli_note("this kernel has no seccomp filters: the sandbox does without them");
	ret = sandbox_trap();
	return ret ? ret : make_ruleset(s);
}

enum exit_status sandbox_create(struct sandbox **out)
{
	struct sandbox *s;
	int ret = -ENOMEM;

	*out = NULL;
	if (IS_SANITIZED)
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		goto fail;
	s->ruleset_fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->entered_one, NULL);
	ret = prepare(s);
	if (ret)
		goto fail;
	*out = s;
	return 0;
fail:
	sandbox_destroy(s);
	return cli_fail(STATUS_HOST_ERROR,
			"the sandbox cannot be prepared: %s: --sandbox off "
			"would do without",
			strerror(-ret));
}

/* Forgets what only those need who are not within at all. */
static void forget(struct sandbox *s)
{
	if (s->ruleset_fd >= 0)
		close(s->ruleset_fd);
	s->ruleset_fd = -1;
}

void sandbox_destroy(struct sandbox *s)
{
	if (!s)
		return;
	forget(s);
	pthread_cond_destroy(&s->entered_one);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void sandbox_expect(struct sandbox *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->expected++;
	pthread_mutex_unlock(&s->lock);
}

/* The lock is held. */
static int enter(struct sandbox *s, enum sandbox_thread kind)
{
	struct sandbox_filter *filter = &s->filter[kind];
	/* Who is made within has inherited the rest, and may not ask for it. */
	int ret = s->closed ? 0 : sandbox_drop_capabilities();

	if (!ret && s->ruleset_fd >= 0)
		ret = landlock_enter(s->ruleset_fd);
	if (ret || !s->has_seccomp)
		return ret;
	if (!filter->nr)
		ret = sandbox_filter_make(kind, filter);
	return ret ? ret : sandbox_filter_load(filter);
}

void sandbox_enter(struct sandbox *s, enum sandbox_thread kind)
{
	int ret;

	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	ret = enter(s, kind);
	if (!s->error)
		s->error = ret;
	s->entered++;
	pthread_cond_signal(&s->entered_one);
	pthread_mutex_unlock(&s->lock);
}

enum exit_status sandbox_close(struct sandbox *s, enum sandbox_thread kind)
{
	int ret;

	if (!s)
		return 0;
	pthread_mutex_lock(&s->lock);
	while (s->entered < s->expected)
		pthread_cond_wait(&s->entered_one, &s->lock);
	ret = s->error || s->closed ? s->error : enter(s, kind);
	forget(s);
	s->closed = true;
	pthread_mutex_unlock(&s->lock);
	return ret ? cli_fail(STATUS_HOST_ERROR,
			      "the sandbox cannot be entered: %s: --sandbox "
			      "off would do without",
			      strerror(-ret))
		   : 0;
}
