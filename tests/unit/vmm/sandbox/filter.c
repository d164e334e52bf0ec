/* SPDX-License-Identifier: BSD-2-Clause */
/* What the sandbox does not let threads of each kind do, each tried by a process of its own; and
 * that what they need for their own end works within. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kvm.h>
#include <linux/sched.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "mm/util.h"
#include "vmm/base/cli.h"
#include "vmm/sandbox/priv.h"

#define SURVIVED 42
#define TRAPPED  (STATUS_SIGNAL + SIGSYS)

/* What the last child said. */
static char said[4096];

/* Runs a child under the filter of a kind; what is within ends it. Returns its wait status. */
static int within(enum sandbox_thread kind, void (*act)(void *arg), void *arg)
{
	static struct sandbox_filter filter;
	int out[2];
	int status;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(out), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(out[1], STDERR_FILENO);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (sandbox_trap() || sandbox_filter_make(kind, &filter) ||
		    sandbox_filter_load(&filter))
			_exit(1);
		act(arg);
		_exit(SURVIVED);
	}
	close(out[1]);
	while ((n = read(out[0], said + used, sizeof(said) - 1 - used)) > 0)
		used += (size_t)n;
	said[used] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

struct call {
	const char *name;
	long number;
	long arg[6];
	unsigned int not_for; /* a bit each of enum sandbox_thread: they may */
};

#define IO      (1u << SANDBOX_IO)
#define SERVE   (1u << SANDBOX_SERVE)
#define DISKS   (1u << SANDBOX_DISKS)
#define VCPU    (1u << SANDBOX_VCPU)
#define QMP     (1u << SANDBOX_QMP)
#define CONSOLE (1u << SANDBOX_CONSOLE)
#define REBUILD (1u << SANDBOX_REBUILD)
#define KMEM    (1u << SANDBOX_KMEM)
#define ANON    (MAP_PRIVATE | MAP_ANONYMOUS)

static const char path[] = "/dev/null";

static const struct call calls[] = {
	{"open", SYS_open, {(long)path}, 0},
	{"openat", SYS_openat, {AT_FDCWD, (long)path}, REBUILD},
	{"openat2", SYS_openat2, {AT_FDCWD, (long)path}, 0},
	{"creat", SYS_creat, {(long)path}, 0},
	{"execve", SYS_execve, {(long)path}, 0},
	{"execveat", SYS_execveat, {AT_FDCWD, (long)path}, 0},
	{"fork", SYS_fork, {0}, 0},
	{"clone", SYS_clone, {SIGCHLD}, 0},
	{"clone, more than a thread", SYS_clone, {CLONE_VM | CLONE_THREAD | CLONE_NEWUSER}, 0},
	{"clone3", SYS_clone3, {0}, REBUILD},
	{"socket", SYS_socket, {1, 1}, 0},
	{"connect", SYS_connect, {0}, 0},
	{"bind", SYS_bind, {0}, 0},
	{"listen", SYS_listen, {0}, 0},
	{"sendto, to an address", SYS_sendto, {-1, 0, 0, 0, (long)path, 16}, 0},
	{"accept4", SYS_accept4, {-1}, SERVE | QMP | CONSOLE | REBUILD | KMEM},
	{"ptrace", SYS_ptrace, {0}, 0},
	{"kill", SYS_kill, {1, 0}, 0},
	{"tgkill of another process", SYS_tgkill, {1, 1, SIGUSR1}, 0},
	{"tkill", SYS_tkill, {1, SIGUSR1}, 0},
	{"pidfd_open", SYS_pidfd_open, {1}, 0},
	{"process_vm_readv of another process", SYS_process_vm_readv, {1}, 0},
	{"process_vm_writev of another process", SYS_process_vm_writev, {1}, 0},
	{"mmap, executable", SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, ANON, -1}, 0},
	{"mmap of a file", SYS_mmap, {0, 4096, PROT_READ, MAP_PRIVATE, 0}, 0},
	{"mmap, shared", SYS_mmap, {0, 4096, PROT_READ, MAP_SHARED, 0}, SERVE | REBUILD},
	{"mprotect, executable", SYS_mprotect, {0, 4096, PROT_READ | PROT_EXEC}, 0},
	{"pkey_mprotect", SYS_pkey_mprotect, {0, 4096, PROT_EXEC}, 0},
	{"mremap to a place", SYS_mremap, {0, 0, 0, MREMAP_MAYMOVE | MREMAP_FIXED}, 0},
	{"madvise, a page made bad", SYS_madvise, {0, 4096, MADV_HWPOISON}, 0},
	{"memfd_create", SYS_memfd_create, {(long)path}, SERVE | REBUILD},
	{"remap_file_pages", SYS_remap_file_pages, {0}, 0},
	{"io_uring_setup", SYS_io_uring_setup, {1}, 0},
	{"io_uring_enter", SYS_io_uring_enter, {-1}, IO | DISKS},
	{"io_uring_register of buffers", SYS_io_uring_register, {-1, 0}, 0},
	{"ioctl, KVM_RUN", SYS_ioctl, {-1, KVM_RUN}, VCPU | REBUILD},
	{"ioctl, KVM_RUN and more bits", SYS_ioctl, {-1, KVM_RUN | 1l << 32}, 0},
	{"ioctl, KVM_CREATE_VM", SYS_ioctl, {-1, KVM_CREATE_VM}, REBUILD},
	{"ioctl, TCSETS of what is no guest's console", SYS_ioctl, {1, TCSETS, (long)path}, 0},
	{"ioctl, TIOCSTI", SYS_ioctl, {0, TIOCSTI, (long)path}, 0},
	{"fcntl, F_SETOWN", SYS_fcntl, {0, F_SETOWN, 1}, 0},
	{"fcntl, F_DUPFD", SYS_fcntl, {0, F_DUPFD, 9}, 0},
	{"dup", SYS_dup, {0}, 0},
	{"unlink", SYS_unlink, {0}, 0},
	{"unlinkat", SYS_unlinkat, {AT_FDCWD, 0}, 0},
	{"rename", SYS_rename, {0}, 0},
	{"mkdir", SYS_mkdir, {0}, 0},
	{"chmod", SYS_chmod, {0}, 0},
	{"newfstatat of a path", SYS_newfstatat, {AT_FDCWD, (long)path, 0, 0}, 0},
	{"prctl", SYS_prctl, {PR_SET_DUMPABLE, 1}, 0},
	{"seccomp, strict", SYS_seccomp, {0}, 0},
	{"capset", SYS_capset, {0}, 0},
	{"setuid", SYS_setuid, {0}, 0},
	{"prlimit64", SYS_prlimit64, {0}, 0},
	{"mount", SYS_mount, {0}, 0},
	{"unshare", SYS_unshare, {0}, 0},
	{"bpf", SYS_bpf, {0}, 0},
	{"userfaultfd", SYS_userfaultfd, {0}, 0},
	{"keyctl", SYS_keyctl, {0}, 0},
	{"rt_sigaction of SIGSYS", SYS_rt_sigaction, {SIGSYS, 0, 0, 8}, 0},
	{"writev, elsewhere", SYS_writev, {STDOUT_FILENO, 0, 0}, 0},
	{"a call of x32", 0x40000000 | SYS_open, {(long)path}, 0},
};

static void make(void *arg)
{
	const struct call *c = arg;

	syscall(c->number, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4], c->arg[5]);
}

/* One for each kind. */
static void others_end_the_process(void **state)
{
	const enum sandbox_thread kind = (enum sandbox_thread)(uintptr_t)*state;
	char number[64];
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct call *c = &calls[i];
		bool may = c->not_for & 1u << kind;

		status = within(kind, make, (void *)c);
		/* Of a foreign ABI it is killed. */
		if (c->number >> 30) {
			assert_true(WIFSIGNALED(status));
			continue;
		}
		if (!WIFEXITED(status) || WEXITSTATUS(status) != (may ? SURVIVED : TRAPPED))
			fail_msg("%s: %s: wait status %#x: %s", sandbox_names[kind], c->name,
				 status, said);
		snprintf(number, sizeof(number), "system call %ld (%#lx, %#lx,", c->number,
			 c->arg[0], c->arg[1]);
		/* %# writes 0 without a prefix, as this does. */
		if (!may && !strstr(said, number))
			fail_msg("%s: %s: says no '%s': %s", sandbox_names[kind], c->name, number,
				 said);
	}
}

static bool is_same(const struct sandbox_rule *a, const struct sandbox_rule *b)
{
	return a->call == b->call && a->own == b->own && a->console == b->console &&
	       a->error == b->error && a->nr_args == b->nr_args &&
	       !memcmp(a->arg, b->arg, sizeof(a->arg));
}

/* The main thread of a guest that reboots makes these threads anew, and they have its filter, too. */
static void threads_of_a_later_machine_have_their_calls(void **state)
{
	const unsigned int made = VCPU | CONSOLE | 1u << SANDBOX_TERMINAL;

	(void)state;
	for (size_t i = 0; i < sandbox_nr_rules; i++) {
		const struct sandbox_rule *rule = &sandbox_rules[i];
		bool found = !(rule->threads & made);

		for (size_t j = 0; j < sandbox_nr_rules && !found; j++)
			found = sandbox_rules[j].threads & REBUILD &&
				is_same(rule, &sandbox_rules[j]);
		if (!found)
			fail_msg("%s (rule %zu) is not for who makes their threads", rule->name, i);
	}
}

static void copy_own(void *arg)
{
	char from[] = "text", to[8] = "";
	const struct iovec local = {to, sizeof(from)}, remote = {from, sizeof(from)};

	(void)arg;
	if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != sizeof(from) ||
	    strcmp(from, to) != 0)
		_exit(1);
}

static void a_disk_of_a_guest_is_copied_to_by_the_kernel(void **state)
{
	int status = within(SANDBOX_DISKS, copy_own, NULL);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), SURVIVED);
	status = within(SANDBOX_IO, copy_own, NULL);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), TRAPPED);
}

/* What the C library and the kernel make of a wait, a clock or a lock now and then. */
static void call_seldom(void *arg)
{
	struct timespec ts;
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, ANON, -1, 0);

	(void)arg;
	/* Not by the vDSO: so it is where the TSC is not trusted. */
	if (syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts) || syscall(SYS_sched_yield) ||
	    mremap(page, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED)
		_exit(1);
	/* With nothing to go on with it fails. */
	if (syscall(SYS_restart_syscall) != -1 || errno != EINTR)
		_exit(1);
}

static void what_is_called_seldom_is_let_through(void **state)
{
	static const enum sandbox_thread kinds[] = {SANDBOX_DISKS, SANDBOX_VCPU,    SANDBOX_QMP,
						    SANDBOX_MAIN,  SANDBOX_REBUILD, SANDBOX_KMEM};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const int status = within(kinds[i], call_seldom, NULL);

		if (!WIFEXITED(status) || WEXITSTATUS(status) != SURVIVED)
			fail_msg("%s: wait status %#x: %s", sandbox_names[kinds[i]], status, said);
	}
}

static void *nothing(void *arg)
{
	return arg;
}

static void make_thread(void *arg)
{
	pthread_t thread;

	(void)arg;
	if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
		_exit(1);
}

static void who_makes_a_later_machine_makes_threads(void **state)
{
	int status;

	/* What the first thread of a process takes beside, a monitor has had by then. */
	make_thread(NULL);
	status = within(SANDBOX_REBUILD, make_thread, NULL);
	(void)state;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != SURVIVED)
		fail_msg("wait status %#x: %s", status, said);
}

static void use_memory(void *arg)
{
	static const size_t size[] = {16, 5000, 100 << 10, 4 << 20};
	char *p[ARRAY_SIZE(size)];
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(size); i++) {
		p[i] = malloc(size[i]);
		if (!p[i])
			_exit(1);
		memset(p[i], 1, size[i]);
	}
	while (i--)
		free(p[i]);
}

static void memory_is_there(void **state)
{
	int status;

	(void)state;
	for (unsigned int kind = 0; kind < SANDBOX_KINDS; kind++) {
		status = within((enum sandbox_thread)kind, use_memory, NULL);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != SURVIVED)
			fail_msg("%s: wait status %#x: %s", sandbox_names[kind], status, said);
	}
}

static void give_up(void *arg)
{
	(void)arg;
	abort();
}

static void corrupt(void *arg)
{
	/* Volatile: the compiler would have a word to say. */
	volatile uintptr_t p = (uintptr_t)malloc(64) + 8;

	(void)arg;
	free((void *)p);
}

/* A process that finds itself broken says so and ends as it would outside. */
static void abort_works(void **state)
{
	int status;

	(void)state;
	for (unsigned int kind = 0; kind < SANDBOX_KINDS; kind++) {
		status = within((enum sandbox_thread)kind, give_up, NULL);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
			fail_msg("%s: wait status %#x: %s", sandbox_names[kind], status, said);
	}
	status = within(SANDBOX_IO, corrupt, NULL);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_non_null(strstr(said, "invalid pointer"));
}

static unsigned int held(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	unsigned int all = 0;

	if (syscall(SYS_capget, &header, data))
		return UINT32_MAX;
	for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		all |= data[i].effective | data[i].permitted | data[i].inheritable;
	return all;
}

static void capabilities_go(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(sandbox_drop_capabilities() || held() || sandbox_drop_capabilities());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
#define KIND(kind)                                                                          \
	{                                                                                   \
		"others end it: " #kind, others_end_the_process, NULL, NULL, (void *)(kind) \
	}
	const struct CMUnitTest tests[] = {
		KIND(SANDBOX_IO),
		KIND(SANDBOX_SERVE),
		KIND(SANDBOX_DISKS),
		KIND(SANDBOX_VCPU),
		KIND(SANDBOX_QMP),
		KIND(SANDBOX_CONSOLE),
		KIND(SANDBOX_TERMINAL),
		KIND(SANDBOX_MAIN),
		KIND(SANDBOX_REBUILD),
		KIND(SANDBOX_KMEM),
		cmocka_unit_test(threads_of_a_later_machine_have_their_calls),
		cmocka_unit_test(a_disk_of_a_guest_is_copied_to_by_the_kernel),
		cmocka_unit_test(what_is_called_seldom_is_let_through),
		cmocka_unit_test(who_makes_a_later_machine_makes_threads),
		cmocka_unit_test(memory_is_there),
		cmocka_unit_test(abort_works),
		cmocka_unit_test(capabilities_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
