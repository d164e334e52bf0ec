/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes of strings, as in Linux's <linux/stringhash.h>, with a value of its own for each salt. */
#ifndef GUEST_LINUX_STRINGHASH_H
#define GUEST_LINUX_STRINGHASH_H

#include <linux/hash.h>
#include <linux/types.h>

#define init_name_hash(salt) ((unsigned long)(salt))

static inline unsigned long partial_name_hash(unsigned long c, unsigned long prevhash)
{
	return (prevhash + (c << 4) + (c >> 4)) * 11;
}

static inline unsigned int end_name_hash(unsigned long hash)
{
	return hash_long(hash, 32);
}

/* Of len characters; of a string, whose length is in the upper half. */
unsigned int full_name_hash(const void *salt, const char *name, unsigned int len);
u64 hashlen_string(const void *salt, const char *name);

#define hashlen_hash(hashlen)     ((u32)(hashlen))
#define hashlen_len(hashlen)      ((u32)((hashlen) >> 32))
#define hashlen_create(hash, len) ((u64)(len) << 32 | (u32)(hash))

#endif
