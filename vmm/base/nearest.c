/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm/base/nearest.h"

#include <string.h>

#define MAX_NAME 32u

static unsigned int min2(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* The optimal string alignment distance of two words of at most MAX_NAME letters. */
static unsigned int distance(const char *a, size_t len_a, const char *b, size_t len_b)
{
	/* d[i][j]: of the first i letters of a and the first j of b. */
	unsigned char d[MAX_NAME + 1][MAX_NAME + 1];
	unsigned int best;

	for (size_t i = 0; i <= len_a; i++)
		d[i][0] = (unsigned char)i;
	for (size_t j = 0; j <= len_b; j++)
		d[0][j] = (unsigned char)j;
	for (size_t i = 1; i <= len_a; i++)
		for (size_t j = 1; j <= len_b; j++) {
			best = min2(d[i - 1][j] + 1u, d[i][j - 1] + 1u);
			best = min2(best, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = min2(best, d[i - 2][j - 2] + 1u);
			d[i][j] = (unsigned char)best;
		}
	return d[len_a][len_b];
}

void nearest_begin(struct nearest *n, const char *word)
{
	size_t len = strlen(word);

	*n = (struct nearest){.word = word, .distance = (unsigned int)len / 3 + 1};
	/* Of a letter or two, another word is always near. */
	if (len < 3 || len > MAX_NAME)
		n->distance = 0;
}

void nearest_offer(struct nearest *n, const char *name)
{
	size_t len = strlen(name);
	unsigned int d;

	if (!n->distance || len > MAX_NAME)
		return;
	d = distance(n->word, strlen(n->word), name, len);
	if (d < n->distance) {
		n->distance = d;
		n->best = name;
	}
}
