/* SPDX-License-Identifier: BSD-2-Clause */
/* Landlock by itself: nothing can be opened where no seccomp filter is in the way. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "vmm/sandbox/landlock.h"

struct fixture {
	char mine[64], other[64]; /* folders: one with the process's socket */
	int fd;                   /* a file that was open before */
};

static struct fixture f;

/* Tells whether a call failed for want of rights. */
#define DENIED(call) \
	(errno = 0, (call) < 0 && (errno == EACCES || errno == EPERM || errno == EXDEV))

static char *in(const char *folder, const char *name)
{
	static char path[2][128];
	static unsigned int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static void touch(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static int setup(void **state)
{
	(void)state;
	strcpy(f.mine, "/tmp/landlock.XXXXXX");
	strcpy(f.other, "/tmp/landlock.XXXXXX");
	assert_non_null(mkdtemp(f.mine));
	assert_non_null(mkdtemp(f.other));
	touch(in(f.mine, "socket"));
	touch(in(f.mine, "file"));
	touch(in(f.other, "file"));
	f.fd = open(in(f.mine, "file"), O_RDWR | O_CLOEXEC);
	return f.fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(f.fd);
	unlink(in(f.mine, "socket"));
	unlink(in(f.mine, "file"));
	unlink(in(f.other, "file"));
	rmdir(f.mine);
	rmdir(f.other);
	return 0;
}

/* Runs act in a process that is held to the rules; it returns the line of what did not hold, or 0. */
static void within(int (*act)(void))
{
	int fd;
	int status;
	pid_t pid;

	if (!landlock_abi()) {
		assert_int_equal(landlock_create(), -EOPNOTSUPP);
		skip();
	}
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		fd = landlock_create();
		if (fd < 0 || landlock_enter(fd))
			_exit(255);
		_exit(act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status))
		fail_msg("line %d, modulo 256", WEXITSTATUS(status));
}

#define HOLDS(condition)                           \
	do {                                       \
		if (!(condition))                  \
			return __LINE__ % 255 + 1; \
	} while (0)

static int files(void)
{
	struct stat st;
	char byte = 0;

	HOLDS(DENIED(open("/etc/passwd", O_RDONLY)));
	HOLDS(DENIED(open("/dev/null", O_RDWR)));
	HOLDS(DENIED(open(f.mine, O_RDONLY | O_DIRECTORY)));
	HOLDS(DENIED(open(in(f.mine, "file"), O_RDONLY)));
	HOLDS(DENIED(open(in(f.mine, "new"), O_CREAT | O_WRONLY, 0600)));
	HOLDS(DENIED(mkdir(in(f.mine, "new"), 0700)));
	HOLDS(DENIED(symlink("file", in(f.mine, "new"))));
	HOLDS(DENIED(link(in(f.mine, "file"), in(f.other, "new"))));
	HOLDS(DENIED(rename(in(f.mine, "file"), in(f.mine, "new"))));
	HOLDS(DENIED(mknod(in(f.mine, "new"), S_IFSOCK | 0600, 0)));
	HOLDS(DENIED(execl("/bin/true", "true", NULL)));
	HOLDS(DENIED(unlink(in(f.other, "file"))));
	HOLDS(DENIED(unlink(in(f.mine, "socket"))));
	HOLDS(DENIED(unlink(in(f.mine, "file"))));
	/* What was open is as it was. */
	HOLDS(write(f.fd, &byte, 1) == 1 && !ftruncate(f.fd, 4096) && !fstat(f.fd, &st));
	HOLDS(pread(f.fd, &byte, 1, 0) == 1 && st.st_size == 4096);
	return 0;
}

static int sockets(void)
{
	struct sockaddr_in tcp = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(path.sun_path, in(f.mine, "new"));
	HOLDS(DENIED(bind(fd, (struct sockaddr *)&path, sizeof(path))));
	if (landlock_abi() < 4)
		return 0;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0; /* a host without */
	HOLDS(DENIED(connect(fd, (struct sockaddr *)&tcp, sizeof(tcp))));
	tcp.sin_port = 0;
	HOLDS(DENIED(bind(fd, (struct sockaddr *)&tcp, sizeof(tcp))));
	return 0;
}

static void files_are_out_of_reach(void **state)
{
	(void)state;
	within(files);
}

static void sockets_are_out_of_reach(void **state)
{
	(void)state;
	within(sockets);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(files_are_out_of_reach),
		TEST(sockets_are_out_of_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
