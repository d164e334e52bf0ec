/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words at any address, in the CPU's byte order or in one that is named: as in Linux's
 * <asm/unaligned.h>. An access by __packed tells the compiler that the address may be odd.
 */
#ifndef GUEST_ASM_UNALIGNED_H
#define GUEST_ASM_UNALIGNED_H

#include <asm/byteorder.h>
#include <linux/compiler.h>
#include <linux/types.h>

#define get_unaligned(ptr)                               \
	({                                               \
		const struct {                           \
			__typeof__(*(ptr)) word;         \
		} __packed *__gua = (const void *)(ptr); \
		__gua->word;                             \
	})
#define put_unaligned(value, ptr)                  \
	do {                                       \
		struct {                           \
			__typeof__(*(ptr)) word;   \
		} __packed *__pua = (void *)(ptr); \
		__pua->word = (value);             \
	} while (0)

static inline u16 get_unaligned_le16(const void *p)
{
	return le16_to_cpu(get_unaligned((const __le16 *)p));
}

static inline void put_unaligned_le16(u16 value, void *p)
{
	put_unaligned(cpu_to_le16(value), (__le16 *)p);
}

static inline u16 get_unaligned_be16(const void *p)
{
	return be16_to_cpu(get_unaligned((const __be16 *)p));
}

static inline void put_unaligned_be16(u16 value, void *p)
{
	put_unaligned(cpu_to_be16(value), (__be16 *)p);
}

static inline u32 get_unaligned_le32(const void *p)
{
	return le32_to_cpu(get_unaligned((const __le32 *)p));
}

static inline void put_unaligned_le32(u32 value, void *p)
{
	put_unaligned(cpu_to_le32(value), (__le32 *)p);
}

static inline u32 get_unaligned_be32(const void *p)
{
	return be32_to_cpu(get_unaligned((const __be32 *)p));
}

static inline void put_unaligned_be32(u32 value, void *p)
{
	put_unaligned(cpu_to_be32(value), (__be32 *)p);
}

static inline u64 get_unaligned_le64(const void *p)
{
	return le64_to_cpu(get_unaligned((const __le64 *)p));
}

static inline void put_unaligned_le64(u64 value, void *p)
{
	put_unaligned(cpu_to_le64(value), (__le64 *)p);
}

static inline u64 get_unaligned_be64(const void *p)
{
	return be64_to_cpu(get_unaligned((const __be64 *)p));
}

static inline void put_unaligned_be64(u64 value, void *p)
{
	put_unaligned(cpu_to_be64(value), (__be64 *)p);
}

static inline u32 get_unaligned_be24(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] << 16 | (u32)b[1] << 8 | (u32)b[2];
}

static inline void put_unaligned_be24(const u32 value, void *p)
{
	u8 *b = p;

	b[0] = (u8)(value >> 16);
	b[1] = (u8)(value >> 8);
	b[2] = (u8)(value);
}

static inline u32 get_unaligned_le24(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] | (u32)b[1] << 8 | (u32)b[2] << 16;
}

static inline void put_unaligned_le24(const u32 value, void *p)
{
	u8 *b = p;

	b[0] = (u8)(value);
	b[1] = (u8)(value >> 8);
	b[2] = (u8)(value >> 16);
}

static inline u64 get_unaligned_be48(const void *p)
{
	const u8 *b = p;

	return (u64)b[0] << 40 | (u64)b[1] << 32 | (u64)b[2] << 24 | (u64)b[3] << 16 |
	       (u64)b[4] << 8 | (u64)b[5];
}

static inline void put_unaligned_be48(const u64 value, void *p)
{
	u8 *b = p;

	b[0] = (u8)(value >> 40);
	b[1] = (u8)(value >> 32);
	b[2] = (u8)(value >> 24);
	b[3] = (u8)(value >> 16);
	b[4] = (u8)(value >> 8);
	b[5] = (u8)(value);
}

#endif
