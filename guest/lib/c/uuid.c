/* SPDX-License-Identifier: BSD-2-Clause */
/* Universally unique identifiers. */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/uuid.h>

const guid_t guid_null;
const uuid_t uuid_null;
const u8 guid_index[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
const u8 uuid_index[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* The bytes that say version 4 and the variant of the RFC. */
static void generate(unsigned char bytes[16], const u8 index[16])
{
	get_random_bytes(bytes, 16);
	bytes[index[6]] = (bytes[index[6]] & 0x0f) | 0x40;
	bytes[index[8]] = (bytes[index[8]] & 0x3f) | 0x80;
}

void generate_random_uuid(unsigned char uuid[16])
{
	generate(uuid, uuid_index);
}

void generate_random_guid(unsigned char guid[16])
{
	generate(guid, guid_index);
}

void guid_gen(guid_t *u)
{
	generate(u->b, guid_index);
}

void uuid_gen(uuid_t *u)
{
	generate(u->b, uuid_index);
}

static bool is_hyphen_place(unsigned int i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

bool uuid_is_valid(const char *uuid)
{
	for (unsigned int i = 0; i < UUID_STRING_LEN; i++) {
		if (is_hyphen_place(i) ? uuid[i] != '-' : !isxdigit(uuid[i]))
			return false;
	}
	return true;
}

static int parse(const char *text, __u8 bytes[16], const u8 index[16])
{
	if (!uuid_is_valid(text))
		return -EINVAL;
	for (unsigned int i = 0, at = 0; i < 16; i++, at += 2) {
		at += is_hyphen_place(at);
		bytes[index[i]] = (u8)(hex_to_bin((unsigned char)text[at]) << 4 |
				       hex_to_bin((unsigned char)text[at + 1]));
	}
	return 0;
}

int guid_parse(const char *uuid, guid_t *u)
{
	return parse(uuid, u->b, guid_index);
}

int uuid_parse(const char *uuid, uuid_t *u)
{
	return parse(uuid, u->b, uuid_index);
}
