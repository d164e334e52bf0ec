/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * malloc's contract at its edges, of whichever malloc is preloaded: the program knows no
 * other. `edges NAME` runs one case; it prints what is wrong, and exits with 1.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mm/util.h"

#define MIB (1ul << 20)

static int failures;

#define check(x)                                                                \
	do {                                                                    \
		if (!(x)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
			failures++;                                             \
		}                                                               \
	} while (0)

/* The compiler knows malloc, too, and would know the answers. */
static void *(*volatile do_malloc)(size_t) = malloc;
static void *(*volatile do_calloc)(size_t, size_t) = calloc;
static void *(*volatile do_realloc)(void *, size_t) = realloc;
static void *(*volatile do_reallocarray)(void *, size_t, size_t) = reallocarray;
static void (*volatile do_free)(void *) = free;

static int all_bytes(const unsigned char *p, unsigned char value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (p[i] != value)
			return 0;
	}
	return 1;
}

/* Nothing below means anything if another malloc answers. */
static void preloaded(void)
{
	Dl_info info;

	check(dladdr((void *)(uintptr_t)do_malloc, &info) &&
	      strstr(info.dli_fname, "libslabvisor-malloc"));
}

static void zero(void)
{
	void *p = do_malloc(0);
	void *q = do_malloc(0);

	check(p && q && p != q);
	do_free(p);
	do_free(q);
	do_free(NULL);
	p = do_calloc(0, 8);
	q = do_calloc(8, 0);
	check(p && q && p != q);
	check(!do_realloc(p, 0));
	do_free(q);
	p = do_realloc(NULL, 0);
	check(p);
	do_free(p);
	check(malloc_usable_size(NULL) == 0);
}

static void overflow(void)
{
	volatile size_t most = SIZE_MAX;
	void *p = do_malloc(100);
	void *q = NULL;

	memset(p, 7, 100);
	errno = 0;
	check(!do_malloc(most) && errno == ENOMEM);
	errno = 0;
	check(!do_malloc((size_t)PTRDIFF_MAX + 1) && errno == ENOMEM);
	errno = 0;
	check(!do_calloc(most / 2, 3) && errno == ENOMEM);
	errno = 0;
	check(!do_calloc(1ul << 32, 1ul << 32) && errno == ENOMEM);
	errno = 0;
	check(!do_realloc(p, most - 4096) && errno == ENOMEM);
	errno = 0;
	check(!do_reallocarray(p, most / 8, 9) && errno == ENOMEM);
	errno = 0;
	check(!memalign(1ul << 62, 1ul << 62) && errno == ENOMEM);
	errno = 0;
	check(!aligned_alloc(64, most) && errno == ENOMEM);
	errno = 0;
	check(!pvalloc(most) && errno == ENOMEM);
	errno = 0;
	check(posix_memalign(&q, 64, most) == ENOMEM && !q && errno == 0);
	check(all_bytes(p, 7, 100));
	do_free(p);
}

static void errno_kept(void)
{
	void *p[600];

	for (size_t size = 1; size < 64 * MIB; size = size * 3 + 1) {
		for (int i = 0; i < (size < MIB ? 600 : 3); i++) {
			errno = 12345;
			p[i] = do_malloc(size);
			check(p[i] && errno == 12345);
		}
		for (int i = 0; i < (size < MIB ? 600 : 3); i++) {
			errno = 12345;
			do_free(p[i]);
			check(errno == 12345);
		}
	}
}

static void alignment(void)
{
	static const size_t sizes[] = {0,    1,     8,      24,      64,      100,     1000,
				       4096, 10000, 100000, 1000000, 3000000, 9000000, 33333333};
	void *p;

	for (size_t size = 16; size < 20000; size += 8) {
		p = do_malloc(size);
		check((uintptr_t)p % 16 == 0);
		do_free(p);
	}
	for (size_t align = 8; align <= 64 * MIB; align *= 2) {
		for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
			void *q[8];

			for (int k = 0; k < 8; k++) {
				p = NULL;
				check(!posix_memalign(&p, align, sizes[i]));
				check(p && (uintptr_t)p % align == 0);
				check(malloc_usable_size(p) >= sizes[i]);
				memset(p, k, sizes[i] < MIB ? sizes[i] : 100);
				q[k] = p;
			}
			for (int k = 0; k < 8; k++) {
				check(all_bytes(q[k], (unsigned char)k,
						sizes[i] < MIB ? sizes[i] : 100));
				do_free(q[k]);
			}
		}
	}
	p = NULL;
	check(posix_memalign(&p, 24, 8) == EINVAL && !p);
	check(posix_memalign(&p, 4, 8) == EINVAL && !p);
	check(posix_memalign(&p, 0, 8) == EINVAL && !p);
	errno = 0;
	check(!aligned_alloc(24, 48) && errno == EINVAL);
	p = memalign(24, 100);
	check((uintptr_t)p % 32 == 0);
	do_free(p);
	p = valloc(10);
	check((uintptr_t)p % 4096 == 0);
	do_free(p);
	p = pvalloc(4097);
	check((uintptr_t)p % 4096 == 0 && malloc_usable_size(p) >= 8192);
	do_free(p);
}

/* calloc's memory is zero, of whatever history; all that is usable may be used. */
static void contents(void)
{
	for (size_t size = 1; size < 24 * MIB; size += size / 7 + 1) {
		unsigned char *p[20];
		int n = size < MIB ? 20 : 2;

		for (int i = 0; i < n; i++) {
			size_t usable;

			p[i] = do_malloc(size);
			usable = malloc_usable_size(p[i]);
			check(usable >= size && usable <= size * 2 + 16);
			memset(p[i], 0xa5, usable);
		}
		for (int i = 0; i < n; i++) {
			check(all_bytes(p[i], 0xa5, malloc_usable_size(p[i])));
			do_free(p[i]);
		}
		for (int i = 0; i < n; i++) {
			p[i] = do_calloc(size, 1);
			check(all_bytes(p[i], 0, size));
		}
		for (int i = 0; i < n; i++)
			do_free(p[i]);
	}
}

static void resize(void)
{
	unsigned char *p = do_malloc(1);
	size_t size = 1;
	size_t old;
	void *q;

	/* Up through every class, into mappings and among them, and all the way down. */
	*p = 9;
	while (size < 96 * MIB) {
		old = size;
		size += size / 3 + 1;
		p = do_realloc(p, size);
		check(p && all_bytes(p, 9, old));
		memset(p, 9, size);
	}
	while (size > 1) {
		size = size / 3 + 1;
		p = do_realloc(p, size);
		check(p && all_bytes(p, 9, size));
		if (size == 2)
			break;
	}
	do_free(p);

	/* What is usable is there to be grown into. */
	for (size = 20; size < 8 * MIB; size *= 3) {
		p = do_malloc(size);
		q = do_realloc(p, malloc_usable_size(p));
		check(q == p);
		do_free(q);
	}
	p = do_reallocarray(NULL, 10, 10);
	check(p);
	do_free(p);
}

/* Aligned as asked and all there, or no memory: never something between the two. Returns
 * whether there was memory. must: there has to be. */
static int aligned_or_none(void *p, size_t align, size_t size, int must)
{
	if (!p) {
		check(!must && errno == ENOMEM);
		return 0;
	}
	check((uintptr_t)p % align == 0);
	check(malloc_usable_size(p) >= size);
	memset(p, 0x3c, size);
	return 1;
}

/* Every way to ask for one alignment. */
static void ask_aligned(size_t align, size_t size, int must)
{
	void *p = NULL;
	void *q;
	int ret;

	errno = 0;
	ret = posix_memalign(&p, align, size);
	check(ret == 0 || (ret == ENOMEM && !p && errno == 0));
	errno = ret;
	if (aligned_or_none(p, align, size, must)) {
		/* Larger, where it need not be aligned, and smaller, where there always is memory. */
		q = do_realloc(p, size * 2);
		check(q ? all_bytes(q, 0x3c, size) : all_bytes(p, 0x3c, size));
		p = q ? q : p;
		q = do_realloc(p, size / 3 + 1);
		check(q && all_bytes(q, 0x3c, size / 3 + 1));
		p = q;
	}
	errno = 0;
	q = aligned_alloc(align, size);
	aligned_or_none(q, align, size, must);
	do_free(p);
	errno = 0;
	p = memalign(align - align / 4, size);
	aligned_or_none(p, align, size, must);
	do_free(p);
	do_free(q);
}

/* Of a window of 64 MiB nothing is left. */
static void window_full(void)
{
	/* Of the window, and with it there is room for small objects at the end, wherever large
	 * ones have taken all of it. */
	void **first = do_malloc(65536);
	void **p;

	check(first);
	*first = NULL;
	for (size_t n = 0; n < 2000; n++)
		check(do_malloc(65536));
	for (size_t size = 4000; size >= 8; size /= 2) {
		while ((p = do_malloc(size))) {
			*p = first;
			first = p;
		}
		check(errno == ENOMEM);
	}
	for (size_t align = 16; align <= 64 * MIB; align *= 2) {
		ask_aligned(align, 1, 0);
		ask_aligned(align, align, align >= 4096);
		ask_aligned(align, 5000, align >= 4096);
		ask_aligned(align, 3 * MIB, 1);
	}
	errno = 0;
	aligned_or_none(p = valloc(10), 4096, 10, 0);
	do_free(p);
	aligned_or_none(p = pvalloc(4097), 4096, 8192, 1);
	do_free(p);
	while (first) {
		p = *first;
		do_free(first);
		first = p;
	}
	ask_aligned(64, 100, 1);
	ask_aligned(65536, 65536, 1);
}

/* Under a limit on address space: all of it is used, given back, and there again. */
static void addresses_end(void)
{
	for (int round = 0; round < 3; round++) {
		for (size_t align = 4096; align <= 4 * MIB; align *= 2) {
			void **last = NULL;
			void **p = NULL;
			size_t n = 0;

			while (!posix_memalign((void **)&p, align, 3 * MIB) && n < 10000) {
				check((uintptr_t)p % align == 0);
				*p = last;
				last = p;
				n++;
			}
			check(n && n < 10000);
			ask_aligned(align, 100000, 0);
			while (last) {
				p = *last;
				do_free(last);
				last = p;
			}
		}
		malloc_trim(0);
	}
}

static long resident(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (!file || fscanf(file, "%*s %ld", &pages) != 1)
		pages = -1;
	if (file)
		fclose(file);
	return pages * 4096;
}

static void given_back(void)
{
	enum {
		COUNT = 400000
	};
	void **p = do_malloc(COUNT * sizeof(*p));
	long before;
	long full;
	long after;

	before = resident();
	for (int i = 0; i < COUNT; i++) {
		size_t size = 16 + (size_t)(i * 37 % 1000);

		p[i] = do_malloc(size);
		memset(p[i], 1, size);
	}
	full = resident();
	for (int i = 0; i < COUNT; i++)
		do_free(p[i]);
	malloc_trim(0);
	after = resident();
	check(full - before > 200 * (long)MIB);
	check(after - before < (full - before) / 20);
	do_free(p);
}

static void double_free(void)
{
	void *p[2000];

	for (int i = 0; i < 2000; i++)
		p[i] = do_malloc(40);
	for (int i = 0; i < 2000; i++)
		do_free(p[i]);
	/* Far from the end of a magazine: mm finds it. */
	for (int i = 0; i < 2000; i++)
		do_free(p[i]);
	malloc_trim(0);
}

static void double_free_at_once(void)
{
	void *p = do_malloc(40);

	do_free(p);
	do_free(p);
}

static void double_free_huge(void)
{
	void *p = do_malloc(50 * MIB);

	do_free(p);
	do_free(p);
}

static void free_inside(void)
{
	do_free((char *)do_malloc(100) + 4);
}

static void free_foreign(void)
{
	int on_stack[4];

	do_free((void *)(uintptr_t)on_stack);
}

/* An address that is of no slot, yet aligned: found at the latest when it is drained. */
static void free_off_slot(void)
{
	do_free((char *)do_malloc(100) + 16);
	malloc_trim(0);
}

static const struct {
	const char *name;
	void (*fn)(void);
} cases[] = {
	{"preloaded", preloaded},
	{"zero", zero},
	{"overflow", overflow},
	{"errno", errno_kept},
	{"alignment", alignment},
	{"contents", contents},
	{"resize", resize},
	{"given_back", given_back},
	{"window_full", window_full},
	{"addresses_end", addresses_end},
	{"double_free", double_free},
	{"double_free_at_once", double_free_at_once},
	{"double_free_huge", double_free_huge},
	{"free_inside", free_inside},
	{"free_foreign", free_foreign},
	{"free_off_slot", free_off_slot},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(cases); i++) {
		if (!strcmp(argv[1], cases[i].name)) {
			cases[i].fn();
			return failures != 0;
		}
	}
	fprintf(stderr, "edges: a case's name would be right\n");
	return 2;
}
