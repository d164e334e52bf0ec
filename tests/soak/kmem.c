/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the programs of a machine with a memory service do for so many seconds, while the host takes
 * back what it can (tests/libvirt/soak.t):
 *
 *   kmem disk SECONDS MIB DISK DATA SUM
 *       Reads the first DATA MiB of a disk past the page cache, compares their checksum with SUM,
 * and writes MIB of new data behind them, which it reads again. All by memory of malloc(). kmem
 * memory SECONDS MIB Keeps MIB of blocks of malloc(), from 16 bytes to 256 KiB, each with a
 * checksum that it compares when it frees the block, and all of them now and then. kmem shared
 * SECONDS MIB The same with pages that are mapped of /dev/slabvisor, which MADV_DONTNEED gives
 * back.
 *
 * The first two are preloaded with libslabvisor-malloc.so. Each prints how much it has compared
 * and what was wrong: a line for each second at most, and one at its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "guest/user/slabvisor.h"
#include "tests/soak/sum.h"

#define KIB   ((size_t)1 << 10)
#define MIB   ((size_t)1 << 20)
#define STEP  MIB /* of I/O */
#define PAGE  (4 * KIB)
#define PIECE (64 * KIB) /* of shared memory */

static time_t end, said;
static unsigned long compared, wrong;

static void die(const char *what)
{
	printf("kmem: %s: %s\n", what, strerror(errno));
	exit(1);
}

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* Counts a comparison. Returns whether there is time for more. */
static bool note(bool right)
{
	time_t t = now();

	compared++;
	wrong += !right;
	if (t != said) {
		printf("kmem: compared %lu wrong %lu\n", compared, wrong);
		said = t;
	}
	return t < end;
}

static uint64_t sum_of(const void *p, size_t size)
{
	uint64_t zeroes = 0;

	return soak_sum(p, size, &zeroes);
}

static void *take(size_t size)
{
	void *p = aligned_alloc(PAGE, size);

	if (!p)
		die("malloc");
	return p;
}

/* Reads, or writes, all of p. */
static void move(int fd, void *p, size_t size, size_t offset, bool out)
{
	for (size_t done = 0; done < size;) {
		size_t step = size - done < STEP ? size - done : STEP;
		char *at = (char *)p + done;
		off_t from = (off_t)(offset + done);
		ssize_t n = out ? pwrite(fd, at, step, from) : pread(fd, at, step, from);

		if (n <= 0)
			die(out ? "write" : "read");
		done += (size_t)n;
	}
}

static void disk(const char *path, size_t data, uint64_t right, size_t scratch)
{
	int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	bool more = true;

	if (fd < 0)
		die(path);
	while (more) {
		void *p = take(data);
		uint64_t sum;

		move(fd, p, data, 0, false);
		note(sum_of(p, data) == right);
		free(p);
		p = take(scratch);
		soak_fill(p, scratch);
		sum = sum_of(p, scratch);
		move(fd, p, scratch, data, true);
		free(p);
		p = take(scratch);
		memset(p, 0, scratch);
		move(fd, p, scratch, data, false);
		more = note(sum_of(p, scratch) == sum);
		free(p);
	}
	close(fd);
}

struct block {
	void *p;
	size_t size;
	uint64_t sum;
};

static size_t some_size(void)
{
	uint64_t chance = soak_random();

	/* As many of each order. */
	return ((size_t)16 << chance % 15) + (chance >> 32) % 16 * 8;
}

static bool right(const struct block *b)
{
	return sum_of(b->p, b->size) == b->sum;
}

static void memory(size_t most)
{
	const size_t n = most / (36 * KIB); /* of the mean size */
	struct block *block = calloc(n, sizeof(*block));
	bool more = true;

	if (!block)
		die("malloc");
	while (more) {
		for (size_t i = 0; i < n; i++) {
			struct block *b = &block[soak_random() % n];

			if (b->p)
				note(right(b));
			free(b->p);
			b->size = some_size();
			b->p = malloc(b->size);
			if (!b->p)
				die("malloc");
			soak_fill(b->p, b->size & ~(size_t)7);
			b->size &= ~(size_t)7;
			b->sum = sum_of(b->p, b->size);
		}
		for (size_t i = 0; i < n; i++) {
			if (block[i].p)
				more = note(right(&block[i]));
		}
		/* Most of it goes at once, so that whole huge frames are empty. */
		for (size_t i = 0; soak_random() % 4 == 0 && i < n - n / 16; i++) {
			free(block[i].p);
			block[i].p = NULL;
		}
	}
}

static void shared(size_t size)
{
	const size_t n = size / PIECE;
	struct block *block = calloc(n, sizeof(*block));
	struct slabvisor *sv;
	bool more = true;
	char *at;

	if (!block || slabvisor_open(&sv))
		die("/dev/slabvisor");
	at = slabvisor_alloc(sv, size);
	if (!at)
		die("slabvisor_alloc");
	while (more) {
		for (size_t i = 0; i < n; i++) {
			struct block *b = &block[soak_random() % n];

			if (b->p)
				note(right(b));
			b->p = at + (size_t)(b - block) * PIECE;
			b->size = PIECE;
			/* As zero it is to come back. */
			if (madvise(b->p, PIECE, MADV_DONTNEED))
				die("madvise");
			note(!*(uint64_t *)b->p);
			soak_fill(b->p, PIECE);
			b->sum = sum_of(b->p, PIECE);
		}
		for (size_t i = 0; i < n; i++) {
			if (block[i].p)
				more = note(right(&block[i]));
		}
	}
	slabvisor_free(at, size);
	slabvisor_close(sv);
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : "";
	size_t size = argc > 3 ? (size_t)atoi(argv[3]) * MIB : 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	end = argc > 3 ? now() + atoi(argv[2]) : 0;
	if (!strcmp(what, "disk") && argc == 7)
		disk(argv[4], (size_t)atoi(argv[5]) * MIB, strtoull(argv[6], NULL, 16), size);
	else if (!strcmp(what, "memory") && argc == 4)
		memory(size);
	else if (!strcmp(what, "shared") && argc == 4)
		shared(size);
	else
		return 2;
	printf("kmem: ends compared %lu wrong %lu\n", compared, wrong);
	return wrong != 0;
}
