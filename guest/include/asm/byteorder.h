/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers of a known byte order, and the CPU's, which is little-endian: as in Linux's
 * <asm/byteorder.h>. Those that end in p read a word in memory, those in s change it in place.
 */
#ifndef GUEST_ASM_BYTEORDER_H
#define GUEST_ASM_BYTEORDER_H

#include <linux/swab.h>
#include <linux/types.h>

#ifndef __LITTLE_ENDIAN
#define __LITTLE_ENDIAN 1234
#endif
#ifndef __LITTLE_ENDIAN_BITFIELD
#define __LITTLE_ENDIAN_BITFIELD
#endif

#define __cpu_to_le16(x)       ((__le16)(__u16)(x))
#define __le16_to_cpu(x)       ((__u16)(__u16)(x))
#define cpu_to_le16(x)         ((__le16)(__u16)(x))
#define le16_to_cpu(x)         ((__u16)(__u16)(x))
#define __cpu_to_be16(x)       ((__be16)__swab16((__u16)(x)))
#define __be16_to_cpu(x)       ((__u16)__swab16((__u16)(x)))
#define cpu_to_be16(x)         ((__be16)__swab16((__u16)(x)))
#define be16_to_cpu(x)         ((__u16)__swab16((__u16)(x)))
#define __cpu_to_le32(x)       ((__le32)(__u32)(x))
#define __le32_to_cpu(x)       ((__u32)(__u32)(x))
#define cpu_to_le32(x)         ((__le32)(__u32)(x))
#define le32_to_cpu(x)         ((__u32)(__u32)(x))
#define __cpu_to_be32(x)       ((__be32)__swab32((__u32)(x)))
#define __be32_to_cpu(x)       ((__u32)__swab32((__u32)(x)))
#define cpu_to_be32(x)         ((__be32)__swab32((__u32)(x)))
#define be32_to_cpu(x)         ((__u32)__swab32((__u32)(x)))
#define __cpu_to_le64(x)       ((__le64)(__u64)(x))
#define __le64_to_cpu(x)       ((__u64)(__u64)(x))
#define cpu_to_le64(x)         ((__le64)(__u64)(x))
#define le64_to_cpu(x)         ((__u64)(__u64)(x))
#define __cpu_to_be64(x)       ((__be64)__swab64((__u64)(x)))
#define __be64_to_cpu(x)       ((__u64)__swab64((__u64)(x)))
#define cpu_to_be64(x)         ((__be64)__swab64((__u64)(x)))
#define be64_to_cpu(x)         ((__u64)__swab64((__u64)(x)))
#define __constant_cpu_to_le16 __cpu_to_le16
#define __constant_cpu_to_le32 __cpu_to_le32
#define __constant_cpu_to_le64 __cpu_to_le64
#define __constant_cpu_to_be16 __cpu_to_be16
#define __constant_cpu_to_be32 __cpu_to_be32
#define __constant_cpu_to_be64 __cpu_to_be64
#define __constant_htons       __cpu_to_be16
#define __constant_htonl       __cpu_to_be32

/* Network order. */
#ifndef SLABVISOR_HOSTED
#define htons(x) cpu_to_be16(x)
#define ntohs(x) be16_to_cpu(x)
#define htonl(x) cpu_to_be32(x)
#define ntohl(x) be32_to_cpu(x)
#endif

static inline __u16 le16_to_cpup(const __le16 *p)
{
	return le16_to_cpu(*p);
}

static inline __le16 cpu_to_le16p(const __u16 *p)
{
	return cpu_to_le16(*p);
}

static inline void le16_to_cpus(__le16 *p)
{
	*p = (__le16)le16_to_cpu(*p);
}

static inline void cpu_to_le16s(__u16 *p)
{
	*p = (__u16)cpu_to_le16(*p);
}

static inline void le16_add_cpu(__le16 *p, __u16 n)
{
	*p = cpu_to_le16((__u16)(le16_to_cpu(*p) + n));
}

static inline __u16 be16_to_cpup(const __be16 *p)
{
	return be16_to_cpu(*p);
}

static inline __be16 cpu_to_be16p(const __u16 *p)
{
	return cpu_to_be16(*p);
}

static inline void be16_to_cpus(__be16 *p)
{
	*p = (__be16)be16_to_cpu(*p);
}

static inline void cpu_to_be16s(__u16 *p)
{
	*p = (__u16)cpu_to_be16(*p);
}

static inline void be16_add_cpu(__be16 *p, __u16 n)
{
	*p = cpu_to_be16((__u16)(be16_to_cpu(*p) + n));
}

static inline __u32 le32_to_cpup(const __le32 *p)
{
	return le32_to_cpu(*p);
}

static inline __le32 cpu_to_le32p(const __u32 *p)
{
	return cpu_to_le32(*p);
}

static inline void le32_to_cpus(__le32 *p)
{
	*p = (__le32)le32_to_cpu(*p);
}

static inline void cpu_to_le32s(__u32 *p)
{
	*p = (__u32)cpu_to_le32(*p);
}

static inline void le32_add_cpu(__le32 *p, __u32 n)
{
	*p = cpu_to_le32((__u32)(le32_to_cpu(*p) + n));
}

static inline __u32 be32_to_cpup(const __be32 *p)
{
	return be32_to_cpu(*p);
}

static inline __be32 cpu_to_be32p(const __u32 *p)
{
	return cpu_to_be32(*p);
}

static inline void be32_to_cpus(__be32 *p)
{
	*p = (__be32)be32_to_cpu(*p);
}

static inline void cpu_to_be32s(__u32 *p)
{
	*p = (__u32)cpu_to_be32(*p);
}

static inline void be32_add_cpu(__be32 *p, __u32 n)
{
	*p = cpu_to_be32((__u32)(be32_to_cpu(*p) + n));
}

static inline __u64 le64_to_cpup(const __le64 *p)
{
	return le64_to_cpu(*p);
}

static inline __le64 cpu_to_le64p(const __u64 *p)
{
	return cpu_to_le64(*p);
}

static inline void le64_to_cpus(__le64 *p)
{
	*p = (__le64)le64_to_cpu(*p);
}

static inline void cpu_to_le64s(__u64 *p)
{
	*p = (__u64)cpu_to_le64(*p);
}

static inline void le64_add_cpu(__le64 *p, __u64 n)
{
	*p = cpu_to_le64((__u64)(le64_to_cpu(*p) + n));
}

static inline __u64 be64_to_cpup(const __be64 *p)
{
	return be64_to_cpu(*p);
}

static inline __be64 cpu_to_be64p(const __u64 *p)
{
	return cpu_to_be64(*p);
}

static inline void be64_to_cpus(__be64 *p)
{
	*p = (__be64)be64_to_cpu(*p);
}

static inline void cpu_to_be64s(__u64 *p)
{
	*p = (__u64)cpu_to_be64(*p);
}

static inline void be64_add_cpu(__be64 *p, __u64 n)
{
	*p = cpu_to_be64((__u64)(be64_to_cpu(*p) + n));
}

/* n words in place. */
static inline void le32_to_cpu_array(u32 *words, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		le32_to_cpus((__le32 *)&words[i]);
}

static inline void cpu_to_le32_array(u32 *words, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		cpu_to_le32s(&words[i]);
}

static inline void be32_to_cpu_array(u32 *dst, const __be32 *src, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = be32_to_cpu(src[i]);
}

static inline void cpu_to_be32_array(__be32 *dst, const u32 *src, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = cpu_to_be32(src[i]);
}

#endif
