/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hosted allocator under test, with a channel in between that counts requests and
 * makes them fail.
 */
#ifndef GUEST_UTIL_H
#define GUEST_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "slabvisor/hosted.h"
#include "slabvisor/kmem.h"
#include <linux/slab.h>
#include <linux/string.h>

#define MIB  (1024ul * 1024)
#define BASE (4ul << 30)

/* What the channel did, and what it is to do wrong. Relaxed atomics: threads use it. */
struct wire {
	struct kmem_channel_ops real;
	unsigned long requests; /* all but stats and poll */
	unsigned long allocs, frees;
	long fail_from; /* allocating request number (from 0) that fails, and all after; -1 */
	long fail_for;  /* how many fail */
	size_t most;    /* objects a reply at most; 0: no limit */
	size_t largest; /* objects in a request so far */
	u32 last_flags;
	size_t last_asked;
	u64 last_caller;
	unsigned long nested; /* requests in the middle of another of the same thread */
	/* Called before objects go to the host, and before they are asked for, in the middle of the
	 * request; NULL: nothing is. */
	void (*on_free)(void);
	void (*on_alloc)(void);
};

extern struct wire wire;

/* Starts the allocator on a heap of this size behind the wire. */
void util_start(size_t size, unsigned int debug);
/* The same, with rules as --slab-debug has them. */
void util_start_watched(size_t size, const char *rules);
void util_start_nodes(size_t size);
/* Ends it, and checks that every frame is back, and that no request was made in the middle of
 * another. */
void util_stop(void);

/* cmocka's set-up and its end: 64 MiB; 64 MiB with the debug modes that find misuse; two nodes of
 * 16 MiB. */
int util_setup(void **state);
int util_setup_debug(void **state);
int util_setup_nodes(void **state);
int util_teardown(void **state);

/* Gives n objects back, the last one first. */
void util_free_all(void **object, size_t n);

/* The heap behind the wire, for what does not go by the channel. */
struct mm_heap *util_heap(void);

/* Objects or frames that the host counts as the guest's. */
u64 util_active(u32 cache);
u64 util_frames(void);

/* The last line of grt_bug() and grt_warn(). */
extern char util_bug[256], util_warn[256];
extern unsigned int util_warnings;

/* Calls fn(p), which must end in a BUG with this text in its line. */
void util_expect_bug(void (*fn)(const void *p), const void *p, const char *text);

/* Runs code that must warn, once, with this text. */
#define assert_warns(code, text)                                                      \
	do {                                                                          \
		unsigned int before = util_warnings;                                  \
                                                                                      \
		code;                                                                 \
		assert_int_equal(util_warnings, before + 1);                          \
		if (!strstr(util_warn, text))                                         \
			fail_msg("warning says \"%s\", not \"%s\"", util_warn, text); \
	} while (0)

#endif
