/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fields of a word that are named by a mask, as in Linux's <linux/bitfield.h>: a constant whose
 * bits are adjacent. Values are shifted to where the mask says, or back.
 */
#ifndef GUEST_LINUX_BITFIELD_H
#define GUEST_LINUX_BITFIELD_H

#include <asm/byteorder.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/types.h>

#define __bf_shf(mask) (__builtin_ffsll((long long)(mask)) - 1)

/* The largest value of a field. */
#define FIELD_MAX(mask) ((__typeof__(mask))((mask) >> __bf_shf(mask)))
/* Tells whether value fits. */
#define FIELD_FIT(mask, value) (!((((__typeof__(mask))(value)) << __bf_shf(mask)) & ~(mask)))
#define FIELD_PREP(mask, value) \
	((__typeof__(mask))(((__typeof__(mask))(value) << __bf_shf(mask)) & (mask)))
#define FIELD_GET(mask, reg) ((__typeof__(mask))(((reg) & (mask)) >> __bf_shf(mask)))

/* A mask as a number to multiply by, in place of a shift. */
static __always_inline u64 field_multiplier(u64 field)
{
	return field & -field;
}

static __always_inline u64 field_mask(u64 field)
{
	return field / field_multiplier(field);
}

#define field_max(field) ((__typeof__(field))field_mask(field))

/*
 * For each type and byte order: u32_encode_bits(value, field) places it, a value that is too
 * large for the field being an error of compilation where it is constant; u32_replace_bits(old,
 * value, field) and u32p_replace_bits(&old, value, field) do so within a word; u32_get_bits(word,
 * field) takes it out. le32 and the like are words of that order.
 */
extern void __attribute__((__error__("a value does not fit its bit field"))) __field_overflow(void);

#define __GUEST_BITFIELD(type, base, to, from)                                                  \
	static __always_inline __##type type##_encode_bits(base v, base field)                  \
	{                                                                                       \
		if (__builtin_constant_p(v) && (v & ~(base)field_mask(field)))                  \
			__field_overflow();                                                     \
		return (__##type)to((base)((v & field_mask(field)) * field_multiplier(field))); \
	}                                                                                       \
	static __always_inline __##type type##_replace_bits(__##type old, base v, base field)   \
	{                                                                                       \
		return (__##type)((old & ~to(field)) | type##_encode_bits(v, field));           \
	}                                                                                       \
	static __always_inline void type##p_replace_bits(__##type *p, base v, base field)       \
	{                                                                                       \
		*p = type##_replace_bits(*p, v, field);                                         \
	}                                                                                       \
	static __always_inline base type##_get_bits(__##type v, base field)                     \
	{                                                                                       \
		return (base)((from(v) & field) / field_multiplier(field));                     \
	}
#define __guest_bf_same(x) (x)
__GUEST_BITFIELD(u8, u8, __guest_bf_same, __guest_bf_same)
__GUEST_BITFIELD(u16, u16, __guest_bf_same, __guest_bf_same)
__GUEST_BITFIELD(u32, u32, __guest_bf_same, __guest_bf_same)
__GUEST_BITFIELD(u64, u64, __guest_bf_same, __guest_bf_same)
__GUEST_BITFIELD(le16, u16, cpu_to_le16, le16_to_cpu)
__GUEST_BITFIELD(le32, u32, cpu_to_le32, le32_to_cpu)
__GUEST_BITFIELD(le64, u64, cpu_to_le64, le64_to_cpu)
__GUEST_BITFIELD(be16, u16, cpu_to_be16, be16_to_cpu)
__GUEST_BITFIELD(be32, u32, cpu_to_be32, be32_to_cpu)
__GUEST_BITFIELD(be64, u64, cpu_to_be64, be64_to_cpu)
#undef __GUEST_BITFIELD

#endif
