/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings and blocks of memory: the C library's part, and Linux's. In the hosted
 * build the former is the C library's own.
 */
#ifndef GUEST_LINUX_STRING_H
#define GUEST_LINUX_STRING_H

#include <linux/array_size.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/stdarg.h>
#include <linux/stddef.h>
#include <linux/types.h>

#ifdef SLABVISOR_HOSTED
#include <string.h>
#else
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t n);
char *strcpy(char *dst, const char *src);
char *strncpy(char *dst, const char *src, size_t n);
char *strcat(char *dst, const char *src);
char *strncat(char *dst, const char *src, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strchrnul(const char *s, int c);
char *strstr(const char *s, const char *what);
size_t strspn(const char *s, const char *accept);
size_t strcspn(const char *s, const char *reject);
char *strpbrk(const char *s, const char *accept);
char *strsep(char **s, const char *delimiters);

/* Constant sizes are the compiler's to expand. */
#define memcpy(d, s, n)  __builtin_memcpy(d, s, n)
#define memset(d, c, n)  __builtin_memset(d, c, n)
#define memmove(d, s, n) __builtin_memmove(d, s, n)
#define memcmp(a, b, n)  __builtin_memcmp(a, b, n)
#define strlen(s)        __builtin_strlen(s)
#endif

/* Copies at most size - 1 bytes and a NUL. Returns the length, or -E2BIG when cut
 * (or size is 0). Reads no byte of src past what it copies. */
ssize_t strscpy(char *dst, const char *src, size_t size);
/* The same, and zeroes the rest of dst. */
ssize_t strscpy_pad(char *dst, const char *src, size_t size);
/* The first byte that is not c, or NULL. */
void *memchr_inv(const void *s, int c, size_t n);
/* The bytes of n words' bits that are set. */
size_t memweight(const void *ptr, size_t bytes);
/* The first c among n bytes, or what follows them. */
void *memscan(void *s, int c, size_t n);
/* memset that no optimiser drops. */
void memzero_explicit(void *s, size_t n);
/* Tells whether all n bytes are zero. */
bool mem_is_zero(const void *s, size_t n);
/* n elements of a value. */
void *memset16(u16 *s, u16 v, size_t n);
void *memset32(u32 *s, u32 v, size_t n);
void *memset64(u64 *s, u64 v, size_t n);
/* The first c among at most n characters, or NULL; the NUL counts. */
char *strnchr(const char *s, size_t n, int c);
/* The first c among at most n characters, or what ends them: the NUL or s + n. */
char *strnchrnul(const char *s, size_t n, int c);
/* The first what among len characters, or NULL. */
char *strnstr(const char *s, const char *what, size_t len);
/* Copies a string and its NUL, cut to size - 1 characters. Returns the length of src, which is
 * read to its end: strscpy() is not so careless. strlcat(): behind dst; the length of both. */
size_t strlcpy(char *dst, const char *src, size_t size);
size_t strlcat(char *dst, const char *src, size_t size);
/* As strcpy(), and returns where the NUL is. */
#ifndef SLABVISOR_HOSTED
char *stpcpy(char *dst, const char *src);
int bcmp(const void *a, const void *b, size_t n);
#endif
/* Each old becomes new; returns s. */
char *strreplace(char *s, char old, char new);
/* Past leading white space; and, trailing white space cut off in place. */
char *skip_spaces(const char *s);
char *strim(char *s);
#define strstrip(s) strim(s)
/* The length of prefix if s begins with it, else 0. */
size_t str_has_prefix(const char *s, const char *prefix);
/* Equal but for one trailing newline. */
bool sysfs_streq(const char *a, const char *b);
/* The index of string in array (n entries, or up to a NULL), or -EINVAL. */
int match_string(const char *const *array, size_t n, const char *string);

/* The same where a string of sysfs is sought. */
int __sysfs_match_string(const char *const *array, size_t n, const char *string);
#define sysfs_match_string(array, string) __sysfs_match_string(array, ARRAY_SIZE(array), string)

/* Part of available bytes at from, from *pos on, as a read() of count bytes would: the bytes
 * copied, and *pos moves on; -EINVAL: *pos is negative. */
ssize_t memory_read_from_buffer(void *to, size_t count, loff_t *pos, const void *from,
				size_t available);

/* Words of text, of which blanks are between, as an array of strings with a NULL behind, all in
 * kmalloc's memory, for argv_free(). *argc, unless argc is NULL, is how many. NULL: no memory. */
char **argv_split(gfp_t gfp, const char *text, int *argc);
void argv_free(char **argv);

/* Two arrays of pointers, each with a NULL behind, as one in kmalloc's memory; NULL: none. */
void **__memcat_p(void **a, void **b);
#define memcat_p(a, b)                                                      \
	({                                                                  \
		_Static_assert(__same_type(*(a), *(b)), "of one type");     \
		(__typeof__(*(a)) *)__memcat_p((void **)(a), (void **)(b)); \
	})

/* Fills the part of an object from a member on, or behind it. */
#define memset_after(obj, v, member)                                                    \
	({                                                                              \
		__typeof__(obj) __mso = (obj);                                          \
		memset((u8 *)__mso + offsetofend(__typeof__(*__mso), member), (int)(v), \
		       sizeof(*__mso) - offsetofend(__typeof__(*__mso), member));       \
	})
#define memset_startat(obj, v, member)                                               \
	({                                                                           \
		__typeof__(obj) __mso = (obj);                                       \
		memset((u8 *)__mso + offsetof(__typeof__(*__mso), member), (int)(v), \
		       sizeof(*__mso) - offsetof(__typeof__(*__mso), member));       \
	})
/* count bytes of src, cut to the n of dst; the rest of dst is pad. */
static inline void memcpy_and_pad(void *dst, size_t n, const void *src, size_t count, int pad)
{
	const size_t copied = count < n ? count : n;

	memcpy(dst, src, copied);
	memset((char *)dst + copied, pad, n - copied);
}
/* A string into an array that is padded, or not, and needs no NUL. */
#define strtomem_pad(dst, src, pad) \
	memcpy_and_pad(dst, sizeof(dst), src, strnlen(src, sizeof(dst)), pad)
#define strtomem(dst, src)                                      \
	({                                                      \
		const size_t __stm = strnlen(src, sizeof(dst)); \
		memcpy(dst, src, __stm);                        \
	})

static inline void *memset_l(unsigned long *p, unsigned long v, size_t n)
{
	return memset64((u64 *)p, v, n);
}

static inline void *memset_p(void **p, void *v, size_t n)
{
	return memset64((u64 *)p, (u64)(unsigned long)v, n);
}

static inline bool strstarts(const char *s, const char *prefix)
{
	return str_has_prefix(s, prefix) != 0 || *prefix == '\0';
}

static inline const char *kbasename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * Copies from kmalloc's memory, for the caller to kfree. NULL when there is none,
 * and for a NULL source. They end in a NUL even if the source changes meanwhile.
 * kstrndup reads no byte past max; kmemdup_nul copies len bytes and adds a NUL.
 */
char *kstrdup(const char *s, gfp_t gfp) __malloc;
char *kstrndup(const char *s, size_t max, gfp_t gfp) __malloc;
void *kmemdup(const void *src, size_t len, gfp_t gfp) __malloc __alloc_size(2);
char *kmemdup_nul(const char *s, size_t len, gfp_t gfp) __malloc;
/* n * size bytes; NULL when that overflows. */
void *kmemdup_array(const void *src, size_t n, size_t size, gfp_t gfp) __malloc;
/* kvmalloc's memory, for kvfree. */
void *kvmemdup(const void *src, size_t len, gfp_t gfp) __malloc;

/* A string of the program's .rodata is returned as it is, any other is copied; for
 * kfree_const. */
const char *kstrdup_const(const char *s, gfp_t gfp);

/*
 * Copies of user memory, for the caller to kfree, those of vmemdup to kvfree. Never NULL:
 * ERR_PTR(-ENOMEM), or ERR_PTR(-EFAULT) where not all of the source can be read. Of an
 * array: n * size bytes, ERR_PTR(-EOVERFLOW) when that overflows. strndup_user: the
 * string with its NUL is at most max bytes long, else ERR_PTR(-EINVAL).
 */
void *memdup_user(const void __user *src, size_t len);
void *memdup_user_nul(const void __user *src, size_t len);
void *memdup_array_user(const void __user *src, size_t n, size_t size);
void *vmemdup_user(const void __user *src, size_t len);
void *vmemdup_array_user(const void __user *src, size_t n, size_t size);
char *strndup_user(const char __user *s, long max);

#endif
