/* SPDX-License-Identifier: BSD-2-Clause */
/* The guests and services that have a name, for a client of them. */
#ifndef VMM_CLIENT_NAMES_H
#define VMM_CLIENT_NAMES_H

#define NAMES_MAX 256

struct names {
	char *name[NAMES_MAX]; /* in their order */
	unsigned int nr;
};

/* The names in the run directory at which somebody listens; those at which nobody does are removed
 * there. None is no error: names->nr is 0. */
void names_read(struct names *names);
void names_free(struct names *names);

#endif
