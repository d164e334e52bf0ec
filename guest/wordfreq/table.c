/* SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/string.h>

#define BUCKETS_MIN 256

/* FNV-1a, 32 bits. */
#define HASH_START 2166136261u
#define HASH_PRIME 16777619u

int table_init(struct table *table, struct kmem_cache *nodes)
{
	*table = (struct table){.nodes = nodes, .mask = BUCKETS_MIN - 1};
	table->bucket = kcalloc(BUCKETS_MIN, sizeof(struct word *), GFP_KERNEL);
	return table->bucket ? 0 : -ENOMEM;
}

static void word_free(struct table *table, struct word *word)
{
	kfree(word->text);
	kmem_cache_free(table->nodes, word);
}

void table_destroy(struct table *table)
{
	struct word *next;

	if (!table->bucket)
		return;
	for (u32 i = 0; i <= table->mask; i++) {
		for (struct word *word = table->bucket[i]; word; word = next) {
			next = word->next;
			word_free(table, word);
		}
	}
	kfree(table->bucket);
	table->bucket = NULL;
}

/* The words of bucket i stay or go to i + the old number of buckets. */
static int grow_once(struct table *table)
{
	u32 old = table->mask + 1;
	struct word **bucket;

	bucket = krealloc_array(table->bucket, 2ul * old, sizeof(struct word *), GFP_KERNEL);
	if (!bucket)
		return -ENOMEM;
	table->bucket = bucket;
	table->mask = 2 * old - 1;
	for (u32 i = 0; i < old; i++) {
		struct word **stay = &bucket[i];
		struct word **go = &bucket[i + old];
		struct word *word = bucket[i];

		for (; word; word = word->next) {
			if (word->hash & old) {
				*go = word;
				go = &word->next;
			} else {
				*stay = word;
				stay = &word->next;
			}
		}
		*stay = NULL;
		*go = NULL;
	}
	return 0;
}

int table_grow(struct table *table, u32 buckets)
{
	int ret = 0;

	while (!ret && table->mask + 1 < buckets)
		ret = grow_once(table);
	return ret;
}

static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Tells whether the word's text is s[0..length), case folded. */
static bool word_is(const struct word *word, u32 hash, const char *s, u32 length)
{
	if (word->hash != hash || word->length != length)
		return false;
	for (u32 i = 0; i < length; i++)
		if (word->text[i] != to_lower(s[i]))
			return false;
	return true;
}

static int count_word(struct table *table, const char *s, u32 length, u32 hash)
{
	struct word **at = &table->bucket[hash & table->mask];
	struct word *word;

	table->words++;
	for (word = *at; word; word = word->next) {
		if (word_is(word, hash, s, length)) {
			word->count++;
			return 0;
		}
	}
	word = kmem_cache_alloc(table->nodes, GFP_KERNEL);
	if (!word)
		return -ENOMEM;
	word->text = kstrndup(s, length, GFP_KERNEL);
	if (!word->text) {
		kmem_cache_free(table->nodes, word);
		return -ENOMEM;
	}
	for (u32 i = 0; i < length; i++)
		word->text[i] = to_lower(word->text[i]);
	word->hash = hash;
	word->length = length;
	word->count = 1;
	word->next = *at;
	*at = word;
	if (++table->distinct > table->mask)
		return grow_once(table);
	return 0;
}

int table_count(struct table *table, const char *text, size_t length)
{
	const char *s = text;
	const char *end = text + length;
	int ret = 0;

	while (!ret) {
		u32 hash = HASH_START;
		const char *start;

		while (s < end && !is_letter(*s))
			s++;
		if (s == end)
			break;
		for (start = s; s < end && is_letter(*s); s++)
			hash = (hash ^ (u8)(*s | 0x20)) * HASH_PRIME;
		ret = count_word(table, start, (u32)(s - start), hash);
	}
	return ret;
}

u32 table_move(struct table *into, struct table *from, u32 first, u32 last)
{
	struct word *next;
	struct word *have;
	u32 moved = 0;

	for (u32 i = first; i < last; i++) {
		for (struct word *word = from->bucket[i]; word; word = next) {
			next = word->next;
			for (have = into->bucket[i]; have; have = have->next)
				if (word_is(have, word->hash, word->text, word->length))
					break;
			if (have) {
				have->count += word->count;
				word_free(from, word);
				continue;
			}
			word->next = into->bucket[i];
			into->bucket[i] = word;
			moved++;
		}
		from->bucket[i] = NULL;
	}
	return moved;
}
