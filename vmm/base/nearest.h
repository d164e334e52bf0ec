/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of the names that there are is nearest to one that is misspelt: for `did you mean`. */
#ifndef VMM_BASE_NEAREST_H
#define VMM_BASE_NEAREST_H

struct nearest {
	const char *word;      /* the caller's */
	const char *best;      /* the nearest of those offered, or NULL: none is near */
	unsigned int distance; /* of best; else what is too far */
};

/* word is looked for. */
void nearest_begin(struct nearest *n, const char *word);

/*
 * Looks at a name that there is, which has to stay. It counts how many letters have to be left out,
 * put in, replaced, or changed with their neighbour, to make one of the other. More than a third of
 * the word's letters is too far; of equals the first counts.
 */
void nearest_offer(struct nearest *n, const char *name);

#endif
