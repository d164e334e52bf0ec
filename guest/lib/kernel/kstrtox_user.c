/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers out of user memory. */
#include <linux/kernel.h>
#include <linux/uaccess.h>

/* A sign, 64 binary digits, a newline. */
#define LONGEST 66

#define FROM_USER(name, type)                                                                  \
	int name##_from_user(const char __user *s, size_t count, unsigned int base, type *res) \
	{                                                                                      \
		char text[LONGEST + 1];                                                        \
                                                                                               \
		count = min_t(size_t, count, LONGEST);                                         \
		if (copy_from_user(text, s, count))                                            \
			return -EFAULT;                                                        \
		text[count] = '\0';                                                            \
		return name(text, base, res);                                                  \
	}

FROM_USER(kstrtoull, unsigned long long)
FROM_USER(kstrtoll, long long)
FROM_USER(kstrtoul, unsigned long)
FROM_USER(kstrtol, long)
FROM_USER(kstrtouint, unsigned int)
FROM_USER(kstrtoint, int)
FROM_USER(kstrtou16, u16)
FROM_USER(kstrtos16, s16)
FROM_USER(kstrtou8, u8)
FROM_USER(kstrtos8, s8)

int kstrtobool_from_user(const char __user *s, size_t count, bool *res)
{
	char text[4]; /* "off" is the longest word that it tells from others */

	count = min(count, sizeof(text) - 1);
	if (copy_from_user(text, s, count))
		return -EFAULT;
	text[count] = '\0';
	return kstrtobool(text, res);
}
