/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a Linux guest does with its disk while its memory comes and goes, and the host's look at the
 * same image:
 *
 *   rounds run DISK COUNT DATA SCRATCH PRESSURE
 *       In the guest. Reads the first DATA MiB of the disk COUNT times, past the page cache and
 *       through it by turns; each time it also writes SCRATCH MiB of new data behind them and reads
 *       those again. A second process uses up to PRESSURE MiB of memory and frees them, again and
 *       again. The buffers are new at each time, and all is freed after it: so pages move between
 *       the disk, the process and the host.
 *   rounds sum FILE OFFSET LENGTH
 *       On the host. The checksum of that part, in MiB, as it is on the disk.
 *
 * The guest prints a line for each checksum; it compares none, since it does not know what is right.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/soak/sum.h"

#define MIB  ((size_t)1 << 20)
#define PAGE 4096u

static void die(const char *what)
{
	printf("soak: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Memory that was not the process's before. Free it with munmap(). */
static void *fresh(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static int open_disk(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		die(path);
	return fd;
}

/* Reads size bytes into buf. */
static void read_part(int fd, void *buf, size_t size, off_t offset)
{
	size_t done = 0;

	while (done < size) {
		size_t step = size - done < MIB ? size - done : MIB;
		ssize_t n = pread(fd, (char *)buf + done, step, offset + (off_t)done);

		if (n <= 0)
			die("read");
		done += (size_t)n;
	}
}

/* The checksum of a part, read into memory of its own; what of it is zero is added to *zeroes. */
static uint64_t sum_part(const char *path, bool direct, off_t offset, size_t size, uint64_t *zeroes)
{
	int fd = open_disk(path, O_RDONLY | (direct ? O_DIRECT : 0));
	uint64_t *buf = fresh(size);
	uint64_t sum;

	read_part(fd, buf, size, offset);
	sum = soak_sum(buf, size, zeroes);
	munmap(buf, size);
	close(fd);
	return sum;
}

/* Writes new data; their checksum, which is taken before. */
static uint64_t write_part(const char *path, bool direct, off_t offset, size_t size)
{
	int fd = open_disk(path, O_WRONLY | (direct ? O_DIRECT : 0));
	uint64_t *buf = fresh(size);
	uint64_t sum;
	uint64_t zeroes = 0;
	size_t done = 0;

	soak_fill(buf, size);
	sum = soak_sum(buf, size, &zeroes);
	while (done < size) {
		size_t step = size - done < MIB ? size - done : MIB;
		ssize_t n = pwrite(fd, (char *)buf + done, step, offset + (off_t)done);

		if (n <= 0)
			die("write");
		done += (size_t)n;
	}
	if (fsync(fd))
		die("fsync");
	munmap(buf, size);
	close(fd);
	return sum;
}

static void drop_caches(void)
{
	int fd = open_disk("/proc/sys/vm/drop_caches", O_WRONLY);

	if (write(fd, "3", 1) != 1)
		die("drop_caches");
	close(fd);
}

/*
 * Says which process the guest's kernel may end when memory runs out. Memory that is unplugged, or
 * that a balloon takes, can leave too little for a moment: that is to cost what presses, not what
 * measures.
 */
static void set_oom_score(const char *score)
{
	int fd = open_disk("/proc/self/oom_score_adj", O_WRONLY);

	if (write(fd, score, strlen(score)) < 0)
		die("oom_score_adj");
	close(fd);
}

/* Takes memory, keeps something of its own in it, and frees it piece by piece. */
static void press(size_t most)
{
	struct timespec pause = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_oom_score("1000");
	for (;;) {
		uint64_t chance = soak_random();
		size_t size = (most / 4 + chance % (most - most / 4)) & ~(2 * MIB - 1);
		size_t piece = (chance >> 32 & 1 ? 64 : 512) * PAGE;
		char *p = fresh(size);

		madvise(p, size, chance >> 33 & 1 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
		for (size_t at = 0; at < size; at += PAGE)
			*(uint64_t *)(p + at) = chance + at;
		pause.tv_nsec = (long)(chance >> 40 & 0xff) * 1000000;
		nanosleep(&pause, NULL);
		for (size_t at = 0; at < size; at += PAGE) {
			if (*(uint64_t *)(p + at) != chance + at)
				printf("soak: memory is not what was written there\n");
		}
		/* Every other piece first, so that what is free is in pieces for a while. */
		for (size_t at = 0; at < size; at += 2 * piece)
			madvise(p + at, at + piece < size ? piece : size - at, MADV_DONTNEED);
		nanosleep(&pause, NULL);
		munmap(p, size);
		nanosleep(&pause, NULL);
	}
}

/* Presses until it is killed: begins anew each time that the guest's kernel has ended what presses.
 */
static void keep_pressing(size_t most)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		pid_t child = fork();

		if (child < 0)
			die("fork");
		if (!child)
			press(most);
		waitpid(child, NULL, 0);
	}
}

/* Waits until the host has looked at what was written. */
static void await_host(void)
{
	char line[16];

	if (!fgets(line, sizeof(line), stdin))
		exit(1);
}

static int run(const char *disk, unsigned int count, size_t data, size_t scratch, size_t pressure)
{
	pid_t child;

	setvbuf(stdout, NULL, _IOLBF, 0);
	set_oom_score("-1000");
	child = fork();
	if (child < 0)
		die("fork");
	if (!child)
		keep_pressing(pressure);
	printf("soak: starts\n");
	for (unsigned int i = 0; i < count; i++) {
		bool direct = i % 2 == 0;
		bool write_direct = i / 2 % 2 == 0;
		uint64_t zeroes = 0;
		uint64_t sum;
		uint64_t again;

		sum = sum_part(disk, direct, 0, data, &zeroes);
		printf("soak: read %016lx %lu %s\n", sum, zeroes, direct ? "direct" : "cached");
		drop_caches();
		sum = write_part(disk, write_direct, (off_t)data, scratch);
		drop_caches();
		again = sum_part(disk, !direct, (off_t)data, scratch, &zeroes);
		printf("soak: wrote %016lx %016lx %s\n", sum, again,
		       write_direct ? "direct" : "cached");
		await_host();
	}
	kill(child, SIGKILL);
	printf("soak: ends\n");
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t zeroes = 0;

	if (argc == 7 && !strcmp(argv[1], "run"))
		return run(argv[2], (unsigned int)atoi(argv[3]), (size_t)atoi(argv[4]) * MIB,
			   (size_t)atoi(argv[5]) * MIB, (size_t)atoi(argv[6]) * MIB);
	if (argc == 5 && !strcmp(argv[1], "sum")) {
		printf("%016lx\n", sum_part(argv[2], true, (off_t)atoi(argv[3]) * (off_t)MIB,
					    (size_t)atoi(argv[4]) * MIB, &zeroes));
		return 0;
	}
	fprintf(stderr, "usage: rounds run DISK COUNT DATA SCRATCH PRESSURE\n"
			"       rounds sum FILE OFFSET LENGTH\n");
	return 2;
}
