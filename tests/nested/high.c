/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * high DEVICE NODE: in a Linux guest whose node NODE lies above 4 GiB, writes memory of that
 * node to a disk and reads it back into more of it, by O_DIRECT. The pages are there, as the
 * guest's kernel numbers them, and each says which it is.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE    4096ul
#define PAGES   2048ul
#define SIZE    (PAGES * PAGE)
#define HIGH    (1ull << (32 - 12)) /* the first page above 4 GiB */
#define PRESENT (1ull << 63)
#define NUMBER  ((1ull << 55) - 1)

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static char *take(unsigned long node)
{
	const unsigned long mask = 1ul << node;
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	if (syscall(SYS_mbind, p, SIZE, MPOL_BIND, &mask, 64, 0))
		die("mbind");
	memset(p, 1, SIZE);
	return p;
}

/* How many of its pages lie above 4 GiB (Linux, admin-guide/mm/pagemap.rst). */
static unsigned int count_high(const char *p)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	unsigned int n = 0;
	uint64_t entry;

	if (fd < 0)
		die("pagemap");
	for (unsigned int i = 0; i < PAGES; i++) {
		off_t at = (off_t)(((uintptr_t)p / PAGE + i) * sizeof(entry));

		if (pread(fd, &entry, sizeof(entry), at) != (ssize_t)sizeof(entry))
			die("pagemap");
		n += (entry & PRESENT) && (entry & NUMBER) >= HIGH;
	}
	close(fd);
	return n;
}

int main(int argc, char **argv)
{
	unsigned long node;
	char *from;
	char *to;
	int fd;

	if (argc != 3)
		return 2;
	node = strtoul(argv[2], NULL, 10);
	from = take(node);
	to = take(node);
	for (unsigned long i = 0; i < PAGES; i++)
		snprintf(from + i * PAGE, PAGE, "this is page %08lu", i);
	fd = open(argv[1], O_RDWR | O_DIRECT);
	if (fd < 0)
		die(argv[1]);
	if (pwrite(fd, from, SIZE, 0) != (ssize_t)SIZE || fsync(fd) ||
	    pread(fd, to, SIZE, 0) != (ssize_t)SIZE)
		die(argv[1]);
	printf("%u pages written, %u read, %s\n", count_high(from), count_high(to),
	       memcmp(from, to, SIZE) ? "which differ" : "which are the same");
	return 0;
}
