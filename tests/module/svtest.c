/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs of a Linux guest get by /dev/slabvisor; run as root in the guest by the init of
 * tests/nested/module.t. TAP.
 *   svtest DISK    DISK: a block device for direct I/O
 *   svtest         keeps memory of the host until its input ends; meanwhile the host's service
 *                  has ended
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/linux/include/uapi/slabvisor.h"
#include "guest/user/slabvisor.h"

#define PAGE 4096ul
#define MIB  (1ul << 20)
#define LEN  (8 * MIB)

static struct slabvisor *sv;
static int fd;
static const char *disk;
static unsigned int tests, failures;

static void check(bool good, const char *name)
{
	printf("%s %u - %s\n", good ? "ok" : "not ok", ++tests, name);
	fflush(stdout);
	failures += !good;
}

static struct slabvisor_info stats(void)
{
	struct slabvisor_info info = {0};

	if (slabvisor_get_stats(sv, &info))
		perror("# stats");
	return info;
}

/* Waits, for a minute at most, until programs of the guest have so much. */
static bool comes_to(uint64_t given)
{
	for (unsigned int i = 0; i < 6000; i++) {
		if (stats().given == given)
			return true;
		usleep(10000);
	}
	printf("# %llu KiB are out\n", (unsigned long long)stats().given >> 10);
	return false;
}

static bool all(const void *p, size_t len, unsigned char byte)
{
	const unsigned char *c = p;

	for (size_t i = 0; i < len; i++) {
		if (c[i] != byte)
			return false;
	}
	return true;
}

static void fill(void *p, size_t len, unsigned int seed)
{
	unsigned int *w = p;

	for (size_t i = 0; i < len / sizeof(*w); i++)
		w[i] = seed + (unsigned int)i * 2654435761u;
}

static bool filled(const void *p, size_t len, unsigned int seed)
{
	const unsigned int *w = p;

	for (size_t i = 0; i < len / sizeof(*w); i++) {
		if (w[i] != seed + (unsigned int)i * 2654435761u)
			return false;
	}
	return true;
}

static void *anon(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return p;
}

/* A child's status, 0 if fn() was true there. */
static bool in_child(bool (*fn)(void *p), void *p)
{
	int status = 1;
	pid_t pid = fork();

	if (!pid)
		_exit(!fn(p));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Direct I/O out of p to the disk, and back to p + len. */
static bool direct(void *p, size_t len)
{
	int d = open(disk, O_RDWR | O_DIRECT);
	bool good;

	if (d < 0)
		return false;
	fill(p, len, 77);
	good = pwrite(d, p, len, 0) == (ssize_t)len &&
	       pread(d, (char *)p + len, len, 0) == (ssize_t)len &&
	       filled((char *)p + len, len, 77);
	close(d);
	return good;
}

static bool child_shares(void *p)
{
	bool good = filled(p, LEN / 2, 5);

	fill(p, LEN / 2, 6);
	return good;
}

static void shared(void)
{
	uint64_t before = stats().in_use;
	char *p = slabvisor_alloc(sv, LEN);
	struct iovec iov = {.iov_base = p, .iov_len = PAGE};
	char copy[PAGE];
	int ends[2];

	check(p != NULL, "shared: a buffer is mapped");
	check(stats().given == 0, "shared: a buffer that is not touched has no pages");
	check(all(p, LEN, 0), "shared: it reads as zero");
	check(stats().given == LEN, "shared: each page touched is out");
	check(stats().in_use >= before + LEN / PAGE * PAGE, "shared: and in the host's account");
	fill(p, LEN, 5);
	check(in_child(child_shares, p), "shared: a child sees what its parent wrote");
	check(filled(p, LEN / 2, 6), "shared: and the parent what its child wrote");
	check(direct(p, LEN / 2), "shared: direct I/O goes out of it and into it");
	check(!madvise(p, LEN / 2, MADV_DONTNEED) && comes_to(LEN / 2),
	      "shared: MADV_DONTNEED gives pages back");
	check(all(p, LEN / 2, 0), "shared: which come back as zero");
	fill(p, PAGE, 9);
	check(!pipe(ends) && vmsplice(ends[1], &iov, 1, 0) == PAGE,
	      "shared: a page goes into a pipe");
	check(!slabvisor_free(p, LEN) && comes_to(PAGE),
	      "shared: the page in the pipe outlives munmap()");
	check(read(ends[0], copy, PAGE) == PAGE && filled(copy, PAGE, 9),
	      "shared: it is what it was");
	check(comes_to(0), "shared: and is given back when it has been read");
	close(ends[0]);
	close(ends[1]);
	errno = 0;
	check(mmap(NULL, LEN, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EINVAL,
	      "shared: MAP_PRIVATE is refused");
}

static bool child_copies(void *p)
{
	bool good = filled(p, LEN, 3);

	fill(p, LEN, 4);
	return good && filled(p, LEN, 4);
}

/* Whether the host has memory for anonymous pages. */
static bool has_anonymous;

static void anonymous(void)
{
	char *p = anon(2 * LEN);
	long got = slabvisor_back(sv, p, LEN);

	if (got == -ENODEV) {
		printf("# the host has no memory for anonymous pages\n");
		return;
	}
	has_anonymous = true;
	check(got == (long)LEN && stats().given == LEN,
	      "anonymous: memory not touched comes from the host");
	check(all(p, LEN, 0), "anonymous: it reads as zero");
	fill(p, LEN, 3);
	check(slabvisor_back(sv, p, LEN) == 0 && stats().given == LEN,
	      "anonymous: what is the host's already stays as it is");
	check(in_child(child_copies, p), "anonymous: a child has a copy of its own");
	check(filled(p, LEN, 3), "anonymous: and its parent keeps what it had");
	fill(p + LEN, LEN, 8);
	check(slabvisor_back(sv, p + LEN, LEN) == (long)LEN && filled(p + LEN, LEN, 8),
	      "anonymous: what was there is moved to the host's memory");
	check(stats().given == 2 * LEN, "anonymous: all of it");
	check(direct(p, LEN), "anonymous: direct I/O goes out of it and into it");
	check(!madvise(p, LEN, MADV_DONTNEED) && comes_to(LEN),
	      "anonymous: MADV_DONTNEED gives pages back");
	check(all(p, LEN, 0) && stats().given == LEN,
	      "anonymous: and the kernel's come in their place");
	check(!mprotect(p + LEN, LEN, PROT_READ) && filled(p + LEN, PAGE, 77),
	      "anonymous: its permissions may be changed");
	check(!munmap(p, 2 * LEN) && comes_to(0), "anonymous: munmap() gives all back");
}

static bool child_leaves(void *p)
{
	(void)p;
	return slabvisor_back(sv, anon(LEN), LEN) == (long)LEN;
}

static void refused(void)
{
	char *p = anon(4 * PAGE);
	struct slabvisor_range range = {.addr = (uintptr_t)p + 1, .len = PAGE};
	char *file = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, open("/proc/self/exe", O_RDONLY), 0);

	check(slabvisor_back(sv, p, 1) == -EINVAL && ioctl(fd, SLABVISOR_IOC_BACK, &range) < 0,
	      "refused: what is not whole pages");
	check(slabvisor_back(sv, p, 0) == -EINVAL, "refused: nothing");
	check(slabvisor_back(sv, (void *)(-4 * PAGE), 2 * PAGE) == -EINVAL &&
		      slabvisor_back(sv, p, -4 * PAGE) == -EINVAL,
	      "refused: the kernel's half");
	check(slabvisor_back(sv, file, PAGE) < 0, "refused: a file's memory");
	munmap(p, 4 * PAGE);
	check(slabvisor_back(sv, p, 4 * PAGE) < 0, "refused: what is not mapped");
	check(ioctl(fd, SLABVISOR_IOC_STATS, (void *)16) < 0 && errno == EFAULT,
	      "refused: a bad pointer");
	check(ioctl(fd, _IO('S', 0xff), 0) < 0 && errno == ENOTTY, "refused: an unknown call");
}

static void pins(void)
{
	struct slabvisor *other;
	char *p = slabvisor_alloc(sv, LEN);
	uint64_t before = stats().pinned;

	fill(p, LEN, 1);
	check(!slabvisor_pin(sv, p, LEN) && stats().pinned == before + LEN,
	      "pins: pages of the host's are counted there");
	check(slabvisor_unpin(sv, p, LEN / 2) == -ENOENT, "pins: another range has no pin");
	check(!slabvisor_unpin(sv, p, LEN) && stats().pinned == before, "pins: it ends");
	check(!slabvisor_open(&other) && !slabvisor_pin(other, p, LEN),
	      "pins: those of another file");
	slabvisor_free(p, LEN);
	check(stats().given == LEN, "pins: keep memory that is unmapped");
	slabvisor_close(other);
	check(comes_to(0) && stats().pinned == before, "pins: end with their file");
}

static bool limit(const char *pages)
{
	int f = open("/sys/module/slabvisor/parameters/max_pages", O_WRONLY);
	bool good = f >= 0 && write(f, pages, strlen(pages)) == (ssize_t)strlen(pages);

	if (f >= 0)
		close(f);
	return good;
}

/* A child touches all of it. True if that ends it with SIGBUS. */
static bool cannot_touch(char *p, size_t len)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(all(p, len, 0));
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS;
}

static void limited(void)
{
	char *p = slabvisor_alloc(sv, LEN);
	char *q = anon(LEN);

	check(limit("100"), "limit: root sets what programs may have at once");
	check(cannot_touch(p, LEN) && comes_to(0),
	      "limit: a program gets no more pages by touching them");
	if (has_anonymous)
		check(slabvisor_back(sv, q, LEN) == 100 * (long)PAGE && comes_to(100 * PAGE),
		      "limit: nor by asking for them");
	munmap(q, LEN);
	slabvisor_free(p, LEN);
	check(comes_to(0) && limit("0"), "limit: 0 is none");
}

static void no_rights(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(2);
		_exit(open("/dev/slabvisor", O_RDWR) >= 0 || errno != EACCES);
	}
	waitpid(pid, &status, 0);
	check(status == 0, "a process without rights gets nothing");
}

static bool child_touches(void *p)
{
	*(volatile char *)p = 1;
	return true;
}

static void without_host(void)
{
	char *s = slabvisor_alloc(sv, 2 * LEN);
	char *p = anon(LEN);
	char *own = anon(LEN);

	bool good = s && slabvisor_back(sv, p, LEN) == (long)LEN;

	fill(s, LEN, 11);
	fill(p, LEN, 12);
	check(good && stats().given >= 2 * LEN, "kept: memory of the host's");
	while (getchar() != EOF)
		check(filled(s, LEN, 11) && filled(p, LEN, 12), "kept: it is what it was");
	check(filled(s, LEN, 11) && filled(p, LEN, 12), "kept: it is so in the end");
	fill(s, LEN, 13);
	check(filled(s, LEN, 13), "kept: and is written to");
	/* Not next to what was touched: a fault brings some pages more. */
	check(!in_child(child_touches, s + 2 * LEN - PAGE),
	      "kept: there is no more of it for a buffer");
	check(slabvisor_back(sv, own, LEN) <= 0, "kept: nor for anonymous memory");
	fill(own, LEN, 14);
	check(filled(own, LEN, 14), "kept: which is the kernel's then");
	check(!slabvisor_free(s, 2 * LEN) && !munmap(p, LEN), "kept: it can be given up");
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return 2;
	disk = argv[1];
	fd = open("/dev/slabvisor", O_RDWR);
	if (fd < 0 || slabvisor_open(&sv)) {
		perror("/dev/slabvisor");
		return 1;
	}
	if (!disk) {
		without_host();
		printf("1..%u\n", tests);
		return failures != 0;
	}
	/* First: disks have pins of their own, for a while after direct I/O. */
	pins();
	shared();
	anonymous();
	refused();
	if (has_anonymous)
		check(in_child(child_leaves, NULL) && comes_to(0),
		      "a process that ends leaves nothing");
	limited();
	no_rights();
	printf("1..%u\n", tests);
	return failures != 0;
}
