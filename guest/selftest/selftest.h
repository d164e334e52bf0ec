/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The self-test: what a program may expect of the runtime, checked call by call.
 * Prints TAP; each family of calls is a file. All checks are made by vCPU 0.
 */
#ifndef SELFTEST_H
#define SELFTEST_H

#include <linux/compiler.h>
#include <linux/types.h>

/* One TAP line: passes if cond holds; says where it stands if not. what is
 * printf's, "call: what it should do". */
#define check(cond, ...) check_at(!!(cond), #cond, __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 5, 6))) void check_at(bool holds, const char *cond, const char *file,
						    int line, const char *what, ...);

/* A TAP line for what cannot be tried here, and why. */
void check_skip(const char *what, const char *why);

/* The last lines. Returns the program's exit status. */
int check_end(void);

/* Writes a pattern that depends on seed over size bytes; tells whether it is there. */
void pattern_fill(void *p, size_t size, u64 seed);
bool pattern_holds(const void *p, size_t size, u64 seed);

/* Tells whether size bytes are all of one value. */
bool bytes_are(const void *p, size_t size, u8 value);

/* Exits so far of the calling vCPU, and those of them that rang a queue. */
u64 exits_here(void);
u64 kicks_here(void);

/* Runs a function while the other vCPUs do nothing, so that the heap is vCPU 0's alone: for what
 * is said of all of it, as that it is used up. Not from within itself or objects_out(). */
void alone(void (*run)(void));

/* Objects that the host counts as out once the magazines have been given back, and
 * pages that it counts as pinned. */
u64 objects_out(void);
u64 pages_pinned(void);

/* The node whose memory p is. */
int node_of(const void *p);

/* Whole pages of user memory, readable and perhaps writable. NULL: there is none; the
 * others return 0 or -errno. */
u8 __user *user_area(unsigned long pages, bool write);
int user_protect(u8 __user *area, unsigned long pages, bool write);
int user_release(u8 __user *area, unsigned long pages);

/* True in a run with --slab-debug, where an object is a request of its own. */
bool debug_mode(void);

/* How often the loops go round; 1 unless an argument says more. */
extern unsigned int scale;

void test_kmalloc(void);
void test_cache(void);
void test_string(void);
void test_gfp(void);
void test_user(void);
void test_gup(void);
void test_lease(void);
void test_page(void);
void test_vm(void);
void test_vma(void);
void test_pools(void);
void test_port(void);
void test_rcu(void);
void test_smp(void);
void test_start(void);
void test_neighbours(void);
void test_ranges(void);
void test_full(void);
void test_pieces(void);

#endif
