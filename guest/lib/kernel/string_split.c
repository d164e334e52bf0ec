/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays made of strings and of arrays. */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

/* In one object: the array, and the text behind it. */
char **argv_split(gfp_t gfp, const char *text, int *argc)
{
	const size_t len = strlen(text) + 1;
	size_t words = 0;
	char **argv;
	char *at;

	for (size_t i = 0; text[i]; i++)
		words += !isspace(text[i]) && (!i || isspace(text[i - 1]));
	argv = kmalloc(size_add(size_mul(words + 1, sizeof(*argv)), len), gfp);
	if (!argv)
		return NULL;
	at = memcpy(argv + words + 1, text, len);
	if (argc)
		*argc = (int)words;
	for (size_t i = 0; i < words; i++) {
		at = skip_spaces(at);
		argv[i] = at;
		while (*at && !isspace(*at))
			at++;
		*at++ = '\0';
	}
	argv[words] = NULL;
	return argv;
}

void argv_free(char **argv)
{
	kfree(argv);
}

void **__memcat_p(void **a, void **b)
{
	size_t n = 0;
	size_t m = 0;
	void **both;

	while (a[n])
		n++;
	while (b[m])
		m++;
	both = kmalloc_array(n + m + 1, sizeof(*both), GFP_KERNEL);
	if (both) {
		memcpy(both, a, n * sizeof(*both));
		memcpy(both + n, b, (m + 1) * sizeof(*both));
	}
	return both;
}
