/* SPDX-License-Identifier: BSD-2-Clause */
/* The start, at the first request of the process: before any constructor has run. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mm/mm.h"
#include "slabvisor/hosted.h"
#include "tests/shim/shim.h"

#define WINDOW_VARIABLE "SLABVISOR_MALLOC_HEAP" /* a size: 16G, 512M */
#define WINDOW_DEFAULT  (16ul << 30)            /* address space; nothing is backed yet */
#define WINDOW_LEAST    (64ul << 20)
#define WINDOW_MOST     (8ul << 40)
#define WINDOW_FLOOR    (4ul << 20) /* where addresses are few */
#define WINDOW_BASE     (1ul << 40)
#define RECLAIM_MS      1000

/* A boot object: its size, then itself. */
#define BOOT_BYTES  (128ul << 10)
#define BOOT_HEADER 16ul

enum {
	FRESH,
	STARTING,
	READY
};

static int state;
static __thread bool starting;
static _Alignas(16) u8 boot[BOOT_BYTES];
static size_t boot_used;

void *shim_boot_alloc(size_t size, size_t align)
{
	size_t start;
	size_t end;

	/* Only the thread that starts comes here. */
	align = max(align, BOOT_HEADER);
	start = ALIGN((unsigned long)boot + boot_used + BOOT_HEADER, align) - (unsigned long)boot;
	if (size > BOOT_BYTES || start > BOOT_BYTES - size)
		return NULL;
	end = start + size;
	boot_used = ALIGN(end, BOOT_HEADER);
	*(size_t *)(void *)(boot + start - BOOT_HEADER) = size;
	return boot + start;
}

size_t shim_boot_size(const void *p)
{
	unsigned long offset = (unsigned long)p - (unsigned long)boot;

	if (offset < BOOT_HEADER || offset >= BOOT_BYTES)
		return 0;
	return *(const size_t *)(const void *)((const u8 *)p - BOOT_HEADER);
}

static size_t window_size(void)
{
	const char *text = secure_getenv(WINDOW_VARIABLE);
	unsigned long long size;
	char *end;

	if (!text || !*text)
		return WINDOW_DEFAULT;
	size = strtoull(text, &end, 10);
	switch (*end) {
	case 'T':
		size = size > WINDOW_MOST >> 40 ? 0 : size << 40;
		end++;
		break;
	case 'G':
		size = size > WINDOW_MOST >> 30 ? 0 : size << 30;
		end++;
		break;
	case 'M':
		size = size > WINDOW_MOST >> 20 ? 0 : size << 20;
		end++;
		break;
	}
	if (*end || *text < '0' || *text > '9' || size < WINDOW_LEAST || size > WINDOW_MOST)
		grt_bug(0, WINDOW_VARIABLE "=%.32s: 64M to 8T would be right", text);
	return ALIGN(size, MM_HUGE_SIZE);
}

/* Under a limit on address space the window leaves as much as it takes: mappings, and the
 * program's own, come out of the same. */
static size_t window_fit(size_t size)
{
	for (; size > WINDOW_FLOOR; size = ALIGN(size / 2, MM_HUGE_SIZE)) {
		void *map = mmap(NULL, size * 2, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (map != MAP_FAILED) {
			munmap(map, size * 2);
			break;
		}
	}
	return size;
}

static void start(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	struct mm_config config = {
		.range[0] = {.base = WINDOW_BASE, .host_node = -1},
		.nr_ranges = 1,
		.cpus = (unsigned int)clamp(online * 2, 2l, (long)MM_MAX_CPUS),
		.backing = MM_BACKING_ANON,
		/* What is the host's goes back at once: a program that frees and then rests makes
		 * no call by which it could be given later. */
		.reclaim_delay_ms = shim_window_there() ? 0 : RECLAIM_MS,
	};
	const char *why = "no thread data";
	int err = shim_thread_init();

	config.range[0].size = window_fit(window_size());
	if (!err)
		err = hosted_start(&config, &why);
	if (!err)
		err = shim_class_init(hosted_heap());
	if (err)
		grt_bug(0, "no start: %s, error %d", why ? why : "no memory", err);
}

bool shim_start(void)
{
	int fresh = FRESH;

	/* Acquire: what the start has set up. */
	if (likely(__atomic_load_n(&state, __ATOMIC_ACQUIRE) == READY))
		return true;
	if (starting)
		return false;
	if (__atomic_compare_exchange_n(&state, &fresh, STARTING, false, __ATOMIC_ACQUIRE,
					__ATOMIC_ACQUIRE)) {
		int err = errno;

		starting = true;
		start();
		starting = false;
		errno = err;
		/* Release: see above. */
		__atomic_store_n(&state, READY, __ATOMIC_RELEASE);
		return true;
	}
	while (__atomic_load_n(&state, __ATOMIC_ACQUIRE) != READY)
		sched_yield();
	return true;
}
