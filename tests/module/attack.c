/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program with rights to /dev/slabvisor that does with it whatever comes: random calls on random
 * ranges of its own memory, of all kinds, mappings that come and go, children that end in between.
 * The kernel is well if it goes on. TAP.
 *   attack [ROUNDS [SEED]]
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/linux/include/uapi/slabvisor.h"

#define PAGE  4096ul
#define AREA  64ul /* pages */
#define AREAS 8u

static uint64_t state;
static int fd;
static char *base; /* AREAS areas, mapped in some way or not; two for what goes beyond */
static sigjmp_buf jump;

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Something that is perhaps a multiple of pages, near to what is sound, or anything. */
static uint64_t number(uint64_t sound)
{
	switch (rnd() % 16) {
	case 0:
		return rnd();
	case 1:
		return -(rnd() % 8 * PAGE);
	case 2:
		return sound + rnd() % PAGE;
	case 3:
		return 1ull << rnd() % 64;
	default:
		return sound;
	}
}

static void remap(void)
{
	char *at = base + rnd() % AREAS * AREA * PAGE;
	size_t len = (1 + rnd() % AREA) * PAGE;
	int prot = (int)(rnd() % 4);

	switch (rnd() % 7) {
	case 0:
		munmap(at, len);
		break;
	case 1:
		mmap(at, len, prot, MAP_SHARED | MAP_FIXED, fd, (off_t)(rnd() % 1024 * PAGE));
		break;
	case 2:
		mmap(at, len, prot, MAP_PRIVATE | MAP_FIXED, fd, 0);
		break;
	case 3:
		mmap(at, len, prot, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	case 4:
		mremap(at, len, (1 + rnd() % AREA) * PAGE, (int)(rnd() % 2));
		break;
	default:
		mmap(at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		     0);
	}
}

static void fault(int sig)
{
	(void)sig;
	siglongjmp(jump, 1);
}

static void touch(void)
{
	volatile char *p = base + rnd() % (AREAS * AREA * PAGE);

	if (sigsetjmp(jump, 1))
		return;
	if (rnd() % 2)
		*p = 1;
	else
		(void)*p;
}

static void call(void)
{
	static const unsigned long requests[] = {
		SLABVISOR_IOC_BACK,  SLABVISOR_IOC_BACK,  SLABVISOR_IOC_PIN,
		SLABVISOR_IOC_UNPIN, SLABVISOR_IOC_STATS,
	};
	struct slabvisor_range range = {
		.addr = number((uintptr_t)base + rnd() % (AREAS * AREA) * PAGE),
		/* Mostly few, so that much may be tried. */
		.len = number(rnd() % (rnd() % 8 ? 8 : 2 * AREA) * PAGE),
		.pages = rnd(),
	};
	struct slabvisor_stats stats;
	unsigned long request = requests[rnd() % 5];
	void *arg = request == SLABVISOR_IOC_STATS ? (void *)&stats : (void *)&range;

	if (rnd() % 64 == 0)
		request = rnd();
	if (rnd() % 64 == 0)
		arg = (void *)number((uintptr_t)base);
	(void)ioctl(fd, request, arg);
}

static void rounds(unsigned long n)
{
	for (unsigned long i = 0; i < n; i++) {
		switch (rnd() % 8) {
		case 0:
			remap();
			break;
		case 1:
		case 2:
			touch();
			break;
		case 3:
			madvise(base + rnd() % (AREAS * AREA) * PAGE, rnd() % AREA * PAGE,
				MADV_DONTNEED);
			break;
		case 4:
			mprotect(base + rnd() % (AREAS * AREA) * PAGE, rnd() % AREA * PAGE,
				 (int)(rnd() % 4));
			break;
		default:
			call();
		}
	}
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
	struct sigaction action = {.sa_handler = fault};
	unsigned int children = 0;
	int status;

	/* Whose parents have ended are waited for at the end. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	fd = open("/dev/slabvisor", O_RDWR);
	if (fd < 0) {
		perror("/dev/slabvisor");
		return 1;
	}
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	base = mmap(NULL, (AREAS + 2) * AREA * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (unsigned long done = 0; done < n; done += 1000) {
		pid_t pid = fork();

		if (!pid) {
			/* Two that share what was touched before. */
			state += 0x9e3779b97f4a7c15ull * (done + 1);
			if (!state)
				state = 1;
			if (fork())
				state ^= 0x5555;
			rounds(500);
			_exit(0);
		}
		if (waitpid(pid, &status, 0) == pid && WIFEXITED(status))
			children++;
	}
	while (wait(NULL) > 0)
		;
	printf("ok 1 - %lu random calls end no process but by themselves\n", n);
	printf("%s 2 - all %u children ended\n", children == (n + 999) / 1000 ? "ok" : "not ok",
	       children);
	printf("1..2\n");
	return 0;
}
