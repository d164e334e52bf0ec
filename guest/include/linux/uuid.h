/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Universally unique identifiers, RFC 4122, as in Linux's <linux/uuid.h>: a uuid_t has its numbers
 * in network order, a guid_t the first three of them in the CPU's.
 */
#ifndef GUEST_LINUX_UUID_H
#define GUEST_LINUX_UUID_H

#include <linux/string.h>
#include <linux/types.h>

#define UUID_SIZE       16
#define UUID_STRING_LEN 36

typedef struct {
	__u8 b[UUID_SIZE];
} uuid_t, guid_t;

#define __UUID_BYTES(d0, d1, d2, d3, d4, d5, d6, d7) (d0), (d1), (d2), (d3), (d4), (d5), (d6), (d7)
#define GUID_INIT(a, b, c, ...)                                                                   \
	((guid_t){{(a)&0xff, ((a) >> 8) & 0xff, ((a) >> 16) & 0xff, ((a) >> 24) & 0xff, (b)&0xff, \
		   ((b) >> 8) & 0xff, (c)&0xff, ((c) >> 8) & 0xff, __UUID_BYTES(__VA_ARGS__)}})
#define UUID_INIT(a, b, c, ...)                                                         \
	((uuid_t){{((a) >> 24) & 0xff, ((a) >> 16) & 0xff, ((a) >> 8) & 0xff, (a)&0xff, \
		   ((b) >> 8) & 0xff, (b)&0xff, ((c) >> 8) & 0xff, (c)&0xff,            \
		   __UUID_BYTES(__VA_ARGS__)}})

extern const guid_t guid_null;
extern const uuid_t uuid_null;
/* Where in memory the bytes are that the text has one after the other. */
extern const u8 guid_index[16];
extern const u8 uuid_index[16];

static inline bool guid_equal(const guid_t *a, const guid_t *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static inline bool uuid_equal(const uuid_t *a, const uuid_t *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static inline void guid_copy(guid_t *dst, const guid_t *src)
{
	*dst = *src;
}

static inline void uuid_copy(uuid_t *dst, const uuid_t *src)
{
	*dst = *src;
}

static inline void import_guid(guid_t *dst, const __u8 *src)
{
	memcpy(dst, src, sizeof(*dst));
}

static inline void import_uuid(uuid_t *dst, const __u8 *src)
{
	memcpy(dst, src, sizeof(*dst));
}

static inline void export_guid(__u8 *dst, const guid_t *src)
{
	memcpy(dst, src, sizeof(*src));
}

static inline void export_uuid(__u8 *dst, const uuid_t *src)
{
	memcpy(dst, src, sizeof(*src));
}

static inline bool guid_is_null(const guid_t *guid)
{
	return guid_equal(guid, &guid_null);
}

static inline bool uuid_is_null(const uuid_t *uuid)
{
	return uuid_equal(uuid, &uuid_null);
}

/* New ones, of version 4: see <linux/random.h> for what their randomness is worth. */
void generate_random_uuid(unsigned char uuid[16]);
void generate_random_guid(unsigned char guid[16]);
void guid_gen(guid_t *u);
void uuid_gen(uuid_t *u);

/* Tells whether a text begins with one: 36 characters, digits and hyphens where they belong. */
bool __must_check uuid_is_valid(const char *uuid);
/* 0, or -EINVAL and *u is as it was. */
int guid_parse(const char *uuid, guid_t *u);
int uuid_parse(const char *uuid, uuid_t *u);

#endif
