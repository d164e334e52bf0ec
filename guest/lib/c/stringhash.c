/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes of strings. */
#include <linux/stringhash.h>

unsigned int full_name_hash(const void *salt, const char *name, unsigned int len)
{
	unsigned long hash = init_name_hash(salt);

	while (len--)
		hash = partial_name_hash((unsigned char)*name++, hash);
	return end_name_hash(hash);
}

u64 hashlen_string(const void *salt, const char *name)
{
	unsigned long hash = init_name_hash(salt);
	unsigned long len = 0;

	for (; name[len]; len++)
		hash = partial_name_hash((unsigned char)name[len], hash);
	return hashlen_create(end_name_hash(hash), len);
}
