/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of blkcheck share: TAP, buffers, patterns. */
#ifndef BLKCHECK_H
#define BLKCHECK_H

#include <linux/types.h>
#include <slabvisor/blk.h>

extern struct blk_disk *disk;
extern struct blk_info info;

/* One TAP line; passes if cond holds. */
#define check(cond, ...) check_at(!!(cond), #cond, __LINE__, __VA_ARGS__)
__attribute__((format(printf, 4, 5))) void check_at(bool holds, const char *cond, int line,
						    const char *what, ...);
/* The plan. Returns the program's exit status. */
int check_end(void);

/* Single pages, in an order of their own, so that they are as many segments. */
struct buffer {
	struct page **page;
	unsigned int pages;
};

bool buffer_alloc(struct buffer *b, unsigned int pages);
void buffer_free(struct buffer *b);
/* Bytes of a pattern that depends on seed and place, from offset of the buffer on. */
void buffer_fill(struct buffer *b, size_t offset, size_t len, u64 seed);
bool buffer_holds(const struct buffer *b, size_t offset, size_t len, u64 seed);
/* Tells whether all len bytes are value. */
bool buffer_is(const struct buffer *b, size_t offset, size_t len, u8 value);
void buffer_set(struct buffer *b, size_t offset, size_t len, u8 value);

/* The same pattern in plain memory, from byte at of it. */
void pattern_fill(void *p, size_t len, u64 seed, size_t at);
bool pattern_holds(const void *p, size_t len, u64 seed, size_t at);

/* A read or a write, to its end. */
int buffer_rw(enum blk_op op, struct buffer *b, size_t offset, size_t len, u64 sector);

u64 random_u64(void);
extern u64 random_state;

void check_kinds(const char *serial);
void check_readonly(void);
void check_errors(void);
void check_shapes(void);
void check_user(void);

/* A long random sequence of requests; all memory begins at byte shift of a page. */
void check_sequence(u64 count, unsigned int shift);
/* Pages freed, unmapped and allocated again under I/O. */
void check_churn(u64 rounds);
/* Writes and flushes, and says what is flushed, until it is killed. */
void crash_write(void);
/* Tells whether all that was flushed up to round acked is there. */
void crash_verify(u64 acked);
/* A working set of so many MiB, verified, then given back in quarters. */
void check_working_set(u64 mib);
/* That the disk grows and then shrinks, as somebody else makes it. */
void check_resize(void);
/* That the disk zeroes much more than it holds; it may be stopped meanwhile. */
void check_zeroes(void);

#endif
