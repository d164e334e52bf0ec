/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table from words to counts. Each vCPU fills one of its own; then the tables
 * are merged part by part. Everything in it is the allocator's: the buckets kcalloc's
 * and krealloc's, the nodes a kmem_cache's, the words kstrndup's.
 */
#ifndef WORDFREQ_TABLE_H
#define WORDFREQ_TABLE_H

#include <linux/slab.h>
#include <linux/types.h>

struct word {
	struct word *next; /* in its bucket */
	u64 count;
	u32 hash;
	u32 length;
	char *text; /* lower case, NUL-terminated */
};

struct table {
	struct word **bucket;
	u32 mask;     /* buckets - 1; their number is a power of two */
	u64 words;    /* words counted, repeats included */
	u32 distinct; /* nodes in the table */
	struct kmem_cache *nodes;
};

static inline bool is_letter(char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26;
}

/* 0 or -ENOMEM. nodes: a cache of struct word, shared by all tables. */
int table_init(struct table *table, struct kmem_cache *nodes);

/* Frees the buckets, and every word that is still in them. */
void table_destroy(struct table *table);

/* Counts every word of text[0..length): maximal runs of A-Z and a-z, case folded.
 * 0 or -ENOMEM. */
int table_count(struct table *table, const char *text, size_t length);

/* Doubles the buckets until there are at least this many. 0 or -ENOMEM. */
int table_grow(struct table *table, u32 buckets);

/*
 * Moves the words of buckets [first, last) of from into the same buckets of into,
 * adding up the counts of words that both have. The tables have equally many
 * buckets. Other vCPUs may move other buckets of the same tables meanwhile. Returns
 * how many words are new to into; the caller keeps into->distinct.
 */
u32 table_move(struct table *into, struct table *from, u32 first, u32 last);

#endif
